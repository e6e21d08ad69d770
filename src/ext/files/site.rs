//! What is served, as requests see it: frozen, and asked for one file after the other.
//!
//! Before it: the router found the mount. After it: a file is sent, or there is nothing.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, ALLOW, RANGE};

use super::embedded::Embedded;
use super::folder::{Entry, Folder, Item, Opened, one};
use super::forms::{Encoding, preferred};
use super::listing;
use super::prints::Prints;
use super::send::{Sending, Wanted};
use super::target::{NameRules, Target};
use super::types;
use crate::{
    Accept, AcceptEncoding, Conditions, Error, HeaderValue, IntoResponse, Method, Redirect,
    Request, Response, Result, StatusCode, Uri,
};

/// Where files are.
#[derive(Debug)]
pub(super) enum Store {
    Folder(Folder),
    One(PathBuf),
    Embedded(Embedded),
}

/// Says of a name whether its content never changes.
pub(super) type Rule = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// The files of one mount, and how they are served.
pub(super) struct Site {
    pub(super) store: Store,
    pub(super) names: NameRules,
    pub(super) index: Vec<String>,
    pub(super) spa: Option<String>,
    pub(super) listing: bool,
    pub(super) precompressed: bool,
    pub(super) cache_control: Option<HeaderValue>,
    pub(super) immutable: HeaderValue,
    pub(super) is_immutable: Rule,
    /// By extension, before the table.
    pub(super) types: Vec<(String, HeaderValue)>,
    /// Where names with a fingerprint of ours stand for others.
    pub(super) prints: Option<Prints>,
}

const ALLOWED: &str = "GET, HEAD, OPTIONS";

/// What is older than its file by more than this was made of an older one.
const STALE: Duration = Duration::from_secs(60);

/// What a request asks for.
struct Ask {
    target: Target,
    uri: Uri,
    wanted: Wanted,
    accepts: AcceptEncoding,
    takes_html: bool,
}

enum Found {
    File(String, Opened),
    /// By a name that changes with the content.
    Printed(String, Opened),
    /// It is a folder, and links in it need the slash.
    Slash,
    Listing(Vec<Item>),
    Nothing,
}

fn takes_html(req: &Request) -> bool {
    let accept = Accept::of(req.headers());
    accept.preferred(&["text/html"]).is_some()
}

/// Answers a request at and below the mount.
pub(super) async fn serve(site: Arc<Site>, req: Request) -> Result<Response> {
    match *req.method() {
        Method::GET | Method::HEAD => {}
        Method::OPTIONS => {
            return Ok((StatusCode::NO_CONTENT, [(ALLOW, ALLOWED)], ()).into_response());
        }
        _ => {
            let message = format!("{} is not possible here, but {ALLOWED}", req.method());
            let error = Error::new(StatusCode::METHOD_NOT_ALLOWED, message);
            return Err(error.with_header(ALLOW, ALLOWED));
        }
    }
    let Some(ask) = site.understand(&req) else {
        return Err(nothing());
    };
    drop(req);
    match site.store {
        Store::Embedded(_) => site.answer(&ask),
        _ => crate::blocking(move || site.answer(&ask)).await?,
    }
}

fn nothing() -> Error {
    Error::not_found("there is nothing at this address")
}

impl Site {
    fn understand(&self, req: &Request) -> Option<Ask> {
        let (path, prefix) = (req.path(), req.mounted_at());
        let rest = &path[prefix.len()..];
        let rest = match &self.store {
            Store::One(_) if prefix.is_empty() && rest == "/" => "",
            _ => rest,
        };
        let is_head = *req.method() == Method::HEAD;
        let mut ranges = req.headers().get_all(RANGE).iter();
        let range = ranges.next().filter(|_| ranges.next().is_none());
        Some(Ask {
            target: Target::parse(rest, self.names)?,
            uri: req.uri().clone(),
            wanted: Wanted {
                is_head,
                conditions: Conditions::of(req.method(), req.headers()),
                range: range.filter(|_| !is_head).cloned(),
            },
            accepts: match self.precompressed {
                true => AcceptEncoding::of(req.headers()),
                false => AcceptEncoding::default(),
            },
            takes_html: self.spa.is_some() && takes_html(req),
        })
    }

    /// Blocks, unless the files are in memory.
    fn answer(&self, ask: &Ask) -> Result<Response> {
        match self.find(ask)? {
            Found::File(name, opened) => {
                let is_immutable = (self.is_immutable)(&name);
                self.send(&name, opened, is_immutable, ask)
            }
            Found::Printed(name, opened) => self.send(&name, opened, true, ask),
            Found::Slash => slash(&ask.uri),
            Found::Listing(items) => {
                let is_root = ask.target.name.is_empty();
                Ok(listing::page(ask.uri.path(), is_root, items))
            }
            Found::Nothing => self.page_of_app(ask),
        }
    }

    fn find(&self, ask: &Ask) -> Result<Found> {
        let target = &ask.target;
        if let Some((name, opened)) = self.unprinted(&target.name)?.filter(|_| !target.is_dir) {
            return Ok(Found::Printed(name, opened));
        }
        Ok(match self.entry(&target.name)? {
            Entry::File(opened) if !target.is_dir => Found::File(self.name(ask), opened),
            Entry::Folder => self.find_in(target)?,
            _ => Found::Nothing,
        })
    }

