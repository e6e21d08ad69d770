//! Clients that go away in the middle of their request.

use std::sync::mpsc;
use std::time::{Duration, Instant};

use cepa::Server;
use cepa::orm::prelude::*;
use cepa::prelude::*;

use crate::models::{Migrator, author};
use crate::on_each;
use crate::wire::Running;

const PATIENCE: Duration = Duration::from_secs(30);

async fn add(db: &impl ConnectionTrait, name: &str) -> Result<(), DbErr> {
    let author = author::ActiveModel {
        name: Set(name.to_owned()),
        ..Default::default()
    };
    author.insert(db).await.map(drop)
}

/// Tells that it is dropped.
struct Told(mpsc::Sender<&'static str>);

impl Drop for Told {
    fn drop(&mut self) {
        let _ = self.0.send("dropped");
    }
}

#[test]
fn one_that_goes_while_its_handler_works_leaves_nothing() {
    on_each(|test| {
        let (tell, told) = mpsc::channel();
        let slow = move |tx: Tx| {
            let told = Told(tell.clone());
            async move {
                add(&tx, "gone").await?;
                told.0.send("written").unwrap();
                tokio::time::sleep(PATIENCE * 2).await;
                Ok::<_, Error>("saved")
            }
        };
        let quick = async |tx: Tx| -> Result<()> { Ok(add(&tx, "stays").await?) };
        let names = async |db: Db| -> Result<String> {
            let authors = author::Entity::find().all(&db).await?;
            let names: Vec<_> = authors.into_iter().map(|it| it.name).collect();
            Ok(names.join(","))
        };
        let app = App::new().plug(test.database().migrate::<Migrator>());
        let app = app
            .post("/slow", slow)
            .post("/quick", quick)
            .get("/", names);
        let server = Running::start(Server::new(app));
        let ask = |method: &str, path: &str| {
            let mut client = server.connect();
            client.send(format!(
                "{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            ));
            client
        };
        let client = ask("POST", "/slow");
        assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "written");
        let begun = Instant::now();
        drop(client);
        assert_eq!(told.recv_timeout(PATIENCE).unwrap(), "dropped");
        // On SQLite the next one writes only when the first has ended.
        let answer = ask("POST", "/quick").read_all();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
        let answer = ask("GET", "/").read_all();
        assert!(answer.ends_with("\r\n\r\nstays"), "{answer}");
        server.stop().unwrap();
    });
}
