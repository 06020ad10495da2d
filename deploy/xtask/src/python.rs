//! Makes Python's virtual environments below `target/`, with the packages that a file of requirements names.

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

/// Python with the packages of an environment.
pub fn interpreter(name: &str) -> PathBuf {
    folder(name).join("bin/python")
}

fn folder(name: &str) -> PathBuf {
    place::root().join("target/python").join(name)
}
