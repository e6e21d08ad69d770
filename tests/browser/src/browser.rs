//! A Chromium without windows, asked over its pipe.
//!
//! `--remote-debugging-pipe` reads file 3 and writes file 4, JSON with a zero byte behind each
//! message. A shell renames standard input and output to these, which takes no code that is unsafe.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use serde_json::{Value, json};

use crate::{Folder, Tab};

/// How long anything in the browser may take, on a machine with much else to do.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

const OPTIONS: [&str; 14] = [
    "--headless",
    "--no-sandbox",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-proxy-server",
];

/// A browser with a profile of its own, gone when it is dropped.
#[derive(Debug)]
pub struct Browser {
    child: Child,
    pipe: Mutex<Option<Pipe>>,
    profile: Folder,
}

#[derive(Debug)]
struct Pipe {
    asks: ChildStdin,
    answers: Receiver<Value>,
    count: u64,
}

impl Browser {
    /// The browser that `CEPA_TEST_CHROMIUM` names; nothing where the variable is not set.
    ///
    /// # Panics
    ///
    /// If there is no such program.
    pub fn start() -> Option<Self> {
        let Some(program) = env::var_os("CEPA_TEST_CHROMIUM").filter(|it| !it.is_empty()) else {
            eprintln!("skipped, since CEPA_TEST_CHROMIUM names no Chromium");
            return None;
        };
        let profile = Folder::new();
        let log = fs::File::create(profile.join("log")).expect("the folder is new");
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null", "sh"])
            .arg(program)
            .args(OPTIONS)
            .arg(format!("--user-data-dir={}", profile.join("").display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("there is a shell");
        let (sender, answers) = mpsc::channel();
        let asks = child.stdin.take().expect("stdin is piped");
        let output = child.stdout.take().expect("stdout is piped");
        thread::spawn(move || read(output, &sender));
        let pipe = Pipe {
            asks,
            answers,
            count: 0,
        };
        let browser = Self {
            child,
            pipe: Mutex::new(Some(pipe)),
            profile,
        };
        browser.ask(None, "Browser.getVersion", json!({}));
        Some(browser)
    }

    /// A new tab in which the page is loaded.
    pub fn open(&self, url: &str) -> Tab<'_> {
        Tab::open(self, url)
    }

    /// Asks the browser, or a tab by its session; the error is the sentence of the browser.
    ///
    /// # Panics
    ///
    /// If the browser is gone or does not answer in a minute, and if a script of any page failed
    /// in the meantime.
    pub(crate) fn try_ask(
        &self,
        session: Option<&str>,
        method: &str,
        params: Value,
    ) -> Result<Value, String> {
        let mut pipe = self.pipe.lock().expect("another use of it failed");
        let pipe = pipe.as_mut().expect("it is there until the drop");
        pipe.count += 1;
        let mut ask = json!({ "id": pipe.count, "method": method, "params": params });
        if let Some(session) = session {
            ask["sessionId"] = session.into();
        }
        let sent = pipe.asks.write_all(format!("{ask}\0").as_bytes());
        sent.unwrap_or_else(|error| panic!("{method}: {error}\n{}", self.log()));
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(mut answer) = pipe.answers.recv_timeout(left) else {
                panic!("{method} was not answered\n{}", self.log());
            };
            let is_failure = answer["method"] == "Runtime.exceptionThrown";
            assert!(!is_failure, "a script failed: {}", answer["params"]);
            if answer["id"] == pipe.count {
                return match answer["error"]["message"].as_str() {
                    Some(error) => Err(error.to_owned()),
                    None => Ok(answer["result"].take()),
                };
            }
        }
    }

    /// Asks what can only succeed.
    pub(crate) fn ask(&self, session: Option<&str>, method: &str, params: Value) -> Value {
        let answer = self.try_ask(session, method, params);
        answer.unwrap_or_else(|error| panic!("{method}: {error}"))
    }

    fn log(&self) -> String {
        fs::read_to_string(self.profile.join("log")).unwrap_or_default()
    }
}

/// Hands over what the browser says, until it is gone or nobody listens.
fn read(output: ChildStdout, sender: &Sender<Value>) {
    let messages = BufReader::new(output).split(0);
    for message in messages.map_while(Result::ok) {
        let message = serde_json::from_slice(&message).expect("the browser speaks JSON");
        if sender.send(message).is_err() {
            return;
        }
    }
}

/// Without its pipe a browser ends, and its helpers with it.
impl Drop for Browser {
    fn drop(&mut self) {
        match self.pipe.get_mut() {
            Ok(pipe) => drop(pipe.take()),
            Err(poisoned) => drop(poisoned.into_inner().take()),
        }
        let deadline = Instant::now() + Duration::from_secs(5);
        while let Ok(None) = self.child.try_wait() {
            if Instant::now() > deadline {
                let _ = self.child.kill();
            }
            thread::sleep(Duration::from_millis(10));
        }
    }
}
