//! What is counted of requests: a short list of series per route, found without hashing or locks.
//!
//! The routes are known when the app is built, so each has a cell by its position in the table of
//! routes. A cell is a list of the methods and statuses that it was answered with, to which is only
//! ever added; a route has few of them.

use std::collections::HashMap;
use std::ops::Deref;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicU64, AtomicUsize};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use super::text::{head, histogram, label, sample};
use crate::{Method, Request, Route, RouteTable};

/// In the place of a status where the client went away before there was one.
pub(super) const CANCELLED: u16 = 0;

/// In the place of a route where none matched. Paths begin with a slash, so no route is named so.
const UNMATCHED: &str = "unmatched";

/// Behind what a fallback is mounted at. No route ends so.
const BELOW: &str = "/*";

const METHODS: [&str; 10] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE", "other",
];

/// The names of what is counted here, which no other metric may have.
pub(super) const NAMES: [&str; 4] = [
    "http_requests_total",
    "http_request_duration_seconds",
    "http_response_size_bytes",
    "http_requests_in_flight",
];

/// The counts of all routes of an app, of its fallbacks, and of neither.
pub(super) struct Requests {
    /// Upper bounds of the durations, in seconds.
    bounds: Box<[f64]>,
    routes: OnceLock<Routes>,
    /// The cells of fallbacks, by what they are mounted at; there is one when it was asked first.
    fallbacks: RwLock<Vec<Arc<Cell>>>,
    unmatched: Cell,
    /// How many [`Holder`]s there are.
    holders: AtomicUsize,
}

/// The counts, held by one that is no request: the middleware, and what shows them. How many
/// requests are in flight is how many others hold them, so that a request counts nothing twice.
pub(super) struct Holder(Arc<Requests>);

impl Holder {
    pub(super) fn new(bounds: Vec<f64>) -> Self {
        Self::of(&Arc::new(Requests::new(bounds)))
    }

    fn of(requests: &Arc<Requests>) -> Self {
        requests.holders.fetch_add(1, Relaxed);
        Self(Arc::clone(requests))
    }

    /// The counts for one request, in flight until it drops them.
    pub(super) fn begin(&self) -> Arc<Requests> {
        Arc::clone(&self.0)
    }

    /// How many requests are being answered.
    pub(super) fn in_flight(&self) -> usize {
        Arc::strong_count(&self.0).saturating_sub(self.holders.load(Relaxed))
    }
}

impl Clone for Holder {
    fn clone(&self) -> Self {
        Self::of(&self.0)
    }
}

impl Deref for Holder {
    type Target = Requests;

    fn deref(&self) -> &Requests {
        &self.0
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        self.holders.fetch_sub(1, Relaxed);
    }
}

/// One cell for each template, which routes of several methods may have in common.
struct Routes {
    cells: Vec<Cell>,
    /// The cell of a route, by its position in the table of routes.
    of: Box<[usize]>,
}

/// Where a request is counted.
pub(super) enum Place {
    /// By the position in the table of routes.
    Route(usize),
    Fallback(Arc<Cell>),
    Unmatched,
}

pub(super) struct Cell {
    /// As in the label.
    route: String,
    first: OnceLock<Box<Series>>,
}

/// What was counted for one route, method and status.
struct Series {
    method: u8,
    status: u16,
    /// How many took as long as each bound, not those below it; the last is for all above.
    durations: Box<[AtomicU64]>,
    nanos: AtomicU64,
    bytes: AtomicU64,
    next: OnceLock<Box<Self>>,
}

impl Requests {
    fn new(bounds: Vec<f64>) -> Self {
        Self {
            bounds: bounds.into(),
            holders: AtomicUsize::new(0),
            routes: OnceLock::new(),
            fallbacks: RwLock::default(),
            unmatched: Cell::new(UNMATCHED.to_owned()),
        }
    }

    /// Makes the cells of the routes.
    pub(super) fn set_routes(&self, routes: &RouteTable) {
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut cells = Vec::new();
        let cell = |route: &Route| {
            let host = route.host().unwrap_or("");
            let label = format!("{host}{}", route.path());
            *known.entry(label).or_insert_with_key(|label| {
                cells.push(Cell::new(label.clone()));
                cells.len() - 1
            })
        };
        let of = routes.iter().map(cell).collect();
        self.routes.get_or_init(|| Routes { cells, of });
    }

    /// Which label the request has.
    pub(super) fn place(&self, req: &Request) -> Place {
        if let Some(route) = req.route_of_path() {
            return Place::Route(route.index());
        }
        let fallback = req.fallback().map(|mount| self.fallback(mount));
        fallback.map_or(Place::Unmatched, Place::Fallback)
    }

    fn fallback(&self, mount: &str) -> Arc<Cell> {
        let mount = mount.trim_end_matches('/');
        let is_it = |cell: &&Arc<Cell>| cell.route.strip_suffix(BELOW) == Some(mount);
        let known = self.fallbacks.read();
        let known = known.unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = known.iter().find(is_it) {
            return Arc::clone(cell);
        }
        drop(known);
        let cells = self.fallbacks.write();
        let mut cells = cells.unwrap_or_else(PoisonError::into_inner);
        // Another thread may have been first.
        if let Some(cell) = cells.iter().find(is_it) {
            return Arc::clone(cell);
        }
        let cell = Arc::new(Cell::new(format!("{mount}{BELOW}")));
        cells.push(Arc::clone(&cell));
        cell
    }

