//! Where a panic began: noted by a panic hook, read where the panic is caught.
//!
//! What `catch_unwind` hands out is the message alone. The hook belongs to the whole program, so it
//! is installed by the server only, not by an app that is tested or served by others; it calls the
//! hook there was before, and a hook that is set later just takes its place.

use std::cell::RefCell;
use std::panic::{self, PanicHookInfo};
use std::sync::Once;

/// A panic of this thread.
struct Noted {
    text: String,
    place: String,
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
        place: location.to_string(),
    });
    // A thread that ends has nothing to note any more.
    let _ = LAST.try_with(|last| last.replace(noted));
}

/// The file, line and column of the panic with this text, if it was the last one of this thread.
///
/// The text is compared, since a panic may have been caught elsewhere, or come from another thread.
pub(super) fn place_of(text: &str) -> Option<String> {
    let last = LAST.try_with(RefCell::take).ok()??;
    (last.text == text).then_some(last.place)
}
