//! Who is measured, and what they are asked.

use std::path::PathBuf;

pub struct Suite {
    /// The first is who the others are compared with.
    pub servers: [Program; 2],
    pub cases: Vec<Case>,
}

/// A server as a program, which reads `ADDR` and says where it listens.
pub struct Program {
    pub name: &'static str,
    pub path: PathBuf,
    /// How it is built.
    pub built_by: &'static str,
}

#[derive(Clone, Copy)]
pub struct Case {
    pub title: &'static str,
    /// The paths, by server.
    pub paths: [&'static str; 2],
    /// A script of `wrk`, by its path in `benches/`.
    pub script: Option<&'static str>,
}

const fn same(path: &'static str) -> Case {
    Case {
        title: path,
        paths: [path, path],
        script: None,
    }
}

/// The tests of TechEmpower. `DATABASE_URL` names the database of both.
const TECHEMPOWER: [Case; 10] = [
    same("/plaintext"),
    Case {
        title: "/plaintext, 16 pipelined",
        script: Some("server/wrk/pipeline.lua"),
        ..same("/plaintext")
    },
    same("/json"),
    same("/db"),
    same("/queries?q=20"),
    Case {
        title: "/fortunes, axum by minijinja",
        paths: ["/fortunes", "/fortunes-minijinja"],
        script: None,
    },
    Case {
        title: "/fortunes, axum by askama",
        ..same("/fortunes")
    },
    same("/updates?q=20"),
    same("/cached-queries?q=20"),
    same("/cached-queries?q=500"),
];

impl Suite {
    pub fn find(name: &str, only: &[String]) -> Self {
        assert_eq!(name, "techempower", "there is no other suite yet");
        let cases = TECHEMPOWER.into_iter();
        let is_asked = |case: &Case| only.is_empty() || only.iter().any(|it| it == case.title);
        Self {
            servers: [
                Program {
                    name: "cepa",
                    path: root().join("target/release/examples/techempower"),
                    built_by: "cargo build --release --example techempower --features templates",
                },
                Program {
                    name: "axum",
                    path: root()
                        .join("benches/peers/techempower-axum/target/release/techempower-axum"),
                    built_by: "cargo build --release --features minijinja, in benches/peers/techempower-axum",
                },
            ],
            cases: cases.filter(is_asked).collect(),
        }
    }
}

/// The folder of the repository.
pub fn root() -> PathBuf {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    own.join("../../..").canonicalize().expect("it is there")
}
