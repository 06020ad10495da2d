//! Builds the portal, the simulator and the web app, with the page beside them.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::fingerprint::Fingerprint;
use crate::phases::Phases;
use crate::{pack, place, run, wasm};

/// What the native programs are made from.
const INPUTS: [&str; 9] = [
    "app/src",
    "app/domain",
    "app/Cargo.toml",
    "server",
    "migrations",
    "deploy/simulator",
    "deploy/webapp",
    "Cargo.toml",
    "Cargo.lock",
];

const PROGRAMS: [&str; 3] = ["keystead", "azure-simulator", "webapp"];

/// `cargo xtask build [--release]`
pub fn run(arguments: &[String]) -> Result<()> {
    let phases = Phases::default();
    match arguments {
        [] => debug(&phases)?,
        [release] if release == "--release" => self::release(&phases)?,
        other => bail!("build takes --release or nothing, not {}", other.join(" ")),
    }
    Ok(())
}

/// The dev profile, native and WebAssembly side by side; nothing is started where nothing has changed.
pub fn debug(phases: &Phases) -> Result<()> {
    let native_inputs = Fingerprint::of("native", &INPUTS, &[place::target().display().to_string()])?;
    let native_stands = native_inputs.is_current(&programs("debug"));
    let page_stands = wasm::is_current()?;
    std::thread::scope(|scope| {
        let page = (!page_stands).then(|| scope.spawn(|| phases.run("page (WebAssembly)", || wasm::make(None))));
        let native = if native_stands {
            Ok(())
        } else {
            let mut cargo = run::cargo(None);
            cargo.arg("build").args(run::SELECTION);
            phases.run("programs", || run::loud(&mut cargo))
        };
        let page = page.map_or(Ok(()), join);
        native.and(page)
    })?;
    pack::style()?;
    native_inputs.remember()
}

/// The release profile: first the page, which becomes part of the portal's executable.
pub fn release(phases: &Phases) -> Result<()> {
    phases.run("page (WebAssembly)", || wasm::make(None))?;
    pack::style()?;
    let mut cargo = run::cargo(None);
    cargo.args(["build", "--release"]).args(run::SELECTION);
    phases.run("programs", || run::loud(&mut cargo))?;
    for program in programs("release") {
        println!("{}", program.display());
    }
    Ok(())
}

fn programs(profile: &str) -> Vec<PathBuf> {
    PROGRAMS.iter().map(|name| place::program(profile, name)).collect()
}

/// Waits for a lane of work; a panic in it is an error like any other.
pub fn join<T>(lane: std::thread::ScopedJoinHandle<'_, Result<T>>) -> Result<T> {
    lane.join().unwrap_or_else(|_| bail!("the task itself broke off"))
}