    /// The name that tells the type: of one file its own, or its address if that says more.
    fn name(&self, ask: &Ask) -> String {
        let Store::One(path) = &self.store else {
            return ask.target.name.clone();
        };
        let own = path.file_name().unwrap_or_default().to_string_lossy();
        match types::extension(&own).as_str() {
            "" => ask.uri.path().to_owned(),
            _ => own.into_owned(),
        }
    }

    fn find_in(&self, folder: &Target) -> Result<Found> {
        for index in &self.index {
            let name = folder.join(index);
            if let Entry::File(opened) = self.entry(&name)? {
                return Ok(match folder.is_dir {
                    true => Found::File(name, opened),
                    false => Found::Slash,
                });
            }
        }
        Ok(match (self.listing, folder.is_dir) {
            (false, _) => Found::Nothing,
            (true, false) => Found::Slash,
            (true, true) => Found::Listing(self.list(folder)?),
        })
    }

    pub(super) fn entry(&self, name: &str) -> Result<Entry> {
        Ok(match &self.store {
            Store::Folder(folder) => folder.entry(name)?,
            Store::Embedded(files) => files.entry(name),
            Store::One(path) if name.is_empty() => one(path)?,
            Store::One(_) => Entry::Nothing,
        })
    }

    /// The tag that [`entry`](Self::entry) would give, without opening the file.
    pub(super) fn tag(&self, name: &str) -> Option<String> {
        match &self.store {
            Store::Folder(folder) => folder.tag(name),
            Store::Embedded(files) => files.tag(name),
            Store::One(_) => None,
        }
    }

    pub(super) fn list(&self, folder: &Target) -> Result<Vec<Item>> {
        let allow = |name: &str| self.names.allow(name, folder.name.is_empty());
        Ok(match &self.store {
            Store::Folder(root) => root.list(&folder.name, listing::MOST, allow)?,
            Store::Embedded(files) => files.list(&folder.name),
            Store::One(_) => Vec::new(),
        })
    }

    /// An address inside of a single-page app: no file's name, and asked for as a page.
    fn page_of_app(&self, ask: &Ask) -> Result<Response> {
        let is_page = ask.takes_html && !ask.target.last().contains('.');
        match self.spa.as_ref().filter(|_| is_page) {
            Some(name) => match self.entry(name)? {
                Entry::File(opened) => {
                    let mut res = self.send(name, opened, false, ask)?;
                    res.vary_by(ACCEPT);
                    Ok(res)
                }
                _ => Err(nothing()),
            },
            None => Err(nothing()),
        }
    }

    fn send(&self, name: &str, opened: Opened, is_immutable: bool, ask: &Ask) -> Result<Response> {
        let content_type = self.content_type(name);
        let is_text = content_type.to_str().is_ok_and(types::is_compressible);
        let varies = self.precompressed && is_text;
        let mut sending = Sending {
            opened,
            content_type,
            cache_control: match is_immutable {
                true => Some(self.immutable.clone()),
                false => self.cache_control.clone(),
            },
            encoding: None,
            varies,
        };
        for encoding in preferred(&ask.accepts).filter(|_| varies) {
            if let Some(opened) = self.compressed(name, encoding, &sending.opened)? {
                sending.opened = opened;
                sending.encoding = Some(encoding);
                break;
            }
        }
        sending.answer(&ask.wanted)
    }

    /// The file that was compressed beforehand, unless it was made of an older one.
    fn compressed(&self, name: &str, encoding: Encoding, plain: &Opened) -> Result<Option<Opened>> {
        let entry = match &self.store {
            Store::One(path) => {
                let mut path = path.clone().into_os_string();
                path.push(encoding.suffix());
                one(path.as_ref())?
            }
            _ => self.entry(&format!("{name}{}", encoding.suffix()))?,
        };
        let Entry::File(opened) = entry else {
            return Ok(None);
        };
        let is_stale = match (opened.modified, plain.modified) {
            (Some(own), Some(plain)) => plain.duration_since(own).is_ok_and(|by| by > STALE),
            _ => false,
        };
        Ok((!is_stale).then_some(opened))
    }

    fn content_type(&self, name: &str) -> HeaderValue {
        let extension = types::extension(name);
        let own = self.types.iter().find(|(known, _)| *known == extension);
        match own {
            Some((_, own)) => own.clone(),
            None => HeaderValue::from_static(types::by_name(name)),
        }
    }
}

/// To the same path with a slash. All segments of the name are checked and not empty; what stands
/// before them may be a parameter of the mount, so a browser must not read it as a host.
fn slash(uri: &Uri) -> Result<Response> {
    let path = uri.path();
    let rest = path.strip_prefix('/').unwrap_or_default();
    if rest.is_empty() || rest.starts_with(['/', '\\']) {
        return Err(nothing());
    }
    let location = match uri.query() {
        Some(query) => format!("{path}/?{query}"),
        None => format!("{path}/"),
    };
    Ok(Redirect::permanent(location).into_response())
}
