//! Where flags are kept while the app runs, and in which file between runs.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use crate::config::NewFlag;
use crate::error::FlagError;
use crate::extract::Flags;

/// The state of the extension, cheap to clone.
#[derive(Clone)]
pub(crate) struct Store(Arc<Inner>);

struct Inner {
    /// Replaced as a whole, so that a request takes all flags of one moment with one clone.
    flags: RwLock<Flags>,
    file: Option<PathBuf>,
}

impl Store {
    pub(crate) fn new(file: Option<PathBuf>) -> Self {
        let flags = RwLock::new(Flags(Arc::default()));
        Self(Arc::new(Inner { flags, file }))
    }

    pub(crate) fn flags(&self) -> Flags {
        let flags = self.0.flags.read().unwrap_or_else(PoisonError::into_inner);
        flags.clone()
    }

    /// Takes the flags there are, as they are at first.
    pub(crate) fn declare(&self, declared: &[NewFlag]) {
        let flags = declared.iter().map(|flag| (flag.name.clone(), flag.on));
        self.change(|known| known.extend(flags));
    }

    /// Switches a flag; says whether there is one of this name.
    pub(crate) fn set(&self, name: &str, on: bool) -> bool {
        self.change(|flags| flags.get_mut(name).map(|flag| *flag = on).is_some())
    }

    fn change<T>(&self, change: impl FnOnce(&mut BTreeMap<String, bool>) -> T) -> T {
        let mut flags = self.0.flags.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut flags.0))
    }

    /// Takes what the file says of flags that there are; others were removed from the program.
    pub(crate) async fn load(&self) -> cepa::Result<()> {
        let Some(path) = self.0.file.clone() else {
            return Ok(());
        };
        let kept = cepa::blocking(move || read(&path)).await??;
        self.change(|flags| {
            for (name, on) in kept {
                flags.entry(name).and_modify(|flag| *flag = on);
            }
        });
        Ok(())
    }

    pub(crate) async fn save(&self) -> cepa::Result<()> {
        if let Some(path) = self.0.file.clone() {
            let flags = self.flags();
            cepa::blocking(move || write(&path, &flags)).await??;
        }
        Ok(())
    }

    #[cfg(feature = "health")]
    pub(crate) fn file(&self) -> Option<&Path> {
        self.0.file.as_deref()
    }
}

fn read(path: &Path) -> Result<BTreeMap<String, bool>, FlagError> {
    let failed = |error| FlagError::File(path.to_owned(), error);
    let mut flags = BTreeMap::new();
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(flags),
        read => read.map_err(failed)?,
    };
    for (number, line) in (1..).zip(text.lines()) {
        let (name, on) = match line.split_once(" = ") {
            Some((name, "on")) => (name, true),
            Some((name, "off")) => (name, false),
            _ => {
                let problem = format!("line {number} is neither `name = on` nor `name = off`");
                return Err(failed(io::Error::new(io::ErrorKind::InvalidData, problem)));
            }
        };
        flags.insert(name.to_owned(), on);
    }
    Ok(flags)
}

/// Written beside the file and moved onto it, so that a crash leaves the old or the new one.
fn write(path: &Path, flags: &Flags) -> Result<(), FlagError> {
    let word = |on| if on { "on" } else { "off" };
    let lines = flags
        .iter()
        .map(|(name, on)| format!("{name} = {}\n", word(on)));
    let new = path.with_extension("new");
    std::fs::write(&new, lines.collect::<String>())
        .and_then(|()| std::fs::rename(&new, path))
        .map_err(|error| FlagError::File(path.to_owned(), error))
}
