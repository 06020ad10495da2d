//! Measures the engine: what a step costs beyond Azure, and how long a job waits for another server.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

use anyhow::{Context, Result, anyhow};

use crate::{bench, chaos, place, run, setup};

pub fn commits_per_step() -> Result<f64> {
    step("commits_per_step")
}

pub fn step_overhead_sqlite_ms() -> Result<f64> {
    step("step_overhead_sqlite_ms")
}

pub fn step_overhead_postgres_ms() -> Result<f64> {
    step("step_overhead_postgres_ms")
}

/// `server/benches/engine.rs` measures all three at once.
fn step(name: &str) -> Result<f64> {
    static MEASURED: OnceLock<Result<(), String>> = OnceLock::new();
    let folder = place::root().join("target/bench");
    let measured = MEASURED.get_or_init(|| {
        let measure = || {
            setup::postgres()?;
            let mut cargo = run::cargo(None);
            cargo.arg("bench").args(run::SELECTION).args(["--bench", "engine"]).env("KEYSTEAD_BENCH_OUT", &folder);
            run::loud(&mut cargo)
        };
        measure().map_err(|error: anyhow::Error| format!("{error:#}"))
    });
    measured.clone().map_err(|error| anyhow!(error))?;
    let path: PathBuf = folder.join(format!("{name}.value"));
    let text = fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    text.trim().parse().with_context(|| format!("reading the value of {name}"))
}

/// Seconds, the 99th of a hundred.
pub fn takeover_p99_s() -> Result<f64> {
    said("takeover", "takeover_p99_s")
}

pub fn thousand_over_ideal() -> Result<f64> {
    said("thousand", "thousand_over_ideal")
}

pub fn thousand_rss_mb() -> Result<f64> {
    said("thousand", "thousand_rss_mb")
}

/// The slowest of several.
pub fn long_job_ttfb_ms() -> Result<f64> {
    said("long-job", "long_job_ttfb_ms")
}

pub fn event_p99_ms() -> Result<f64> {
    said("listeners", "event_p99_ms")
}

pub fn listener_kb() -> Result<f64> {
    said("listeners", "listener_kb")
}

pub fn api_read_sqlite_per_second() -> Result<f64> {
    said("load", "api_read_sqlite_per_second")
}

pub fn api_read_sqlite_p99_ms() -> Result<f64> {
    said("load", "api_read_sqlite_p99_ms")
}

pub fn api_read_postgres_per_second() -> Result<f64> {
    said("load", "api_read_postgres_per_second")
}

pub fn api_read_postgres_p99_ms() -> Result<f64> {
    said("load", "api_read_postgres_p99_ms")
}

/// Of lists of fifty.
pub fn api_list_per_second() -> Result<f64> {
    said("load", "api_list_per_second")
}

/// Of plans that were made before, on PostgreSQL.
pub fn api_submit_per_second() -> Result<f64> {
    said("load", "api_submit_per_second")
}

/// How many times slower reading is with ten thousand environments than with a hundred.
pub fn api_growth() -> Result<f64> {
    said("load", "api_growth")
}

/// What the program that runs whole portals says of this name; each of its measurements runs once.
fn said(command: &'static str, name: &str) -> Result<f64> {
    static SAID: Mutex<BTreeMap<&str, String>> = Mutex::new(BTreeMap::new());
    let mut known = SAID.lock().unwrap_or_else(PoisonError::into_inner);
    let text = match known.entry(command) {
        Entry::Occupied(said) => said.into_mut(),
        Entry::Vacant(unknown) => {
            setup::postgres()?;
            let mut measure = run::command(chaos::program()?);
            measure.args([command, "--programs"]).arg(place::target().join("release"));
            measure.arg("--source").arg(place::root());
            if command == "load" {
                measure.env("KEYSTEAD_OHA", bench::load_tool()?);
            }
            unknown.insert(run::output(&mut measure)?)
        }
    };
    let value = text.lines().find_map(|line| line.strip_prefix(name)).context("it says no figure")?;
    value.trim().parse().with_context(|| format!("reading the value of {name}"))
}
