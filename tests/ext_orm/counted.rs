//! Statements and their time in `Server-Timing`.

use cepa::orm::prelude::*;
use cepa::prelude::*;
use cepa::{Mode, ServerTiming};

use crate::models::{Migrator, author};
use crate::on_each;

/// Runs so many statements, half of them in the transaction.
async fn ask(Path(times): Path<u32>, db: Db, tx: Tx) -> Result<()> {
    for i in 0..times {
        match i % 2 {
            0 => author::Entity::find().count(&db).await?,
            _ => author::Entity::find().count(&tx).await?,
        };
    }
    Ok(())
}

#[test]
fn server_timing_has_the_statements_of_its_request_alone() {
    on_each(|test| {
        let client = App::new()
            .mode(Mode::Development)
            .plug(ServerTiming::new())
            .plug(test.database().migrate::<Migrator>())
            .get("/ask/{times}", ask)
            .test();
        let counted = |times: u32| {
            let res = client.get(format!("/ask/{times}")).send();
            res.assert_status(200);
            let header = res.header("server-timing").unwrap().to_owned();
            header
                .split_once(", db;dur=")
                .map(|(_, db)| db.split_once(';').unwrap().1.to_owned())
        };
        assert_eq!(counted(0), None);
        assert_eq!(counted(1).unwrap(), "desc=\"1 statement\"");
        std::thread::scope(|scope| {
            // Each keeps a connection for its transaction, of the four that there are.
            for times in [2, 5, 11] {
                let counted = &counted;
                scope.spawn(move || {
                    for _ in 0..5 {
                        assert_eq!(counted(times), Some(format!("desc=\"{times} statements\"")));
                    }
                });
            }
        });
        client.stop();
    });
}
