//! Starts the portal with no configuration at all, after building what has changed.

use std::os::unix::process::CommandExt;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::phases::Phases;
use crate::{build, place, run};

/// `cargo xtask start [--port PORT] [--data DIR]`. The portal takes this process's place, so that signals reach it and
/// Ctrl-C ends it in order.
pub fn run(arguments: &[String]) -> Result<()> {
    let portal = place::program("debug", "keystead");
    let mut command = run::command(&portal);
    for pair in arguments.chunks(2) {
        match pair {
            [option, port] if option == "--port" => command.env("KEYSTEAD__LISTEN", format!("127.0.0.1:{port}")),
            [option, folder] if option == "--data" => command.env("KEYSTEAD__DATA", folder),
            other => bail!("start takes --port PORT and --data DIR, not {}", other.join(" ")),
        };
    }
    let begun = Instant::now();
    build::debug(&Phases::default())?;
    eprintln!("==> ready to start after {:.1} s", begun.elapsed().as_secs_f64());
    let error = command.exec();
    Err(error).with_context(|| format!("starting {}", portal.display()))
}
