//! The compiler's messages for misuse: every `tests/ui/*.rs` fails to build, and with the words beside it.

#[test]
#[ignore = "the messages change with the compiler; CI runs this with the default features"]
fn misuse_is_explained_by_the_compiler() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
