//! Clients that ask for a large file and take nothing of it: what waits for them stays small. In a
//! process of its own, whose memory is measured.
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]
#![cfg(target_os = "linux")]

mod memory;
mod wire;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use cepa::Server;
use cepa::files::Files;
use cepa::prelude::*;
use memory::resident;
use wire::{Running, head};

/// Each reads the head and a little, so that its response is under way, then nothing. Returns the
/// bytes of memory that all of them take in this process, which has both ends.
fn stalled(count: usize) -> usize {
    let folder = std::env::temp_dir().join(format!("cepa-stalled-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("large.bin"), vec![1; 50_000_000]).unwrap();
    let app = App::new().mount("/", Files::dir(&folder));
    let server = Running::start(Server::new(app));
    let before = resident();
    let clients: Vec<_> = (0..count)
        .map(|_| {
            let mut client = TcpStream::connect(server.addr).unwrap();
            let ask = head("GET /large.bin HTTP/1.1");
            client.write_all(ask.as_bytes()).unwrap();
            client
        })
        .collect();
    for mut client in &clients {
        client.read_exact(&mut [0; 64]).unwrap();
    }
    // Until nothing grows any more.
    let mut grown = 0;
    loop {
        std::thread::sleep(Duration::from_millis(300));
        let now = resident().saturating_sub(before);
        if now <= grown {
            fs::remove_dir_all(&folder).unwrap();
            return grown;
        }
        grown = now;
    }
}

#[test]
fn a_client_that_takes_nothing_holds_little_of_the_file() {
    let grown = stalled(200);
    assert!(grown < 200 * 200 * 1024, "{} KiB", grown / 1024);
}

/// `sh -c 'ulimit -n 20000; cargo test --release --all-features --test ext_files_pressure -- --ignored --nocapture'`
#[test]
#[ignore = "needs 20,000 descriptors and gigabytes of socket buffers"]
fn thousands_of_clients_that_take_nothing_stay_under_a_gibibyte() {
    let grown = stalled(5_000);
    assert!(grown < 1 << 30, "{} MiB", grown / (1 << 20));
    assert!(grown > 0, "nothing was measured");
}
