//! The Azure simulator of the embedded default, from outside: stop it, or speak to it with other programs.

use anyhow::{Result, bail};

use crate::{place, run};

/// `cargo xtask sim stop|env [--data DIR]`
pub fn run(arguments: &[String]) -> Result<()> {
    let (verb, data) = match arguments {
        [verb] => (verb.as_str(), "data"),
        [verb, option, data] if option == "--data" => (verb.as_str(), data.as_str()),
        other => bail!("sim takes `stop` or `env`, and --data DIR, not {}", other.join(" ")),
    };
    if !["stop", "env"].contains(&verb) {
        bail!("sim takes `stop` or `env`, not {verb}");
    }
    let state = place::root().join(data).join("azure");
    let simulator = place::program("debug", "azure-simulator");
    if !simulator.is_file() {
        bail!("there is no simulator yet; `cargo xtask start` builds and starts it");
    }
    run::loud(run::command(simulator).arg(verb).arg("--state").arg(state))
}
