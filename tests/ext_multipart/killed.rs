//! A process that is killed in the middle of an upload.
#![cfg(target_os = "linux")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use super::*;

/// Set where this executable is started to be the server: the folder to save to, and temporaries.
const SERVES: &str = "CEPA_TEST_SAVES";

#[test]
#[ignore = "does nothing unless another test starts it"]
fn serves() {
    let Ok(folders) = std::env::var(SERVES) else {
        return;
    };
    let (target, temp) = folders.split_once(':').unwrap();
    let target = PathBuf::from(target);
    let save = move |mut parts: Multipart| {
        let target = target.clone();
        async move {
            while let Some(field) = parts.next_field().await? {
                let path = target.join(field.safe_name());
                field.save(path).await?;
            }
            Ok::<_, Error>("saved")
        }
    };
    let uploads = Uploads::new()
        .with_temp_dir(temp)
        .with_max_age(Duration::ZERO);
    let app = App::new().plug(uploads).post("/", save);
    let ended = app.run("127.0.0.1:0");
    std::process::exit(i32::from(ended.is_err()));
}

/// A server in a process of its own, killed when it is dropped.
struct Process {
    child: Child,
    addr: String,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().unwrap(); // SIGKILL
        self.child.wait().unwrap();
    }
}

fn start(target: &Folder, temp: &Folder) -> Process {
    let folders = format!("{}:{}", target.0.display(), temp.0.display());
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["killed::serves", "--exact", "--ignored", "--nocapture"])
        .env(SERVES, folders)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let addr = String::new();
    let mut process = Process { child, addr };
    let log = process.child.stderr.take().unwrap();
    for line in BufReader::new(log).lines().map_while(Result::ok) {
        if let Some((_, addr)) = line.split_once("listening on http://") {
            process.addr = addr.trim().to_owned();
            return process;
        }
    }
    panic!("the server did not listen");
}

#[test]
fn a_killed_process_leaves_nothing_where_it_saves_and_the_next_start_sweeps_the_rest() {
    let (target, temp) = (Folder::new(), Folder::new());
    let server = start(&target, &temp);
    let mut stream = TcpStream::connect(&server.addr).unwrap();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: {FORM_DATA}\r\nContent-Length: 30000000\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let half = Form::default().file("f", "large", vec![b'a'; 5_000_000]).0;
    stream.write_all(&half).unwrap();
    let end = Instant::now() + Duration::from_secs(20);
    let is_written =
        |name: &String| std::fs::metadata(temp.0.join(name)).is_ok_and(|it| it.len() > 1_000_000);
    while !temp.names().iter().any(is_written) {
        assert!(
            Instant::now() < end,
            "nothing was written: {:?}",
            temp.names()
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(server);
    assert!(target.names().is_empty(), "{:?}", target.names());
    assert_eq!(temp.names().len(), 1, "it could not clean up");

    let _server = start(&target, &temp);
    assert!(temp.names().is_empty(), "{:?}", temp.names());
}
