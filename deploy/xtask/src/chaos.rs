//! Kills, stops and restarts what was built, for minutes at random or at every position of a log, and counts what was not
//! kept.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::phases::Phases;
use crate::{build, place, run, setup};

/// `cargo xtask chaos [--minutes N] [--seed S] [--database sqlite|postgres]`, `cargo xtask chaos
/// --positions N|all`, `cargo xtask chaos --failures N|all`
pub fn run(arguments: &[String]) -> Result<()> {
    let phases = Phases::default();
    setup::postgres()?;
    build::debug(&phases)?;
    let program = phases.run("chaos program", program)?;
    let mut rest = arguments.to_vec();
    let kind = ["--positions", "--failures"].into_iter().find(|kind| arguments.iter().any(|argument| argument == kind));
    let kind = match kind {
        Some("--positions") => "crashes",
        Some(_) => "failures",
        None => "run",
    };
    rest.iter_mut().filter(|option| *option == "--failures").for_each(|option| "--positions".clone_into(option));
    if arguments.iter().any(|argument| !argument.starts_with("--") && argument.starts_with('-')) {
        bail!(
            "chaos takes --minutes N, --seconds N, --seed S, --database sqlite|postgres, --positions N|all, --failures N|all"
        );
    }
    rest.insert(0, kind.to_owned());
    run::loud(&mut act(&program, &rest))
}

/// The program with these arguments, on the programs that were built.
pub fn act(program: &PathBuf, arguments: &[String]) -> Command {
    let mut command = run::command(program);
    command.args(arguments).arg("--programs").arg(place::target().join("debug")).arg("--source").arg(place::root());
    command
}

/// Compiled into the tools' folder.
pub fn program() -> Result<PathBuf> {
    let mut cargo = run::cargo(Some("tools"));
    cargo.args(["build", "--manifest-path", "deploy/xtask/Cargo.toml", "-p", "chaos"]);
    run::quiet(&mut cargo, "chaos")?;
    Ok(place::target().join("tools/debug/chaos"))
}
