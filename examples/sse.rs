//! A page that shows what the server pushes: a chat of everyone who has it open.
//!
//! ```text
//! cargo run --example sse
//! curl -N 127.0.0.1:3000/events
//! curl 127.0.0.1:3000/messages --data 'Hello, everyone!'
//! ```

use std::collections::VecDeque;
use std::env;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cepa::prelude::*;
use cepa::{BodyLimit, Event, LastEventId, Sse};
use tokio::sync::broadcast;

/// What was said last, each message with its number, and the news that there is more.
#[derive(Clone)]
struct Chat {
    said: Arc<Mutex<VecDeque<(u64, String)>>>,
    news: broadcast::Sender<()>,
}

/// How many messages are kept.
const KEPT: usize = 100;

impl Chat {
    fn add(&self, text: String) {
        let mut said = self.said.lock().expect("nobody panics with it");
        let number = said.back().map_or(1, |(last, _)| last + 1);
        if said.len() == KEPT {
            said.pop_front();
        }
        said.push_back((number, text));
        // It fails where nobody listens.
        let _ = self.news.send(());
    }

    /// The first message behind the one with this number. Those of a server that ran before this one
    /// say nothing here.
    fn after(&self, seen: u64) -> Option<(u64, String)> {
        let said = self.said.lock().expect("nobody panics with it");
        let (newest, _) = *said.back()?;
        let seen = if seen > newest { 0 } else { seen };
        said.iter().find(|(number, _)| *number > seen).cloned()
    }
}

async fn say(State(chat): State<Chat>, text: String) -> StatusCode {
    chat.add(text);
    StatusCode::NO_CONTENT
}

/// First what the client has not seen, then what is said from now on. The id of a message is its
/// number, so that a browser that lost the connection gets the ones in between.
async fn events(State(chat): State<Chat>, last: Option<LastEventId>, req: Request) -> Sse {
    let (events, sse) = Sse::channel(16);
    let mut seen = last.and_then(|id| id.0.parse().ok()).unwrap_or(0);
    let mut news = chat.news.subscribe();
    req.spawn(async move {
        loop {
            if let Some((number, text)) = chat.after(seen) {
                let event = Event::data(text).with_id(number);
                if events.send(event).await.is_err() {
                    return; // the client is gone
                }
                seen = number;
                continue;
            }
            tokio::select! {
                _ = news.recv() => {}
                () = events.closed() => return,
            }
        }
    });
    // A server that stops tells browsers to come back soon.
    sse.with_farewell(Event::new().with_retry(Duration::from_secs(1)))
}

async fn page() -> Html<&'static str> {
    Html(
        r#"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Chat</title>
<style>
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; --page: light-dark(#f6f4f1, #16151a);
    --card: light-dark(#fff, #201f26); --line: light-dark(#e4dfe6, #34313d); --accent: light-dark(#6b3fa0, #7d53b3) }
  * { box-sizing: border-box }
  body { background: var(--page); max-width: 40rem; min-height: 100dvh; margin: 0 auto; padding: 0 1rem;
    display: flex; flex-direction: column }
  header { display: flex; justify-content: space-between; align-items: baseline; padding: 1.5rem 0 .5rem }
  h1 { margin: 0; font-size: 1.5rem }
  ol { list-style: none; margin: 0; padding: 0; flex: 1; display: grid; gap: .5rem; align-content: start }
  ol:empty::before { content: "Nothing was said yet."; opacity: .7 }
  li { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: .5rem .85rem;
    overflow-wrap: anywhere; min-width: 0 }
  form { display: flex; gap: .5rem; position: sticky; bottom: 0; background: var(--page); padding: 1rem 0 }
  input, button { font: inherit; padding: .55rem .85rem; border-radius: .7rem; border: 1px solid var(--line) }
  input { flex: 1; min-width: 0; background: var(--card) }
  button { background: var(--accent); color: #fff; border: 0; cursor: pointer }
</style>
<header><h1>Chat</h1><span id="state" role="status">connecting</span></header>
<ol id="said" aria-live="polite"></ol>
<form id="form"><input id="text" aria-label="Message" required maxlength="1000" autocomplete="off" autofocus> <button>Say it</button></form>
<script>
  const events = new EventSource("/events");
  events.onopen = () => { state.textContent = "connected"; };
  events.onerror = () => { state.textContent = "connecting again"; };
  events.onmessage = (event) => {
    const item = document.createElement("li");
    item.textContent = event.data;
    said.append(item);
    scrollTo(0, document.body.scrollHeight);
  };
  form.onsubmit = async (event) => {
    event.preventDefault();
    const told = await fetch("/messages", { method: "POST", body: text.value });
    if (told.ok) form.reset();
  };
</script>
</html>
"#,
    )
}

fn main() -> Result<(), RunError> {
    let chat = Chat {
        said: Arc::default(),
        news: broadcast::Sender::new(1),
    };
    App::new()
        .with(Logger::new())
        .state(chat)
        .get("/", page)
        .get("/events", events)
        .post("/messages", say.with(BodyLimit::new(4096)))
        .run(env::var("ADDR").as_deref().unwrap_or("127.0.0.1:3000"))
}
