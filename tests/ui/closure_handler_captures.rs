//! An async closure as handler lends its captured value to its future.

use cepa::prelude::*;

fn main() {
    let greeting = String::from("hello");
    let _ = App::new().get("/", async move || greeting.clone());
}
