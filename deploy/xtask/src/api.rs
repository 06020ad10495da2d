//! Tries the REST API as programs that nobody here wrote: one script each, against a portal of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::phases::Phases;
use crate::{place, python, run};

/// `cargo xtask api [--programs FOLDER] [FILTER]`; with FOLDER of programs that are built already. `examples` writes the
/// examples of the portal's document anew instead.
pub fn run(arguments: &[String]) -> Result<()> {
    let (mut programs, mut filter) = (None, None);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--programs" => programs = Some(PathBuf::from(rest.next().context("--programs takes a folder")?)),
            option if option.starts_with('-') => bail!("api knows --programs, not {option}"),
            name if filter.is_none() => filter = Some(name.to_owned()),
            other => bail!("api takes one filter, not {other} as well"),
        }
    }
    let phases = Phases::default();
    let programs = match programs {
        Some(folder) => folder,
        None => {
            let mut cargo = run::cargo(None);
            phases.run("programs", || run::loud(cargo.arg("build").args(run::SELECTION)))?;
            place::target().join("debug")
        }
    };
    phases.run("clients", clients)?;
    if filter.as_deref() == Some("examples") {
        return phases.run("examples", || run::loud(&mut script("examples", &programs)));
    }
    phases.run("api", || scripts(&programs, filter.as_deref()))
}

/// Installs what the scripts need.
pub fn clients() -> Result<()> {
    python::environment("api", &folder().join("requirements.txt"))
}

/// Runs each script to its end; what it said is shown where it fails.
pub fn scripts(programs: &Path, filter: Option<&str>) -> Result<()> {
    let logs = place::root().join("target/api");
    fs::create_dir_all(&logs)?;
    let mut failures = Vec::new();
    for name in ["fuzz", "main_job"] {
        if filter.is_some_and(|filter| !name.contains(filter) && !"api".contains(filter)) {
            continue;
        }
        match run::quiet(script(name, programs).current_dir(&logs), name) {
            Ok(()) => eprintln!("  {name:<24} passed"),
            Err(error) => failures.push(format!("{error:#}")),
        }
    }
    if failures.is_empty() { Ok(()) } else { bail!("{}", failures.join("\n")) }
}

fn script(name: &str, programs: &Path) -> Command {
    let mut script = run::command(python::interpreter("api"));
    script.arg(folder().join(name).with_extension("py")).env("KEYSTEAD_PROGRAMS", programs);
    script.env("PYTHONDONTWRITEBYTECODE", "1");
    script
}

fn folder() -> PathBuf {
    place::root().join("end2end/api")
}
