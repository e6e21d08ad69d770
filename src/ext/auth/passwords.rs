//! `Passwords`: hashed by Argon2id, on threads of their own, as many at once as there are cores.
//!
//! Before it: a password as it was typed. After it: a PHC string to keep, or whether it was right.

use std::fmt;
use std::num::NonZero;
use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};

use super::error::PasswordError;
use super::password_cost::{Cost, compute, is_of};
use super::password_pool::Pool;
use super::password_rules::{self, LEAST, MOST};
use crate::{Error, Mode, Result};

/// Passwords that wait for a thread.
const QUEUE: usize = 64;
/// Bytes of a salt, and of a hash.
pub(super) const SALT: usize = 16;
pub(super) const HASH: usize = 32;

/// How passwords are hashed, and which are accepted. Clones share the threads.
///
/// ```
/// use cepa::auth::Passwords;
/// use cepa::prelude::*;
///
/// async fn both(State(passwords): State<Passwords>) -> Result<String> {
///     let hash = passwords.hash("leek onion garlic", &[]).await?;
///     assert!(hash.starts_with("$argon2id$v=19$m="));
///     assert!(passwords.verify("leek onion garlic", &hash).await?);
///     assert!(!passwords.verify("garlic onion leek", &hash).await?);
///     Ok(hash)
/// }
///
/// let passwords = Passwords::for_tests(); // in a program `Passwords::new()`
/// App::new().state(passwords).get("/", both).test().get("/").send().assert_status(200);
/// ```
///
/// A password is hashed as the bytes that came: nothing is cut off, trimmed or normalised (ASVS 5,
/// 6.2.8). Its length is counted in characters (Unicode code points).
#[derive(Clone)]
pub struct Passwords {
    cost: Cost,
    least: usize,
    words: Arc<[String]>,
    is_any: bool,
    threads: usize,
    queue: usize,
    is_for_tests: bool,
    pool: Arc<Pool>,
}

