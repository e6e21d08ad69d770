//! A line in the log for a connection that failed at the door.
//!
//! Before it: a PROXY header was malformed, or a TLS handshake failed. After it: the connection is
//! closed. Anyone can cause such a line, so of each kind there is one per [`PAUSE`], which counts
//! the others.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::log::{self, Level};

/// Between two lines of one kind.
const PAUSE: Duration = Duration::from_secs(10);

/// What a connection failed at.
#[derive(Clone, Copy, Debug)]
#[allow(dead_code, reason = "both are features")]
pub(super) enum Step {
    Announcement,
    Handshake,
}

/// Why a connection is not served, and whose it is as far as is known.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) step: Step,
    pub(super) peer: Option<SocketAddr>,
    pub(super) error: io::Error,
}

/// Tells of refusals in the log, one in a while.
#[derive(Debug, Default)]
pub(super) struct Complaints(Mutex<[Kind; 4]>);

/// When a line of this kind was written last, and how many were not since.
#[derive(Debug, Default)]
struct Kind {
    last: Option<Instant>,
    untold: u64,
}

impl Complaints {
    pub(super) fn tell(&self, refusal: &Refusal) {
        let level = refusal.level();
        if log::enabled(level)
            && let Some(untold) = self.count(refusal.step, level, Instant::now())
        {
            log::emit(level, &refusal.line(untold));
        }
    }

    /// How many went untold before this one; `None` if it is to be as well.
    fn count(&self, step: Step, level: Level, now: Instant) -> Option<u64> {
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kind = &mut kinds[step as usize * 2 + usize::from(level == Level::Debug)];
        if kind.last.is_some_and(|last| now < last + PAUSE) {
            kind.untold += 1;
            return None;
        }
        kind.last = Some(now);
        Some(std::mem::take(&mut kind.untold))
    }
}

impl Refusal {
    /// A client that only left is nothing to look at: health checks do, and browsers that connect
    /// ahead.
    fn level(&self) -> Level {
        match self.error.kind() {
            io::ErrorKind::InvalidData => Level::Info,
            _ => Level::Debug,
        }
    }

    fn line(&self, untold: u64) -> String {
        let (peer, error) = (Peer(self.peer), &self.error);
        let line = match self.step {
            Step::Announcement => format!(
                "no PROXY protocol header from {peer}, which `with_proxy_protocol` lists: {error}; \
                 let it send one, or take it off the list"
            ),
            Step::Handshake => format!("no TLS connection with {peer}: {error}"),
        };
        match untold {
            0 => line,
            _ => format!("{line} (and {untold} more since the last such line)"),
        }
    }
}

struct Peer(Option<SocketAddr>);

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(addr) => addr.fmt(f),
            None => f.write_str("a Unix socket"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_of_each_kind_stands_for_those_of_a_while() {
        let complaints = Complaints::default();
        let start = Instant::now();
        let count = |step, level, seconds| {
            let now = start + Duration::from_secs(seconds);
            complaints.count(step, level, now)
        };
        assert_eq!(count(Step::Handshake, Level::Info, 0), Some(0));
        for _ in 0..1_000 {
            assert_eq!(count(Step::Handshake, Level::Info, 9), None);
        }
        assert_eq!(count(Step::Handshake, Level::Debug, 9), Some(0));
        assert_eq!(count(Step::Announcement, Level::Info, 9), Some(0));
        assert_eq!(count(Step::Handshake, Level::Info, 10), Some(1_000));
        assert_eq!(count(Step::Handshake, Level::Info, 20), Some(0));
    }

    #[test]
    fn a_line_says_whose_connection_it_was_and_why() {
        let refusal = |kind, peer: Option<&str>, step| Refusal {
            step,
            peer: peer.map(|peer| peer.parse().unwrap()),
            error: io::Error::new(kind, "because"),
        };
        let kind = io::ErrorKind::InvalidData;
        let bad = refusal(kind, Some("[::1]:80"), Step::Handshake);
        assert_eq!(bad.level(), Level::Info);
        assert_eq!(bad.line(0), "no TLS connection with [::1]:80: because");
        let bad = refusal(kind, None, Step::Announcement);
        let line = bad.line(7);
        assert!(line.starts_with("no PROXY protocol header from a Unix socket"));
        assert!(line.ends_with("the list (and 7 more since the last such line)"));
        let gone = refusal(io::ErrorKind::UnexpectedEof, None, Step::Handshake);
        assert_eq!(gone.level(), Level::Debug);
    }
}
