//! Lists: pages, orders and filters, as clients ask for them.

use std::collections::HashMap;

use cepa::orm::{TestDatabase, prelude::*};
use cepa::prelude::*;
use cepa::testing::TestClient;

use crate::on_each;

pub(crate) mod item {
    use cepa::orm::prelude::*;
    use serde::Serialize;

    #[derive(Clone, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum, Serialize)]
    #[sea_orm(rs_type = "String", db_type = "Enum", enum_name = "status")]
    pub(crate) enum Status {
        #[sea_orm(string_value = "new")]
        New,
        #[sea_orm(string_value = "done")]
        Done,
    }

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize)]
    #[sea_orm(table_name = "item")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub name: String,
        pub stars: Option<i32>,
        #[sea_orm(column_type = "Decimal(Some((10, 2)))")]
        pub price: Decimal,
        pub status: Status,
        pub is_old: bool,
        #[sea_orm(default_expr = "Expr::current_timestamp()")]
        pub created_at: DateTimeUtc,
        #[sea_orm(has_many)]
        pub parts: HasMany<super::part::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) mod part {
    use cepa::orm::prelude::*;
    use serde::Serialize;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel, Serialize)]
    #[sea_orm(table_name = "part")]
    pub(crate) struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub item_id: i32,
        #[sea_orm(belongs_to, from = "item_id", to = "id")]
        pub item: HasOne<super::item::Entity>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(crate) fn columns() -> Columns<item::Column> {
    use item::Column::*;
    Columns::new()
        .with_sort([Id, Name, Stars, Price, Status, IsOld, CreatedAt])
        .with_filter([Id, Name, Stars, Status, IsOld])
        .with_filter([("made", CreatedAt)])
        .with_range([Stars, Price, CreatedAt])
        .with_others(["q"])
}

async fn pages(db: Db, page: Pagination) -> Result<Page<item::Model>> {
    let page = page.with_total().with_columns(columns());
    page.fetch(item::Entity::find(), &db).await
}

async fn after(db: Db, page: Pagination) -> Result<Page<item::Model>> {
    let page = page.with_columns(columns());
    page.fetch_after(item::Entity::find(), &db).await
}

async fn loaded(db: Db, page: Pagination) -> Result<Page<Value>> {
    let page = page.with_columns(columns());
    let items = item::Entity::load().with(part::Entity);
    let page = page.fetch_after(items, &db).await?;
    Ok(page.map(|item| json!({ "id": item.id, "parts": item.parts.len() })))
}

/// Those that the database dated are from this minute: filters find them by the moment, however it is
/// written.
async fn recent(db: Db, page: Pagination) -> Result<String> {
    let page = page.with_columns(columns());
    let items = page.apply(item::Entity::find(), &db)?;
    Ok(items.count(&db).await?.to_string())
}

async fn fill(db: Db) -> Result<()> {
    let schema = db.get_schema_builder();
    let schema = schema.register(item::Entity).register(part::Entity);
    schema.sync(&*db).await?;
    let at = |second: i32| format!("2001-01-31T12:00:{second:02}Z").parse::<DateTimeUtc>();
    for id in 1..=57 {
        let item = item::ActiveModel {
            name: Set(format!("item {}", id % 7)),
            stars: Set((id % 5 != 0).then_some(id % 4)),
            price: Set(Decimal::new((id * 37 % 100).into(), 2)),
            status: Set([item::Status::New, item::Status::Done][id as usize % 2].clone()),
            is_old: Set(id % 3 == 0),
            // Some are those that the program wrote, some those of the database.
            created_at: if id % 4 == 0 {
                NotSet
            } else {
                Set(at(id % 9)?)
            },
            ..Default::default()
        };
        let item = item.insert(&db).await?;
        for _ in 0..id % 3 {
            let part = part::ActiveModel {
                item_id: Set(item.id),
                ..Default::default()
            };
            part.insert(&db).await?;
        }
    }
    Ok(())
}

pub(crate) fn app() -> App {
    App::new()
        .post("/fill", fill)
        .get("/items", pages)
        .get("/after", after)
        .get("/loaded", loaded)
        .get("/recent", recent)
}

