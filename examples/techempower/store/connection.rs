//! One connection to Postgres: its statements, and queries that are sent without waiting for the
//! answers of those before.

use super::{Fortune, Result, World};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, NoTls, Row, Statement};

const MISSING: &str = "SELECT to_regclass('World') IS NULL OR to_regclass('Fortune') IS NULL";
const TABLES: &str = include_str!("tables.sql");

/// Rows are written in the order of their ids, so that none of those who write waits for another in a
/// circle. Joining by a hash would shuffle them.
const IN_ORDER: &str = "SET enable_hashjoin = off";

pub(super) struct Connection {
    client: Client,
    world: Statement,
    worlds: Statement,
    update: Statement,
    fortunes: Statement,
}

/// The task that moves bytes for a connection; it ends with the connection.
pub(super) type Driver = JoinHandle<Result<(), tokio_postgres::Error>>;

impl Connection {
    pub(super) async fn open(config: &Config) -> Result<(Self, Driver)> {
        let (client, connection) = config.connect(NoTls).await?;
        let driver = tokio::spawn(connection);
        if client.query_one(MISSING, &[]).await?.try_get(0)? {
            client.batch_execute(TABLES).await?;
        }
        client.batch_execute(IN_ORDER).await?;
        let connection = Self {
            world: client
                .prepare("SELECT id, randomNumber FROM World WHERE id = $1")
                .await?,
            worlds: client.prepare("SELECT id, randomNumber FROM World").await?,
            update: client
                .prepare(
                    "UPDATE World SET randomNumber = new.number \
                     FROM unnest($1::int[], $2::int[]) AS new (id, number) \
                     WHERE World.id = new.id",
                )
                .await?,
            fortunes: client.prepare("SELECT id, message FROM Fortune").await?,
            client,
        };
        Ok((connection, driver))
    }

    pub(super) async fn world(&self, id: i32) -> Result<World> {
        world(&self.client.query_one(&self.world, &[&id]).await?)
    }

    pub(super) async fn worlds(&self, ids: impl Iterator<Item = i32>) -> Result<Vec<World>> {
        pipelined(ids.map(|id| self.world(id))).await
    }

    pub(super) async fn all_worlds(&self) -> Result<Vec<World>> {
        let rows = self.client.query(&self.worlds, &[]).await?;
        rows.iter().map(world).collect()
    }

    pub(super) async fn update(&self, worlds: &[World]) -> Result<()> {
        let ids: Vec<_> = worlds.iter().map(|world| world.id).collect();
        let numbers: Vec<_> = worlds.iter().map(|world| world.random_number).collect();
        self.client.execute(&self.update, &[&ids, &numbers]).await?;
        Ok(())
    }

    pub(super) async fn fortunes(&self) -> Result<Vec<Fortune>> {
        let rows = self.client.query(&self.fortunes, &[]).await?;
        let fortune = |row: &Row| {
            Ok(Fortune {
                id: row.try_get(0)?,
                message: row.try_get(1)?,
            })
        };
        rows.iter().map(fortune).collect()
    }
}

fn world(row: &Row) -> Result<World> {
    Ok(World {
        id: row.try_get(0)?,
        random_number: row.try_get(1)?,
    })
}

/// A query that was sent, or its answer.
enum Asked<F: Future> {
    Open(Pin<Box<F>>),
    Answered(F::Output),
}

/// Sends all queries, then takes the answers, which come in the same order.
async fn pipelined<F, T>(queries: impl Iterator<Item = F>) -> Result<Vec<T>>
where
    F: Future<Output = Result<T>>,
{
    let mut queries: Vec<_> = queries.map(|it| Asked::Open(Box::pin(it))).collect();
    // A query is sent when it is polled first.
    poll_fn(|cx| {
        for asked in &mut queries {
            if let Asked::Open(query) = asked
                && let Poll::Ready(answer) = query.as_mut().poll(cx)
            {
                *asked = Asked::Answered(answer);
            }
        }
        Poll::Ready(())
    })
    .await;
    let mut answers = Vec::with_capacity(queries.len());
    for asked in queries {
        answers.push(match asked {
            Asked::Open(query) => query.await?,
            Asked::Answered(answer) => answer?,
        });
    }
    Ok(answers)
}
