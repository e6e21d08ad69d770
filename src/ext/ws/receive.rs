//! The way in: messages as they come, pings answered, silence noticed.
//!
//! No more is read before the answer to a ping is gone. So a client that sends pings and reads none
//! of the pongs is held back by its own connection, and nothing grows here.

use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncReadExt, ReadHalf};
use tokio::time::{Instant, Sleep};

use super::decode::{Decoder, close_bytes};
use super::error::SocketError;
use super::frame::{Opcode, Role, Violation};
use super::message::{CloseCode, Message};
use super::writer::Writer;
use crate::{Bytes, Upgraded};

/// Room for bytes while nothing large is under way, and while there is.
const ROOM: usize = 4 * 1024;
const LARGE_ROOM: usize = 64 * 1024;

/// Ticks in the shorter of idle timeout and ping interval.
const TICKS: u32 = 4;

/// The reading side of a socket.
pub(super) struct Reader {
    io: ReadHalf<Upgraded>,
    /// Bytes that were read, used up to `used`.
    bytes: Vec<u8>,
    used: usize,
    decoder: Decoder,
    writer: Arc<Writer>,
    pulse: Option<Pulse>,
    /// A frame that is to be sent before anything else is done, here so that a dropped future
    /// does not lose it.
    duty: Duty,
    /// What is told once the duty is done.
    ending: Option<SocketError>,
    over: bool,
}

enum Duty {
    None,
    Put(Opcode, Bytes),
    Flush,
}

/// The time of a socket, in ticks: no clock is read for a message.
struct Pulse {
    sleep: Pin<Box<Sleep>>,
    tick: Duration,
    idle: Duration,
    ping: Duration,
    heard: bool,
    quiet: u32,
    since_ping: u32,
}

enum Event {
    Read(io::Result<usize>),
    Tick,
}

impl Reader {
    pub(super) fn new(
        io: ReadHalf<Upgraded>,
        writer: Arc<Writer>,
        role: Role,
        limit: usize,
        deflates: bool,
    ) -> Self {
        Self {
            io,
            bytes: Vec::new(),
            used: 0,
            decoder: Decoder::new(role, limit, deflates),
            writer,
            pulse: None,
            duty: Duty::None,
            ending: None,
            over: false,
        }
    }

    /// The same with a ping at this interval, that ends where nothing came for `idle`.
    pub(super) fn with_pulse(mut self, idle: Duration, ping: Duration) -> Self {
        let tick = (idle.min(ping) / TICKS).max(Duration::from_millis(1));
        self.pulse = Some(Pulse {
            sleep: Box::pin(tokio::time::sleep(tick)),
            tick,
            idle,
            ping,
            heard: false,
            quiet: 0,
            since_ping: 0,
        });
        self
    }

    /// The next message of any kind; a ping was answered, a close as well.
    pub(super) async fn next(&mut self) -> Result<Message, SocketError> {
        loop {
            self.perform().await?;
            let bytes = &mut self.bytes[self.used..];
            let (used, read) = self.decoder.read(bytes);
            self.used += used;
            match read {
                Ok(Some(message)) => {
                    self.note(&message);
                    match message {
                        Message::Close(..) => {}
                        message => return Ok(message),
                    }
                }
                Ok(None) => match self.wait().await {
                    Event::Read(Ok(1..)) => {}
                    Event::Read(_) => return Err(self.end(SocketError::Gone)),
                    Event::Tick => self.tick(),
                },
                Err(violation) => self.refuse(violation),
            }
        }
    }

    /// Sends what has to be sent first.
    async fn perform(&mut self) -> Result<(), SocketError> {
        let mut sent = Ok(());
        if let Duty::Put(opcode, bytes) = &self.duty {
            sent = self.writer.begin(*opcode, bytes).await;
            self.duty = Duty::Flush;
        }
        if let (Duty::Flush, Ok(())) = (&self.duty, &sent) {
            sent = self.writer.flush().await;
        }
        self.duty = Duty::None;
        match (self.ending.take(), sent) {
            (Some(ending), _) => Err(self.end(ending)),
            (None, Err(SocketError::Stalled)) => Err(self.end(SocketError::Stalled)),
            (None, _) if self.over => Err(SocketError::Ended),
            // Where a pong cannot be sent, a close may still be there to be read.
            (None, _) => Ok(()),
        }
    }

