//! What the engine itself costs: jobs of steps that take no time, on databases that keep what they have committed.
//!
//! Leaves `NAME.value` in the folder that `KEYSTEAD_BENCH_OUT` names: `step_overhead_sqlite_ms` and
//! `step_overhead_postgres_ms` (median over the jobs, milliseconds a step), and `commits_per_step` (transactions that wrote
//! anything, as PostgreSQL counts them: appends, the lease, and hints to other replicas).
#![allow(clippy::unwrap_used, dead_code, unreachable_pub)] // a measurement may break; what it stands on is the tests' own

#[path = "../tests/it/support/bed.rs"]
mod bed;
#[path = "../tests/it/support/wire.rs"]
mod wire;
mod postgres {
    use std::sync::OnceLock;
    use throwaway_postgres::{Care, Cluster};

    pub fn cluster() -> &'static Cluster {
        static CLUSTER: OnceLock<Cluster> = OnceLock::new();
        CLUSTER.get_or_init(|| Cluster::start(Care::Durable).unwrap())
    }
}

use bed::{Bed, number, queued, wish};
use keystead::clock::Clock;
use keystead::engine::{Pace, Recipe};
use keystead::store::{Store, Use};
use std::path::Path;
use std::time::Instant;
use tokio_util::sync::CancellationToken;
use wire::{Wire, engine};

const STEPS: usize = 30;
const JOBS: usize = 15;

fn main() {
    let out = std::env::var("KEYSTEAD_BENCH_OUT").ok();
    let told = |name: &str, value: f64| {
        println!("{name} {value:.3}");
        if let Some(folder) = &out {
            std::fs::write(Path::new(folder).join(format!("{name}.value")), format!("{value}\n")).unwrap();
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (sqlite, _) = measured(Bed::sqlite().await).await;
        told("step_overhead_sqlite_ms", sqlite);
        let (postgres, commits) = measured(Bed::postgres().await).await;
        told("step_overhead_postgres_ms", postgres);
        told("commits_per_step", commits);
    });
    runtime.shutdown_background();
}

/// A chain: each step needs the one before, so that nothing hides behind anything.
fn chain(wire: &Wire) -> Recipe {
    let keys: Vec<&'static str> = (0..STEPS).map(|step| &*format!("step-{step:02}").leak()).collect();
    let before = |step: usize| -> &'static [&'static str] { vec![keys[step - 1]].leak() };
    let steps: Vec<_> =
        (0..STEPS).map(|step| (keys[step], if step == 0 { &[][..] } else { before(step) }, false)).collect();
    wire.recipe(&steps)
}

/// Milliseconds and commits a step, one job after another as a server of its own has them.
async fn measured(bed: Bed) -> (f64, f64) {
    let (wire, clock) = (Wire::new(), Clock::system());
    let recipe = chain(&wire);
    let store = Store::open(&bed.url, Use::Server).await.unwrap();
    let stop = CancellationToken::new();
    let worker = tokio::spawn(engine(&store, &clock, &recipe, Pace::default()).run(stop.clone()));
    let mut took = Vec::new();
    let before = commits(&bed).await;
    for job in 0..JOBS {
        let name = format!("measured-{job:02}");
        let outline = recipe.outline(&wish(&name));
        let mut changes = store.changes();
        let begun = Instant::now();
        queued(&store, &name, outline, clock.now()).await;
        let over = i64::try_from(job).unwrap() + 1;
        while number(&store, "select count(*) from job where state = 'succeeded'").await < over {
            let _ = changes.recv().await;
        }
        took.push(begun.elapsed().as_secs_f64() * 1000.0 / STEPS as f64);
    }
    let commits = (commits(&bed).await - before) as f64 / (JOBS * STEPS) as f64;
    stop.cancel();
    worker.await.unwrap();
    took.sort_by(f64::total_cmp);
    (took[JOBS / 2], commits)
}

/// The number of the next transaction that writes; those that only read have none. Nothing on SQLite, which counts none.
async fn commits(bed: &Bed) -> i64 {
    if bed.name == "sqlite" {
        return 0;
    }
    number(&bed.store, "select cast(cast(pg_snapshot_xmax(pg_current_snapshot()) as text) as bigint)").await
}
