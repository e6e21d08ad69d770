//! Text that would be SQL if it were not a value: as ids and as texts, it is neither.

use std::collections::HashSet;

use cepa::orm::prelude::*;
use cepa::prelude::*;

use crate::models::{Migrator, author};
use crate::on_each;

/// Two hundred and more, from parts that such attempts are made of.
fn attempts() -> Vec<String> {
    let begins = [
        "", "1", "1'", "'", "\"", "`", "\\'", "1)", "ada'", "%27", "\u{2019}", "0x31",
    ];
    let middles = [
        " OR 1=1",
        " OR 'a'='a",
        "; DROP TABLE author",
        "; DELETE FROM author",
        " UNION SELECT 1, name FROM author",
        "; UPDATE author SET name = 'gone'",
        " AND (SELECT COUNT(*) FROM author) > 0",
        "; SELECT pg_sleep(9)",
        " OR SLEEP(9)",
        " RETURNING id",
        "); INSERT INTO author (name) VALUES ('evil'",
    ];
    let ends = ["", "--", " -- ", "#", "/*", ";"];
    let mut all = Vec::new();
    for (i, begin) in begins.iter().enumerate() {
        for (j, middle) in middles.iter().enumerate() {
            all.extend(
                [0, 1].map(|k| format!("{begin}{middle}{}", ends[(i + j + k) % ends.len()])),
            );
        }
    }
    all
}

async fn by_id(Path(id): Path<i32>, db: Db) -> Result<String> {
    let author = author::Entity::find_by_id(id).one(&db).await?;
    Ok(author.or_not_found("no such author")?.name)
}

async fn by_name(Path(name): Path<String>, db: Db) -> Result<String> {
    let author = author::Entity::find()
        .filter(author::Column::Name.eq(name))
        .one(&db)
        .await?;
    Ok(author.or_not_found("no such author")?.name)
}

async fn add(Path(name): Path<String>, tx: Tx) -> Result<String> {
    let author = author::ActiveModel {
        name: Set(name),
        ..Default::default()
    };
    Ok(author.insert(&tx).await?.name)
}

/// A path segment of any text.
fn segment(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

#[test]
fn sql_in_ids_and_texts_has_no_effect() {
    let attempts = attempts();
    assert!(attempts.len() >= 200, "{}", attempts.len());
    on_each(|test| {
        let client = App::new()
            .plug(test.database().migrate::<Migrator>())
            .get("/id/{id}", by_id)
            .get("/name/{name}", by_name)
            .post("/name/{name}", add)
            .get("/count", async |db: Db| -> Result<String> {
                Ok(author::Entity::find().count(&db).await?.to_string())
            })
            .test();
        client.post("/name/ada").send().assert_text("ada");
        // A commit to a disk takes its time.
        let step = if test.url().starts_with("sqlite") {
            1
        } else {
            5
        };
        let unique: HashSet<_> = attempts.iter().step_by(step).collect();
        for attempt in &attempts {
            let text = segment(attempt);
            client.get(format!("/id/{text}")).send().assert_status(400);
            client
                .get(format!("/name/{text}"))
                .send()
                .assert_status(404);
        }
        for attempt in &unique {
            // As a value, it is kept letter by letter.
            let text = segment(attempt);
            client
                .post(format!("/name/{text}"))
                .send()
                .assert_text(attempt);
            client
                .get(format!("/name/{text}"))
                .send()
                .assert_text(attempt);
        }
        client
            .get("/count")
            .send()
            .assert_text(&(unique.len() + 1).to_string());
        client.get("/id/1").send().assert_text("ada");
        client.stop();
    });
}
