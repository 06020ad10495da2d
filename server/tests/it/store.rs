//! The database: opened, brought up to date, shared, and what rings by itself.

use crate::support::bed::{Bed, both, number, queued, sql};
use crate::support::wire::seal;
use async_trait::async_trait;
use domain::Moment;
use domain::check::{self, Verdict};
use domain::id::{EnvironmentId, ValidationId};
use keystead::clock::Clock;
use keystead::engine::Watch;
use keystead::store::{Both, Change, Error, Schema, Store, Use, lease, sealed, timer, took, validation};
use keystead::timers::{self, Next, SealedCleanUp, Timer};
use secrecy::SecretString;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

#[tokio::test]
async fn migrations_are_run_once_by_whoever_is_first() {
    both(|bed| async move {
        let again: Vec<_> = (0..4).map(|_| Store::open(&bed.url, Use::Command)).collect();
        for opened in futures::future::join_all(again).await {
            assert_eq!(number(&opened.unwrap(), "select count(*) from job").await, 0);
        }
    })
    .await;
}

#[tokio::test]
async fn an_older_program_works_on_beside_a_newer_schema() {
    both(|bed| async move {
        let nothing_lacks = Schema { missing: Vec::new(), newer: Vec::new() };
        assert_eq!(bed.store.schema().await.unwrap(), nothing_lacks);
        sql(&bed.store, "alter table job add column colour text not null default 'blue'", &[]).await;
        sql(
            &bed.store,
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
             values (9999, 'colour', true, 'x', 0)",
            &[],
        )
        .await;
        for purpose in [Use::Command, Use::Look] {
            let older = Store::open(&bed.url, purpose).await.unwrap();
            assert_eq!(older.schema().await.unwrap(), Schema { missing: Vec::new(), newer: vec![9999] });
            queued(&older, "ledger-dev", Vec::new(), Moment(0)).await;
            sql(&older, "update environment set held = 0", &[]).await;
        }
    })
    .await;
}

#[tokio::test]
async fn who_only_looks_changes_nothing_of_the_schema() {
    both(|bed| async move {
        sql(&bed.store, "drop table took", &[]).await;
        sql(&bed.store, "drop table _sqlx_migrations", &[]).await;
        let looks = Store::open(&bed.url, Use::Look).await.unwrap();
        let missing = looks.schema().await.unwrap().missing;
        assert!(missing.contains(&"1 core".to_owned()), "{missing:?}");
        assert_eq!(looks.schema().await.unwrap().missing, missing);
    })
    .await;
}

#[tokio::test]
async fn a_second_server_on_one_file_is_refused_and_a_command_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let url = folder.path().join("keystead.db").display().to_string();
    let first = Store::open(&url, Use::Server).await.unwrap();
    let refused = Store::open(&url, Use::Server).await.err().unwrap();
    assert!(matches!(&refused, Error::InUse(path) if *path == url), "{refused}");
    drop(Store::open(&url, Use::Command).await.unwrap());
    drop(first);
    Store::open(&url, Use::Server).await.unwrap();
}

#[tokio::test]
async fn what_is_not_committed_never_happened() {
    both(|bed| async move {
        let mut tx = bed.store.begin().await.unwrap();
        timer::set(&mut tx, timer::REQUEST, "r-1", Moment(1)).await.unwrap();
        drop(tx);
        assert_eq!(timer::next(&bed.store).await.unwrap(), None);
    })
    .await;
}

