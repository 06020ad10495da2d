//! Measures what the project promises; a table for people and `target/bench/results.json` for programs.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde::Serialize;

use crate::phases::Phases;
use crate::{build, engine, pack, place, run, setup, simulator};

/// One measurement with its promise.
#[derive(Serialize)]
struct Outcome {
    name: &'static str,
    value: f64,
    unit: &'static str,
    budget: f64,
    better: Better,
    command: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Better {
    Lower,
    Higher,
}

/// What is promised.
struct Promise {
    name: &'static str,
    unit: &'static str,
    budget: f64,
    better: Better,
    way: Way,
}

/// How it is measured.
enum Way {
    /// By looking at what was built.
    Here(fn() -> Result<f64>),
    /// By a file of `end2end/bench`, which runs the portal and leaves `target/bench/NAME.value`.
    Portal,
    /// The same, with a load tool and a database full of environments.
    Load,
}

const fn lower(name: &'static str, unit: &'static str, budget: f64, way: Way) -> Promise {
    Promise { name, unit, budget, better: Better::Lower, way }
}

const fn higher(name: &'static str, unit: &'static str, budget: f64, way: Way) -> Promise {
    Promise { name, unit, budget, better: Better::Higher, way }
}

const PROMISES: &[Promise] = &[
    lower("job_over_critical_path", "ratio", 1.10, Way::Portal),
    lower("cold_start_seconds", "s", 1.0, Way::Portal),
    lower("portal_rss_mb", "MB", 80.0, Way::Portal),
    lower("wasm_brotli_kb", "KB", 350.0, Way::Here(wasm_brotli_kb)),
    lower("first_page_brotli_kb", "KB", 420.0, Way::Portal),
    higher("environments_page_per_second", "pages/s", 2500.0, Way::Load),
    lower("environments_page_p99_ms", "ms", 60.0, Way::Load),
    lower("commits_per_step", "commits", 4.0, Way::Here(engine::commits_per_step)),
    lower("step_overhead_sqlite_ms", "ms", 2.0, Way::Here(engine::step_overhead_sqlite_ms)),
    lower("step_overhead_postgres_ms", "ms", 4.0, Way::Here(engine::step_overhead_postgres_ms)),
    lower("takeover_p99_s", "s", 15.0, Way::Here(engine::takeover_p99_s)),
    lower("thousand_over_ideal", "ratio", 1.10, Way::Here(engine::thousand_over_ideal)),
    lower("thousand_rss_mb", "MB", 250.0, Way::Here(engine::thousand_rss_mb)),
    lower("long_job_ttfb_ms", "ms", 50.0, Way::Here(engine::long_job_ttfb_ms)),
    lower("event_p99_ms", "ms", 100.0, Way::Here(engine::event_p99_ms)),
    lower("simulator_get_p99_ms", "ms", 5.0, Way::Here(simulator::get_p99_ms)),
    lower("simulator_list_ms", "ms", 30.0, Way::Here(simulator::list_ms)),
    lower("simulator_rss_mb", "MB", 300.0, Way::Here(simulator::rss_mb)),
    higher("api_read_sqlite_per_second", "requests/s", 8000.0, Way::Here(engine::api_read_sqlite_per_second)),
    lower("api_read_sqlite_p99_ms", "ms", 20.0, Way::Here(engine::api_read_sqlite_p99_ms)),
    higher("api_read_postgres_per_second", "requests/s", 3000.0, Way::Here(engine::api_read_postgres_per_second)),
    lower("api_read_postgres_p99_ms", "ms", 50.0, Way::Here(engine::api_read_postgres_p99_ms)),
    higher("api_list_per_second", "requests/s", 3000.0, Way::Here(engine::api_list_per_second)),
    higher("api_submit_per_second", "requests/s", 300.0, Way::Here(engine::api_submit_per_second)),
    lower("api_growth", "ratio", 1.3, Way::Here(engine::api_growth)),
    lower("listener_kb", "KB", 40.0, Way::Here(engine::listener_kb)),
];

/// `cargo xtask bench [NAME...]`
pub fn run(names: &[String]) -> Result<()> {
    let known = || PROMISES.iter().map(|promise| promise.name);
    if let Some(unknown) = names.iter().find(|name| known().all(|known| known != **name)) {
        bail!("there is no measurement {unknown}; there are {}", known().collect::<Vec<_>>().join(", "));
    }
    let asked: Vec<&Promise> =
        PROMISES.iter().filter(|promise| names.is_empty() || names.iter().any(|name| name == promise.name)).collect();
    let phases = Phases::default();
    build::release(&phases)?;
    let folder = place::root().join("target/bench");
    fs::create_dir_all(&folder)?;
    let of = |way: fn(&Way) -> bool| -> Vec<&str> {
        asked.iter().filter(|promise| way(&promise.way)).map(|promise| promise.name).collect()
    };
    let load_before = load_average();
    // Each as far as it goes: what one of them lacks is no reason to leave the others out.
    let portal = with_portal(&of(|way| matches!(way, Way::Portal)), &phases, || Ok(Vec::new()));
    let load = with_portal(&of(|way| matches!(way, Way::Load)), &phases, || {
        let tools =
            [("KEYSTEAD_OHA", phases.run("load tool", load_tool)?), ("KEYSTEAD_SEED", phases.run("seed", seed)?)];
        Ok(tools.into())
    });
    let (mut outcomes, mut missing) = (Vec::new(), Vec::new());
    for promise in asked {
        let value = match promise.way {
            Way::Here(measure) => match measure() {
                Ok(value) => value,
                Err(error) => {
                    eprintln!("{} was not measured: {error:#}", promise.name);
                    missing.push(promise.name);
                    continue;
                }
            },
            Way::Portal | Way::Load => match fs::read_to_string(value_file(promise.name)) {
                Ok(text) => text.trim().parse().with_context(|| format!("reading the value of {}", promise.name))?,
                Err(_) => continue, // why, is told below
            },
        };
        outcomes.push(Outcome {
            name: promise.name,
            value,
            unit: promise.unit,
            budget: promise.budget,
            better: promise.better,
            command: format!("cargo xtask bench {}", promise.name),
        });
    }
    let path = folder.join("results.json");
    fs::write(&path, serde_json::to_string_pretty(&outcomes)? + "\n")
        .with_context(|| format!("writing {}", path.display()))?;
    print!("{}", table(&outcomes));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    println!("{cores} cores, load average {load_before} before measuring");
    portal.and(load)?;
    if !missing.is_empty() {
        bail!("not measured: {}", missing.join(", "));
    }
    Ok(())
}

/// Of the last minute: figures of a busy machine are not those of a quiet one. Linux alone says it in a file.
fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().filter(|word| !word.is_empty()).unwrap_or("unknown").to_owned()
}