impl Passwords {
    /// Argon2id with 19 MiB of memory, two iterations and one lane.
    #[must_use]
    pub fn new() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            cost: Cost::new(),
            least: LEAST,
            words: Arc::default(),
            is_any: false,
            threads,
            queue: QUEUE,
            is_for_tests: false,
            pool: Arc::new(Pool::new(threads, QUEUE)),
        }
    }

    /// Hashes that cost nothing and keep nothing safe, so that tests that sign in are quick. In
    /// production it is a problem that `build` reports.
    #[must_use]
    pub fn for_tests() -> Self {
        Self {
            cost: Cost::for_tests(),
            is_for_tests: true,
            ..Self::new()
        }
    }

    /// How much memory one hash takes, in KiB. Default, and the least: 19 MiB (19,456). It is kept for
    /// the next hash, once for each [thread](Self::with_threads).
    ///
    /// After a change, hashes are made anew when their users sign in. Until then, a wrong password takes
    /// as long as with a hash of the present cost, unless the old one was higher.
    #[must_use]
    pub fn with_memory(mut self, kib: u32) -> Self {
        self.cost.memory = kib;
        self
    }

    /// How often the memory is gone through. Default, and the least: 2; 1 from 46 MiB on.
    #[must_use]
    pub fn with_iterations(mut self, iterations: u32) -> Self {
        self.cost.iterations = iterations;
        self
    }

    /// Lanes of the memory; they are gone through one after the other. Default: 1.
    #[must_use]
    pub fn with_parallelism(mut self, lanes: u32) -> Self {
        self.cost.parallelism = lanes;
        self
    }

    /// How many characters a new password has at least. Default, and the least: 8; the most are 256.
    #[must_use]
    pub fn with_least_length(mut self, characters: usize) -> Self {
        self.least = characters;
        self
    }

    /// Words that no password may be made of, such as the name of the site (ASVS 5, 6.2.11).
    #[must_use]
    pub fn with_words<S: Into<String>>(mut self, words: impl IntoIterator<Item = S>) -> Self {
        self.words = words.into_iter().map(Into::into).collect();
        self
    }

    /// Takes every new password of 256 characters at most, short and common ones too: for an API whose
    /// rules were made by others. Default: no.
    #[must_use]
    pub fn with_any_password(mut self) -> Self {
        self.is_any = true;
        self
    }

    /// How many hashes are made at once, each with its memory. Default: as many as there are cores.
    #[must_use]
    pub fn with_threads(mut self, threads: usize) -> Self {
        self.threads = threads;
        self.pool = Arc::new(Pool::new(self.threads, self.queue));
        self
    }

    /// How many passwords wait for a thread; for more, the answer is 503. Default: 64.
    #[must_use]
    pub fn with_queue(mut self, waiting: usize) -> Self {
        self.queue = waiting;
        self.pool = Arc::new(Pool::new(self.threads, self.queue));
        self
    }

    /// Whether a password may be chosen; `personal` are names of whoever chooses it.
    ///
    /// # Errors
    /// [`PasswordError`] says why not.
    pub fn check(&self, password: &str, personal: &[&str]) -> Result<(), PasswordError> {
        if self.is_any {
            return password_rules::check_length(password, 0);
        }
        let words = self.words.iter().map(|word| &**word);
        password_rules::check(password, self.least, words.chain(personal.iter().copied()))
    }

    /// The hash of a new password, to be kept: a PHC string of about 97 characters. `personal` are names
    /// and addresses that it may not be made of.
    ///
    /// # Errors
    /// 422 with the field `password` if it may not be [chosen](Self::check); 503 with `Retry-After`
    /// if too many wait already.
    pub async fn hash(&self, password: &str, personal: &[&str]) -> Result<String> {
        let checked = self.check(password, personal);
        checked.map_err(PasswordError::to_error)?;
        let salt = random::<SALT>()?;
        self.hash_with(password, salt.to_vec()).await
    }

    /// Whether it is the password of this hash. A hash that is none, empty, or of more than 256 MiB or
    /// about a second (and more than new ones), is that of no password, and costs as much as a wrong one.
    ///
    /// # Errors
    /// 503 with `Retry-After` if too many wait already.
    pub async fn verify(&self, password: &str, hash: &str) -> Result<bool> {
        let known = PasswordHash::new(hash).ok();
        let known = known.filter(|hash| is_argon2(hash) && self.cost.is_bearable(hash));
        if known.is_none() && !hash.is_empty() {
            tracing::error!(target: "cepa", "a password hash that is kept is no PHC string of Argon2, or costs too much");
        }
        let hash = match known.filter(|_| !password_rules::is_too_long(password)) {
            Some(hash) => hash,
            None => self.cost.hash_of_nobody()?,
        };
        // What is too long is no password, and need not be hashed as a whole.
        let end = password.floor_char_boundary(MOST * 4);
        let password = password[..end].to_owned();
        let rest = self.cost.rest(&hash);
        let work = move |memory: &mut Vec<Block>| {
            let is_right = is_of(&hash, password.as_bytes(), memory);
            if let (false, Some(rest)) = (is_right, rest) {
                let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, rest);
                let mut out = [0; HASH];
                let made = compute(&argon2, password.as_bytes(), &[0; SALT], &mut out, memory);
                std::hint::black_box((made.is_ok(), out));
            }
            is_right
        };
        self.pool.run(self.cost.memory, work).await
    }

    /// Whether a hash was made otherwise than hashes are made now, so that it should be made anew when
    /// its password is at hand.
    #[must_use]
    pub fn is_outdated(&self, hash: &str) -> bool {
        let is_current = |hash: &PasswordHash| {
            let version = hash.version.map(Version::try_from);
            hash.algorithm == ARGON2ID_IDENT
                && matches!(version, Some(Ok(Version::V0x13)))
                && hash.hash.as_ref().is_some_and(|it| it.len() >= HASH)
                && hash.salt.as_ref().is_some_and(|it| it.len() >= SALT)
                && Params::try_from(hash).is_ok_and(|it| self.cost.is_that_of(&it))
        };
        !PasswordHash::new(hash).is_ok_and(|hash| is_current(&hash))
    }

    /// The hash of the same password, made as hashes are made now. It keeps its salt, by which
    /// sessions know that it is the same password.
    pub(super) async fn renew(&self, password: &str, hash: &str) -> Result<String> {
        let salt = PasswordHash::new(hash).ok().and_then(|hash| hash.salt);
        let salt = salt.filter(|salt| salt.len() >= SALT);
        let salt = match salt {
            Some(salt) => salt.to_vec(),
            None => random::<SALT>()?.to_vec(),
        };
        self.hash_with(password, salt).await
    }

    /// What is wrong with the options.
    pub(super) fn problems(&self, mode: Mode) -> Vec<String> {
        let mut problems = Vec::new();
        if self.is_for_tests {
            if mode.is_production() {
                problems.push("`Passwords::for_tests()` keeps no password safe: take `Passwords::new()` in production".to_owned());
            }
        } else if let Err(problem) = self.cost.is_strong() {
            problems.push(problem);
        }
        if self.cost.params().is_err() {
            let lanes = self.cost.parallelism;
            problems.push(format!(
                "Argon2 knows no {lanes} lanes in {} KiB: take 1 lane, or more memory",
                self.cost.memory
            ));
        }
        if self.least < LEAST || self.least > MOST {
            let least = self.least;
            problems.push(format!(
                "passwords of {least} characters at least: name {LEAST} or more, and {MOST} at most"
            ));
        }
        if self.threads == 0 {
            problems.push("without a thread no password is hashed: name one at least".to_owned());
        }
        problems
    }

    async fn hash_with(&self, password: &str, salt: Vec<u8>) -> Result<String> {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, self.cost.params()?);
        let (cost, password) = (self.cost, password.to_owned());
        let work = move |memory: &mut Vec<Block>| {
            let mut out = [0; HASH];
            let made = compute(&argon2, password.as_bytes(), &salt, &mut out, memory);
            let broken = |error| Error::internal(format!("a password cannot be hashed: {error}"));
            made.map_err(broken)?;
            Ok(cost.phc(&salt, &out)?.to_string())
        };
        self.pool.run(self.cost.memory, work).await?
    }
}

