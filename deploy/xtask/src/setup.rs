//! Finds what the tasks need, installs what may be installed, and says clearly what a person has to.

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context, Result, bail};

use crate::fingerprint::Fingerprint;
use crate::{place, run};

/// The compiler's library for WebAssembly.
pub fn wasm_target() -> Result<()> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let sysroot = sysroot()?;
    if sysroot.join("lib/rustlib").join(TARGET).is_dir() {
        return Ok(());
    }
    run::loud(run::command("rustup").args(["target", "add", TARGET])).with_context(|| {
        format!(
            "the Rust compiler in {} cannot compile to WebAssembly; install rustup (https://rustup.rs) and run \
             `rustup target add {TARGET}`",
            sysroot.display()
        )
    })
}

/// The linter, as the compiler's stand-in, and the formatter.
pub fn linter() -> Result<PathBuf> {
    let sysroot = sysroot()?;
    let (driver, formatter) = (sysroot.join("bin/clippy-driver"), sysroot.join("bin/rustfmt"));
    if !driver.is_file() || !formatter.is_file() {
        run::loud(run::command("rustup").args(["component", "add", "clippy", "rustfmt"]))
            .context("clippy and rustfmt are missing; run `rustup component add clippy rustfmt`")?;
    }
    Ok(driver)
}

fn sysroot() -> Result<PathBuf> {
    run::output(run::command("rustc").args(["--print", "sysroot"])).map(PathBuf::from)
}

/// The npm packages of a folder, as its lock file says.
pub fn npm(folder: &'static str) -> Result<()> {
    let name = if folder == "end2end" { "npm-end2end" } else { "npm-build" };
    let lock = format!("{folder}/package-lock.json");
    let inputs = Fingerprint::of(name, &[&lock], &[])?;
    let installed = place::root().join(folder).join("node_modules");
    if inputs.is_current(&[installed.join(".package-lock.json")]) {
        return Ok(());
    }
    let npm = run::find("npm").context("npm is missing; install Node 20 or newer (https://nodejs.org)")?;
    let mut install = run::command(npm);
    install.args(["ci", "--no-audit", "--no-fund"]).current_dir(place::root().join(folder));
    install.env("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
    run::quiet(&mut install, name)?;
    inputs.remember()
}

/// The folder with PostgreSQL's programs (`initdb`, `pg_ctl`), which tests start a throw-away server with.
pub fn postgres() -> Result<PathBuf> {
    if let Some(folder) = postgres_folder() {
        return Ok(folder);
    }
    install("postgresql", "PostgreSQL's programs (initdb, pg_ctl)")?;
    postgres_folder().context("postgresql is installed, and yet there is no initdb below /usr/lib/postgresql")
}

fn postgres_folder() -> Option<PathBuf> {
    if let Some(program) = run::find("initdb") {
        return program.parent().map(Path::to_owned);
    }
    let mut folders: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .ok()?
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, folder): &(u32, PathBuf)| folder.join("initdb").is_file())
        .collect();
    folders.sort();
    folders.pop().map(|(_, folder)| folder)
}

/// Chromium without a window, which takes a tenth less of the time.
const WINDOWLESS: &str = "chromium-headless-shell";

/// The browser of the end-to-end test: `CHROMIUM`, otherwise one on the search path, best one without a window.
pub fn chromium() -> Result<PathBuf> {
    let known = || {
        let named = env::var_os("CHROMIUM").map(PathBuf::from).filter(|program| program.is_file());
        let all = [WINDOWLESS, "chromium", "chromium-browser", "google-chrome"];
        named.or_else(|| all.iter().find_map(|name| run::find(name)))
    };
    let usual = |program: &PathBuf| !program.ends_with(WINDOWLESS) && env::var_os("CHROMIUM").is_none();
    // On a machine that only runs tests nobody minds another package; older systems do not have it.
    if place::is_cached() && known().as_ref().is_none_or(usual) {
        let _ = install(WINDOWLESS, "Chromium without a window");
    }
    if let Some(program) = known() {
        return Ok(program);
    }
    install("chromium", "Chromium")?;
    known().context("chromium is installed, and yet not on the search path")
}

/// Python with virtual environments.
pub fn python() -> Result<PathBuf> {
    let works = |python: &PathBuf| run::output(run::command(python).args(["-c", "import ensurepip, venv"])).is_ok();
    if let Some(python) = run::find("python3").filter(works) {
        return Ok(python);
    }
    install("python3-venv", "Python 3 with venv")?;
    run::find("python3").filter(works).context("python3-venv is installed, and yet python3 makes no environments")
}

/// PostgreSQL's own client.
pub fn psql() -> Result<PathBuf> {
    if let Some(program) = run::find("psql") {
        return Ok(program);
    }
    install("postgresql-client", "PostgreSQL's client (psql)")?;
    run::find("psql").context("postgresql-client is installed, and yet psql is not on the search path")
}

/// Kubernetes' own client. Debian's is too old for today's clusters, so that a person has to install it.
pub fn kubectl() -> Result<PathBuf> {
    run::find("kubectl").context(
        "kubectl is missing; install version 1.32 or newer (https://kubernetes.io/docs/tasks/tools) and call again",
    )
}

/// Installs a Debian package where this may be done: on Debian, as root.
fn install(package: &str, what: &str) -> Result<()> {
    let root = run::output(run::command("id").arg("-u")).is_ok_and(|id| id == "0");
    if !root || run::find("apt-get").is_none() {
        bail!(
            "{what} is missing; install it and call again (on Debian and Ubuntu: `sudo apt-get install {package}`; \
             on macOS: `brew install {package}`)"
        );
    }
    let apt = |arguments: &[&str]| {
        let mut apt = run::command("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive").args(arguments);
        run::quiet(&mut apt, "apt-get")
    };
    apt(&["update"])?;
    apt(&["install", "--yes", "--no-install-recommends", package])
}
