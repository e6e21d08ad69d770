//! Contributions: values that any part of an app gives, for one extension to find them all.
//!
//! Before it: apps and extensions call `contribute`. After it: `build` has gathered the values of
//! the whole tree by their types, and [`Contributions`] reads them.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;
use std::panic::Location;
use std::sync::Arc;

use super::{App, Place};
use crate::error::Result;
use crate::extract::FromRequest;
use crate::request::Request;

/// A value before it is gathered; `gather` still knows its type.
pub(super) struct Contribution {
    value: Box<dyn Any + Send + Sync>,
    place: Place,
    gather: fn(Vec<Self>) -> Arc<dyn Any + Send + Sync>,
}

/// All contributions of an app, a `List<T>` for each type.
#[derive(Default)]
pub(crate) struct Gathered(HashMap<TypeId, Arc<dyn Any + Send + Sync>>);

struct List<T> {
    values: Vec<T>,
    places: Vec<Place>,
}

/// Everything of type `T` that was [contributed](App::contribute), in the whole app: that of the
/// outermost app first, in the order written, then that of the apps mounted in it.
///
/// It is a slice, an extractor that never fails, and cheap to clone. Outside of a request,
/// [`AppService::contributions`](crate::AppService::contributions) gives it: in
/// [`App::check`], and in [`App::on_start_with`].
///
/// ```
/// use cepa::prelude::*;
/// use cepa::Contributions;
///
/// /// An entry of the menu.
/// struct Entry(&'static str);
///
/// fn blog(app: App) -> App {
///     app.contribute(Entry("Blog")).get("/blog", async || "the blog")
/// }
///
/// async fn menu(entries: Contributions<Entry>) -> String {
///     let titles: Vec<&str> = entries.iter().map(|entry| entry.0).collect();
///     titles.join(", ")
/// }
///
/// let shop = App::new().contribute(Entry("Shop"));
/// let app = App::new().get("/menu", menu).mount("/shop", shop).plug(blog);
/// app.test().get("/menu").send().assert_text("Blog, Shop");
/// ```
pub struct Contributions<T>(Arc<List<T>>);

impl<T> Contributions<T> {
    /// Each value with the line that contributed it: that of the `plug` for what an extension type
    /// gave. For messages about what is wrong with one.
    ///
    /// ```
    /// use cepa::App;
    ///
    /// let service = App::new().contribute(7_u8).build()?;
    /// let numbers = service.contributions::<u8>();
    /// let told: Vec<String> = numbers.located().map(|(n, at)| format!("{n} at {at}")).collect();
    /// assert!(told[0].starts_with("7 at "));
    /// # Ok::<(), cepa::BuildError>(())
    /// ```
    pub fn located(&self) -> impl ExactSizeIterator<Item = (&T, &'static Location<'static>)> {
        self.iter().zip(self.0.places.iter().copied())
    }
}

impl<T> Deref for Contributions<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0.values
    }
}

impl<T> Clone for Contributions<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T: fmt::Debug> fmt::Debug for Contributions<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl<T: Send + Sync + 'static> FromRequest for Contributions<T> {
    async fn from_request(req: &mut Request) -> Result<Self> {
        Ok(req.view().core.contributions.of())
    }
}

impl App {
    /// Gives a value to whichever extension collects values of this type, wherever it is plugged:
    /// around this app, in it, or beside it, before or after. It reads them as
    /// [`Contributions<T>`]. Where none does, nothing happens.
    #[track_caller]
    pub fn contribute<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        let place = self.here();
        self.contributions.push((
            TypeId::of::<T>(),
            Contribution {
                value: Box::new(value),
                place,
                gather: gather::<T>,
            },
        ));
        self
    }
}

fn gather<T: Send + Sync + 'static>(given: Vec<Contribution>) -> Arc<dyn Any + Send + Sync> {
    let (mut values, mut places) = (Vec::new(), Vec::new());
    for Contribution { value, place, .. } in given {
        if let Ok(value) = value.downcast::<T>() {
            values.push(*value);
            places.push(place);
        }
    }
    Arc::new(List { values, places })
}

impl Gathered {
    pub(super) fn new(given: Vec<(TypeId, Contribution)>) -> Self {
        let mut by_type: HashMap<TypeId, Vec<Contribution>> = HashMap::new();
        for (id, contribution) in given {
            by_type.entry(id).or_default().push(contribution);
        }
        let gathered = by_type.into_iter().filter_map(|(id, given)| {
            let gather = given.first()?.gather;
            Some((id, gather(given)))
        });
        Self(gathered.collect())
    }

    pub(crate) fn of<T: Send + Sync + 'static>(&self) -> Contributions<T> {
        let list = self.0.get(&TypeId::of::<T>());
        let list = list.and_then(|list| Arc::clone(list).downcast::<List<T>>().ok());
        Contributions(list.unwrap_or_else(|| {
            let (values, places) = (Vec::new(), Vec::new());
            Arc::new(List { values, places })
        }))
    }
}
