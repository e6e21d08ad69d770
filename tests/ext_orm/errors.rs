//! Statuses of errors, their fields, and that no text of a database reaches a client.

use cepa::orm::TestDatabase;
use cepa::orm::prelude::*;
use cepa::prelude::*;
use cepa::testing::{TestClient, TestResponse};

use crate::models::{Migrator, author, note};
use crate::on_each;

fn author(name: &str) -> author::ActiveModel {
    author::ActiveModel {
        name: Set(name.to_owned()),
        ..Default::default()
    }
}

fn note(author_id: Option<i32>, text: &str) -> note::ActiveModel {
    note::ActiveModel {
        author_id: Set(author_id),
        text: Set(text.to_owned()),
        ..Default::default()
    }
}

async fn fail(Path(how): Path<String>, db: Db) -> Result<()> {
    match how.as_str() {
        "unique" => drop(author("ada").insert(&db).await?),
        "missing-parent" => drop(note(Some(7777), "x").insert(&db).await?),
        "used-parent" => {
            let ada = author::Entity::find()
                .one(&db)
                .await?
                .or_not_found("no author")?;
            ada.delete(&db).await?;
        }
        "check" => _ = note(None, "forbidden").insert(&db).await?,
        "long" => _ = note(None, &"x".repeat(201)).insert(&db).await?,
        "zero" => _ = note(None, "a\0b").insert(&db).await?,
        "null" => {
            db.execute_unprepared("INSERT INTO note (text) VALUES (NULL)")
                .await?;
        }
        "update" => {
            let mut missing = note(None, "x");
            missing.id = Set(7777);
            missing.update(&db).await?;
        }
        "syntax" => _ = db.execute_unprepared("SELEKT secret FROM note").await?,
        "table" => _ = db.execute_unprepared("SELECT secret FROM nowhere").await?,
        _ => {}
    }
    Ok(())
}

/// A client of an app with an author, who has a note.
fn client(test: &TestDatabase) -> TestClient {
    let prepare = async |db: Db| -> Result<()> {
        let ada = author("ada").insert(&db).await?;
        note(Some(ada.id), "hers").insert(&db).await?;
        Ok(())
    };
    let client = App::new()
        .plug(test.database().migrate::<Migrator>())
        .post("/prepare", prepare)
        .get("/{how}", fail)
        .test();
    client.post("/prepare").send().assert_status(200);
    client
}

fn fields(res: &TestResponse) -> Vec<String> {
    let fields = res.error().unwrap().fields();
    fields.iter().map(|it| it.field.clone()).collect()
}

#[test]
fn errors_of_the_database_have_the_status_they_mean_and_name_the_field() {
    on_each(|test| {
        let is_sqlite = test.url().starts_with("sqlite");
        let is_postgres = test.url().starts_with("postgres");
        let client = client(test);
        let is = |how: &str, status: u16, expected: &[&str]| {
            let res = client.get(format!("/{how}")).send();
            res.assert_status(status);
            assert_eq!(fields(&res), expected, "{how}");
        };
        is("unique", 409, &["name"]);
        is(
            "missing-parent",
            409,
            if is_sqlite { &[] } else { &["author_id"] },
        );
        is("null", 422, &["text"]);
        is("update", 404, &[]);
        is("syntax", 500, &[]);
        is("table", 500, &[]);
        for (how, status) in [
            ("used-parent", 409),
            ("check", 422),
            // SQLite has text of any length.
            ("long", if is_sqlite { 200 } else { 422 }),
            // PostgreSQL has no text with a zero in it.
            ("zero", if is_postgres { 422 } else { 200 }),
        ] {
            client.get(format!("/{how}")).send().assert_status(status);
        }
        client.stop();
    });
}