    fn end(&mut self, why: SocketError) -> SocketError {
        self.over = true;
        match self.writer.stops.load(Relaxed) {
            true => SocketError::Stopping,
            false => why,
        }
    }

    /// What a message demands.
    fn note(&mut self, message: &Message) {
        match message {
            Message::Ping(bytes) => self.duty = Duty::Put(Opcode::Pong, bytes.clone()),
            Message::Close(code, reason) => {
                self.duty = Duty::Put(Opcode::Close, close_bytes(*code, ""));
                self.ending = Some(SocketError::Closed(*code, reason.clone()));
            }
            _ => {}
        }
    }

    fn refuse(&mut self, violation: Violation) {
        let (code, reason) = (violation.code(), violation.reason());
        self.duty = Duty::Put(Opcode::Close, close_bytes(Some(code), reason));
        self.ending = Some(match violation {
            Violation::TooLarge => SocketError::TooLarge,
            _ => SocketError::Protocol(code, reason),
        });
    }

    fn tick(&mut self) {
        let Some(pulse) = &mut self.pulse else { return };
        match pulse.beat() {
            Beat::Nothing => {}
            Beat::Ping => self.duty = Duty::Put(Opcode::Ping, Bytes::new()),
            Beat::Idle => {
                let close = close_bytes(Some(CloseCode::GOING_AWAY), "nothing came for too long");
                self.duty = Duty::Put(Opcode::Close, close);
                self.ending = Some(SocketError::Idle);
            }
        }
    }

    /// Waits for bytes, or for the time.
    async fn wait(&mut self) -> Event {
        self.bytes.drain(..self.used);
        self.used = 0;
        let large = self.decoder.missing() > ROOM as u64;
        let room = if large { LARGE_ROOM } else { ROOM };
        if !large && self.bytes.is_empty() && self.bytes.capacity() > ROOM {
            self.bytes = Vec::new();
        }
        if self.bytes.capacity() - self.bytes.len() < room / 2 {
            self.bytes.reserve(room);
        }
        let Self {
            io, bytes, pulse, ..
        } = self;
        let mut read = pin!(io.read_buf(bytes));
        std::future::poll_fn(|cx| {
            if let Poll::Ready(read) = read.as_mut().poll(cx) {
                if let Some(pulse) = pulse {
                    pulse.heard = true;
                }
                return Poll::Ready(Event::Read(read));
            }
            match pulse {
                Some(pulse) => pulse.sleep.as_mut().poll(cx).map(|()| Event::Tick),
                None => Poll::Pending,
            }
        })
        .await
    }

    /// Reads on, to nowhere, until the other side closes: what it still sends belongs to the past.
    pub(super) async fn drain(&mut self) {
        while self.next().await.is_ok() {}
    }

    /// Takes bytes until there are none. A socket that is closed with bytes unread is reset, and
    /// what was sent last may be lost.
    pub(super) async fn exhaust(&mut self) {
        let mut bytes = [0; 2048];
        while let Ok(1..) = self.io.read(&mut bytes).await {}
    }
}

enum Beat {
    Nothing,
    Ping,
    Idle,
}

impl Pulse {
    fn beat(&mut self) -> Beat {
        self.sleep.as_mut().reset(Instant::now() + self.tick);
        self.since_ping += 1;
        self.quiet = if self.heard { 0 } else { self.quiet + 1 };
        self.heard = false;
        if self.tick * self.quiet >= self.idle {
            return Beat::Idle;
        }
        if self.tick * self.since_ping < self.ping {
            return Beat::Nothing;
        }
        self.since_ping = 0;
        Beat::Ping
    }
}
