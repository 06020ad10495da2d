//! `cargo xtask`: the few commands with which Keystead is started, tested, built and measured.

mod api;
mod bench;
mod build;
mod chaos;
mod check;
mod conformance;
mod deny;
mod engine;
mod fingerprint;
mod late;
mod pack;
mod phases;
mod pictures;
mod place;
mod python;
mod run;
mod setup;
mod sim;
mod simulator;
mod start;
mod style;
mod test;
mod tunnel;
mod wasm;

use std::env;
use std::process::ExitCode;

use anyhow::{Result, bail};

const USAGE: &str = "\
cargo xtask start [--port PORT] [--data DIR]   build what has changed and start the portal
cargo xtask test [--all] [FILTER]              everything that must hold before a change is taken
cargo xtask check                              format, dependencies, lint and floors: the quick loop
cargo xtask deny                               licences, bans, sources and advisories of every dependency
cargo xtask build [--release]                  the portal and its page; with --release one installable file each
cargo xtask bench [NAME...]                    what is measured, as a table and target/bench/results.json
cargo xtask chaos [--minutes N] [--seed S] [--database sqlite|postgres] [--positions N|all | --failures N|all | --stops N|all]
                                               kills, stops and restarts, for minutes or at every position of a log
cargo xtask conformance [--all] [FILTER]       other people's clients against the Azure simulator; --all: az as well
cargo xtask api [--programs FOLDER] [FILTER]   programs that nobody here wrote against the REST API
cargo xtask sim stop|env [--data DIR]          the Azure simulator of the embedded default
cargo xtask pictures                           the README's pictures, taken anew";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Result<()> {
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("help", arguments),
    };
    match command {
        "start" => start::run(rest),
        "test" => test::run(rest),
        "check" => check::run(rest),
        "deny" => deny::run(rest),
        "build" => build::run(rest),
        "bench" => bench::run(rest),
        "chaos" => chaos::run(rest),
        "conformance" => conformance::run(rest),
        "api" => api::run(rest),
        "sim" => sim::run(rest),
        "pictures" => pictures::run(rest),
        "help" | "--help" | "-h" => {
            println!("{USAGE}");
            Ok(())
        }
        other => bail!("there is no command {other:?}\n{USAGE}"),
    }
}
