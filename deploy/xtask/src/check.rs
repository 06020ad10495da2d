//! The quick loop: format, lint and floors, without running everything.

use anyhow::{Result, bail};

use crate::phases::Phases;
use crate::{deny, run, setup, wasm};

/// `cargo xtask check`
pub fn run(arguments: &[String]) -> Result<()> {
    if !arguments.is_empty() {
        bail!("check takes nothing, not {}", arguments.join(" "));
    }
    let phases = Phases::default();
    let linter = setup::linter()?;
    phases.run("format", format)?;
    phases.run("dependencies", deny::held)?;
    phases.run("lint", || {
        let mut cargo = run::cargo(None);
        cargo.arg("check").args(run::SELECTION).arg("--all-targets");
        wasm::lint(&mut cargo, Some(&linter));
        run::loud(&mut cargo)
    })?;
    phases.run("floors", || {
        let mut cargo = run::cargo(None);
        cargo.arg("test").args(run::SELECTION).args(["--test", "it", "floors"]);
        run::loud(&mut cargo)
    })
}

/// Both workspaces are formatted.
pub fn format() -> Result<()> {
    run::loud(run::command("cargo").args(["fmt", "--all", "--check"]))?;
    run::loud(run::command("cargo").args(["fmt", "--all", "--check", "--manifest-path", "deploy/xtask/Cargo.toml"]))
}
