//! How much memory a million rows need that are sent as lines. It is alone in its program, so that
//! nothing else is measured.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "what tests call may stop like a test")]
#![allow(unreachable_pub, reason = "the macros of models make public items")]

mod memory;
mod wire;

use std::io::Read;
use std::time::Duration;

use cepa::orm::{TestDatabase, prelude::*};
use cepa::prelude::*;
use cepa::{Ndjson, Server};

use memory::{peak, resident};
use wire::{Client, Running};

mod item {
    use cepa::orm::prelude::*;
    use serde::Serialize;

    #[sea_orm::model]
    #[derive(Clone, Debug, DeriveEntityModel, Serialize)]
    #[sea_orm(table_name = "item")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub text: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

const ROWS: u64 = 1_000_000;
const MOST: usize = 16 * 1024 * 1024;

async fn fill(db: Db) -> Result<()> {
    let numbers = match db.backend() {
        DbBackend::Sqlite => format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS}) SELECT i FROM n"
        ),
        DbBackend::Postgres => format!("SELECT generate_series(1, {ROWS}) AS i"),
        _ => format!("SELECT seq AS i FROM seq_1_to_{ROWS}"),
    };
    let text = "concat('a text of some length, as rows have them: ', i)";
    db.execute_unprepared("CREATE TABLE item (id integer primary key, text varchar(100))")
        .await?;
    db.execute_unprepared(&format!(
        "INSERT INTO item SELECT i, {text} FROM ({numbers}) AS n"
    ))
    .await?;
    Ok(())
}

async fn export(db: Db) -> Result<impl IntoResponse> {
    let items = item::Entity::find().order_by_asc(item::Column::Id);
    Ok(Ndjson(db.rows(items).await?))
}

/// Reads what is sent, and returns how many lines of JSON it had.
fn lines(client: &mut Client) -> u64 {
    client.send("GET /items HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
    let mut buffer = [0; 64 * 1024];
    let (mut lines, mut before) = (0, 0);
    loop {
        let read = client.stream.read(&mut buffer).unwrap();
        if read == 0 {
            return lines;
        }
        for byte in &buffer[..read] {
            lines += u64::from([before, *byte] == *b"}\n");
            before = *byte;
        }
    }
}

/// Sends a million rows, and returns the bytes that they needed.
fn export_from(test: &TestDatabase) -> usize {
    let app = App::new().plug(test.database());
    let server = Server::new(app.post("/items", fill).get("/items", export));
    let server = Running::start(server);
    let mut client = server.connect();
    client
        .stream
        .set_read_timeout(Some(Duration::from_secs(120)))
        .unwrap();
    client.send(
        "POST /items HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    );
    let answer = client.read_all();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    // The peak is forgotten (`man proc_pid_clear_refs`).
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = resident();
    assert_eq!(lines(&mut server.connect()), ROWS);
    let most = peak().saturating_sub(before);
    server.stop().unwrap();
    most
}

#[test]
fn a_million_rows_are_sent_in_little_memory() {
    let servers = ["CEPA_TEST_POSTGRES", "CEPA_TEST_MYSQL"].map(|name| std::env::var(name).ok());
    let servers = servers.into_iter().flatten();
    for url in ["sqlite:".to_owned()].into_iter().chain(servers) {
        let most = export_from(&TestDatabase::at(&url));
        println!("{}: {} KiB", url.split(':').next().unwrap(), most / 1024);
        assert!(most < MOST, "{url}: {} KiB", most / 1024);
    }
}