/// A client of an app with lists, and what is in them, on a database of each kind.
#[track_caller]
pub(crate) fn with_client(app: impl Fn() -> App, check: impl Fn(&TestClient)) {
    on_each(|test: &TestDatabase| {
        let client = app().plug(test.database()).test();
        client.post("/fill").send().assert_status(200);
        check(&client);
        client.stop();
    });
}

fn get(client: &TestClient, path: &str) -> Value {
    let res = client.get(path).send();
    res.assert_status(200);
    res.json()
}

fn ids(page: &Value) -> Vec<i64> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|item| item["id"].as_i64().unwrap()).collect()
}

/// The ids of all pages, following links of this name.
fn walk(client: &TestClient, path: &str, rel: &str) -> Vec<Vec<i64>> {
    let mut pages = Vec::new();
    let mut next = Some(path.to_owned());
    while let Some(path) = next {
        let page = get(client, &path);
        pages.push(ids(&page));
        next = page[rel].as_str().map(str::to_owned);
        assert!(pages.len() < 100, "{path} leads in circles");
    }
    pages
}

fn links(res: &cepa::testing::TestResponse) -> HashMap<String, String> {
    let links = res.header("link").unwrap().split(", ");
    let links = links.map(|link| {
        let (url, rel) = link.split_once(">; rel=").unwrap();
        (rel.trim_matches('"').to_owned(), url[1..].to_owned())
    });
    links.collect()
}

#[test]
fn a_page_has_its_items_its_numbers_and_its_links() {
    with_client(app, |client| {
        let page = get(client, "/items");
        assert_eq!(ids(&page), (1..=20).collect::<Vec<_>>());
        assert_eq!(
            (&page["page"], &page["per_page"], &page["total"]),
            (&json!(1), &json!(20), &json!(57))
        );
        assert_eq!(
            (&page["prev"], &page["next"]),
            (&Value::Null, &json!("/items?page=2"))
        );

        let res = client
            .get("/items?q=a%26b&page=2&per_page=10&stars=1")
            .send();
        let links = links(&res);
        let link = |page: u32| format!("/items?q=a%26b&per_page=10&stars=1&page={page}");
        assert_eq!(links["first"], link(1));
        assert_eq!(links["prev"], link(1));
        assert_eq!(links.get("next"), None);
        assert_eq!(links["last"], link(2));

        let beyond = get(client, "/items?page=9");
        assert_eq!(
            (ids(&beyond), &beyond["prev"], &beyond["next"]),
            (vec![], &json!("/items?page=3"), &Value::Null)
        );
        let pages = walk(client, "/items?per_page=19", "next");
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [19, 19, 19]);
    });
}

#[test]
fn what_is_read_by_after_is_what_the_pages_have_in_every_order_and_both_ways() {
    with_client(app, |client| {
        let names = [
            "id",
            "name",
            "stars",
            "price",
            "status",
            "is_old",
            "created_at",
        ];
        let mut sorts: Vec<String> = vec![String::new()];
        for (one, two) in names.into_iter().zip(names.into_iter().cycle().skip(1)) {
            sorts.extend([one.to_owned(), format!("-{one}")]);
            sorts.extend([format!("-{one},{two}"), format!("{one},-{two}")]);
        }
        for sort in sorts {
            let whole = ids(&get(client, &format!("/items?per_page=100&sort={sort}")));
            assert_eq!(whole.len(), 57);
            let pages = walk(client, &format!("/after?limit=10&sort={sort}"), "next");
            assert_eq!(pages.concat(), whole, "{sort}");
            let mut page = get(client, &format!("/after?limit=10&sort={sort}"));
            while let Some(next) = page["next"].as_str().map(str::to_owned) {
                page = get(client, &next);
            }
            let mut back = vec![ids(&page)];
            while let Some(prev) = page["prev"].as_str().map(str::to_owned) {
                page = get(client, &prev);
                back.insert(0, ids(&page));
            }
            assert_eq!(back.concat(), whole, "{sort}, backwards");
        }
    });
}

#[test]
fn a_loader_brings_what_belongs_to_the_items_of_a_page() {
    with_client(app, |client| {
        let page = get(client, "/loaded?limit=3&sort=-id");
        let items = json!([{"id": 57, "parts": 0}, {"id": 56, "parts": 2}, {"id": 55, "parts": 1}]);
        assert_eq!(page["items"], items);
        let whole = ids(&get(client, "/items?per_page=100&sort=-stars"));
        assert_eq!(
            walk(client, "/loaded?limit=7&sort=-stars", "next").concat(),
            whole
        );
        assert_eq!(get(client, "/loaded?id=0")["items"], json!([]));
    });
}

