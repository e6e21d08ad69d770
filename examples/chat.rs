//! A chat with rooms: WebSockets, and the page that speaks to them.
//!
//! ```text
//! cargo run --features ws --example chat
//! open http://127.0.0.1:3000 in two windows
//! ```

use cepa::prelude::*;
use cepa::ws::{Message, Rooms, Socket, WebSocket, WebSockets};
use serde::{Deserialize, Serialize};

/// What a client says.
#[derive(Deserialize)]
struct Said {
    text: String,
}

/// What everyone in the room is told.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum Told<'a> {
    Came { name: &'a str, count: usize },
    Said { name: &'a str, text: &'a str },
    Left { name: &'a str, count: usize },
}

#[derive(Deserialize)]
struct Who {
    name: String,
}

async fn chat(
    ws: WebSocket,
    Path(room): Path<String>,
    Query(Who { name }): Query<Who>,
    State(rooms): State<Rooms>,
) -> Result<Response> {
    let name = name.trim().to_owned();
    if name.is_empty() || name.chars().count() > 24 {
        return Err(Error::bad_request("a name has 1 to 24 letters"));
    }
    Ok(ws.on_upgrade(move |socket| talk(socket, rooms, room, name)))
}

async fn talk(mut socket: Socket, rooms: Rooms, room: String, name: String) -> Result<()> {
    let (name, member) = (&name[..], rooms.join(&room, &socket).await?);
    let count = member.count().await?;
    let came = Message::json(&Told::Came { name, count })?;
    member.send_to_all(came).await?;
    // Whatever ends it, a close or a message that is none, the others are told.
    while let Ok(Said { text }) = socket.recv_json().await {
        let text = text.trim();
        let said = Message::json(&Told::Said { name, text })?;
        member.send(said).await?; // to the others; the page shows its own
    }
    drop(member);
    let count = rooms.count(&room).await?;
    let left = Message::json(&Told::Left { name, count })?;
    rooms.send(&room, left).await
}

/// All of it, for tests too.
pub fn app() -> App {
    App::new()
        .state(Rooms::new())
        .with(Logger::new())
        .get("/", async || Html(PAGE))
        .get(
            "/chat/{room}",
            chat.with(WebSockets::new().with_message_limit(4096)),
        )
}

fn main() -> Result<(), RunError> {
    let addr = std::env::var("ADDR").unwrap_or_else(|_| "127.0.0.1:3000".to_owned());
    app().run(addr)
}

const PAGE: &str = r##"<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Chat</title>
<style>
  :root {
    color-scheme: light dark;
    --page: light-dark(#f6f4f1, #16151a); --card: light-dark(#fff, #201f26);
    --text: light-dark(#26232b, #eceaf1); --soft: light-dark(#736d7c, #9b95a8);
    --line: light-dark(#e4dfe6, #34313d); --mine: light-dark(#6b3fa0, #7d53b3);
    --theirs: light-dark(#f0edf3, #2b2933); --focus: light-dark(#6b3fa0, #b493e0);
    --good: #3f9c6d; --bad: #c8553d;
  }
  * { box-sizing: border-box; margin: 0 }
  body { background: var(--page); color: var(--text); height: 100dvh; display: grid;
    place-items: center; padding: 1rem; font: 1rem/1.5 system-ui, sans-serif }
  main { background: var(--card); border: 1px solid var(--line); border-radius: 1rem;
    width: min(44rem, 100%); height: min(46rem, 100%); display: flex; flex-direction: column;
    overflow: hidden; box-shadow: 0 1rem 3rem #0002 }
  header { display: flex; gap: .75rem; align-items: center; padding: .9rem 1.25rem;
    border-bottom: 1px solid var(--line) }
  h1 { font-size: 1.05rem; flex: 1; overflow-wrap: anywhere }
  #state { color: var(--soft); font-size: .875rem; display: flex; gap: .5rem; align-items: center }
  #state::before { content: ""; width: .6rem; height: .6rem; border-radius: 50%; background: var(--bad) }
  #state.on::before { background: var(--good) }
  ol { list-style: none; padding: 1.25rem; flex: 1; overflow-y: auto; display: flex;
    flex-direction: column; gap: .5rem }
  ol:empty::before { content: "Say who you are, and join a room."; color: var(--soft); margin: auto }
  li { max-width: 80%; padding: .5rem .85rem; border-radius: 1rem; background: var(--theirs);
    align-self: flex-start; overflow-wrap: anywhere; white-space: pre-wrap }
  li b { display: block; font-size: .8rem; color: var(--focus) }
  li.mine { align-self: flex-end; background: var(--mine); color: #fff }
  li.note { align-self: center; background: none; color: var(--soft); font-size: .875rem; padding: 0 }
  form { display: flex; flex-wrap: wrap; gap: .6rem; padding: .9rem 1.25rem; border-top: 1px solid var(--line) }
  label { flex: 1 1 8rem; display: grid; gap: .2rem; font-size: .8rem; color: var(--soft) }
  input, button { font: inherit; font-size: 1rem; padding: .55rem .85rem; border-radius: .7rem; border: 1px solid var(--line) }
  input { background: var(--page); color: var(--text); width: 100% }
  button { background: var(--mine); color: #fff; border: 0; cursor: pointer; align-self: end }
  :focus-visible { outline: 2px solid var(--focus); outline-offset: 1px }
  [hidden] { display: none }
  @media (max-width: 30rem) { #enter button { width: 100% } }
</style>
<main>
  <header><h1>Chat</h1><span id="state" role="status">not connected</span></header>
  <ol id="log" aria-live="polite"></ol>
  <form id="enter">
    <label>Your name <input name="name" required pattern=".*\S.*" title="at least one letter" maxlength="24" autocomplete="nickname"></label>
    <label>Room <input name="room" required pattern=".*[^.\s].*" title="at least one letter" maxlength="40" value="lobby"></label>
    <button>Join</button>
  </form>
  <form id="say" hidden>
    <label>Message <input name="text" required maxlength="2000" autocomplete="off"></label>
    <button>Send</button>
  </form>
</main>
<script>
  const [state, log, enter, say] = ["state", "log", "enter", "say"].map(id => document.getElementById(id));
  let socket, me, wait = 500;
  const show = (text, kind, name) => {
    const line = document.createElement("li");
    line.className = kind;
    if (name) line.append(Object.assign(document.createElement("b"), { textContent: name }));
    line.append(text);
    log.append(line);
    log.scrollTop = log.scrollHeight;
  };
  const people = count => { state.textContent = count === 1 ? "only you" : `${count} people`; state.className = "on"; };
  const connect = room => {
    const url = `/chat/${encodeURIComponent(room)}?name=${encodeURIComponent(me)}`;
    socket = new WebSocket(url.replace(/^/, location.origin.replace(/^http/, "ws")));
    socket.onopen = () => { wait = 500; };
    socket.onmessage = ({ data }) => {
      const { kind, name, text, count } = JSON.parse(data);
      if (kind === "said") return show(text, "", name);
      people(count);
      show(kind === "came" ? `${name} is here` : `${name} has left`, "note");
    };
    socket.onclose = ({ code }) => {
      state.textContent = code === 1001 ? "the server restarts" : "connecting again";
      state.className = "";
      setTimeout(connect, wait = Math.min(wait * 2, 10000), room);
    };
  };
  enter.onsubmit = event => {
    event.preventDefault();
    const { name, room } = Object.fromEntries(new FormData(enter));
    me = name.trim();
    document.querySelector("h1").textContent = document.title = `# ${room}`;
    enter.hidden = true;
    say.hidden = false;
    say.text.focus();
    connect(room);
  };
  say.onsubmit = event => {
    event.preventDefault();
    if (socket.readyState !== WebSocket.OPEN) return;
    socket.send(JSON.stringify({ text: say.text.value }));
    show(say.text.value, "mine");
    say.reset();
  };
</script>
"##;
