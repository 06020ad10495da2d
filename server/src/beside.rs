//! The program that the configuration wants beside the portal: started, or found where an earlier one still lives.
//!
//! It is no child to be cared for: it outlives a portal that is killed, and only an orderly stop ends it.

use crate::config::Beside;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

/// Making the first keys takes a while.
const LONGEST_START: Duration = Duration::from_secs(60);
const LONGEST_STOP: Duration = Duration::from_secs(20);

#[derive(Debug, thiserror::Error)]
#[error("starting {program}: {why}")]
pub struct BesideError {
    program: String,
    why: String,
}

/// Starts it and returns what it tells: the object after `ready` or `running`. What it says otherwise goes to `log`.
pub async fn start(beside: &Beside, log: &Path) -> Result<Value, BesideError> {
    let (program, arguments) = split(&beside.command);
    let failed = |why: String| BesideError { program: program.display().to_string(), why };
    let errors = std::fs::File::create(log).map_err(|error| failed(format!("{}: {error}", log.display())))?;
    let mut child = Command::new(&program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(errors)
        // A group of its own: what a terminal sends to ours does not reach it.
        .process_group(0)
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    let Some(output) = child.stdout.take() else { return Err(failed("it has no output".to_owned())) };
    let mut lines = BufReader::new(output).lines();
    let told = async {
        while let Some(line) = lines.next_line().await.map_err(|error| failed(error.to_string()))? {
            let facts = line.strip_prefix("ready ").or_else(|| line.strip_prefix("running "));
            if let Some(facts) = facts {
                return serde_json::from_str(facts).map_err(|error| failed(format!("its facts do not read: {error}")));
            }
        }
        let last = std::fs::read_to_string(log).unwrap_or_default();
        Err(failed(format!("it ended before it was ready: {}", last.trim())))
    };
    let facts = tokio::time::timeout(LONGEST_START, told)
        .await
        .map_err(|_| failed(format!("it was not ready within {} s", LONGEST_START.as_secs())))??;
    // Whenever it ends, it is waited for, so that nothing is left in the table of processes.
    tokio::spawn(async move { child.wait().await });
    Ok(facts)
}

/// Ends it in order, whoever started it.
pub async fn stop(beside: &Beside) -> Result<(), BesideError> {
    if beside.stop.is_empty() {
        return Ok(());
    }
    let (program, arguments) = split(&beside.stop);
    let failed = |why: String| BesideError { program: program.display().to_string(), why };
    let stopped = Command::new(&program).args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).status();
    match tokio::time::timeout(LONGEST_STOP, stopped).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(failed(format!("it answered {status}"))),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(_) => Err(failed(format!("it took longer than {} s", LONGEST_STOP.as_secs()))),
    }
}

fn split(command: &[String]) -> (PathBuf, &[String]) {
    match command.split_first() {
        Some((program, arguments)) => (find(program), arguments),
        None => (PathBuf::new(), &[]),
    }
}

/// A bare name beside our own executable, where there is such a file; otherwise as the system finds it.
fn find(program: &str) -> PathBuf {
    let own = std::env::current_exe().ok().and_then(|own| Some(own.parent()?.join(program)));
    own.filter(|path| !program.contains('/') && path.is_file()).unwrap_or_else(|| PathBuf::from(program))
}