fn is_argon2(hash: &PasswordHash) -> bool {
    let is_whole = hash.salt.is_some() && hash.hash.is_some();
    is_whole && hash.algorithm.as_str().starts_with("argon2") && Params::try_from(hash).is_ok()
}

/// Random bytes of the operating system.
pub(super) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::internal(format!("there are no random numbers: {error}")))?;
    Ok(bytes)
}

impl Default for Passwords {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Passwords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Passwords")
            .field("memory", &self.cost.memory)
            .field("iterations", &self.cost.iterations)
            .field("parallelism", &self.cost.parallelism)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use argon2::PasswordHasher as _;

    const PASSWORD: &str = "leek onion garlic";

    #[tokio::test]
    async fn a_hash_is_of_the_password_and_the_cost_that_was_asked_for() {
        let passwords = Passwords::new();
        let hash = passwords.hash(PASSWORD, &[]).await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert!(passwords.verify(PASSWORD, &hash).await.unwrap());
        assert!(!passwords.verify("leek onion garlic ", &hash).await.unwrap());
        assert!(!passwords.is_outdated(&hash));
        assert_ne!(passwords.hash(PASSWORD, &[]).await.unwrap(), hash);
    }

    #[tokio::test]
    async fn what_is_no_hash_is_that_of_no_password() {
        let passwords = Passwords::for_tests();
        let hash = passwords.hash(PASSWORD, &[]).await.unwrap();
        let cut = &hash[..hash.rfind('$').unwrap()];
        let bcrypt = "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW";
        for broken in ["", "x", "$argon2id$", cut, bcrypt, PASSWORD] {
            assert!(
                !passwords.verify(PASSWORD, broken).await.unwrap(),
                "{broken}"
            );
            assert!(!passwords.verify("", broken).await.unwrap(), "{broken}");
            assert!(passwords.is_outdated(broken), "{broken}");
        }
        let long = "x".repeat(300);
        assert!(!passwords.verify(&long, &hash).await.unwrap());
    }

    #[tokio::test]
    async fn a_hash_of_another_cost_is_outdated_and_verified_all_the_same() {
        let old = Passwords::for_tests();
        let hash = old.hash(PASSWORD, &[]).await.unwrap();
        let new = old.clone().with_iterations(3);
        assert!(new.is_outdated(&hash) && !old.is_outdated(&hash));
        assert!(new.verify(PASSWORD, &hash).await.unwrap());
        let renewed = new.renew(PASSWORD, &hash).await.unwrap();
        assert!(!new.is_outdated(&renewed));
        assert!(new.verify(PASSWORD, &renewed).await.unwrap());
        let salt = |hash: &str| hash.split('$').nth(4).unwrap().to_owned();
        assert_eq!(salt(&renewed), salt(&hash));
        let params = Params::new(8, 1, 1, None).unwrap();
        let argon2i = Argon2::new(Algorithm::Argon2i, Version::V0x13, params);
        let hash: PasswordHash = argon2i
            .hash_password_with_salt(PASSWORD.as_bytes(), &[7; 16])
            .unwrap();
        assert!(old.is_outdated(&hash.to_string()));
        assert!(old.verify(PASSWORD, &hash.to_string()).await.unwrap());
    }

