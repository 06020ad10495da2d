//! Runs clients that nobody here wrote against the Azure simulator: one script a client, asserting on what it returns.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use throwaway_postgres::{Care, Cluster};

use crate::build::join;
use crate::phases::Phases;
use crate::{late, place, python, run, setup};

/// What was asked: all scripts, or those with FILTER in their name; with `--all` also the Azure command line.
struct Asked {
    all: bool,
    filter: Option<String>,
    programs: Option<PathBuf>,
}

/// How many times shorter than Azure's the waits are.
const SPEED: &str = "400";
/// No script takes so long unless it hangs.
const LONGEST: Duration = Duration::from_secs(600);

/// `cargo xtask conformance [--all] [--programs FOLDER] [FILTER]`; with FOLDER of programs that are built already.
pub fn run(arguments: &[String]) -> Result<()> {
    let asked = asked(arguments)?;
    let phases = Phases::default();
    let programs = match asked.programs {
        Some(folder) => folder,
        None => {
            let mut cargo = run::cargo(None);
            phases.run("programs", || run::loud(cargo.arg("build").args(run::SELECTION)))?;
            place::target().join("debug")
        }
    };
    phases.run("clients", || clients(asked.all))?;
    phases.run("conformance", || scripts(&programs, asked.all, asked.filter.as_deref()))
}

fn asked(arguments: &[String]) -> Result<Asked> {
    let mut asked = Asked { all: false, filter: None, programs: None };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--all" => asked.all = true,
            "--programs" => asked.programs = Some(rest.next().context("--programs takes a folder")?.into()),
            option if option.starts_with('-') => bail!("conformance knows --all and --programs, not {option}"),
            filter if asked.filter.is_none() => asked.filter = Some(filter.to_owned()),
            other => bail!("conformance takes one filter, not {other} as well"),
        }
    }
    Ok(asked)
}

/// Installs what may be installed, and names what a person has to.
pub fn clients(all: bool) -> Result<()> {
    setup::psql()?;
    setup::kubectl()?;
    python::environment("conformance", &folder().join("requirements.txt"))?;
    recordings()?;
    if all {
        python::environment("conformance-all", &folder().join("all/requirements.txt"))?;
    }
    Ok(())
}

/// Exchanges with Azure that others have recorded.
fn recordings() -> Result<PathBuf> {
    python::sources("recordings", &folder().join("recordings.txt"), &python::interpreter("conformance"))
}

/// Runs the scripts against a simulator of their own, as many at once as there are cores.
pub fn scripts(programs: &Path, all: bool, filter: Option<&str>) -> Result<()> {
    let mut waiting = named(&folder(), filter, "conformance")?;
    if all {
        waiting.extend(named(&folder().join("all"), filter, "conformance-all")?);
    }
    if waiting.is_empty() {
        return Ok(()); // the filter is about other tests
    }
    let home = place::root().join("target/conformance");
    fs::create_dir_all(home.join("home"))?;
    let postgres = Cluster::start(Care::Careless)?;
    let image = |name: &str, program: PathBuf| format!("{name}={}", program.display());
    let images =
        [image("python:3", python::interpreter("conformance")), image("echo:1", programs.join("azure-simulator"))];
    let simulator = Simulator::start(programs, &home.join("state"), SPEED, &images)?;
    let variables = simulator.variables(&home, &postgres.database("conformance")?)?;
    waiting.reverse();
    let (waiting, failures) = (Mutex::new(waiting), Mutex::new(Vec::new()));
    let work = || -> Result<()> {
        loop {
            let next = waiting.lock().ok().and_then(|mut waiting| waiting.pop());
            let Some(script) = next else { return Ok(()) };
            if let Err(error) = script.run(&home, &variables)
                && let Ok(mut failures) = failures.lock()
            {
                failures.push(format!("{error:#}"));
            }
        }
    };
    let workers = std::thread::available_parallelism().map_or(2, usize::from).min(4);
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        running.into_iter().try_for_each(join)
    })?;
    let failures = failures.into_inner().unwrap_or_default();
    if failures.is_empty() {
        return Ok(());
    }
    bail!("{}", failures.join("\n"))
}

fn folder() -> PathBuf {
    place::root().join("deploy/simulator/conformance")
}

/// One client's script.
struct Script {
    name: String,
    path: PathBuf,
    environment: &'static str,
}

/// The scripts of a folder, by name.
fn named(folder: &Path, filter: Option<&str>, environment: &'static str) -> Result<Vec<Script>> {
    let mut scripts = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let wanted = filter.is_none_or(|filter| name.contains(filter) || "conformance".contains(filter));
        if path.extension().is_some_and(|extension| extension == "py") && wanted {
            scripts.push(Script { name, path, environment });
        }
    }
    scripts.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(scripts)
}