    /// Counts a request.
    pub(super) fn count(&self, place: &Place, method: u8, status: u16, took: Duration, bytes: u64) {
        let of_route = |route: usize| {
            let routes = self.routes.get()?;
            routes.cells.get(*routes.of.get(route)?)
        };
        let cell = match place {
            Place::Route(route) => of_route(*route),
            Place::Fallback(cell) => Some(&**cell),
            Place::Unmatched => None,
        };
        let series = cell
            .unwrap_or(&self.unmatched)
            .series(method, status, self.bounds.len());
        let seconds = took.as_secs_f64();
        let within = self.bounds.iter().position(|bound| seconds <= *bound);
        series.durations[within.unwrap_or(self.bounds.len())].fetch_add(1, Relaxed);
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        series.nanos.fetch_add(nanos, Relaxed);
        series.bytes.fetch_add(bytes, Relaxed);
    }

    /// All lines about requests; two that are read at once may differ by those that end just then.
    pub(super) fn write(&self, out: &mut String, in_flight: usize) {
        let fallbacks = self.fallbacks.read();
        let fallbacks = fallbacks.unwrap_or_else(PoisonError::into_inner).clone();
        let cells = self.cells().chain(fallbacks.iter().map(AsRef::as_ref));
        let read: Vec<Read> = cells
            .flat_map(|cell| cell.all().map(|series| series.read(&cell.route)))
            .collect();
        let [total, duration, size, flight] = NAMES;
        head(out, total, "Requests answered.", "counter");
        for Read { labels, count, .. } in &read {
            sample(out, total, labels, *count as f64);
        }
        let help = "Time from the head of a request to the end of its response.";
        head(out, duration, help, "histogram");
        for series in &read {
            let (counts, seconds) = (&series.durations, series.seconds);
            histogram(out, duration, &series.labels, &self.bounds, counts, seconds);
        }
        head(
            out,
            size,
            "Bytes of response bodies that were sent.",
            "summary",
        );
        for Read {
            labels,
            count,
            bytes,
            ..
        } in &read
        {
            sample(out, &format!("{size}_sum"), labels, *bytes as f64);
            sample(out, &format!("{size}_count"), labels, *count as f64);
        }
        head(out, flight, "Requests that are being answered.", "gauge");
        sample(out, flight, "", in_flight as f64);
    }

    fn cells(&self) -> impl Iterator<Item = &Cell> {
        let cells = self.routes.get().map(|routes| &routes.cells);
        cells.into_iter().flatten().chain([&self.unmatched])
    }
}

/// The index of a method in the labels.
pub(super) fn method_index(method: &Method) -> u8 {
    match *method {
        Method::GET => 0,
        Method::HEAD => 1,
        Method::POST => 2,
        Method::PUT => 3,
        Method::PATCH => 4,
        Method::DELETE => 5,
        Method::OPTIONS => 6,
        Method::CONNECT => 7,
        Method::TRACE => 8,
        _ => 9,
    }
}

impl Cell {
    fn new(route: String) -> Self {
        let first = OnceLock::new();
        Self { route, first }
    }

    /// The series of a method and status, added where it is missing.
    fn series(&self, method: u8, status: u16, bounds: usize) -> &Series {
        let mut link = &self.first;
        loop {
            // Another thread may add a different one at this end first; then the next end is tried.
            let series = link.get_or_init(|| Series::new(method, status, bounds));
            if series.method == method && series.status == status {
                return series;
            }
            link = &series.next;
        }
    }

    fn all(&self) -> impl Iterator<Item = &Series> {
        let first = self.first.get().map(|series| &**series);
        std::iter::successors(first, |series| Some(&**series.next.get()?))
    }
}

/// A series as it was at one moment, its labels written.
struct Read {
    labels: String,
    durations: Vec<u64>,
    count: u64,
    seconds: f64,
    bytes: u64,
}

impl Series {
    fn new(method: u8, status: u16, bounds: usize) -> Box<Self> {
        Box::new(Self {
            method,
            status,
            durations: (0..=bounds).map(|_| AtomicU64::new(0)).collect(),
            nanos: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            next: OnceLock::new(),
        })
    }

    fn read(&self, route: &str) -> Read {
        let mut labels = String::new();
        label(&mut labels, "method", METHODS[usize::from(self.method)]);
        label(&mut labels, "route", route);
        match self.status {
            CANCELLED => label(&mut labels, "status", "cancelled"),
            status => label(&mut labels, "status", &status.to_string()),
        }
        let durations = self.durations.iter().map(|count| count.load(Relaxed));
        let durations: Vec<u64> = durations.collect();
        Read {
            labels,
            count: durations.iter().sum(),
            durations,
            seconds: Duration::from_nanos(self.nanos.load(Relaxed)).as_secs_f64(),
            bytes: self.bytes.load(Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_only_holds_the_counts_is_no_request_in_flight() {
        let holder = Holder::new(Vec::new());
        let others = [holder.clone(), holder.clone()];
        assert_eq!(holder.in_flight(), 0);
        let requests = [holder.begin(), others[0].begin()];
        assert_eq!(holder.in_flight(), 2);
        drop(others);
        assert_eq!(holder.in_flight(), 2);
        drop(requests);
        assert_eq!(holder.in_flight(), 0);
    }
}
