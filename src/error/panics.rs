//! Where a panic began: noted by a panic hook, read where the panic is caught.
//!
//! What `catch_unwind` hands out is the message alone. The hook belongs to the whole program, so it
//! is installed by the server only, not by an app that is tested or served by others; it calls the
//! hook there was before, and a hook that is set later just takes its place.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::panic::{self, PanicHookInfo};
use std::sync::Once;

/// A panic, as far as it is known.
pub(super) struct Panic {
    pub(super) text: String,
    /// Unknown where no hook noted it.
    pub(super) place: Option<Spot>,
}

/// A place in a source file; a `Location` of a panic does not live long enough.
pub(super) struct Spot {
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) column: u32,
}

impl Panic {
    /// What was caught.
    pub(super) fn of(payload: &(dyn Any + Send)) -> Self {
        let text = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Self {
            place: place_of(text.unwrap_or_default()),
            text: text.unwrap_or("no message").to_owned(),
        }
    }
}

impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// For the log: that it is a panic, its place and its message.
impl fmt::Display for Panic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "panicked at {place}: {}", self.text),
            None => write!(f, "panicked: {}", self.text),
        }
    }
}

/// A panic of this thread.
struct Noted {
    text: String,
    place: Spot,
}

thread_local! {
    static LAST: RefCell<Option<Noted>> = const { RefCell::new(None) };
}

/// Installs the hook, once in a program.
pub(crate) fn note_places() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            note(info);
            before(info);
        }));
    });
}

fn note(info: &PanicHookInfo<'_>) {
    let noted = info.location().map(|location| Noted {
        text: info.payload_as_str().unwrap_or_default().to_owned(),
        place: Spot {
            file: location.file().to_owned(),
            line: location.line(),
            column: location.column(),
        },
    });
    // A thread that ends has nothing to note any more.
    let _ = LAST.try_with(|last| last.replace(noted));
}

/// The place of the panic with this text, if it was the last one of this thread.
///
/// The text is compared, since a panic may have been caught elsewhere, or come from another thread.
fn place_of(text: &str) -> Option<Spot> {
    let last = LAST.try_with(RefCell::take).ok()??;
    (last.text == text).then_some(last.place)
}