impl Script {
    /// Runs it to its end and prints a line; what it said is shown where it fails.
    fn run(&self, home: &Path, variables: &[(String, String)]) -> Result<()> {
        let begun = Instant::now();
        let path = home.join(format!("{}.log", self.name));
        let log = File::create(&path).with_context(|| format!("writing {}", path.display()))?;
        let mut python = Command::new(python::interpreter(self.environment));
        python.arg(&self.path).env_clear().envs(variables.iter().map(|(name, value)| (name, value)));
        python.current_dir(folder()).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let ended = late::within(&mut python, LONGEST);
        let seconds = begun.elapsed().as_secs_f64();
        if ended.as_ref().is_ok_and(ExitStatus::success) {
            let said = fs::read_to_string(&path).unwrap_or_default();
            let skipped = said.lines().find(|line| line.starts_with("skipped")).unwrap_or_default();
            eprintln!("  {:<24} {seconds:6.1} s  {skipped}", self.name);
            return Ok(());
        }
        eprintln!("  {:<24} {seconds:6.1} s  FAILED", self.name);
        let said = || format!("{}:\n{}", self.name, run::tail(&path));
        ended.with_context(said)?;
        bail!(said())
    }
}

/// A simulator that lives as long as this value.
pub struct Simulator {
    program: PathBuf,
    state: PathBuf,
    process: Child,
}

impl Simulator {
    /// With programs that stand for images, `NAME=PROGRAM`.
    pub fn start(programs: &Path, state: &Path, speed: &str, images: &[String]) -> Result<Self> {
        let program = programs.join("azure-simulator");
        if !program.is_file() {
            bail!("there is no {}; `cargo xtask build` makes it", program.display());
        }
        if state.is_dir() {
            // One that an earlier run was killed before it could stop.
            run::quiet(Command::new(&program).arg("stop").arg("--state").arg(state), "azure-simulator")?;
            fs::remove_dir_all(state)?;
        }
        let mut serve = run::command(&program);
        serve.args(["serve", "--speed", speed, "--state"]).arg(state);
        serve.args(images.iter().flat_map(|image| ["--image", image]));
        let process = serve.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
        let mut simulator = Self { program, state: state.to_owned(), process };
        simulator.until_ready()?;
        Ok(simulator)
    }

    fn until_ready(&mut self) -> Result<()> {
        let begun = Instant::now();
        while !self.state.join("portal.json").is_file() {
            if let Some(status) = self.process.try_wait()? {
                bail!("the simulator ended at once ({status}); its log is {}", self.state.join("log").display());
            }
            if begun.elapsed() > Duration::from_secs(60) {
                bail!("the simulator is not ready after a minute; its log is {}", self.state.join("log").display());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// What `azure-simulator env` prints.
    pub fn exports(&self) -> Result<Vec<(String, String)>> {
        let printed = run::output(Command::new(&self.program).arg("env").arg("--state").arg(&self.state))?;
        Ok(printed.lines().filter_map(exported).collect())
    }

    /// The process that serves.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// The exports, a search path and a home; the address of a real PostgreSQL to compare with.
    fn variables(&self, home: &Path, postgres: &str) -> Result<Vec<(String, String)>> {
        let mut variables = self.exports()?;
        variables.push(("PATH".to_owned(), std::env::var("PATH").unwrap_or_default()));
        variables.push(("HOME".to_owned(), home.join("home").display().to_string()));
        variables.push(("PYTHONDONTWRITEBYTECODE".to_owned(), "1".to_owned()));
        variables.push(("REAL_POSTGRES".to_owned(), postgres.to_owned()));
        let specs = place::root().join("../shared/azure-specs");
        let specs = std::env::var_os("AZURE_SPECS").map_or(specs, PathBuf::from);
        variables.push(("AZURE_SPECS".to_owned(), specs.display().to_string()));
        variables.push(("RECORDINGS".to_owned(), recordings()?.display().to_string()));
        Ok(variables)
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // It ends its pods first; where it cannot be asked, its pods end with it.
        let asked =
            Command::new(&self.program).arg("stop").arg("--state").arg(&self.state).stdout(Stdio::null()).status();
        if !asked.is_ok_and(|status| status.success()) {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }
}

/// `export NAME='VALUE'`
fn exported(line: &str) -> Option<(String, String)> {
    let (name, value) = line.strip_prefix("export ")?.split_once('=')?;
    let value = value.strip_prefix('\'')?.strip_suffix('\'')?.replace("'\\''", "'");
    Some((name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_export_is_read_as_a_shell_reads_it() {
        let read = |line| exported(line).map(|(name, value)| format!("{name}={value}"));
        assert_eq!(read("export A='it'\\''s'").as_deref(), Some("A=it's"));
        assert_eq!(read("# a comment"), None);
    }

    #[test]
    fn options_and_one_filter_are_taken() {
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let asked = asked(&words("--all kubectl --programs target/debug"));
        assert!(asked.is_ok_and(|it| it.all && it.filter.as_deref() == Some("kubectl") && it.programs.is_some()));
        assert!(super::asked(&words("one two")).is_err());
    }
}
