//! Makes the page's script and WebAssembly: cargo, wasm-bindgen, wasm-opt, compressed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::fingerprint::Fingerprint;
use crate::{pack, place, run, setup};

/// What the page is made from.
const INPUTS: [&str; 7] =
    ["app/src", "app/domain", "app/Cargo.toml", "frontend", "Cargo.toml", "Cargo.lock", "deploy/xtask/bindgen"];

/// What every browser of the last years can do, and the compiler makes use of.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// Whether the site holds a page made from just these sources.
pub fn is_current() -> Result<bool> {
    Ok(inputs()?.is_current(&outputs()))
}

/// Makes the page if anything has changed. With a linter, our crates are checked while they are compiled.
pub fn make(linter: Option<&Path>) -> Result<()> {
    let inputs = inputs()?;
    if linter.is_none() && inputs.is_current(&outputs()) {
        return Ok(());
    }
    setup::wasm_target()?;
    setup::npm("deploy/xtask")?;
    let module = compile(linter)?;
    let compiled =
        Fingerprint::of("module", &[&module.to_string_lossy(), "deploy/xtask/bindgen"], &FEATURES.map(str::to_owned))?;
    if !compiled.is_current(&outputs()) {
        bind(&module, linter)?;
        compiled.remember()?;
    }
    inputs.remember()
}

/// From what the compiler wrote to what the site serves.
fn bind(module: &Path, linter: Option<&Path>) -> Result<()> {
    let bindgen = bindgen(linter)?;
    let bound = place::memory().join("bound");
    if bound.exists() {
        fs::remove_dir_all(&bound)?;
    }
    fs::create_dir_all(&bound)?;
    run::quiet(run::command(bindgen).args([module, &bound]).arg("app"), "bindgen")?;
    if bound.join("snippets").exists() {
        bail!("a dependency of frontend brings scripts of its own, which the site has no place for");
    }
    let small = optimise(&bound.join("app_bg.wasm"))?;
    pack::file("app_bg.wasm", &fs::read(small)?)?;
    pack::file("app.js", &fs::read(bound.join("app.js"))?)
}

fn inputs() -> Result<Fingerprint> {
    Fingerprint::of("wasm", &INPUTS, &FEATURES.map(str::to_owned))
}

fn outputs() -> [PathBuf; 2] {
    ["app.js", "app_bg.wasm"].map(|name| place::site().join(name))
}

/// The crate `frontend`, always alone and into a folder of its own: with it among other packages the server would be
/// compiled for the browser's side.
fn compile(linter: Option<&Path>) -> Result<PathBuf> {
    let mut cargo = run::cargo(Some("wasm"));
    cargo.args(["build", "-p", "frontend", "--target", "wasm32-unknown-unknown", "--profile", "wasm-release"]);
    lint(&mut cargo, linter);
    run::quiet(&mut cargo, "webassembly")?;
    Ok(place::target().join("wasm/wasm32-unknown-unknown/wasm-release/frontend.wasm"))
}

/// Compiles the binding program; nothing to do where it stands already.
fn bindgen(linter: Option<&Path>) -> Result<PathBuf> {
    let mut cargo = run::cargo(Some("tools"));
    cargo.args(["build", "--manifest-path", "deploy/xtask/Cargo.toml", "-p", "bindgen"]);
    lint(&mut cargo, linter);
    run::quiet(&mut cargo, "bindgen-build")?;
    Ok(place::target().join("tools/debug/bindgen"))
}

fn optimise(module: &Path) -> Result<PathBuf> {
    let small = module.with_file_name("small.wasm");
    let optimiser = place::root().join("deploy/xtask/node_modules/.bin/wasm-opt");
    let mut optimise = run::command(optimiser);
    optimise.arg("-Oz").args(FEATURES).arg(module).arg("-o").arg(&small);
    run::quiet(&mut optimise, "wasm-opt").context("making the WebAssembly small")?;
    Ok(small)
}

/// Lets the linter compile our crates, with every warning an error; dependencies are compiled as ever.
pub fn lint(cargo: &mut std::process::Command, linter: Option<&Path>) {
    if let Some(linter) = linter {
        cargo.env("RUSTC_WORKSPACE_WRAPPER", linter);
        // how cargo-clippy hands arguments to its driver
        cargo.env("CLIPPY_ARGS", "-Dwarnings__CLIPPY_HACKERY__");
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_binding_program_has_the_version_that_the_page_is_compiled_with() {
        let lock = fs::read_to_string(place::root().join("Cargo.lock")).unwrap();
        let manifest = fs::read_to_string(place::root().join("deploy/xtask/bindgen/Cargo.toml")).unwrap();
        let after = lock.split("name = \"wasm-bindgen\"\nversion = \"").nth(1).unwrap();
        let version = after.split('"').next().unwrap();
        assert!(manifest.contains(&format!("wasm-bindgen-cli-support = \"={version}\"")), "{version}");
    }
}
