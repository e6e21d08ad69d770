//! `Cost`: what a hash of a password takes in memory and time.
//!
//! Before it: a hash that is kept, or the options. After it: the hash is computed, at that cost or none.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};

use super::passwords::{HASH, SALT, random};
use crate::{Error, Result};

/// What OWASP's Password Storage Cheat Sheet asks for at least.
const MEMORY: u32 = 19 * 1024;
const ITERATIONS: u32 = 2;
/// What a hash that is kept may cost, unless those that are made cost more: KiB, and KiB gone through in
/// all iterations, which is about a second.
const MOST_MEMORY: u32 = 256 * 1024;
const MOST_WORK: u64 = 1024 * 1024;

/// Of Argon2.
#[derive(Clone, Copy)]
pub(super) struct Cost {
    /// In KiB.
    pub(super) memory: u32,
    pub(super) iterations: u32,
    pub(super) parallelism: u32,
}

impl Cost {
    pub(super) fn new() -> Self {
        Self {
            memory: MEMORY,
            iterations: ITERATIONS,
            parallelism: 1,
        }
    }

    pub(super) fn for_tests() -> Self {
        Self {
            memory: Params::MIN_M_COST,
            iterations: 1,
            parallelism: 1,
        }
    }

    /// By OWASP's Password Storage Cheat Sheet: 19 MiB and two iterations, or 46 MiB and one.
    pub(super) fn is_strong(&self) -> Result<(), String> {
        let least = match self.iterations {
            0 => return Err("passwords are hashed in one iteration at least: name 2".to_owned()),
            1 => 46 * 1024,
            _ => MEMORY,
        };
        match self.memory < least {
            true => Err(format!(
                "{} KiB are too few for a password hash of so many iterations: name {least} KiB or more",
                self.memory
            )),
            false => Ok(()),
        }
    }

    pub(super) fn is_that_of(&self, params: &Params) -> bool {
        let cost = (params.m_cost(), params.t_cost(), params.p_cost());
        cost == (self.memory, self.iterations, self.parallelism)
    }

    /// KiB that a hash of the present cost goes through.
    fn work(&self) -> u64 {
        u64::from(self.memory) * u64::from(self.iterations)
    }

    /// Whether somebody who writes into the store cannot stop the server by the cost of a hash.
    pub(super) fn is_bearable(&self, hash: &PasswordHash) -> bool {
        Params::try_from(hash).is_ok_and(|params| {
            params.m_cost() <= MOST_MEMORY.max(self.memory)
                && work_of(&params) <= MOST_WORK.max(self.work())
        })
    }

    /// What a hash of before leaves to be done, so that whoever has one takes as long as nobody.
    pub(super) fn rest(&self, hash: &PasswordHash) -> Option<Params> {
        let done = work_of(&Params::try_from(hash).ok()?);
        let rest = self.work().checked_sub(done).filter(|rest| *rest > 0)?;
        let iterations = rest.div_ceil(self.memory.into());
        let memory = (rest / iterations).max(Params::MIN_M_COST.into());
        let (memory, iterations) = (memory.try_into().ok()?, iterations.try_into().ok()?);
        Params::new(memory, iterations, 1, Some(HASH)).ok()
    }

    pub(super) fn params(&self) -> Result<Params> {
        let params = Params::new(self.memory, self.iterations, self.parallelism, Some(HASH));
        params.map_err(|error| Error::internal(format!("passwords cannot be hashed: {error}")))
    }

    /// A hash of the present cost that no password has, drawn at random.
    pub(super) fn hash_of_nobody(&self) -> Result<PasswordHash> {
        self.phc(&random::<SALT>()?, &random::<HASH>()?)
    }

    /// What is kept of a hash that was computed at the present cost.
    pub(super) fn phc(&self, salt: &[u8], hash: &[u8]) -> Result<PasswordHash> {
        let broken = |error| Error::internal(format!("a password hash cannot be made: {error}"));
        let params = ParamsString::try_from(&self.params()?);
        Ok(PasswordHash {
            algorithm: ARGON2ID_IDENT,
            version: Some(Version::V0x13.into()),
            params: params.map_err(|error| broken(error.to_string()))?,
            salt: Some(Salt::new(salt).map_err(|e| broken(e.to_string()))?),
            hash: Some(Output::new(hash).map_err(|e| broken(e.to_string()))?),
        })
    }
}

/// Computes a hash in memory that was used before, or grows to what it needs.
pub(super) fn compute(
    argon2: &Argon2<'_>,
    password: &[u8],
    salt: &[u8],
    out: &mut [u8],
    memory: &mut Vec<Block>,
) -> argon2::Result<()> {
    let needed = argon2.params().block_count();
    if memory.len() < needed {
        *memory = vec![Block::new(); needed];
    }
    argon2.hash_password_into_with_memory(password, salt, out, memory)
}

/// Whether this is the password of a hash, by a comparison that takes the same time for every answer.
pub(super) fn is_of(hash: &PasswordHash, password: &[u8], memory: &mut Vec<Block>) -> bool {
    let mut computed = || {
        let algorithm = Algorithm::try_from(hash.algorithm.as_str()).ok()?;
        let version = hash
            .version
            .map_or(Ok(Version::default()), Version::try_from);
        let argon2 = Argon2::new(algorithm, version.ok()?, Params::try_from(hash).ok()?);
        let (salt, expected) = (hash.salt.as_ref()?, hash.hash.as_ref()?);
        let mut out = [0; Output::MAX_LENGTH];
        let out = out.get_mut(..expected.len())?;
        compute(&argon2, password, salt, out, memory).ok()?;
        Some(Output::new(out).ok()? == *expected)
    };
    computed().unwrap_or(false)
}

fn work_of(params: &Params) -> u64 {
    u64::from(params.m_cost()) * u64::from(params.t_cost())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_the_cost_is_what_was_added() {
        let cost = |(memory, iterations)| Cost {
            memory,
            iterations,
            parallelism: 1,
        };
        let costs = [
            (8, 1),
            (8, 300),
            (19_456, 2),
            (19_456, 3),
            (47_104, 1),
            (65_536, 3),
            (65_537, 7),
        ];
        for (before, now) in costs.iter().flat_map(|a| costs.map(|b| (*a, b))) {
            let old = cost(before).hash_of_nobody().unwrap();
            let added = i64::from(now.0 * now.1) - i64::from(before.0 * before.1);
            match cost(now).rest(&old) {
                None => assert!(added <= 0, "{before:?} {now:?}"),
                Some(rest) => {
                    let off = i64::try_from(work_of(&rest)).unwrap() - added;
                    assert!(
                        off.abs() <= i64::from(rest.t_cost().max(8)),
                        "{before:?} {now:?}: {off}"
                    );
                    assert!(rest.m_cost() <= now.0.max(8));
                }
            }
        }
    }
}
