//! docs/tutorial.md, followed: each piece of code in it is a piece of a file here, and each of its
//! commands for `curl` is answered as it says.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const TUTORIAL: &str = include_str!("../../../../docs/tutorial.md");
const ADDR: &str = "127.0.0.1:3000";

/// A block between fences: what it is said to be, the line of the comment before it, its text.
struct Block<'a> {
    info: &'a str,
    comment: Option<&'a str>,
    line: usize,
    text: String,
}

fn blocks() -> Vec<Block<'static>> {
    let mut blocks = Vec::new();
    let mut lines = TUTORIAL.lines().enumerate();
    let mut comment = None;
    while let Some((number, line)) = lines.next() {
        if let Some(said) = line.strip_prefix("<!-- ") {
            comment = said.strip_suffix(" -->");
        } else if let Some(info) = line.strip_prefix("```") {
            let inner = lines.by_ref().map(|(_, line)| line);
            let text: Vec<_> = inner.take_while(|line| *line != "```").collect();
            let comment = comment.take();
            blocks.push(Block {
                info,
                comment,
                line: number + 1,
                text: text.join("\n"),
            });
        }
    }
    blocks
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn its_code_is_the_code_of_the_steps() {
    let mut shown = 0;
    for block in blocks() {
        if ["sh", "text", "console"].contains(&block.info) {
            continue;
        }
        let at = format!("docs/tutorial.md:{}", block.line);
        let file = block
            .comment
            .unwrap_or_else(|| panic!("{at}: of which file is this?"));
        let whole = fs::read_to_string(folder().join(file))
            .unwrap_or_else(|error| panic!("{at}: {file}: {error}"));
        assert!(
            whole.contains(&block.text),
            "{at}: this is not in {file}:\n{}",
            block.text
        );
        shown += 1;
    }
    assert!(shown > 10, "only {shown} pieces of code were found");
}

/// A running step. It works in a folder of its own, with the templates of the step.
struct Step {
    child: Child,
    addr: String,
    home: PathBuf,
}

impl Step {
    fn start(name: &str) -> Self {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&home);
        fs::create_dir_all(home.join("templates")).unwrap();
        for template in fs::read_dir(folder().join(name).join("templates"))
            .into_iter()
            .flatten()
        {
            let template = template.unwrap();
            fs::copy(
                template.path(),
                home.join("templates").join(template.file_name()),
            )
            .unwrap();
        }
        let mut child = Command::new(env!("CARGO_BIN_EXE_followed"))
            .arg(name)
            .current_dir(&home)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        let addr = loop {
            line.clear();
            assert!(
                log.read_line(&mut line).unwrap() > 0,
                "{name} ended before it listened"
            );
            if let Some((_, addr)) = line.split_once("listening on http://") {
                break addr.trim().to_owned();
            }
        };
        // It is written to all along.
        std::thread::spawn(move || log.lines().for_each(drop));
        Self { child, addr, home }
    }

    /// What a command prints, as the tutorial has it: its lines without the spaces at their end.
    fn run(&self, command: &str) -> Vec<String> {
        let command = command.replace(ADDR, &self.addr);
        let command = command.replacen("curl ", "curl --silent --show-error --max-time 60 ", 1);
        let output = Command::new("sh")
            .args(["-c", &command])
            .current_dir(&self.home)
            .output();
        let output = output.unwrap();
        assert!(
            output.status.success(),
            "{command}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let printed = String::from_utf8(output.stdout)
            .unwrap()
            .replace(&self.addr, ADDR);
        printed
            .lines()
            .map(|line| line.trim_end().to_owned())
            .collect()
    }
}

impl Drop for Step {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether these lines were printed in this order. `...` stands for any lines.
fn is_told(told: &[&str], printed: &[String]) -> bool {
    match told {
        [] => printed.is_empty(),
        ["..."] => true,
        ["...", rest @ ..] => (0..=printed.len()).any(|skipped| is_told(rest, &printed[skipped..])),
        [line, rest @ ..] => {
            printed.first().is_some_and(|it| it == line) && is_told(rest, &printed[1..])
        }
    }
}

#[test]
fn its_commands_are_answered_as_it_says() {
    let mut answered = 0;
    let mut running: Option<(String, Step)> = None;
    for block in blocks().into_iter().filter(|block| block.info == "console") {
        let at = format!("docs/tutorial.md:{}", block.line);
        let name = block
            .comment
            .unwrap_or_else(|| panic!("{at}: of which step is this?"));
        if running.as_ref().is_none_or(|(step, _)| step != name) {
            drop(running.take());
            running = Some((name.to_owned(), Step::start(name)));
        }
        let (_, step) = running.as_ref().unwrap();
        for part in block.text.split("$ ").skip(1) {
            let mut lines = part.lines();
            let command = lines.next().unwrap();
            let told: Vec<_> = lines.collect();
            let printed = step.run(command);
            assert!(
                is_told(&told, &printed),
                "{at}: $ {command}\nprints\n{}\nand not\n{}",
                printed.join("\n"),
                told.join("\n"),
            );
            answered += 1;
        }
    }
    assert!(answered > 10, "only {answered} commands were found");
}
