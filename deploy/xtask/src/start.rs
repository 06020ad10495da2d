//! Starts the portal with no configuration at all, after building what has changed.

use std::os::unix::process::CommandExt;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::phases::Phases;
use crate::{build, place, run};

/// `cargo xtask start [--port PORT] [--data DIR]`: options go to the portal as they are. The portal takes this
/// process's place, so that signals reach it and Ctrl-C ends it in order.
pub fn run(arguments: &[String]) -> Result<()> {
    for (at, argument) in arguments.iter().enumerate() {
        let is_value = at > 0 && arguments[at - 1].starts_with("--") && !arguments[at - 1].contains('=');
        let name = argument.split('=').next().unwrap_or_default();
        if !is_value && !["--port", "--data"].contains(&name) {
            bail!("start knows --port and --data, not {argument}");
        }
    }
    let begun = Instant::now();
    build::debug(&Phases::default())?;
    eprintln!("==> ready to start after {:.1} s", begun.elapsed().as_secs_f64());
    let portal = place::program("debug", "keystead");
    let error = run::command(&portal).args(arguments).exec();
    Err(error).with_context(|| format!("starting {}", portal.display()))
}
