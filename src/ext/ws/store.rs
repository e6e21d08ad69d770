//! The contract of a place where rooms are kept, and the mailbox of each member.
//!
//! Before it: a member joins, or sends. After it: the message waits in the mailboxes of the others.

use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher, RandomState};
use std::pin::Pin;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, LazyLock};

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::message::Message;
use crate::Result;

/// A place where rooms are kept: [`MemoryRooms`](super::MemoryRooms) keeps those of one process. One
/// for several would keep the mailboxes of its own process, pass messages on to the others, and
/// deliver what comes from them.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::ws::{Mailbox, MemberId, MemoryRooms, Message, RoomStore, Rooms};
/// use cepa::ws::{Socket, TestClientExt, WebSocket};
///
/// /// Every message under the name of its room.
/// struct Announced(MemoryRooms);
///
/// impl RoomStore for Announced {
///     async fn join(&self, room: &str, mailbox: Mailbox) -> Result<()> {
///         self.0.join(room, mailbox).await
///     }
///     fn leave(&self, room: &str, member: MemberId) {
///         self.0.leave(room, member);
///     }
///     async fn send(&self, room: &str, message: Message, except: Option<MemberId>) -> Result<()> {
///         let text = message.as_text().unwrap_or("(bytes)");
///         let message = Message::from(format!("{room}: {text}"));
///         self.0.send(room, message, except).await
///     }
///     async fn count(&self, room: &str) -> Result<usize> {
///         self.0.count(room).await
///     }
/// }
///
/// async fn hello(ws: WebSocket, State(rooms): State<Rooms>) -> Response {
///     ws.on_upgrade(async move |socket: Socket| -> Result<()> {
///         let member = rooms.join("lobby", &socket).await?;
///         member.send_to_all("hello").await?;
///         std::future::pending().await
///     })
/// }
///
/// let rooms = Rooms::new().with_store(Announced(MemoryRooms::new()));
/// let client = App::new().state(rooms).get("/", hello).test();
/// client.block_on(async {
///     let mut ws = client.ws("/").connect().await;
///     assert_eq!(ws.recv_text().await, "lobby: hello");
/// });
/// ```
pub trait RoomStore: Send + Sync + 'static {
    /// Lets a member in: from now on, what is sent to the room is delivered to its mailbox.
    ///
    /// # Errors
    /// The store cannot be reached.
    fn join(&self, room: &str, mailbox: Mailbox) -> impl Future<Output = Result<()>> + Send;

    /// Lets a member out. One that is not there is no error.
    fn leave(&self, room: &str, member: MemberId);

    /// Delivers a message to all members of a room but one.
    ///
    /// # Errors
    /// The store cannot be reached.
    fn send(
        &self,
        room: &str,
        message: Message,
        except: Option<MemberId>,
    ) -> impl Future<Output = Result<()>> + Send;

    /// How many are in a room.
    ///
    /// # Errors
    /// The store cannot be reached.
    fn count(&self, room: &str) -> impl Future<Output = Result<usize>> + Send;
}

/// A member of a room; another one in every room, and in every process.
///
/// ```
/// use cepa::ws::MemberId;
///
/// let id = MemberId::from_u128(7);
/// assert_eq!(id.as_u128(), 7);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MemberId(u128);

impl MemberId {
    pub(super) fn new() -> Self {
        static PROCESS: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one("process"));
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Relaxed);
        Self(u128::from(*PROCESS) << 64 | u128::from(number))
    }

    /// The number, for stores that pass it on.
    #[must_use]
    pub fn as_u128(self) -> u128 {
        self.0
    }

    /// The member with this number.
    #[must_use]
    pub fn from_u128(number: u128) -> Self {
        Self(number)
    }
}

