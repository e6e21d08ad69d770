//! `Throttle`: how often a password may be tried.
//!
//! Before it: somebody wants to sign in. After it: the password is hashed, or the answer is 429.
//! A try is counted before it is known to fail, so that many at once are counted too, and given back
//! if it succeeds.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::rate_limit::{MemoryStore, Quota, RateLimitKey, RateLimitStore as _};
use crate::{Error, Result};

const HOUR: Duration = Duration::from_secs(60 * 60);
/// Mails with links to one name in an hour.
const MAILS: u32 = 5;
/// Keys that each table has room for.
const CAPACITY: usize = 16_384;

/// How many wrong passwords are let through: for an account from one address, for an account in all,
/// and from one address in all. More are a 429 with `Retry-After`. Right ones do not count.
///
/// Each is a bucket that holds so many tries and fills up again, as in
/// [`rate_limit`](crate::rate_limit). The counts are in this process, in tables of fixed size, 1.5 MiB
/// together.
///
/// ```
/// use cepa::auth::Throttle;
/// use cepa::rate_limit::Quota;
/// use std::time::Duration;
///
/// // Five at once, and then one each minute.
/// let hour = Duration::from_secs(3600);
/// let throttle = Throttle::new().with_account_from_address(Quota::new(60, hour).with_burst(5));
/// # drop(throttle);
/// ```
#[derive(Clone)]
pub struct Throttle {
    pair: Quota,
    account: Quota,
    address: Quota,
    tables: Arc<[MemoryStore; 3]>,
}

impl Throttle {
    /// For an account from one address 10 tries, and 60 in an hour; for an account 100 in an hour; from
    /// an address 50 tries, and 300 in an hour.
    #[must_use]
    pub fn new() -> Self {
        Self {
            pair: Quota::new(60, HOUR).with_burst(10),
            account: Quota::new(100, HOUR),
            address: Quota::new(300, HOUR).with_burst(50),
            tables: Arc::new([(); 3].map(|()| MemoryStore::with_capacity(CAPACITY))),
        }
    }

    /// Tries for one account from one address, which in IPv6 is a /64. It is the lowest: whoever tries
    /// a password is stopped, and the owner of the account, elsewhere, is not.
    #[must_use]
    pub fn with_account_from_address(mut self, quota: Quota) -> Self {
        self.pair = quota;
        self
    }

    /// Tries for one account from everywhere. While it is used up, its owner cannot sign in either.
    #[must_use]
    pub fn with_account(mut self, quota: Quota) -> Self {
        self.account = quota;
        self
    }

    /// Tries from one address for whatever account. Many people may share an address.
    #[must_use]
    pub fn with_address(mut self, quota: Quota) -> Self {
        self.address = quota;
        self
    }

    /// Counts a try, before the password is looked at: for logins without
    /// [`AuthSession`](super::AuthSession), which does it itself. One that was right, or that failed, is
    /// [forgiven](Self::forgive). Names count without the spaces around them, and whatever their case.
    ///
    /// ```
    /// use cepa::auth::{Passwords, Throttle};
    /// use cepa::prelude::*;
    ///
    /// async fn is_password(throttle: &Throttle, passwords: &Passwords, addr: ClientAddr, hash: &str, typed: &str) -> Result<bool> {
    ///     throttle.count(addr.0, "ada").await?;
    ///     let verified = passwords.verify(typed, hash).await;
    ///     if !matches!(verified, Ok(false)) { // it was right, or nobody looked at it
    ///         throttle.forgive(addr.0, "ada").await?;
    ///     }
    ///     verified
    /// }
    /// # let (throttle, passwords) = (Throttle::new(), Passwords::for_tests());
    /// # let login = move |addr: ClientAddr, typed: String| {
    /// #     let (throttle, passwords) = (throttle.clone(), passwords.clone());
    /// #     async move {
    /// #         let hash = passwords.hash("leek onion garlic", &[]).await?;
    /// #         is_password(&throttle, &passwords, addr, &hash, &typed).await.map(|it| it.to_string())
    /// #     }
    /// # };
    /// # let client = App::new().post("/", login).test();
    /// # for _ in 0..20 { client.post("/").body("leek onion garlic").send().assert_text("true"); }
    /// # for _ in 0..10 { client.post("/").body("x").send().assert_text("false"); }
    /// # client.post("/").body("x").send().assert_status(429);
    /// ```
    ///
    /// # Errors
    /// 429 with `Retry-After` after too many.
    pub async fn count(&self, addr: IpAddr, account: &str) -> Result<()> {
        let account = Account::Named(account);
        self.try_from(addr).await?;
        self.try_for(addr, [account, account]).await
    }

