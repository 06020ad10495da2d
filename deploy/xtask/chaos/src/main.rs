//! Does to the built programs what happens to programs: kills, stops, faults, restarts; then holds the world against the
//! wishes. `chaos run` for so many minutes at random, `chaos crashes` and `chaos stops` at every position of a
//! job's log, `chaos failures` at every change asked of Azure; the others measure what only processes can show: a job that waits for another server, a thousand jobs at once, a long log,
//! thousands of listeners, programs that ask as often as they can.

mod base;
mod copies;
mod crashes;
mod deeds;
mod failures;
mod faults;
mod hearing;
mod judge;
mod lanes;
mod listeners;
mod load;
mod long_job;
mod orders;
mod person;
mod plans;
mod replica;
mod run;
mod stage;
mod stops;
mod takeover;
mod thousand;
mod trap;
mod wire;
mod wished;
mod world;

use anyhow::{Context, Result, bail};
use base::Kind;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

const USAGE: &str = "\
chaos run     --programs DIR --source DIR [--minutes N | --seconds N] [--seed S] [--database sqlite|postgres]
chaos crashes --programs DIR --source DIR [--positions N|all] [--database sqlite|postgres]
chaos failures --programs DIR --source DIR [--positions N|all] [--database sqlite|postgres]
chaos stops    --programs DIR --source DIR [--positions N|all]
chaos takeover --programs DIR --source DIR [--positions JOBS]
chaos thousand --programs DIR --source DIR [--positions ENVIRONMENTS]
chaos long-job --programs DIR --source DIR [--positions LINES]
chaos listeners --programs DIR --source DIR [--positions LISTENERS]
chaos load --programs DIR --source DIR [--positions ENVIRONMENTS]";

/// What was asked for.
pub struct Asked {
    /// Folder of keystead, azure-simulator and webapp.
    pub programs: PathBuf,
    /// Root of the source tree.
    pub source: PathBuf,
    pub database: Kind,
    pub length: Duration,
    pub seed: u64,
    /// So many positions, spread over the log, or so many jobs; all without it.
    pub positions: Option<usize>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("chaos: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Answers how many promises were not kept.
fn dispatch(arguments: &[String]) -> Result<usize> {
    let Some((command, options)) = arguments.split_first() else { bail!("{USAGE}") };
    let asked = asked(options)?;
    match command.as_str() {
        "run" => run::run(&asked),
        "crashes" => crashes::run(&asked),
        "failures" => failures::run(&asked),
        "stops" => stops::run(&asked),
        "takeover" => takeover::run(&asked),
        "thousand" => thousand::run(&asked),
        "long-job" => long_job::run(&asked),
        "listeners" => listeners::run(&asked),
        "load" => load::run(&asked),
        other => bail!("there is no {other}\n{USAGE}"),
    }
}

fn asked(options: &[String]) -> Result<Asked> {
    let mut asked = Asked {
        programs: PathBuf::new(),
        source: PathBuf::new(),
        database: Kind::Postgres,
        length: Duration::from_secs(60),
        seed: 1,
        positions: None,
    };
    for pair in options.chunks(2) {
        let [option, value] = pair else { bail!("{} needs a value\n{USAGE}", pair.join(" ")) };
        let number = || value.parse::<u64>().with_context(|| format!("{option} takes a number, not {value}"));
        match option.as_str() {
            "--programs" => asked.programs = PathBuf::from(value),
            "--source" => asked.source = PathBuf::from(value),
            "--minutes" => asked.length = Duration::from_secs(60 * number()?),
            "--seconds" => asked.length = Duration::from_secs(number()?),
            "--seed" => asked.seed = number()?,
            "--positions" if value == "all" => asked.positions = None,
            "--positions" => asked.positions = Some(usize::try_from(number()?)?),
            "--database" => asked.database = Kind::of(value).with_context(|| USAGE)?,
            other => bail!("there is no option {other}\n{USAGE}"),
        }
    }
    Ok(asked)
}
