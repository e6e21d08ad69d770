//! A closure as handler gives its captured value away in the first call.

use cepa::prelude::*;

fn main() {
    let greeting = String::from("hello");
    let _ = App::new().get("/", move || async move { greeting });
}