    /// Counts a try from an address, before it is known for whom.
    pub(super) async fn try_from(&self, addr: IpAddr) -> Result<()> {
        let [_, _, table] = &*self.tables;
        let key = RateLimitKey::addr("address", addr);
        let counted = take(table, &key, &self.address).await;
        told(counted, addr, "too many tries from an address")
    }

    /// Counts a try for an account: for what was typed, from this address, and for whose it is.
    pub(super) async fn try_for(&self, addr: IpAddr, [typed, of]: [Account<'_>; 2]) -> Result<()> {
        let [pairs, accounts, _] = &*self.tables;
        let pair = typed.pair(addr);
        let counted = take(pairs, &pair, &self.pair).await;
        told(
            counted,
            addr,
            "too many tries for an account from an address",
        )?;
        let counted = take(accounts, &of.key(), &self.account).await;
        if counted.is_err() {
            pairs.give_back(&pair, &self.pair).await?;
        }
        told(counted, addr, "too many tries for an account")
    }

    /// Counts a mail.
    pub(super) async fn try_mail(&self, to: Account<'_>) -> Result<()> {
        let [_, accounts, _] = &*self.tables;
        let key = match to {
            Account::Named(name) => RateLimitKey::text("mail to a name", plain(name)),
            Account::Of(user) => RateLimitKey::text("mail to a user", user),
        };
        take(accounts, &key, &Quota::new(MAILS, HOUR)).await
    }

    /// The try was none: the password was right, or nobody looked at it.
    ///
    /// # Errors
    /// None; whoever waits for it may write `?`.
    pub async fn forgive(&self, addr: IpAddr, account: &str) -> Result<()> {
        let account = Account::Named(account);
        self.forgive_for(addr, [account, account]).await
    }

    /// Takes back what [`try_from`](Self::try_from) and [`try_for`](Self::try_for) counted.
    pub(super) async fn forgive_for(
        &self,
        addr: IpAddr,
        [typed, of]: [Account<'_>; 2],
    ) -> Result<()> {
        let [pairs, accounts, addresses] = &*self.tables;
        let address = RateLimitKey::addr("address", addr);
        pairs.give_back(&typed.pair(addr), &self.pair).await?;
        accounts.give_back(&of.key(), &self.account).await?;
        addresses.give_back(&address, &self.address).await
    }
}

/// Whose tries are counted. No name that somebody types passes for a user.
#[derive(Clone, Copy, Debug)]
pub(super) enum Account<'a> {
    /// Whoever has this name, if anybody has.
    Named(&'a str),
    /// The user of this key.
    Of(&'a str),
}

impl Account<'_> {
    fn pair(self, addr: IpAddr) -> RateLimitKey<'static> {
        let network = RateLimitKey::addr("", addr);
        match self {
            Self::Named(name) => {
                RateLimitKey::text("pair of a name", format!("{network} {}", plain(name)))
            }
            Self::Of(user) => RateLimitKey::text("pair of a user", format!("{network} {user}")),
        }
    }

    fn key(self) -> RateLimitKey<'static> {
        match self {
            Self::Named(name) => RateLimitKey::text("name", plain(name)),
            Self::Of(user) => RateLimitKey::text("user", user),
        }
    }
}

/// Says that a try was not looked at, and nothing of what was typed, which may be a password.
pub(super) fn told(counted: Result<()>, addr: IpAddr, what: &str) -> Result<()> {
    counted.inspect_err(|_| tracing::warn!(target: "cepa", %addr, "{what}"))
}

/// A name without what some stores make no difference of.
fn plain(name: &str) -> String {
    name.trim().to_lowercase()
}

async fn take(table: &MemoryStore, key: &RateLimitKey<'_>, quota: &Quota) -> Result<()> {
    let Some(wait) = table.take(key, quota).await?.retry_after() else {
        return Ok(());
    };
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let unit = if seconds == 1 { "second" } else { "seconds" };
    let message = format!("too many tries: try again in {seconds} {unit}");
    Err(Error::too_many_requests(message).with_retry_after(wait))
}

impl Default for Throttle {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Throttle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Throttle")
            .field("account_from_address", &self.pair)
            .field("account", &self.account)
            .field("address", &self.address)
            .finish()
    }
}