    #[tokio::test]
    async fn a_wrong_password_takes_as_long_with_a_hash_of_before() {
        let before = Passwords::for_tests().hash(PASSWORD, &[]).await.unwrap();
        let passwords = Passwords::new();
        // Until nothing else took the processor meanwhile.
        let mut best = [Duration::MAX; 2];
        let is_alike = |[a, b]: [Duration; 2]| a > b / 2 && b > a / 2;
        for _ in 0..50 {
            for (best, hash) in best.iter_mut().zip([&before, ""]) {
                let start = std::time::Instant::now();
                assert!(!passwords.verify("wrong", hash).await.unwrap());
                *best = (*best).min(start.elapsed());
            }
            if is_alike(best) {
                return;
            }
        }
        panic!("{best:?}");
    }

    /// Written into the store by somebody: it would take hours, or all the memory.
    #[tokio::test]
    async fn a_hash_that_costs_too_much_is_that_of_no_password() {
        let passwords = Passwords::for_tests();
        for cost in [
            "m=8,t=4294967295,p=1",
            "m=4294967295,t=1,p=1",
            "m=262145,t=1,p=1",
        ] {
            let hash = format!(
                "$argon2id$v=19${cost}$YWxsIG9uaW9ucyBoZXJlIQ$hwx1khTdHYFWMk18Rn1UECkdDmDhfJ+vVK76F4sk778"
            );
            assert!(
                PasswordHash::new(&hash).is_ok_and(|hash| is_argon2(&hash)),
                "{cost}"
            );
            assert!(!passwords.verify(PASSWORD, &hash).await.unwrap(), "{cost}");
        }
        let costly = Passwords::new().with_memory(300 * 1024);
        assert!(
            costly
                .cost
                .is_bearable(&costly.cost.hash_of_nobody().unwrap())
        );
    }

    #[tokio::test]
    async fn a_full_queue_is_a_503_and_one_that_went_away_gives_its_place_free() {
        let passwords = Passwords::new().with_threads(1).with_queue(1);
        let hash = passwords.cost.hash_of_nobody().unwrap().to_string();
        let working = passwords.verify(PASSWORD, &hash);
        let waiting = passwords.verify(PASSWORD, &hash);
        tokio::pin!(working);
        {
            tokio::pin!(waiting);
            let both = std::future::poll_fn(|cx| {
                assert!(working.as_mut().poll(cx).is_pending());
                assert!(waiting.as_mut().poll(cx).is_pending());
                std::task::Poll::Ready(())
            });
            both.await;
            let error = passwords.verify(PASSWORD, &hash).await.unwrap_err();
            assert_eq!(error.status(), 503);
        }
        let third = passwords.verify(PASSWORD, &hash);
        let (first, third) = tokio::join!(working, third);
        assert!(!first.unwrap() && !third.unwrap());
    }

    #[test]
    fn weak_options_are_problems() {
        let problems = |passwords: Passwords| passwords.problems(Mode::Production).join("\n");
        let new = Passwords::new;
        let table = [
            (new().with_memory(19_455), "name 19456 KiB"),
            (new().with_iterations(1), "name 47104 KiB"),
            (new().with_iterations(0), "name 2"),
            (new().with_parallelism(0), "0 lanes"),
            (new().with_parallelism(10_000), "10000 lanes"),
            (new().with_least_length(7), "name 8 or more"),
            (new().with_least_length(300), "256 at most"),
            (new().with_threads(0), "name one at least"),
            (Passwords::for_tests(), "in production"),
        ];
        for (passwords, words) in table {
            let told = problems(passwords);
            assert!(told.contains(words), "{words}: {told}");
        }
        assert_eq!(problems(new()), "");
        assert_eq!(problems(new().with_iterations(1).with_memory(47_104)), "");
        assert!(
            Passwords::for_tests()
                .problems(Mode::Development)
                .is_empty()
        );
    }
}
