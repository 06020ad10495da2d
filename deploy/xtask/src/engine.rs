//! Measures the engine: what a step costs beyond Azure, and how long a job waits for another server.

use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use anyhow::{Context, Result, anyhow};

use crate::{chaos, place, run, setup};

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
            cargo.args(["bench", "-p", "keystead", "--bench", "engine"]).env("KEYSTEAD_BENCH_OUT", &folder);
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
    setup::postgres()?;
    let mut command = run::command(chaos::program()?);
    command.args(["takeover", "--programs"]).arg(place::target().join("release"));
    command.arg("--source").arg(place::root());
    let said = run::output(&mut command)?;
    let value = said.lines().find_map(|line| line.strip_prefix("takeover_p99_s ")).context("it says no figure")?;
    value.trim().parse().context("reading the value of takeover_p99_s")
}
