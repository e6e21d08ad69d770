//! A page that shows what the server pushes: a chat of everyone who has it open.
//!
//! ```text
//! cargo run --example sse
//! curl -N 127.0.0.1:3000/events
//! curl 127.0.0.1:3000/messages --data 'Hello, everyone!'
//! ```

use std::env;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cepa::prelude::*;
use cepa::{Event, LastEventId, Sse};
use tokio::sync::broadcast;

/// What was said, and the news of it.
#[derive(Clone)]
struct Chat {
    said: Arc<Mutex<Vec<String>>>,
    news: broadcast::Sender<usize>,
}

async fn say(State(chat): State<Chat>, text: String) -> StatusCode {
    let mut said = chat.said.lock().expect("nobody panics with it");
    said.push(text);
    // It fails where nobody listens.
    let _ = chat.news.send(said.len());
    StatusCode::NO_CONTENT
}

/// First what the client has not seen, then what is said from now on. The id of a message is its
/// number, so that a browser that lost the connection gets the ones in between.
async fn events(State(chat): State<Chat>, last: Option<LastEventId>, req: Request) -> Sse {
    let (events, sse) = Sse::channel(16);
    let mut seen: usize = last.and_then(|id| id.0.parse().ok()).unwrap_or(0);
    let mut news = chat.news.subscribe();
    req.spawn(async move {
        loop {
            let next = chat
                .said
                .lock()
                .expect("nobody panics with it")
                .get(seen)
                .cloned();
            if let Some(text) = next {
                seen += 1;
                let event = Event::data(text).with_event("message").with_id(seen);
                if events.send(event).await.is_err() {
                    return; // the client is gone
                }
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
  :root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
  body { max-width: 40rem; margin: 0 auto; padding: 2rem 1rem; }
  ol { list-style: none; padding: 0; }
  ol:empty::before { content: "Nothing was said yet."; }
  li { padding: .5rem 0; border-bottom: 1px solid color-mix(in srgb, currentColor 15%, transparent); overflow-wrap: anywhere; }
  form { display: flex; gap: .5rem; }
  input, button { font: inherit; padding: .5rem .75rem; }
  input { flex: 1; min-width: 0; }
</style>
<h1>Chat</h1>
<ol id="said" aria-live="polite"></ol>
<form id="form"><input id="text" aria-label="Message" required autofocus> <button>Say it</button></form>
<script>
  const events = new EventSource("/events");
  events.onmessage = (event) => {
    const item = document.createElement("li");
    item.textContent = event.data;
    said.append(item);
  };
  form.onsubmit = async (event) => {
    event.preventDefault();
    await fetch("/messages", { method: "POST", body: text.value });
    form.reset();
  };
</script>
</html>
"#,
    )
}

fn main() -> Result<(), RunError> {
    let chat = Chat {
        said: Arc::default(),
        news: broadcast::Sender::new(16),
    };
    App::new()
        .with(Logger::new())
        .state(chat)
        .get("/", page)
        .get("/events", events)
        .post("/messages", say)
        .run(env::var("ADDR").as_deref().unwrap_or("127.0.0.1:3000"))
}
