//! The program that the configuration wants beside the portal: started, or found where an earlier one still lives.
//!
//! It is no child to be cared for: it outlives a portal that is killed, and only an orderly stop ends it. Several servers
//! with one data folder share it: each holds a lock that says that it is needed, and the last one that goes ends it.

use crate::config::Beside;
use serde_json::Value;
use std::fs::{File, OpenOptions};
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

/// That a server needs it; the system lets it go with the process, however that ends.
pub struct Need(File);

/// Starts it and returns what it tells: the object after `ready` or `running`. What it says otherwise goes to
/// `beside.log` in the data folder.
pub async fn start(beside: &Beside, data: &Path) -> Result<(Value, Need), BesideError> {
    let (program, arguments) = split(&beside.command);
    let failed = |why: String| BesideError { program: program.display().to_string(), why };
    let need = need(data.join("beside.lock")).await.map_err(failed)?;
    let log = &data.join("beside.log");
    let errors = OpenOptions::new().create(true).append(true).open(log);
    let errors = errors.map_err(|error| failed(format!("{}: {error}", log.display())))?;
    let before = errors.metadata().map_or(0, |metadata| metadata.len());
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
        let said = std::fs::read(log).unwrap_or_default();
        let said = String::from_utf8_lossy(said.get(usize::try_from(before).unwrap_or(0)..).unwrap_or_default());
        Err(failed(format!("it ended before it was ready: {}", said.trim())))
    };
    let facts = tokio::time::timeout(LONGEST_START, told)
        .await
        .map_err(|_| failed(format!("it was not ready within {} s", LONGEST_START.as_secs())))??;
    // Whenever it ends, it is waited for, so that nothing is left in the table of processes.
    tokio::spawn(async move { child.wait().await });
    Ok((facts, need))
}

/// Waits while the last one of others is ending it.
async fn need(lock: PathBuf) -> Result<Need, String> {
    let said = |error: std::io::Error| format!("{}: {error}", lock.display());
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&lock).map_err(said)?;
    let locked = tokio::task::spawn_blocking(move || file.lock_shared().map(|()| Need(file))).await;
    locked.map_err(|error| error.to_string())?.map_err(said)
}

/// Ends it in order, whoever started it, unless another server needs it.
pub async fn stop(beside: &Beside, Need(lock): Need) -> Result<(), BesideError> {
    let alone = lock.unlock().is_ok() && lock.try_lock().is_ok();
    if beside.stop.is_empty() || !alone {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[tokio::test]
    async fn the_last_server_that_needs_it_ends_it() {
        let data = tempfile::tempdir().unwrap();
        let stopped = data.path().join("stopped");
        let words = |script: &str| vec!["sh".to_owned(), "-c".to_owned(), script.to_owned()];
        let beside = Beside {
            command: words("echo 'ready {\"speed\":30}'"),
            stop: words(&format!("touch '{}'", stopped.display())),
        };
        let (facts, first) = start(&beside, data.path()).await.unwrap();
        assert_eq!(facts, json!({"speed": 30}));
        let (_, second) = start(&beside, data.path()).await.unwrap();
        let (_, killed) = start(&beside, data.path()).await.unwrap();
        drop(killed);
        stop(&beside, first).await.unwrap();
        assert!(!stopped.exists(), "another one needs it");
        stop(&beside, second).await.unwrap();
        assert!(stopped.exists());
    }

    #[tokio::test]
    async fn what_it_complained_about_is_said() {
        let data = tempfile::tempdir().unwrap();
        let beside = Beside { command: vec!["sh".into(), "-c".into(), "echo no room >&2".into()], stop: Vec::new() };
        let refused = start(&beside, data.path()).await.err().unwrap();
        assert_eq!(refused.to_string(), "starting sh: it ended before it was ready: no room");
    }
}
