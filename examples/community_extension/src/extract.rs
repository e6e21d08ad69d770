//! `Flags` and `Flag`: what handlers take.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;

use cepa::Need;
use cepa::prelude::*;

/// The flags as they are for this request, from its beginning to its end.
#[derive(Clone, Debug)]
pub struct Flags(pub(crate) Arc<BTreeMap<String, bool>>);

impl Flags {
    /// Whether a flag is on; one that is not there is off.
    pub fn is_on(&self, name: &str) -> bool {
        self.0.get(name).copied().unwrap_or(false)
    }

    /// All flags by their names, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, bool)> {
        self.0.iter().map(|(name, on)| (name.as_str(), *on))
    }
}

/// The need that `build` reports where the extension is not plugged.
fn plugged() -> Need {
    Need::local::<Flags>().with_fix("add `.plug(FeatureFlags::new())` to this app or around it")
}

impl FromRequest for Flags {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let Local(flags) = req.extract().await?;
        Ok(flags)
    }

    fn requires() -> Vec<Need> {
        vec![plugged()]
    }
}

/// A flag that is a type, so that its name is written once.
pub trait FlagName: Send + Sync + 'static {
    /// The name of the flag.
    const NAME: &'static str;
}

/// Whether the flag `N` is on for this request.
#[derive(Debug)]
pub struct Flag<N> {
    on: bool,
    name: PhantomData<fn() -> N>,
}

impl<N> Flag<N> {
    /// Whether it is on.
    pub fn is_on(&self) -> bool {
        self.on
    }
}

impl<N: FlagName> FromRequest for Flag<N> {
    async fn from_request(req: &mut Request) -> Result<Self> {
        let flags: Flags = req.extract().await?;
        let on = flags.is_on(N::NAME);
        let name = PhantomData;
        Ok(Self { on, name })
    }

    fn requires() -> Vec<Need> {
        vec![plugged()]
    }
}
