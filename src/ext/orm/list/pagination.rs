//! `Pagination`: which part of a list a client wants.

use std::future::Future;

use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait};

use super::asked::{Asked, refused};
use super::cursor::{Keys, Place};
use super::{Columns, Listing, Page, Pageable};
use crate::{FromRequest, Request, Result};

/// Which part of a list a client wants, as an argument of handlers: it fetches the [`Page`].
///
/// | | in the query | |
/// |---|---|---|
/// | [`fetch`](Self::fetch) | `?page=2&per_page=50` | pages with numbers, counted from 1 |
/// | [`fetch_after`](Self::fetch_after) | `?after=..&limit=50`, and `before` for the way back | what is behind a row, which a link of the page before names |
///
/// Pages with numbers let a client jump; to find a far one, the database walks through all before. What
/// is read by `after` costs the same everywhere if there is an index on the order, and no row is
/// twice or left out when others come or go meanwhile.
///
/// A page has 20 items, or as many as the client wants, up to 100. Anything else in these parameters is
/// a 400 that names the one at fault; an empty value is none.
///
/// ```
/// use cepa::orm::prelude::*;
/// use cepa::prelude::*;
/// # mod note {
/// #     use cepa::orm::prelude::*;
/// #     use serde::Serialize;
/// #     #[sea_orm::model]
/// #     #[derive(Clone, Debug, DeriveEntityModel, Serialize)]
/// #     #[sea_orm(table_name = "note")]
/// #     pub struct Model {
/// #         #[sea_orm(primary_key)]
/// #         pub id: i32,
/// #         pub title: String,
/// #     }
/// #     impl ActiveModelBehavior for ActiveModel {}
/// # }
///
/// async fn notes(db: Db, page: Pagination) -> Result<Page<note::Model>> {
///     let columns = Columns::new().with_sort([note::Column::Title]);
///     page.with_total().with_columns(columns).fetch(note::Entity::find(), &db).await
/// }
/// # fn main() { App::new().plug(Database::url("sqlite::memory:")).get("/", notes).build().unwrap(); }
/// ```
#[derive(Clone, Debug)]
pub struct Pagination {
    pub(super) asked: Asked,
    pub(super) per_page: u64,
    pub(super) most: u64,
    pub(super) has_total: bool,
}

/// Names in the query that say which part is wanted.
pub(super) const PARAMETERS: &[&str] = &["page", "per_page", "after", "before", "limit"];

/// Items of a page at most, whatever the program says: rows are counted by signed numbers, and one
/// more is asked for.
const MOST: u64 = u32::MAX as u64;

impl Pagination {
    /// Items of a page where the client does not say. Default: 20.
    #[must_use]
    pub fn with_per_page(mut self, items: u64) -> Self {
        self.per_page = items.clamp(1, MOST);
        self.most = self.most.max(self.per_page);
        self
    }

    /// Items of a page at most; more is a 400. Default: 100.
    #[must_use]
    pub fn with_max_per_page(mut self, items: u64) -> Self {
        self.most = items.clamp(1, MOST);
        self.per_page = self.per_page.min(self.most);
        self
    }

    /// Counts the items of the whole list, for `total` and the link to the last page. Default: not, as
    /// it is one more statement, and for a large table not a quick one.
    #[must_use]
    pub fn with_total(mut self) -> Self {
        self.has_total = true;
        self
    }

    /// Lets the client sort and filter by these columns.
    pub fn with_columns<C: ColumnTrait>(self, columns: Columns<C>) -> Listing<C> {
        Listing {
            page: self,
            columns,
        }
    }

    /// The page of this number; see [`Listing::fetch`].
    ///
    /// # Errors
    /// 400 for parameters that are not as expected; those of the database.
    pub async fn fetch<P, K, D>(self, list: P, db: &D) -> Result<Page<P::Item>>
    where
        P: Pageable<K>,
        D: ConnectionTrait,
    {
        let columns = Columns::<<P::Entity as EntityTrait>::Column>::new();
        self.with_columns(columns).fetch(list, db).await
    }

    /// The page behind a row; see [`Listing::fetch_after`].
    ///
    /// # Errors
    /// 400 for parameters that are not as expected; those of the database.
    pub async fn fetch_after<P, K, D>(self, list: P, db: &D) -> Result<Page<P::Item>>
    where
        P: Pageable<K>,
        D: ConnectionTrait,
    {
        let columns = Columns::<<P::Entity as EntityTrait>::Column>::new();
        self.with_columns(columns).fetch_after(list, db).await
    }

