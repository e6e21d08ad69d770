//! The store in memory is bounded, and says who has to go.

use cepa::sessions::{MemoryStore, SessionChange, SessionKey, SessionRecord, SessionStore};

const FOREVER: u64 = u64::MAX / 2;

fn key(n: u32) -> SessionKey {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    SessionKey::from_bytes(bytes)
}

fn record(user: Option<&str>) -> SessionRecord {
    let record = SessionRecord::new(0, FOREVER).with_value("k", "v".repeat(500));
    match user {
        Some(user) => record.with_user(user),
        None => record,
    }
}

async fn has(store: &MemoryStore, n: u32) -> bool {
    store.load(&key(n)).await.unwrap().is_some()
}

#[tokio::test]
async fn it_takes_no_more_than_it_was_given() {
    let store = MemoryStore::with_capacity(1 << 20);
    for n in 0..10_000 {
        store.create(&key(n), record(None)).await.unwrap();
    }
    let len = store.len();
    assert!(
        (900..1100).contains(&len),
        "{len} sessions of about 1 KB in 1 MiB"
    );
    assert!(has(&store, 9_999).await && !has(&store, 0).await);
}

#[tokio::test]
async fn the_longest_unused_goes_first() {
    let store = MemoryStore::with_capacity(10 * 980);
    for n in 0..9 {
        store.create(&key(n), record(None)).await.unwrap();
    }
    assert!(
        store
            .update(&key(0), SessionChange::new(FOREVER))
            .await
            .unwrap()
    );
    for n in 9..12 {
        store.create(&key(n), record(None)).await.unwrap();
    }
    assert!(has(&store, 0).await && !has(&store, 1).await);
}

#[tokio::test]
async fn visitors_in_masses_sign_nobody_out() {
    let store = MemoryStore::with_capacity(1 << 20);
    for n in 0..100 {
        let user = format!("user{n}");
        store.create(&key(n), record(Some(&user))).await.unwrap();
    }
    for n in 100..10_000 {
        store.create(&key(n), record(None)).await.unwrap();
    }
    for n in 0..100 {
        assert!(has(&store, n).await, "{n}");
    }
    // Where all have users, the longest unused goes.
    for n in 10_000..20_000 {
        store.create(&key(n), record(Some("many"))).await.unwrap();
    }
    assert!(!has(&store, 0).await && has(&store, 19_999).await);
    let ended = store.delete_user("many", None).await.unwrap();
    assert!((900..1100).contains(&ended), "{ended}");
    assert!(store.is_empty());
}

#[tokio::test]
async fn a_session_that_is_larger_than_all_is_not_kept() {
    let store = MemoryStore::with_capacity(100);
    store.create(&key(1), record(None)).await.unwrap();
    assert!(store.is_empty());
}