/// Where messages for one member wait, so many at most. Cheap to clone.
///
/// ```
/// use cepa::prelude::*;
/// use cepa::ws::{Mailbox, MemberId, Message, RoomStore, Rooms, Socket, TestClientExt, WebSocket};
/// use std::sync::{Arc, Mutex};
///
/// /// One room, whatever its name.
/// #[derive(Default)]
/// struct OneRoom(Mutex<Vec<Mailbox>>);
///
/// impl RoomStore for OneRoom {
///     async fn join(&self, _: &str, mailbox: Mailbox) -> Result<()> {
///         self.0.lock().unwrap().push(mailbox);
///         Ok(())
///     }
///     fn leave(&self, _: &str, member: MemberId) {
///         self.0.lock().unwrap().retain(|mailbox| mailbox.member() != member);
///     }
///     async fn send(&self, _: &str, message: Message, except: Option<MemberId>) -> Result<()> {
///         let message = Arc::new(message);
///         let hears = |mailbox: &Mailbox| Some(mailbox.member()) == except || mailbox.deliver(&message);
///         self.0.lock().unwrap().retain(hears);
///         Ok(())
///     }
///     async fn count(&self, _: &str) -> Result<usize> {
///         Ok(self.0.lock().unwrap().len())
///     }
/// }
///
/// async fn hello(ws: WebSocket, State(rooms): State<Rooms>) -> Response {
///     ws.on_upgrade(async move |socket: Socket| -> Result<()> {
///         let member = rooms.join("here", &socket).await?;
///         rooms.send("there", "hello").await?;
///         drop(member);
///         assert_eq!(rooms.count("here").await?, 0);
///         Ok(())
///     })
/// }
///
/// let rooms = Rooms::new().with_store(OneRoom::default());
/// let client = App::new().state(rooms).get("/", hello).test();
/// client.block_on(async {
///     let mut ws = client.ws("/").connect().await;
///     assert_eq!(ws.recv_text().await, "hello");
/// });
/// ```
#[derive(Clone)]
pub struct Mailbox {
    member: MemberId,
    queue: mpsc::Sender<Arc<Message>>,
    full: Arc<AtomicBool>,
}

/// The other end of a mailbox.
pub(super) struct Letters {
    queue: mpsc::Receiver<Arc<Message>>,
    full: Arc<AtomicBool>,
}

impl Mailbox {
    pub(super) fn new(size: usize) -> (Self, Letters) {
        let (send, receive) = mpsc::channel(size);
        let full = Arc::new(AtomicBool::new(false));
        let mailbox = Self {
            member: MemberId::new(),
            queue: send,
            full: Arc::clone(&full),
        };
        let queue = receive;
        (mailbox, Letters { queue, full })
    }

    /// Whose it is.
    #[must_use]
    pub fn member(&self) -> MemberId {
        self.member
    }

    /// Puts a message in. False if the member is gone, or too slow for its mailbox, which puts it
    /// out: the store forgets it then.
    pub fn deliver(&self, message: &Arc<Message>) -> bool {
        match self.queue.try_send(Arc::clone(message)) {
            Ok(()) => true,
            Err(TrySendError::Closed(_)) => false,
            Err(TrySendError::Full(_)) => {
                self.full.store(true, Relaxed);
                false
            }
        }
    }
}

impl Letters {
    /// The next message; `None` when the member left.
    pub(super) async fn next(&mut self) -> Option<Arc<Message>> {
        self.queue.recv().await
    }

    /// Whether more came than the mailbox holds.
    pub(super) fn overflowed(&self) -> bool {
        self.full.load(Relaxed)
    }
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Mailbox").field(&self.member).finish()
    }
}

type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A store, its type forgotten.
pub(super) trait AnyStore: Send + Sync {
    fn join<'a>(&'a self, room: &'a str, mailbox: Mailbox) -> BoxFuture<'a, Result<()>>;
    fn leave(&self, room: &str, member: MemberId);
    fn send<'a>(
        &'a self,
        room: &'a str,
        message: Message,
        except: Option<MemberId>,
    ) -> BoxFuture<'a, Result<()>>;
    fn count<'a>(&'a self, room: &'a str) -> BoxFuture<'a, Result<usize>>;
}

impl<S: RoomStore> AnyStore for S {
    fn join<'a>(&'a self, room: &'a str, mailbox: Mailbox) -> BoxFuture<'a, Result<()>> {
        Box::pin(RoomStore::join(self, room, mailbox))
    }

    fn leave(&self, room: &str, member: MemberId) {
        RoomStore::leave(self, room, member);
    }

    fn send<'a>(
        &'a self,
        room: &'a str,
        message: Message,
        except: Option<MemberId>,
    ) -> BoxFuture<'a, Result<()>> {
        Box::pin(RoomStore::send(self, room, message, except))
    }

    fn count<'a>(&'a self, room: &'a str) -> BoxFuture<'a, Result<usize>> {
        Box::pin(RoomStore::count(self, room))
    }
}