#[test]
fn a_filter_lets_through_what_has_the_value() {
    with_client(app, |client| {
        let table = [
            ("id=7", 1),
            ("id=7&id=9&id=1000", 2),
            ("name=item+3", 8),
            ("name=item%209&name=nothing", 0),
            ("stars=0", 12),
            ("status=new", 28),
            ("status=new&status=done", 57),
            ("is_old=true&status=done", 10),
            ("stars_min=2&stars_max=2", 11),
            ("price_min=0.5", 29),
            ("price_min=0.50&price_max=0.50", 1),
            ("created_at_min=2001-02-01T00:00:00Z", 14),
            ("made=2001-01-31T12:00:01Z", 6),
            ("made=2001-01-31T14:00:01+02:00", 6),
            (
                "created_at_min=2001-01-31T12:00:03Z&created_at_max=2001-01-31T12:00:05Z",
                14,
            ),
            ("stars=&status=&sort=&page=", 57),
            ("q=anything", 57),
        ];
        for (query, total) in table {
            let page = get(client, &format!("/items?{query}"));
            assert_eq!(page["total"], json!(total), "{query}");
            let after = walk(
                client,
                &format!("/after?{query}").replace("&page=", ""),
                "next",
            );
            assert_eq!(after.concat().len(), total, "{query}");
        }
    });
}

#[test]
fn a_moment_is_the_same_however_the_database_wrote_it() {
    with_client(app, |client| {
        let at = |seconds: i64| {
            let moment = ChronoUtc::now() + std::time::Duration::from_secs(3600);
            (moment - std::time::Duration::from_secs(seconds.unsigned_abs())).to_rfc3339()
        };
        let count = |query: String| {
            let res = client
                .get(format!("/recent?{}", query.replace('+', "%2B")))
                .send();
            res.assert_status(200);
            res.text().to_owned()
        };
        let (soon, before) = (at(0), at(7200));
        assert_eq!(
            count(format!("created_at_min={before}&created_at_max={soon}")),
            "14"
        );
        assert_eq!(count(format!("created_at_min={soon}")), "0");
        assert_eq!(count(format!("created_at_max={before}")), "43");
    });
}

#[test]
fn what_is_not_expected_is_refused_with_what_is() {
    with_client(app, |client| {
        let others = "sort, id, name, stars, status, is_old, made, stars_min";
        let table = [
            ("/items?page=0", "page", "from 1 to"),
            ("/items?page=99999999999999999999", "page", "from 1 to"),
            ("/items?per_page=101", "per_page", "from 1 to 100"),
            ("/items?page=1&page=2", "page", "there 2 times"),
            ("/items?after=x", "after", "`page` and `per_page`"),
            ("/items?color=red", "color", others),
            ("/items?Name=a", "Name", others),
            ("/items?sort=color", "sort", "but by id, name, stars"),
            ("/items?sort=--id", "sort", "sorted by `-id`"),
            ("/items?sort=id,-id", "sort", "twice"),
            ("/items?sort=id&sort=name", "sort", "there 2 times"),
            ("/items?id=x", "id", "a whole number from -2147483648"),
            ("/items?status=old", "status", "one of new, done"),
            ("/items?is_old=maybe", "is_old", "`true` or `false`"),
            ("/items?name=a%00b", "name", "no zero byte"),
            ("/items?price_min=much", "price_min", "a number"),
            (
                "/items?stars_min=1&stars_min=2",
                "stars_min",
                "there 2 times",
            ),
            (
                "/items?created_at_max=yesterday",
                "created_at_max",
                "a date and time",
            ),
            ("/after?limit=0", "limit", "from 1 to 100"),
            ("/after?page=2", "page", "`after` and `limit`"),
            ("/after?after=x&before=x", "before", "`after` is there too"),
            ("/after?after=x", "after", "no cursor of this list"),
            ("/after?before=WyIiXQ", "before", "no cursor of this list"),
        ];
        for (path, field, words) in table {
            let res = client.get(path).send();
            res.assert_status(400);
            let error = res.error().unwrap();
            assert_eq!(error.fields()[0].field, field, "{path}");
            assert!(
                error.message().contains(words),
                "{path}: {}",
                error.message()
            );
        }
    });
}

