//! Starts other programs: with a clean environment, with their output shown or kept.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::{late, place};

/// Nothing of a test run and nothing that only prepares takes so long unless it hangs.
pub const LONGEST: Duration = Duration::from_secs(30 * 60);

/// A program to be run in the root of the source tree, without the variables that `cargo run` gave to this one: some
/// build scripts watch them and would compile again.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(place::root());
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        let given = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
        if given.iter().any(|prefix| name_text.starts_with(prefix)) || name_text == "CARGO" {
            command.env_remove(&name);
        }
    }
    command
}

/// Cargo, compiling into [`place::target`] or a folder beneath it.
pub fn cargo(folder: Option<&str>) -> Command {
    let mut command = command("cargo");
    let target = place::target();
    command.env("CARGO_TARGET_DIR", folder.map_or(target.clone(), |folder| target.join(folder)));
    if place::is_cached() {
        command.env("CARGO_INCREMENTAL", "0"); // each run is another clone, for which nothing of the last one counts
    }
    command
}

/// The one selection of packages that every native command has (ARCHITECTURE.md, "One selection").
pub const SELECTION: [&str; 3] = ["--workspace", "--exclude", "frontend"];

/// Runs a program whose output the person sees.
pub fn loud(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("starting {}", line(command)))?;
    well(command, status)
}

/// As [`loud`], for at most [`LONGEST`].
pub fn timely(command: &mut Command) -> Result<()> {
    let status = late::within(command, LONGEST).with_context(|| line(command))?;
    well(command, status)
}

fn well(command: &Command, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("{} failed ({status})", line(command));
    }
    Ok(())
}

/// Runs a program beside a loud one: what it says goes to `target/xtask/NAME.log` and is shown where it
/// fails or takes longer than [`LONGEST`].
pub fn quiet(command: &mut Command, name: &str) -> Result<()> {
    let path = place::memory().join(format!("{name}.log"));
    fs::create_dir_all(place::memory())?;
    let log = File::create(&path).with_context(|| format!("writing {}", path.display()))?;
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    let ended = late::within(command, LONGEST).with_context(|| line(command));
    ended.and_then(|status| well(command, status)).with_context(|| tail(&path))
}

/// What a program prints; an error where it fails.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("starting {}", line(command)))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        bail!("{} failed ({}): {said}", line(command), output.status);
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A program by its name on the search path.
pub fn find(name: &str) -> Option<std::path::PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file())
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// The end of a log.
pub fn tail(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(80)..].join("\n")
}