/// A browser that went away, a worker that was lost: what they had begun is not left open for whoever comes next.
#[tokio::test]
async fn a_transaction_that_nobody_waits_for_is_not_left_open() {
    const OPEN: &str =
        "select count(*) from pg_stat_activity where state like 'idle in%' and datname = current_database()";
    let bed = Bed::postgres().await;
    let other = Store::open(&bed.url, Use::Look).await.unwrap();
    for turns in 0..100 {
        let mut begin = Box::pin(bed.store.begin());
        for _ in 0..turns {
            if futures::poll!(&mut begin).is_ready() {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop(begin);
        // Longer than a rollback takes, shorter than the server's own patience.
        let closed = async { while number(&other, OPEN).await > 0 {} };
        tokio::time::timeout(std::time::Duration::from_secs(3), closed).await.expect("a transaction is left open");
    }
}

#[tokio::test]
async fn a_held_name_is_taken_and_a_free_one_is_not() {
    both(|bed| async move {
        queued(&bed.store, "ledger-dev", Vec::new(), Moment(0)).await;
        sql(&bed.store, "update environment set held = 0", &[]).await;
        queued(&bed.store, "ledger-dev", Vec::new(), Moment(0)).await;
        assert_eq!(number(&bed.store, "select count(*) from environment where name = 'ledger-dev'").await, 2);
    })
    .await;
}

#[tokio::test]
async fn one_replica_hears_what_another_changed() {
    let bed = Bed::postgres().await;
    let (here, there) =
        (Store::open(&bed.url, Use::Server).await.unwrap(), Store::open(&bed.url, Use::Server).await.unwrap());
    let mut heard = here.changes();
    let change = Change::Job(domain::id::JobId::new("j-1"));
    let hears = async { while heard.recv().await.unwrap() != change {} };
    // Its listener may not have connected yet, so it is told until it hears.
    let tells = async {
        loop {
            there.announce(change.clone()).await;
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let told = async {
        tokio::select! { () = hears => {}, () = tells => {} }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), told).await.expect("it never heard");
}

struct Bell {
    rings: AtomicU32,
    answers: Mutex<Vec<Result<Next, String>>>,
}

#[async_trait]
impl Timer for Bell {
    fn kind(&self) -> &'static str {
        "bell"
    }
    async fn ring(&self, subject: &str, _now: Moment) -> Result<Next, String> {
        assert_eq!(subject, "noon");
        self.rings.fetch_add(1, Ordering::SeqCst);
        self.answers.lock().unwrap().pop().unwrap_or(Ok(Next::Done))
    }
}

#[tokio::test]
async fn a_timer_rings_when_it_is_due_again_when_it_failed_and_once_for_all() {
    both(|bed| async move {
        let clock = Clock::manual(Moment(1_000));
        let answers = vec![Ok(Next::Again(Moment(50_000))), Err("out of order".to_owned())];
        let bell = Arc::new(Bell { rings: AtomicU32::new(0), answers: Mutex::new(answers) });
        let timers: Vec<Arc<dyn Timer>> = vec![bell.clone()];
        let rings = || bell.rings.load(Ordering::SeqCst);
        let mut tx = bed.store.begin().await.unwrap();
        timer::set(&mut tx, "bell", "noon", Moment(2_000)).await.unwrap();
        tx.commit().await.unwrap();
        let ring = |name: &'static str| timers::ring_one(&bed.store, &clock, &timers, name);

        assert!(!ring("a").await, "not due yet");
        clock.advance(1_000);
        let (a, b) = tokio::join!(ring("a"), ring("b"));
        assert!(a ^ b, "one of two servers rings");
        assert_eq!(rings(), 1);
        assert_eq!(timer::next(&bed.store).await.unwrap(), Some(Moment(7_000)), "it failed: five seconds later");
        clock.advance(5_000);
        assert!(ring("a").await);
        assert_eq!(timer::next(&bed.store).await.unwrap(), Some(Moment(50_000)));
        clock.advance(43_000);
        assert!(ring("b").await);
        assert_eq!((rings(), timer::next(&bed.store).await.unwrap()), (3, None));
    })
    .await;
}

/// Writes once it is told to go on.
struct Scribe {
    store: Store,
    begun: Notify,
    on: Notify,
}

#[async_trait]
impl Timer for Scribe {
    fn kind(&self) -> &'static str {
        "bell"
    }
    async fn ring(&self, _subject: &str, _now: Moment) -> Result<Next, String> {
        self.begun.notify_one();
        self.on.notified().await;
        let tx = self.store.join().await.map_err(|error| error.to_string())?;
        tx.commit().await.map_err(|error| error.to_string())?;
        Ok(Next::Done)
    }
}

/// It waited for its place among those who write, and nobody carried it on while it was held on to: whoever stood behind
/// it waited until the database gave up.
#[tokio::test]
async fn a_timer_that_writes_holds_nobody_up_while_it_is_held_on_to() {
    let bed = Bed::sqlite().await;
    let clock = Clock::manual(Moment(2_000));
    let scribe = Arc::new(Scribe { store: bed.store.clone(), begun: Notify::new(), on: Notify::new() });
    let mut tx = bed.store.begin().await.unwrap();
    timer::set(&mut tx, "bell", "noon", Moment(2_000)).await.unwrap();
    tx.commit().await.unwrap();
    let (store, time, timers) = (bed.store.clone(), clock.clone(), vec![scribe.clone() as Arc<dyn Timer>]);
    let rings = tokio::spawn(async move { timers::ring_one(&store, &time, &timers, "a").await });
    scribe.begun.notified().await;
    let turns = || async {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    };
    // One writes; behind it stands another, and behind that the ring: so the other one's group ends after the ring has written.
    let first = bed.store.join().await.unwrap();
    let (here, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (store, is_here, goes) = (bed.store.clone(), here.clone(), go.clone());
    let second = tokio::spawn(async move {
        let tx = store.join().await?;
        is_here.notify_one();
        goes.notified().await;
        tx.commit().await
    });
    turns().await;
    scribe.on.notify_one();
    turns().await;
    first.commit().await.unwrap();
    here.notified().await;
    clock.advance(10_000);
    turns().await; // the timer is held on to, which waits for the second one's group
    go.notify_one();
    let soon = std::time::Duration::from_secs(10);
    tokio::time::timeout(soon, second).await.expect("nobody stands in the way").unwrap().unwrap();
    assert!(tokio::time::timeout(soon, rings).await.expect("it came to its end").unwrap());
}

/// Runs `put_off` in a transaction, lets `claim` wait for its row, and commits: what the claim then finds.
async fn claimed_after<Found: Send + 'static>(
    bed: &Bed,
    put_off: &'static str,
    claim: impl Future<Output = Found> + Send + 'static,
) -> Found {
    const WAITING: &str = "select count(*) from pg_stat_activity
        where wait_event_type = 'Lock' and datname = current_database()";
    let Both::Postgres(db) = bed.store.write() else { panic!("this is about PostgreSQL") };
    let mut other = db.begin().await.unwrap();
    sqlx::query(put_off).execute(&mut *other).await.unwrap();
    let claiming = tokio::spawn(claim);
    let look = Store::open(&bed.url, Use::Look).await.unwrap();
    let waits = async { while number(&look, WAITING).await == 0 {} };
    tokio::time::timeout(std::time::Duration::from_secs(10), waits).await.expect("the claim met nobody");
    other.commit().await.unwrap();
    claiming.await.unwrap()
}

/// On PostgreSQL whoever waited for a row sees it as it has become, but chose it as it was.
#[tokio::test]
async fn what_another_server_has_just_put_off_is_not_claimed() {
    let bed = Bed::postgres().await;
    queued(&bed.store, "ledger-dev", Vec::new(), Moment(0)).await;
    let mut tx = bed.store.begin().await.unwrap();
    timer::set(&mut tx, "bell", "noon", Moment(1_000)).await.unwrap();
    tx.commit().await.unwrap();

    let store = bed.store.clone();
    let claim = async move { timer::claim(&store, "slow", Moment(2_000), Moment(9_000)).await.unwrap() };
    let rung = claimed_after(&bed, "update timer set due_at = 50000, epoch = epoch + 2 where kind = 'bell'", claim);
    assert_eq!(rung.await, None);

    let store = bed.store.clone();
    let claim = async move { lease::claim(&store, "slow", Moment(2_000), Moment(9_000)).await.unwrap() };
    assert_eq!(claimed_after(&bed, "update job set due_at = 50000, epoch = epoch + 2", claim).await, None);
}

#[tokio::test]
async fn a_timer_of_a_lost_server_is_rung_by_another() {
    both(|bed| async move {
        let clock = Clock::manual(Moment(100_000));
        let bell = Arc::new(Bell { rings: AtomicU32::new(0), answers: Mutex::default() });
        let timers: Vec<Arc<dyn Timer>> = vec![bell.clone()];
        let mut tx = bed.store.begin().await.unwrap();
        timer::set(&mut tx, "bell", "noon", Moment(0)).await.unwrap();
        tx.commit().await.unwrap();
        // Lost before it rang, with a clock that was far ahead.
        timer::claim(&bed.store, "lost", Moment(9_000_000), Moment(9_030_000)).await.unwrap().unwrap();
        let mut watch = Watch::new(30_000);
        for rings in [0, 0, 1, 1] {
            timers::ring_left_behind(&bed.store, &clock, &timers, "other", &mut watch).await;
            assert_eq!(bell.rings.load(Ordering::SeqCst), rings);
            clock.advance(15_000);
        }
    })
    .await;
}

#[tokio::test]
async fn a_password_that_nobody_came_back_for_is_deleted() {
    both(|bed| async move {
        let job = queued(&bed.store, "ledger-dev", Vec::new(), Moment(0)).await;
        let sealed = seal().seal(&job.request, &SecretString::from("correct horse")).unwrap();
        let mut tx = bed.store.begin().await.unwrap();
        sealed::keep(&mut tx, &job.request, &sealed, Moment(0)).await.unwrap();
        tx.commit().await.unwrap();
        let clean_up = SealedCleanUp { store: bed.store.clone() };
        let ring = || clean_up.ring(job.request.as_str(), Moment(0));

        assert_eq!(ring().await.unwrap(), Next::Done);
        assert!(sealed::find(&bed.store, &job.request).await.unwrap().is_some(), "the job moves, so it is kept");
        sql(&bed.store, "update job set state = 'needs-person'", &[]).await;
        assert_eq!(ring().await.unwrap(), Next::Done);
        assert!(sealed::find(&bed.store, &job.request).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn the_newest_runs_of_the_checks_come_first_each_with_its_own_results_in_order() {
    both(|bed| async move {
        let job = queued(&bed.store, "ledger-dev", Vec::new(), Moment(0)).await;
        let elsewhere = queued(&bed.store, "other-dev", Vec::new(), Moment(0)).await;
        let found = |check: &str| check::Result {
            check: check.to_owned(),
            title: check.to_owned(),
            verdict: Verdict::Passed,
            summary: String::new(),
            evidence: Vec::new(),
            quote: None,
            cause: None,
            remedy: None,
            took_ms: 1,
        };
        let runs: [(&str, &EnvironmentId, &[&str]); 5] = [
            ("v-1", &job.environment, &["oldest"]),
            ("v-2", &job.environment, &["first", "second", "third"]),
            ("v-3", &job.environment, &[]),
            ("v-4", &job.environment, &["only"]),
            ("v-5", &elsewhere.environment, &["another's"]),
        ];
        for (id, environment, checks) in runs {
            let id = ValidationId::new(id);
            validation::begin(&bed.store, &id, environment, "member", 0, Moment(7)).await.unwrap();
            for (position, check) in checks.iter().enumerate().rev() {
                validation::record(&bed.store, &id, environment, position as i64, &found(check)).await.unwrap();
            }
        }
        let newest = validation::newest(&bed.store, &job.environment, 3).await.unwrap();
        let told: Vec<(&str, Vec<&str>)> = newest
            .iter()
            .map(|run| &run.validation)
            .map(|run| (run.id.as_str(), run.results.iter().map(|result| result.check.as_str()).collect()))
            .collect();
        assert_eq!(told, [("v-4", vec!["only"]), ("v-3", vec![]), ("v-2", vec!["first", "second", "third"])]);
        assert!(newest.iter().all(|run| run.validation.running));
    })
    .await;
}

#[tokio::test]
async fn what_a_step_is_expected_to_take_is_the_median_and_what_nine_of_ten_did_not_exceed() {
    both(|bed| async move {
        let took = "insert into took (job, step, took_ms) select $1, $2, cast($3 as bigint)";
        for number in 1..=10 {
            let job = queued(&bed.store, &format!("took-{number}"), Vec::new(), Moment(0)).await;
            let (seconds, minutes) = (format!("{}", number * 1_000), format!("{}", number * 60_000));
            sql(&bed.store, took, &[job.id.as_str(), "vault", &seconds]).await;
            sql(&bed.store, took, &[job.id.as_str(), "", &minutes]).await;
        }
        let earlier = took::earlier(&bed.store).await.unwrap();
        let of = |key: &str| earlier.of(key).map(|expected| (expected.median_ms, expected.p90_ms));
        assert_eq!(of("vault"), Some((6_000, 9_000)), "{}", bed.name);
        assert_eq!(of(""), Some((360_000, 540_000)), "{}", bed.name);
        assert_eq!(of("cluster"), None, "{}", bed.name);
    })
    .await;
}
