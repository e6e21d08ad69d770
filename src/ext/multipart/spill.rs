//! Writes what comes to a temporary file, on threads of its own, while more comes.

use std::fs::File;
use std::future::Future;
use std::io::{self, Write};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use super::save::io_error;
use super::temp::TempPath;
use crate::{Bytes, Result};

/// Bytes that are written at once; as many may wait meanwhile.
const BLOCK: usize = 256 * 1024;

/// A temporary file that is written to.
pub(super) struct Spill {
    dir: Arc<Path>,
    block: Vec<u8>,
    state: State,
    size: u64,
}

type Open = (File, TempPath);

/// A block on its way to the file.
type Flight = Pin<Box<dyn Future<Output = Result<io::Result<Open>>> + Send + Sync>>;

enum State {
    New,
    Writing(Flight),
    /// A write failed; there is no file.
    Failed,
}

impl Spill {
    /// A file in this folder, made with the first block.
    pub(super) fn new(dir: Arc<Path>) -> Self {
        Self {
            dir,
            block: Vec::new(),
            state: State::New,
            size: 0,
        }
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Adds bytes; waits for the disk where it is slower than the client.
    pub(super) async fn write(&mut self, mut bytes: Bytes) -> Result<()> {
        self.size += bytes.len() as u64;
        while !bytes.is_empty() {
            if self.block.capacity() == 0 {
                self.block.reserve_exact(BLOCK);
            }
            let room = BLOCK - self.block.len();
            let part = bytes.split_to(room.min(bytes.len()));
            self.block.extend_from_slice(&part);
            if self.block.len() == BLOCK {
                self.send().await?;
            }
        }
        Ok(())
    }

    /// Waits until all is written.
    pub(super) async fn finish(mut self) -> Result<TempPath> {
        self.send().await?;
        match self.land().await? {
            Some((_file, path)) => Ok(path),
            None => Err(io_error(io::ErrorKind::NotFound.into(), WRITTEN)),
        }
    }

    /// Hands the block over once the one before is written.
    async fn send(&mut self) -> Result<()> {
        let open = self.land().await?;
        let (dir, block) = (Arc::clone(&self.dir), std::mem::take(&mut self.block));
        self.state = State::Writing(Box::pin(crate::blocking(move || {
            let (mut file, path) = match open {
                Some(open) => open,
                None => TempPath::create(&dir)?,
            };
            file.write_all(&block)?;
            Ok((file, path))
        })));
        Ok(())
    }

    /// Waits for the block on its way.
    async fn land(&mut self) -> Result<Option<Open>> {
        let State::Writing(flight) = &mut self.state else {
            return Ok(None);
        };
        let landed = flight.await;
        self.state = State::Failed;
        let open = landed?.map_err(|error| io_error(error, WRITTEN))?;
        Ok(Some(open))
    }
}

const WRITTEN: &str = "written to a temporary file";