/// SQLite allows an expression a depth of 1000, which the values of a moment come close to.
#[test]
fn a_filter_takes_a_hundred_values() {
    with_client(app, |client| {
        for (name, value) in [("id", "7"), ("made", "2001-01-31T12:00:01Z")] {
            let path = |times: usize| {
                format!(
                    "/items?{}",
                    vec![format!("{name}={value}"); times].join("&")
                )
            };
            client.get(path(100)).send().assert_status(200);
            for times in [101, 999] {
                let res = client.get(path(times)).send();
                res.assert_status(400).assert_contains("100 values at most");
            }
        }
    });
}

#[test]
fn a_page_may_be_as_large_as_numbers_are() {
    async fn all(db: Db, page: Pagination) -> Result<Page<item::Model>> {
        let page = page.with_max_per_page(u64::MAX).with_per_page(u64::MAX);
        page.fetch(item::Entity::find(), &db).await
    }
    async fn all_after(db: Db, page: Pagination) -> Result<Page<item::Model>> {
        let page = page.with_per_page(u64::MAX).with_max_per_page(u64::MAX);
        page.fetch_after(item::Entity::find(), &db).await
    }
    let app = || app().get("/all", all).get("/all_after", all_after);
    with_client(app, |client| {
        for path in [
            "/all",
            "/all?per_page=1000000",
            "/all_after",
            "/all_after?limit=1000000",
        ] {
            assert_eq!(ids(&get(client, path)).len(), 57, "{path}");
        }
        for path in [
            "/all?per_page=18446744073709551615",
            "/all?page=9223372036854775807",
        ] {
            client.get(path).send().assert_status(400);
        }
    });
}

#[test]
fn a_cursor_belongs_to_its_order() {
    with_client(app, |client| {
        let next = get(client, "/after?limit=2&sort=name")["next"].clone();
        let other = next.as_str().unwrap().replace("sort=name", "sort=-name");
        client
            .get(other)
            .send()
            .assert_status(400)
            .assert_contains("another order");
    });
}

#[test]
fn a_cursor_leads_on_when_its_row_is_gone() {
    let gone = async |db: Db| -> Result<()> {
        item::Entity::delete_by_id(3).exec(&db).await?;
        Ok(())
    };
    with_client(
        || app().delete("/gone", gone),
        |client| {
            let next = get(client, "/after?limit=3")["next"].clone();
            client.delete("/gone").send().assert_status(200);
            assert_eq!(ids(&get(client, next.as_str().unwrap())), [4, 5, 6]);
        },
    );
}

#[test]
fn an_order_of_the_select_stays_where_none_is_asked_for() {
    async fn sorted(db: Db, page: Pagination) -> Result<Page<item::Model>> {
        let items = item::Entity::find().order_by_desc(item::Column::Stars);
        page.with_columns(columns()).fetch(items, &db).await
    }
    async fn sorted_after(db: Db, page: Pagination) -> Result<Page<item::Model>> {
        let items = item::Entity::find().order_by_desc(item::Column::Stars);
        page.fetch_after(items, &db).await
    }
    async fn default(db: Db, page: Pagination) -> Result<Page<item::Model>> {
        let columns = columns().with_default_sort("-id");
        page.with_columns(columns)
            .fetch_after(item::Entity::find(), &db)
            .await
    }
    let app = || {
        app()
            .get("/sorted", sorted)
            .get("/sorted_after", sorted_after)
            .get("/default", default)
    };
    with_client(app, |client| {
        let by_stars = ids(&get(client, "/items?sort=-stars&per_page=100"));
        let sorted = ids(&get(client, "/sorted?per_page=100"));
        let stars = |ids: &[i64]| {
            ids.iter()
                .map(|id| (id % 5 != 0).then_some(id % 4))
                .collect::<Vec<_>>()
        };
        assert_eq!(stars(&sorted), stars(&by_stars));
        assert_eq!(ids(&get(client, "/sorted?sort=id&per_page=2")), [1, 2]);
        client.get("/sorted_after").send().assert_status(500);
        assert_eq!(ids(&get(client, "/default?limit=2")), [57, 56]);
    });
}
