//! The compiler's messages for misuse: every `tests/ui/*.rs` fails to build, with the words beside it.
//!
//! What `tests/ui/pass/` uses compiles. Without a case that does, only a check would be run, and what
//! is found after it would go unseen.

#[test]
#[ignore = "the messages change with the compiler; CI runs this with the default features"]
fn misuse_is_explained_by_the_compiler() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    cases.compile_fail("tests/ui/*.rs");
}
