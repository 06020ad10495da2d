//! Kills, stops and restarts what was built, for minutes at random or at every position of a log, and counts what was not
//! kept.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::phases::Phases;
use crate::{build, place, run, setup};

/// What is done at each of so many places instead of at random: the option that asks for it, and the program's word.
const KINDS: [(&str, &str); 3] = [("--positions", "crashes"), ("--failures", "failures"), ("--stops", "stops")];

/// `cargo xtask chaos [--minutes N] [--seed S] [--database sqlite|postgres]`, or one of
/// `cargo xtask chaos --positions N|all`, `--failures N|all`, `--stops N|all`
pub fn run(arguments: &[String]) -> Result<()> {
    let phases = Phases::default();
    setup::postgres()?;
    build::debug(&phases)?;
    let program = phases.run("chaos program", program)?;
    let mut rest = arguments.to_vec();
    let kind = KINDS.into_iter().find(|(option, _)| arguments.iter().any(|argument| argument == option));
    let (option, word) = kind.unwrap_or(("", "run"));
    rest.iter_mut().filter(|given| *given == option).for_each(|given| "--positions".clone_into(given));
    if arguments.iter().any(|argument| !argument.starts_with("--") && argument.starts_with('-')) {
        bail!(
            "chaos takes --minutes N, --seconds N, --seed S, --database sqlite|postgres, --positions N|all, \
             --failures N|all, --stops N|all"
        );
    }
    rest.insert(0, word.to_owned());
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
