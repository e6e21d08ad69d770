//! Several processes, and one that is killed. Each is this program, which runs one of its tests.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use std::{env, thread};

use cepa::orm::migration::{
    MigrationName, MigrationTrait, MigratorTrait, SchemaManager, async_trait,
};
use cepa::orm::prelude::*;
use cepa::orm::sea_orm::Statement;
use cepa::prelude::*;

use crate::on_each;

const URL: &str = "CEPA_ORM_TEST_URL";
const PATIENCE: Duration = Duration::from_secs(60);

fn this_program(role: &str, url: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args([
            &format!("processes::{role}"),
            "--exact",
            "--ignored",
            "--nocapture",
        ])
        .env(URL, url)
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

/// Waits, and kills it when that takes too long.
fn ended(mut child: Child) -> Output {
    let begun = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if begun.elapsed() > PATIENCE {
            child.kill().unwrap();
        }
        thread::sleep(Duration::from_millis(10));
    }
    child.wait_with_output().unwrap()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(future)
}

/// A migration that says in the database that it ran, and takes its time.
struct Noted(&'static str);

impl MigrationName for Noted {
    fn name(&self) -> &str {
        self.0
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Noted {
    async fn up(&self, schema: &SchemaManager) -> Result<(), DbErr> {
        let db = schema.get_connection();
        if self.0 == "m1" {
            db.execute_unprepared("CREATE TABLE ran (name varchar(9))")
                .await?;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        db.execute_unprepared(&format!("INSERT INTO ran VALUES ('{}')", self.0))
            .await?;
        Ok(())
    }
}

struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        ["m1", "m2", "m3", "m4"]
            .map(|name| Box::new(Noted(name)) as _)
            .into()
    }
}

#[test]
#[ignore = "a process of `ten_that_start_at_once_migrate_once`"]
fn migrates() {
    let url = env::var(URL).unwrap();
    let database = Database::url(url)
        .with_max_connections(1)
        .migrate::<Migrator>();
    block_on(async { database.connect().await.unwrap().close().await.unwrap() });
}

#[test]
fn ten_that_start_at_once_migrate_once() {
    on_each(|test| {
        let children = [(); 10].map(|()| this_program("migrates", test.url()).spawn().unwrap());
        for child in children {
            let output = ended(child);
            assert!(
                output.status.success(),
                "{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        let ran: Vec<String> = block_on(async {
            let db = test.database().connect().await.unwrap();
            let sql = Statement::from_string(db.backend(), "SELECT name FROM ran ORDER BY name");
            let rows = db.query_all_raw(sql).await.unwrap();
            db.close().await.unwrap();
            rows.iter()
                .map(|row| row.try_get("", "name").unwrap())
                .collect()
        });
        assert_eq!(ran, ["m1", "m2", "m3", "m4"]);
    });
}

#[test]
#[ignore = "a process of `fresh_does_nothing_in_production`"]
fn drops_everything() {
    let database = Database::url(env::var(URL).unwrap()).migrate::<Migrator>();
    let ended = database.command(["fresh"]);
    eprintln!("{}", ended.unwrap_or_else(|error| error.to_string()));
}

#[test]
fn fresh_does_nothing_in_production() {
    on_each(|test| {
        test.database()
            .migrate::<Migrator>()
            .command(["up"])
            .unwrap();
        let child = this_program("drops_everything", test.url())
            .env("CEPA_ENV", "production")
            .spawn();
        let told = String::from_utf8(ended(child.unwrap()).stderr).unwrap();
        assert!(told.contains("nothing in production"), "{told}");
        let status = test
            .database()
            .migrate::<Migrator>()
            .command(["status"])
            .unwrap();
        assert!(!status.contains("pending"), "{status}");
    });
}

#[test]
#[ignore = "a process of `entities_change_no_schema_in_production_without_an_app_either`"]
fn syncs() {
    let entities = module_path!().replace("processes", "models");
    let database = Database::url(env::var(URL).unwrap()).sync_schema(entities);
    match block_on(database.connect()) {
        Ok(_) => eprintln!("connected"),
        Err(error) => eprintln!("{error}"),
    }
}

#[test]
fn entities_change_no_schema_in_production_without_an_app_either() {
    let test = cepa::orm::TestDatabase::sqlite();
    for (mode, expected) in [
        ("production", "`.migrate::<Migrator>()`"),
        ("development", "connected"),
    ] {
        let child = this_program("syncs", test.url())
            .env("CEPA_ENV", mode)
            .spawn();
        let told = String::from_utf8(ended(child.unwrap()).stderr).unwrap();
        assert!(told.contains(expected), "{told}");
    }
}

#[test]
#[ignore = "a process of `the_environment_says_which_database`"]
fn connects() {
    match block_on(Database::from_env().connect()) {
        Ok(db) => eprintln!("connected to {:?}", db.backend()),
        Err(error) => eprintln!("{error}"),
    }
}

#[test]
fn the_environment_says_which_database() {
    on_each(|test| {
        let child = this_program("connects", "")
            .env("DATABASE_URL", test.url())
            .spawn();
        let told = String::from_utf8(ended(child.unwrap()).stderr).unwrap();
        assert!(told.contains("connected to"), "{told}");
    });
    // Without it, a file in the working folder.
    let folder = env::temp_dir().join(format!("cepa_test_env_{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let mut child = this_program("connects", "");
    let child = child
        .env_remove("DATABASE_URL")
        .current_dir(&folder)
        .spawn();
    let told = String::from_utf8(ended(child.unwrap()).stderr).unwrap();
    let is_there = folder.join("app.db").exists();
    std::fs::remove_dir_all(&folder).unwrap();
    assert!(is_there, "{told}");
}

/// Two rows, with a moment between them.
async fn pair(Path(n): Path<i32>, tx: Tx) -> Result<()> {
    tx.execute_unprepared(&format!("INSERT INTO pair VALUES ({n})"))
        .await?;
    tokio::time::sleep(Duration::from_millis(1)).await;
    tx.execute_unprepared(&format!("INSERT INTO pair VALUES ({n})"))
        .await?;
    Ok(())
}

#[test]
#[ignore = "the process of `a_process_that_is_killed_leaves_what_it_answered_for_and_no_half`"]
fn serves() {
    let database = Database::url(env::var(URL).unwrap());
    let ended = App::new()
        .plug(database)
        .post("/{n}", pair)
        .run("127.0.0.1:0");
    panic!("{ended:?}");
}

/// Posts numbers until the server is gone, and keeps those it answered for.
fn post(addr: &str, numbers: impl Iterator<Item = i32>, answered: &Mutex<HashSet<i32>>) {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    for n in numbers {
        let head = format!("POST /{n} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
        let mut answer = [0; 1024];
        let read = stream
            .write_all(head.as_bytes())
            .and_then(|()| stream.read(&mut answer));
        match read {
            Ok(length @ 1..) if answer[..length].starts_with(b"HTTP/1.1 200 ") => {
                answered.lock().unwrap().insert(n);
            }
            Ok(length @ 1..) => panic!("{}", String::from_utf8_lossy(&answer[..length])),
            _ => return,
        }
    }
}

#[test]
fn a_process_that_is_killed_leaves_what_it_answered_for_and_no_half() {
    on_each(|test| {
        block_on(async {
            let db = test.database().connect().await.unwrap();
            db.execute_unprepared("CREATE TABLE pair (n integer)")
                .await
                .unwrap();
            db.close().await.unwrap();
        });
        let mut child = this_program("serves", test.url()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let addr = log
            .find_map(|line| Some(line.split_once("http://")?.1.to_owned()))
            .unwrap();
        let answered = Mutex::new(HashSet::new());
        thread::scope(|scope| {
            for first in 0..4 {
                let (addr, answered) = (addr.trim(), &answered);
                scope.spawn(move || post(addr, (first..).step_by(4), answered));
            }
            let begun = Instant::now();
            while answered.lock().unwrap().len() < 100 && begun.elapsed() < PATIENCE {
                thread::sleep(Duration::from_millis(1));
            }
            child.kill().unwrap(); // SIGKILL
            child.wait().unwrap();
        });
        let answered = answered.into_inner().unwrap();
        assert!(answered.len() >= 100, "{}", answered.len());
        let rows: HashMap<i32, usize> = block_on(async {
            let db = test.database().connect().await.unwrap();
            let sql = Statement::from_string(db.backend(), "SELECT n FROM pair");
            let rows = db.query_all_raw(sql).await.unwrap();
            db.close().await.unwrap();
            let mut count = HashMap::new();
            for row in rows {
                *count.entry(row.try_get("", "n").unwrap()).or_default() += 1;
            }
            count
        });
        assert!(rows.values().all(|count| *count == 2), "{rows:?}");
        let lost: Vec<_> = answered.iter().filter(|n| !rows.contains_key(n)).collect();
        assert!(lost.is_empty(), "{lost:?}");
    });
}

#[test]
#[ignore = "the process of `a_slow_statement_is_logged_with_its_route_and_without_its_values`"]
fn is_slow() {
    async fn slow(db: Db) -> Result<()> {
        // A million rows, counted.
        let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT count(*) FROM n WHERE i <> ?";
        let values = [1_000_000.into(), 424_242.into()];
        db.query_one_raw(Statement::from_sql_and_values(db.backend(), sql, values))
            .await?;
        Ok(())
    }
    let database =
        Database::url(env::var(URL).unwrap()).with_slow_statements(Duration::from_millis(1));
    let client = App::new().plug(database).get("/slow/{id}", slow).test();
    client.get("/slow/1").send().assert_status(200);
    client.stop();
}

#[test]
fn a_slow_statement_is_logged_with_its_route_and_without_its_values() {
    let test = cepa::orm::TestDatabase::sqlite();
    let output = ended(this_program("is_slow", test.url()).spawn().unwrap());
    let log = String::from_utf8(output.stderr).unwrap();
    let line = log
        .lines()
        .find(|line| line.contains("slow statement"))
        .expect(&log);
    assert!(line.contains("in GET /slow/{id}: WITH RECURSIVE"), "{line}");
    assert!(!line.contains("424242"), "{line}");
}
