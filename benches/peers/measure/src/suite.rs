//! Who is measured, and what they are asked.

use std::path::PathBuf;

use crate::conduit;

pub struct Suite {
    /// The first is who the others are compared with.
    pub servers: [Program; 2],
    pub cases: Vec<Case>,
    /// What both have in their environment.
    pub variables: Vec<(&'static str, String)>,
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
    /// In place of what was asked for, where a server works at only so many.
    pub connections: Option<u32>,
}

const fn same(path: &'static str) -> Case {
    Case {
        title: path,
        paths: [path, path],
        script: None,
        connections: None,
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
        ..same("/fortunes")
    },
    Case {
        title: "/fortunes, axum by askama",
        ..same("/fortunes")
    },
    same("/updates?q=20"),
    same("/cached-queries?q=20"),
    same("/cached-queries?q=500"),
];

/// Conduit, on a SQLite file of five users and a hundred articles.
const CONDUIT: [Case; 4] = [
    Case {
        title: "20 articles of 100",
        ..same("/api/articles")
    },
    Case {
        title: "articles with a tag",
        ..same("/api/articles?tag=tag-3&limit=5")
    },
    Case {
        title: "one article",
        ..same("/api/articles/article-number-42")
    },
    Case {
        title: "login",
        script: Some("peers/measure/login.lua"),
        connections: Some(4),
        ..same("/api/users/login")
    },
];

impl Suite {
    pub fn find(name: &str, only: &[String]) -> Self {
        let mut suite = match name {
            "techempower" => Self {
                servers: [
                    Program {
                        name: "cepa",
                        path: root().join("target/release/examples/techempower"),
                        built_by: "cargo build --release --example techempower --features templates",
                    },
                    Program {
                        name: "axum",
                        path: peer("techempower-axum"),
                        built_by: "cargo build --release --features minijinja, in benches/peers/techempower-axum",
                    },
                ],
                cases: TECHEMPOWER.to_vec(),
                variables: Vec::new(),
            },
            "conduit" => Self {
                servers: [
                    Program {
                        name: "cepa",
                        path: root().join("target/release/examples/conduit"),
                        built_by: "cargo build --release --example conduit --features full",
                    },
                    Program {
                        name: "axum",
                        path: peer("conduit-axum"),
                        built_by: "cargo build --release, in benches/peers/conduit-axum",
                    },
                ],
                cases: CONDUIT.to_vec(),
                variables: conduit::variables(),
            },
            _ => panic!("the suites are `techempower` and `conduit`"),
        };
        let is_asked = |case: &Case| only.is_empty() || only.iter().any(|it| it == case.title);
        suite.cases.retain(is_asked);
        suite
    }
}

fn peer(name: &str) -> PathBuf {
    let package = root().join("benches/peers").join(name);
    package.join("target/release").join(name)
}

/// The folder of the repository.
pub fn root() -> PathBuf {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    own.join("../../..").canonicalize().expect("it is there")
}
