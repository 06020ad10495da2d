//! Measures the simulator with a thousand clusters in one world: how fast it answers, and how much it holds.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;

use crate::conformance::Simulator;
use crate::{bench, place, python, run, tunnel};

const CLUSTERS: &str = "1000";
/// How many times shorter than Azure's the waits are while the world is made.
const SPEED: &str = "2000";

#[derive(Clone)]
struct Measured {
    get_p99_ms: f64,
    list_ms: f64,
    rss_mb: f64,
}

pub fn get_p99_ms() -> Result<f64> {
    Ok(measured()?.get_p99_ms)
}

pub fn list_ms() -> Result<f64> {
    Ok(measured()?.list_ms)
}

pub fn rss_mb() -> Result<f64> {
    Ok(measured()?.rss_mb)
}

/// All three come from one world, which is made once.
fn measured() -> Result<Measured> {
    static MEASURED: OnceLock<Result<Measured, String>> = OnceLock::new();
    let known =
        MEASURED.get_or_init(|| measure(&place::target().join("release")).map_err(|error| format!("{error:#}")));
    known.clone().map_err(|error| anyhow!(error))
}

/// What `world.py` tells.
#[derive(Deserialize)]
struct World {
    token: String,
    get: String,
    list: String,
}

/// What `oha` tells.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Load {
    latency_percentiles: BTreeMap<String, Option<f64>>,
    status_code_distribution: BTreeMap<String, u64>,
    error_distribution: BTreeMap<String, u64>,
}

fn measure(programs: &Path) -> Result<Measured> {
    let oha = bench::load_tool()?;
    let source = place::root().join("deploy/simulator");
    python::environment("conformance", &source.join("conformance/requirements.txt"))?;
    let home = place::root().join("target/bench/simulator");
    fs::create_dir_all(&home)?;
    let simulator = Simulator::start(programs, &home.join("state"), SPEED, &[])?;
    let told = home.join("world.json");
    let mut world = run::command(python::interpreter("conformance"));
    world.arg(source.join("bench/world.py")).arg(CLUSTERS).arg(&told).envs(simulator.exports()?);
    run::quiet(&mut world, "simulator-world")?;
    let text = fs::read_to_string(&told).with_context(|| format!("reading {}", told.display()))?;
    let world: World = serde_json::from_str(&text)?;
    let exports: BTreeMap<String, String> = simulator.exports()?.into_iter().collect();
    // `oha` asks its proxy for an address instead of a name.
    let proxy = exports["HTTPS_PROXY"].trim_start_matches("http://");
    let port = tunnel::listen(proxy, "management.azure.com:443")?;
    let there = format!("management.azure.com:443:127.0.0.1:{port}");
    let load = |options: &[&str], url: &str| -> Result<Load> {
        let mut oha = run::command(&oha);
        oha.args(options).args(["--no-tui", "--output-format", "json", "--disable-compression"]);
        oha.args(["-H", &format!("authorization: Bearer {}", world.token), "--connect-to", &there]);
        oha.args(["--cacert", &exports["SSL_CERT_FILE"], url]);
        let load: Load = serde_json::from_str(&run::output(&mut oha)?)?;
        if load.status_code_distribution.keys().ne(["200"]) || !load.error_distribution.is_empty() {
            bail!("answers: {:?} {:?}", load.status_code_distribution, load.error_distribution);
        }
        Ok(load)
    };
    let milliseconds = |load: &Load, percentile: &str| {
        let seconds = load.latency_percentiles.get(percentile).copied().flatten();
        seconds.map(|seconds| seconds * 1000.0).with_context(|| format!("no latency is told for {percentile}"))
    };
    // An open loop: who waits for a slow answer is late for the next request, and that counts.
    let open = ["-q", "2000", "--latency-correction", "-c", "64", "-w"];
    load(&[&["-z", "3s"], &open[..]].concat(), &world.get)?;
    let get = load(&[&["-z", "15s"], &open[..]].concat(), &world.get)?;
    let list = load(&["-n", "100", "-c", "1"], &world.list)?;
    Ok(Measured {
        get_p99_ms: milliseconds(&get, "p99")?,
        list_ms: milliseconds(&list, "p50")?,
        rss_mb: resident_mb(simulator.process_id())?,
    })
}

/// The memory that a process holds, as Linux tells it.
fn resident_mb(process: u32) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).context("reading what a process holds")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")).context("no memory is told")?;
    Ok(kilobytes.trim().parse::<f64>()? / 1024.0)
}
