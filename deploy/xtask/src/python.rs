//! Brings what Python needs below `target/`: environments and source distributions, as a file of requirements names them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::{place, run, setup};

/// Makes an environment, or leaves the one that was made from the same requirements.
pub fn environment(name: &'static str, requirements: &Path) -> Result<()> {
    let folder = folder(name);
    let wanted = fs::read_to_string(requirements)?;
    let made_from = folder.join("requirements.txt");
    if fs::read_to_string(&made_from).is_ok_and(|known| known == wanted) {
        return Ok(());
    }
    let python = setup::python()?;
    run::quiet(run::command(python).args(["-m", "venv", "--clear"]).arg(&folder), "venv")?;
    let mut pip = run::command(interpreter(name));
    pip.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "-r"]).arg(requirements);
    run::quiet(&mut pip, "pip")?;
    Ok(fs::write(made_from, wanted)?)
}

/// Fetches the source distributions that a file names with their hashes, or leaves those that are there; their folder.
pub fn sources(name: &'static str, requirements: &Path, interpreter: &Path) -> Result<PathBuf> {
    let folder = folder(name);
    let wanted = fs::read_to_string(requirements)?;
    let made_from = folder.join("requirements.txt");
    if fs::read_to_string(&made_from).is_ok_and(|known| known == wanted) {
        return Ok(folder);
    }
    let mut pip = run::command(interpreter);
    pip.args([
        "-m",
        "pip",
        "download",
        "--disable-pip-version-check",
        "--no-input",
        "--no-deps",
        "--no-binary",
        ":all:",
    ]);
    pip.arg("--require-hashes").arg("-r").arg(requirements).arg("-d").arg(&folder);
    run::quiet(&mut pip, "pip-download")?;
    fs::write(made_from, wanted)?;
    Ok(folder)
}

/// Python with the packages of an environment.
pub fn interpreter(name: &str) -> PathBuf {
    folder(name).join("bin/python")
}

fn folder(name: &str) -> PathBuf {
    place::root().join("target/python").join(name)
}