    /// The page of this number from whatever gives up to `limit` items from an `offset` on, such as a
    /// statement of its own or a search. It is asked for one more than a page has, which tells
    /// whether there is another one.
    ///
    /// ```
    /// use cepa::orm::{Page, Pagination};
    /// use cepa::prelude::*;
    ///
    /// async fn numbers(page: Pagination) -> Result<Page<u64>> {
    ///     let numbers = |limit, offset| async move { Ok((offset..30).take(limit as usize).collect()) };
    ///     page.fetch_with(numbers).await
    /// }
    ///
    /// let client = App::new().get("/", numbers).test();
    /// let res = client.get("/?page=2&per_page=2").send();
    /// res.assert_json(&json!({
    ///     "items": [2, 3], "page": 2, "per_page": 2,
    ///     "prev": "/?per_page=2&page=1", "next": "/?per_page=2&page=3",
    /// }));
    /// client.get("/?page=0").send().assert_status(400);
    /// ```
    ///
    /// # Errors
    /// 400 for parameters that are not as expected; those of the function.
    pub async fn fetch_with<T, F>(self, fetch: impl FnOnce(u64, u64) -> F) -> Result<Page<T>>
    where
        F: Future<Output = Result<Vec<T>>>,
    {
        let window = self.window()?;
        let items = fetch(window.limit(), window.offset()).await?;
        Ok(self.page(&window, items, None))
    }

    /// # Errors
    /// 400 for a page that there cannot be, and for parameters of the other kind of list.
    pub(super) fn window(&self) -> Result<Window> {
        self.refuse(
            &["after", "before", "limit"],
            "this list has pages: `page` and `per_page`",
        )?;
        let per_page = self.asked.number("per_page", self.most)?;
        let per_page = per_page.unwrap_or(self.per_page);
        // Databases count rows by signed numbers.
        let most = i64::MAX as u64 / per_page;
        let page = self.asked.number("page", most)?.unwrap_or(1);
        Ok(Window { page, per_page })
    }

    /// Rows of a page that is read by `after`.
    ///
    /// # Errors
    /// 400 for what is no such number, and for parameters of the other kind of list.
    pub(super) fn limit(&self) -> Result<u64> {
        self.refuse(
            &["page", "per_page"],
            "this list is read by `after` and `limit`",
        )?;
        Ok(self
            .asked
            .number("limit", self.most)?
            .unwrap_or(self.per_page))
    }

    /// # Errors
    /// 400 for a cursor that is none of this order, and for two.
    pub(super) fn place<C: ColumnTrait>(&self, keys: &Keys<C>) -> Result<Option<Place>> {
        let after = self.asked.one("after")?;
        if let Some(cursor) = after {
            self.refuse(&["before"], "`after` is there too")?;
            let values = keys.read("after", cursor)?;
            return Ok(Some(Place {
                values,
                is_forward: true,
            }));
        }
        let Some(cursor) = self.asked.one("before")? else {
            return Ok(None);
        };
        let values = keys.read("before", cursor)?;
        Ok(Some(Place {
            values,
            is_forward: false,
        }))
    }

    fn refuse(&self, names: &[&str], reason: &str) -> Result<()> {
        match self.asked.names().find(|name| names.contains(name)) {
            Some(name) => Err(refused(name, reason.to_owned())),
            None => Ok(()),
        }
    }

    /// The page with these items, and the cursors of those at its ends where there is more.
    pub(super) fn page_between<T>(
        &self,
        limit: u64,
        items: Vec<T>,
        total: Option<u64>,
        prev: Option<String>,
        next: Option<String>,
    ) -> Page<T> {
        let dropped = ["after", "before"];
        let link = |name: &str, cursor: String| self.asked.link(&dropped, &[(name, &cursor)]);
        Page {
            items,
            page: None,
            per_page: None,
            limit: Some(limit),
            total,
            prev: prev.map(|cursor| link("before", cursor)),
            next: next.map(|cursor| link("after", cursor)),
            first: self.asked.link(&dropped, &[]),
            last: None,
        }
    }

    /// The page with these items, of which there may be one too many.
    pub(super) fn page<T>(
        &self,
        window: &Window,
        mut items: Vec<T>,
        total: Option<u64>,
    ) -> Page<T> {
        let Window { page, per_page } = *window;
        let has_next = items.len() as u64 > per_page;
        items.truncate(per_page as usize);
        let link = |page: u64| self.asked.link(&["page"], &[("page", &page.to_string())]);
        let last = total.map(|total| total.div_ceil(per_page).max(1));
        // From beyond the last, it goes back to that.
        let prev = last.map_or(page - 1, |last| last.min(page - 1));
        Page {
            items,
            page: Some(page),
            per_page: Some(per_page),
            limit: None,
            total,
            prev: (prev > 0).then(|| link(prev)),
            next: has_next.then(|| link(page + 1)),
            first: link(1),
            last: last.map(link),
        }
    }
}

/// The part of a list that is a page.
pub(super) struct Window {
    page: u64,
    per_page: u64,
}

impl Window {
    /// One more than the page has.
    pub(super) fn limit(&self) -> u64 {
        self.per_page + 1
    }

    pub(super) fn offset(&self) -> u64 {
        (self.page - 1) * self.per_page
    }
}

impl FromRequest for Pagination {
    async fn from_request(req: &mut Request) -> Result<Self> {
        Ok(Self {
            asked: Asked::of(req)?,
            per_page: 20,
            most: 100,
            has_total: false,
        })
    }
}
