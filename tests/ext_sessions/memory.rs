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
    let store = store.with_sessions_per_user(100_000);
    for n in 10_000..20_000 {
        store.create(&key(n), record(Some("many"))).await.unwrap();
    }
    assert!(!has(&store, 0).await && has(&store, 19_999).await);
    let ended = store.delete_user("many", None).await.unwrap();
    assert!((900..1100).contains(&ended), "{ended}");
    assert!(store.is_empty());
}

#[tokio::test]
async fn one_user_has_a_hundred_sessions_and_signs_nobody_out() {
    let store = MemoryStore::with_capacity(1 << 20);
    for n in 0..500 {
        store.create(&key(n), record(Some("bob"))).await.unwrap();
    }
    store.delete_all().await.unwrap();
    store.create(&key(1), record(Some("ada"))).await.unwrap();
    store.create(&key(2), record(Some("bob"))).await.unwrap();
    for n in 10..10_000 {
        store.create(&key(n), record(Some("bob"))).await.unwrap();
        // Used all along, so it stays.
        let used = store.update(&key(2), SessionChange::new(FOREVER)).await;
        assert!(used.unwrap());
    }
    assert!(has(&store, 1).await && has(&store, 2).await);
    assert_eq!(store.of_user("bob").await.unwrap().len(), 100);
    assert!(has(&store, 9_999).await && has(&store, 9_901).await);
    assert!(!has(&store, 9_900).await);
    // Who signs in gets one, too.
    store.create(&key(3), record(None)).await.unwrap();
    let sign_in = SessionChange::new(FOREVER).with_user("bob");
    assert!(store.update(&key(3), sign_in).await.unwrap());
    assert_eq!(store.of_user("bob").await.unwrap().len(), 100);
    let few = store.with_sessions_per_user(1);
    few.create(&key(4), record(Some("bob"))).await.unwrap();
    assert_eq!(few.of_user("bob").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_session_that_is_larger_than_all_is_not_kept() {
    let store = MemoryStore::with_capacity(100);
    store.create(&key(1), record(None)).await.unwrap();
    assert!(store.is_empty());
}