/// Runs measurements that need a portal, each from a fresh start; `tools` are programs that they need, by variable.
fn with_portal(
    names: &[&str],
    phases: &Phases,
    tools: impl FnOnce() -> Result<Vec<(&'static str, PathBuf)>>,
) -> Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    for name in names {
        let _ = fs::remove_file(value_file(name)); // of an earlier run
    }
    phases.run("npm packages", || setup::npm("end2end"))?;
    let folder = place::root().join("end2end");
    let mut playwright = run::command(folder.join("node_modules/.bin/playwright"));
    playwright.args(["test", "--config", "bench.config.ts", "--grep", &names.join("|")]).current_dir(&folder);
    playwright.env("KEYSTEAD_PROGRAMS", place::target().join("release")).envs(tools()?);
    phases.run("measurements", || run::loud(&mut playwright))
}

fn value_file(name: &str) -> PathBuf {
    place::root().join("target/bench").join(format!("{name}.value"))
}

/// The version of the load tool that figures are comparable with.
const OHA: &str = "1.16.0";

/// `oha`, compiled once into the tools' folder. It does not compile without its default features.
pub fn load_tool() -> Result<PathBuf> {
    let tools = place::target().join("tools");
    let program = tools.join("bin/oha");
    if !program.is_file() {
        let mut install = run::cargo(Some("tools"));
        install.args(["install", "oha", "--version", OHA, "--locked", "--root"]).arg(&tools);
        run::quiet(&mut install, "oha")?;
    }
    Ok(program)
}

/// The program that fills a portal's database.
fn seed() -> Result<PathBuf> {
    let mut cargo = run::cargo(Some("tools"));
    cargo.args(["build", "--release", "--manifest-path", "deploy/xtask/Cargo.toml", "-p", "seed"]);
    run::quiet(&mut cargo, "seed")?;
    Ok(place::target().join("tools/release/seed"))
}

fn table(outcomes: &[Outcome]) -> String {
    let mut table = format!("{:<32} {:>12} {:>12}  {:<8} kept\n", "name", "value", "budget", "unit");
    for outcome in outcomes {
        let kept = match outcome.better {
            Better::Lower => outcome.value <= outcome.budget,
            Better::Higher => outcome.value >= outcome.budget,
        };
        let kept = if kept { "yes" } else { "NO" };
        table += &format!(
            "{:<32} {:>12.2} {:>12.2}  {:<8} {kept}\n",
            outcome.name, outcome.value, outcome.budget, outcome.unit
        );
    }
    table
}

fn wasm_brotli_kb() -> Result<f64> {
    let wasm = fs::read(place::site().join("app_bg.wasm"))?;
    Ok(pack::brotli(&wasm)?.len() as f64 / 1024.0)
}