#[test]
fn no_text_of_the_database_is_sent() {
    on_each(|test| {
        let client = client(test);
        for how in [
            "unique",
            "missing-parent",
            "used-parent",
            "check",
            "null",
            "syntax",
            "table",
        ] {
            let res = client.get(format!("/{how}")).send();
            let text = res.text().to_lowercase();
            let words = [
                "insert",
                "select",
                "selekt",
                "constraint",
                "secret",
                "nowhere",
                "ada",
                "7777",
                "code",
                "sql",
                "column",
                "`note`",
                "database",
                "hers",
            ];
            for word in words {
                assert!(!text.contains(word), "{how}: {word}: {text}");
            }
        }
        client.stop();
    });
}

#[test]
fn names_of_keys_are_no_fields() {
    const TABLES: [&str; 2] = [
        "CREATE TABLE account (id int PRIMARY KEY, mail varchar(99), CONSTRAINT uq_mail UNIQUE (mail))",
        "INSERT INTO account VALUES (1, 'a')",
    ];
    on_each(|test| {
        let client = App::new()
            .plug(test.database())
            .post("/", async |db: Db| -> Result<()> {
                for sql in TABLES {
                    db.execute_unprepared(sql).await?;
                }
                Ok(())
            })
            .get(
                "/{id}/{mail}",
                async |Path((id, mail)): Path<(i32, String)>, db: Db| -> Result<()> {
                    let sql = format!("INSERT INTO account VALUES ({id}, '{mail}')");
                    db.execute_unprepared(&sql).await?;
                    Ok(())
                },
            )
            .test();
        client.post("/").send().assert_status(200);
        let tells = !test.url().starts_with("mysql");
        for (path, field) in [("/1/b", "id"), ("/2/a", "mail")] {
            let res = client.get(path).send();
            res.assert_status(409);
            let expected = if tells {
                vec![field.to_owned()]
            } else {
                Vec::new()
            };
            assert_eq!(fields(&res), expected, "{path}");
        }
        client.stop();
    });
}

/// PostgreSQL tells the whole row of a broken check, in which a client can write what looks like a key.
#[test]
fn no_other_column_of_a_row_is_sent_as_a_field() {
    async fn guess(Path(text): Path<String>, db: Db) -> Result<()> {
        let placeholder = match db.backend() {
            DbBackend::Postgres => "$1",
            _ => "?",
        };
        let sql =
            format!("INSERT INTO vault (id, secret, guess) VALUES (7, 'topsecret', {placeholder})");
        let values = [text.into()];
        db.execute_raw(Statement::from_sql_and_values(db.backend(), sql, values))
            .await?;
        Ok(())
    }
    on_each(|test| {
        let table = "CREATE TABLE vault (id int, secret varchar(99), guess varchar(99), \
            CONSTRAINT rule CHECK (guess = 'right'))";
        let client = App::new()
            .plug(test.database())
            .post("/", async move |db: Db| -> Result<()> {
                db.execute_unprepared(table).await?;
                Ok(())
            })
            .get("/{text}", guess)
            .test();
        client.post("/").send().assert_status(200);
        for text in ["x)=(y", ")=(", "wrong", "a', 'b)=(for key 'c'"] {
            let res = client.get(format!("/{}", text.replace(' ', "%20"))).send();
            res.assert_status(422);
            assert_eq!(fields(&res), [""; 0], "{text}");
            assert!(!res.text().contains("topsecret"), "{}", res.text());
        }
        client.stop();
    });
}

#[test]
fn what_an_app_says_itself_goes_before() {
    let test = TestDatabase::sqlite();
    let client = App::new()
        .plug(test.database().migrate::<Migrator>())
        .map_error(|_: &DbErr| Error::bad_request("not like this"))
        .get("/mapped", async |db: Db| -> Result<()> {
            author("ada").insert(&db).await?;
            author("ada").insert(&db).await?;
            Ok(())
        })
        .get("/said", async |db: Db| -> Result<()> {
            author("ada")
                .insert(&db)
                .await
                .or_unprocessable("choose another name")?;
            Ok(())
        })
        .test();
    client.get("/mapped").send().assert_status(409);
    client
        .get("/said")
        .send()
        .assert_status(422)
        .assert_contains("choose another name");
    client.stop();
}
