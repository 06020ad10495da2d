//! Measures what the project promises; a table for people and `target/bench/results.json` for programs.

use std::fs;

use anyhow::{Context, Result, bail};
use serde::Serialize;

use crate::phases::Phases;
use crate::{build, pack, place};

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
}

struct Bench {
    name: &'static str,
    unit: &'static str,
    budget: f64,
    better: Better,
    measure: fn() -> Result<f64>,
}

const BENCHES: &[Bench] =
    &[Bench { name: "wasm_brotli_kb", unit: "KB", budget: 350.0, better: Better::Lower, measure: wasm_brotli_kb }];

/// `cargo xtask bench [NAME...]`
pub fn run(names: &[String]) -> Result<()> {
    if let Some(unknown) = names.iter().find(|name| BENCHES.iter().all(|bench| bench.name != **name)) {
        let known: Vec<&str> = BENCHES.iter().map(|bench| bench.name).collect();
        bail!("there is no measurement {unknown}; there are {}", known.join(", "));
    }
    let phases = Phases::default();
    build::release(&phases)?;
    let mut outcomes = Vec::new();
    for bench in BENCHES.iter().filter(|bench| names.is_empty() || names.iter().any(|name| name == bench.name)) {
        let value = phases.run(bench.name, bench.measure)?;
        outcomes.push(Outcome {
            name: bench.name,
            value,
            unit: bench.unit,
            budget: bench.budget,
            better: bench.better,
            command: format!("cargo xtask bench {}", bench.name),
        });
    }
    let path = place::root().join("target/bench/results.json");
    fs::create_dir_all(place::root().join("target/bench"))?;
    fs::write(&path, serde_json::to_string_pretty(&outcomes)? + "\n")
        .with_context(|| format!("writing {}", path.display()))?;
    print!("{}", table(&outcomes));
    Ok(())
}

fn table(outcomes: &[Outcome]) -> String {
    let mut table = format!("{:<32} {:>12} {:>12}  {:<8} {}\n", "name", "value", "budget", "unit", "kept");
    for outcome in outcomes {
        let kept = match outcome.better {
            Better::Lower => outcome.value <= outcome.budget,
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
