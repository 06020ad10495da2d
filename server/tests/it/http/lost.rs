//! Every POST of the document under a key: its answer is lost with the server after the commit, and the repeat has the same
//! answer without another effect.

use crate::support::bed::{Bed, both, sql};
use crate::support::document;
use crate::support::portal::Portal;
use crate::support::posts::Stage;
use keystead::store::{Both, Store};
use sqlx::AssertSqlSafe;
use std::collections::BTreeMap;

/// As a server leaves it that is lost between the effect and the keeping of the answer.
async fn lose_answers(bed: &Bed) {
    sql(&bed.store, "update once set status = null, key_id = null, answer = null", &[]).await;
}

/// How many rows each table has, but for the keys'.
async fn census(store: &Store) -> BTreeMap<String, i64> {
    const OF_SQLITE: &str = "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'";
    const OF_POSTGRES: &str = "select tablename::text from pg_tables where schemaname = current_schema()";
    let names: Vec<(String,)> = match store.read() {
        Both::Sqlite(db) => sqlx::query_as(OF_SQLITE).fetch_all(db).await,
        Both::Postgres(db) => sqlx::query_as(OF_POSTGRES).fetch_all(db).await,
    }
    .unwrap();
    let mut counted = BTreeMap::new();
    for (name,) in names.into_iter().filter(|(name,)| name != "once") {
        let count = AssertSqlSafe(format!("select count(*) from \"{name}\""));
        let (rows,): (i64,) = match store.read() {
            Both::Sqlite(db) => sqlx::query_as(count).fetch_one(db).await,
            Both::Postgres(db) => sqlx::query_as(count).fetch_one(db).await,
        }
        .unwrap();
        counted.insert(name, rows);
    }
    assert!(counted.len() > 20, "{counted:?}");
    counted
}

#[tokio::test(flavor = "multi_thread")]
async fn no_post_of_the_document_has_two_effects_or_two_answers() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let stage = Stage::of(&bed, &portal).await;
        let document = document::of(&portal).await;
        let mut asked = 0;
        for operation in document.operations().iter().filter(|one| one.method == "post" && !one.open()) {
            let staged = stage.staged(operation.path).await;
            let staged = staged.unwrap_or_else(|| panic!("{} has no stage in support/posts.rs", operation.path));
            for question in staged {
                asked += 1;
                let (key, path, body) = (format!("k-{asked}"), &question.path, &question.body);
                question.by.get("/me").await; // whose token is used for the first time is noted
                let (before, written) = (census(&bed.store).await, bed.store.written());
                let first = question.by.once(&key, path, body).await;
                assert!(first.status.is_success(), "{}: {path}: {} {}", bed.name, first.status, first.body);
                let whole = bed.store.written() - written;
                assert_eq!(whole, 1, "{}: {path} is done by one transaction", bed.name);
                let after = census(&bed.store).await;
                assert_ne!(before, after, "{}: {path} leaves nothing behind", bed.name);

                lose_answers(&bed).await;
                let restarted = portal.restarted().await;
                for repeat in 1..=2 {
                    let again = question.by.at(&restarted).once(&key, path, body).await;
                    assert_eq!(again.answer(), first.answer(), "{}: {path}, repeat {repeat}", bed.name);
                    assert_eq!(again.header("idempotency-replayed"), "true", "{path}");
                }
                assert_eq!(census(&bed.store).await, after, "{}: {path} has another effect", bed.name);
            }
        }
        assert!(asked >= 30, "only {asked} were asked");
    })
    .await;
}
