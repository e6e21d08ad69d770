//! A schema of its own for each test, removed at the end.

use std::collections::BTreeMap;
use std::env;
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, NoTls, SimpleQueryMessage};

pub(crate) struct Database {
    /// Who connects by this has the schema as the place of its tables.
    pub(crate) url: String,
    schema: String,
    runtime: Runtime,
    client: Client,
}

impl Database {
    /// `None` where no server is named.
    pub(crate) fn new() -> Option<Self> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let server = env::var("CEPA_TEST_POSTGRES").ok()?;
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let schema = format!("techempower_{}_{count}", process::id());
        let mark = if server.contains('?') { '&' } else { '?' };
        // The name tells the connections of one test from others; a proxy reads what is in the clear.
        let url = format!(
            "{server}{mark}sslmode=disable&options=-c%20search_path%3D{schema}\
             &application_name={schema}"
        );
        let mut builder = Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build().unwrap();
        let client = runtime.block_on(async {
            let connected = tokio_postgres::connect(&server, NoTls).await;
            let (client, connection) = connected.expect("CEPA_TEST_POSTGRES names a server");
            tokio::spawn(connection);
            client
        });
        let database = Self {
            url,
            schema,
            runtime,
            client,
        };
        let schema = &database.schema;
        database.run(&format!(
            "CREATE SCHEMA {schema}; SET search_path TO {schema}"
        ));
        Some(database)
    }

    /// The rows of the last statement, as text.
    pub(crate) fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let messages = self.runtime.block_on(self.client.simple_query(sql));
        let rows = messages.unwrap().into_iter().filter_map(|it| match it {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let text = |value: Option<&str>| value.unwrap_or("NULL").to_owned();
        rows.map(|row| (0..row.len()).map(|at| text(row.get(at))).collect())
            .collect()
    }

    pub(crate) fn run(&self, sql: &str) {
        self.rows(sql);
    }

    pub(crate) fn number(&self, sql: &str) -> i64 {
        self.rows(sql)[0][0].parse().unwrap()
    }

    /// The numbers of the worlds, by their ids.
    pub(crate) fn worlds(&self) -> BTreeMap<i64, i64> {
        let rows = self.rows("SELECT id, randomNumber FROM World");
        let number = |text: &String| text.parse().unwrap();
        rows.iter()
            .map(|row| (number(&row[0]), number(&row[1])))
            .collect()
    }

    /// Ends the connections of all who came by the URL, and says how many they were.
    pub(crate) fn end_connections(&self) -> i64 {
        self.number(&format!(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
             WHERE application_name = '{}'",
            self.schema
        ))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("DROP SCHEMA IF EXISTS {} CASCADE", self.schema);
        let _ = self.runtime.block_on(self.client.batch_execute(&drop));
    }
}
