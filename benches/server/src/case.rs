//! What is asked for.

/// One kind of request.
pub struct Case {
    pub name: &'static str,
    pub path: &'static str,
    /// Further arguments of `wrk`; a script is named by its file in `wrk/`.
    pub header: Option<&'static str>,
    pub script: Option<&'static str>,
}

const fn get(name: &'static str, path: &'static str) -> Case {
    Case {
        name,
        path,
        header: None,
        script: None,
    }
}

pub static CASES: [Case; 8] = [
    get("plaintext", "/plaintext"),
    Case {
        script: Some("pipeline.lua"),
        ..get("pipelined", "/plaintext")
    },
    get("json", "/json"),
    get("large", "/large"),
    get("route", "/resource137/42"),
    get("middleware", "/layers"),
    Case {
        script: Some("echo.lua"),
        ..get("echo", "/echo")
    },
    Case {
        header: Some("Connection: close"),
        ..get("connection", "/plaintext")
    },
];

pub fn find(name: &str) -> Option<&'static Case> {
    CASES.iter().find(|case| case.name == name)
}
