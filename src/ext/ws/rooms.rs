//! Rooms: what one socket says, all others in the room hear.

use std::fmt;
use std::sync::Arc;

use super::memory::MemoryRooms;
use super::message::{CloseCode, Message};
use super::socket::{Socket, SocketSender};
use super::store::{AnyStore, Letters, Mailbox, MemberId, RoomStore};
use crate::Result;

/// Messages that wait for a member, unless told otherwise.
const MAILBOX: usize = 64;

/// Rooms of sockets, for chats and the like: a state of the app, cheap to clone.
///
/// A socket that joins is sent what others say, in the background, until its [`Member`] is dropped.
/// Each member has a mailbox of so many messages; one that is too slow for it is put out of the
/// room and its socket closed with 1013, so that it holds up nobody and costs no more than that.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::ws::{Rooms, Socket, TestClientExt, WebSocket};
///
/// async fn chat(ws: WebSocket, Path(room): Path<String>, State(rooms): State<Rooms>) -> Response {
///     ws.on_upgrade(async move |mut socket: Socket| -> Result<()> {
///         let member = rooms.join(&room, &socket).await?;
///         while let Ok(message) = socket.recv().await {
///             member.send(message).await?;
///         }
///         Ok(())
///     })
/// }
///
/// let rooms = Rooms::new();
/// let client = App::new().state(rooms.clone()).get("/chat/{room}", chat).test();
/// client.block_on(async {
///     let mut ada = client.ws("/chat/lobby").connect().await;
///     let mut ben = client.ws("/chat/lobby").connect().await;
///     while rooms.count("lobby").await.unwrap() < 2 {
///         tokio::task::yield_now().await;
///     }
///     ada.send("hello, Ben").await;
///     assert_eq!(ben.recv_text().await, "hello, Ben");
/// });
/// ```
#[derive(Clone)]
pub struct Rooms {
    store: Arc<dyn AnyStore>,
    mailbox: usize,
}

impl Default for Rooms {
    fn default() -> Self {
        Self::new()
    }
}

impl Rooms {
    /// Rooms of this process.
    #[must_use]
    pub fn new() -> Self {
        Self {
            store: Arc::new(MemoryRooms::new()),
            mailbox: MAILBOX,
        }
    }

    /// Keeps the rooms elsewhere.
    #[must_use]
    pub fn with_store(mut self, store: impl RoomStore) -> Self {
        self.store = Arc::new(store);
        self
    }

    /// How many messages may wait for a member, one at least. Default: 64. Members share messages,
    /// so a room holds that many at most, however many are in it.
    #[must_use]
    pub fn with_mailbox(mut self, messages: usize) -> Self {
        self.mailbox = messages.max(1);
        self
    }

    /// Lets a socket into a room, until the member is dropped. It may be in several.
    ///
    /// # Errors
    /// What the store says; the one in memory never fails.
    pub async fn join(&self, room: &str, socket: &Socket) -> Result<Member> {
        let (mailbox, letters) = Mailbox::new(self.mailbox);
        let member = Member {
            store: Arc::clone(&self.store),
            room: room.into(),
            id: mailbox.member(),
        };
        self.store.join(room, mailbox).await?;
        tokio::spawn(forward(letters, socket.sender()));
        Ok(member)
    }

    /// Sends a message to everyone in a room.
    ///
    /// # Errors
    /// What the store says.
    pub async fn send(&self, room: &str, message: impl Into<Message>) -> Result<()> {
        self.store.send(room, message.into(), None).await
    }

    /// How many are in a room.
    ///
    /// # Errors
    /// What the store says.
    pub async fn count(&self, room: &str) -> Result<usize> {
        self.store.count(room).await
    }
}

/// A socket in a room; dropped, it leaves.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::ws::{Message, Rooms, Socket, TestClientExt, WebSocket};
///
/// async fn join(ws: WebSocket, State(rooms): State<Rooms>) -> Response {
///     ws.on_upgrade(async move |mut socket: Socket| -> Result<()> {
///         let member = rooms.join("lobby", &socket).await?;
///         let count = member.count().await?;
///         member.send_to_all(Message::json(&(member.room(), count))?).await?;
///         while socket.recv().await.is_ok() {}
///         Ok(())
///     })
/// }
///
/// let client = App::new().state(Rooms::new()).get("/", join).test();
/// client.block_on(async {
///     let mut ws = client.ws("/").connect().await;
///     assert_eq!(ws.recv_json::<Value>().await, json!(["lobby", 1]));
/// });
/// ```
#[must_use = "dropped, it leaves the room"]
pub struct Member {
    store: Arc<dyn AnyStore>,
    room: Box<str>,
    id: MemberId,
}

impl Member {
    /// The room.
    #[must_use]
    pub fn room(&self) -> &str {
        &self.room
    }

    /// The member's id.
    #[must_use]
    pub fn id(&self) -> MemberId {
        self.id
    }

    /// Sends a message to all others in the room.
    ///
    /// # Errors
    /// What the store says.
    pub async fn send(&self, message: impl Into<Message>) -> Result<()> {
        let except = Some(self.id);
        self.store.send(&self.room, message.into(), except).await
    }

    /// Sends a message to everyone in the room, this member as well.
    ///
    /// # Errors
    /// What the store says.
    pub async fn send_to_all(&self, message: impl Into<Message>) -> Result<()> {
        self.store.send(&self.room, message.into(), None).await
    }

    /// How many are in the room, this member as well.
    ///
    /// # Errors
    /// What the store says.
    pub async fn count(&self) -> Result<usize> {
        self.store.count(&self.room).await
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.store.leave(&self.room, self.id);
    }
}

/// Sends what waits in a mailbox, until the member left or the socket is over.
async fn forward(mut letters: Letters, sender: SocketSender) {
    while let Some(message) = letters.next().await
        && !letters.overflowed()
    {
        if sender.send_shared(&message).await.is_err() {
            return;
        }
    }
    if letters.overflowed() {
        let reason = "too slow for this room: come back later";
        let _ = sender.close(CloseCode::AGAIN_LATER, reason).await;
    }
}

impl fmt::Debug for Rooms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rooms")
            .field("mailbox", &self.mailbox)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member")
            .field("room", &self.room)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
