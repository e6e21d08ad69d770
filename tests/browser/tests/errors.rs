//! The pages that show errors: no text of a request, an error or a source file runs in them.

use std::thread;

use cepa::prelude::*;
use cepa::{Excerpt, Mode, Server, StopHandle};
use cepa_browser::{Browser, Tab};
use serde_json::json;

/// One a line. What runs calls `alert`.
const PAYLOADS: &str = include_str!("../../ext_templates/payloads.txt");

/// Notes that something ran, in place of a question that nobody answers.
const MARK: &str = "window.alert = () => { window.ran = true; return true };";

/// An app of this process on a port of its own.
struct Served {
    url: String,
    stop: StopHandle,
}

impl Served {
    fn start(app: App) -> Self {
        let (sender, receiver) = std::sync::mpsc::channel();
        thread::spawn(move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            runtime.enable_all().build().unwrap().block_on(async {
                let server = Server::new(app).tcp("127.0.0.1:0").bind().await.unwrap();
                sender
                    .send((server.local_addrs()[0], server.stop_handle()))
                    .unwrap();
                server.serve().await.unwrap();
            });
        });
        let (addr, stop) = receiver.recv().unwrap();
        Self {
            url: format!("http://localhost:{}", addr.port()),
            stop,
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.stop.stop();
    }
}

/// Fails in the words of the request: as a client's fault, the program's, or in a panic.
async fn fail(Path(words): Path<String>, req: Request) -> Result<()> {
    let error = match req.query().as_bytes().first() {
        Some(b'4') => Error::conflict(words.clone()),
        Some(b'5') => Error::internal(words.clone()),
        _ => panic!("{words}"),
    };
    let excerpt = Excerpt::of(words.clone(), &words, 1);
    let cause = std::io::Error::other(format!("cause {words}"));
    Err(error
        .with_field(words.clone(), words)
        .with_source(cause)
        .with_excerpt(excerpt))
}

fn app(mode: Mode) -> App {
    async fn named(mut req: Request, next: Next) -> Response {
        let id = req.header("x-payload").unwrap_or_default().to_owned();
        req.set_id(id);
        next.run(req).await
    }
    App::new()
        .mode(mode)
        .with(named)
        .get("/fail/{words}", fail)
        .get("/raw", async || Html("<img src=x onerror=alert(1)>"))
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// How many elements there are, without code in a sentence; and whether any of them could run.
fn elements(tab: &Tab<'_>) -> serde_json::Value {
    tab.eval(
        "(() => {
            const all = [...document.querySelectorAll('*:not(code)')];
            const runs = it => [...it.attributes].some(it => it.name.startsWith('on') || it.name === 'style');
            return { count: all.length, runs: all.some(runs) || document.scripts.length > 0, ran: window.ran === true };
        })()",
    )
}

/// The policy of the pages is not applied, so that nothing but the escaping keeps them from running.
#[test]
fn payloads_run_in_no_page_of_an_error() {
    let Some(browser) = Browser::start() else {
        return;
    };
    let tab = browser.open("about:blank#");
    tab.without_policy();
    tab.begin_pages_with(MARK);
    for mode in [Mode::Development, Mode::Production] {
        let served = Served::start(app(mode));
        tab.go(&format!("{}/raw", served.url));
        tab.wait_for("window.ran === true");
        let visit = |path: &str, payload: &str| {
            let words = encoded(payload);
            // Headers have no control characters; the server would refuse them.
            let value: String = payload
                .chars()
                .filter(char::is_ascii)
                .filter(|c| !c.is_ascii_control())
                .collect();
            tab.with_headers(&json!({ "x-payload": value, "cookie": value, "user-agent": value, "x-&'`": "name" }));
            tab.go(&format!("{}{}", served.url, path.replace("WORDS", &words)));
            elements(&tab)
        };
        for path in [
            "/fail/WORDS?4=WORDS&WORDS",
            "/fail/WORDS?5",
            "/fail/WORDS?panic",
            "/WORDS/none?WORDS=1",
        ] {
            let harmless = visit(path, "x");
            assert_eq!(
                (&harmless["runs"], &harmless["ran"]),
                (&false.into(), &false.into())
            );
            let shown = tab.eval("document.body.innerText.includes('development only')");
            assert_eq!(shown, mode.is_development());
            for payload in PAYLOADS.lines().filter(|it| !it.is_empty()) {
                assert_eq!(visit(path, payload), harmless, "{payload} at {path}");
            }
        }
    }
}

#[test]
fn the_page_is_styled_under_its_policy_and_fits_narrow_screens() {
    let Some(browser) = Browser::start() else {
        return;
    };
    for mode in [Mode::Development, Mode::Production] {
        let served = Served::start(app(mode));
        let tab = browser.open(&format!("{}/fail/{}?5", served.url, "a".repeat(300)));
        // The style is there, by its hash.
        tab.wait_for("getComputedStyle(document.body).maxWidth !== 'none'");
        tab.wait_until_it_fits();
    }
}
