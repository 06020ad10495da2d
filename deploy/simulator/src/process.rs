//! Starts children that never outlive the simulator: each holds the read end of a pipe whose write end only we have.
//!
//! A pod is started as `azure-simulator pod -- PROGRAM ARGUMENT …` with that pipe as its standard input. The launcher
//! makes a process group of its own, starts the program in it, passes on its exit code, and ends the whole group as
//! soon as the pipe reaches its end: on [`Child::end`], on an orderly stop, and when the simulator is killed.
//! What the state still names after a kill is ended by [`end_remembered`].
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::process::{ChildStderr, ChildStdin, ChildStdout, Command};

use crate::state::StateError;
use crate::world::World;

/// The collection of running children, by process id.
pub const PROCESSES: &str = "processes";

/// A child of the simulator, seen through its launcher.
pub struct Child {
    launcher: tokio::process::Child,
    lifeline: Option<ChildStdin>,
    id: u32,
    /// What the program writes.
    pub stdout: Option<ChildStdout>,
    /// What the program complains about.
    pub stderr: Option<ChildStderr>,
}

/// What to start.
#[derive(Clone, Debug, Default)]
pub struct Launch {
    /// The program's file.
    pub program: String,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its whole environment: nothing is inherited.
    pub environment: Vec<(String, String)>,
    /// How long it has between SIGTERM and SIGKILL, in wall time.
    pub grace: Duration,
}

/// Starts a child and remembers it in the state until [`Child::wait`] has seen its end.
pub async fn start(world: &World, launch: &Launch) -> Result<Child, crate::StartError> {
    let failed = |error: std::io::Error| crate::StartError::new(format!("starting {}", launch.program), error);
    let mut command = Command::new(&world.program);
    command
        .arg("pod")
        .arg("--grace-ms")
        .arg(launch.grace.as_millis().to_string())
        .arg("--")
        .arg(&launch.program)
        .args(&launch.arguments)
        .env_clear()
        .envs(launch.environment.iter().map(|(name, value)| (name, value)))
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut launcher = command.spawn().map_err(failed)?;
    let id = launcher.id().unwrap_or_default();
    let note = json!({"program": launch.program, "started": world.clock.now(), "born": born(id)});
    world
        .state
        .put(PROCESSES, &id.to_string(), note)
        .await
        .map_err(|error| crate::StartError::new("noting a child", error))?;
    Ok(Child {
        lifeline: launcher.stdin.take(),
        stdout: launcher.stdout.take(),
        stderr: launcher.stderr.take(),
        launcher,
        id,
    })
}

impl Child {
    /// The launcher's process id, which is also the id of the group.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Tells the launcher to end the group: SIGTERM, then after the grace SIGKILL.
    pub fn end(&mut self) {
        self.lifeline = None;
    }

    /// The program's exit, once it has come: its code, or 128 and the signal. Forgets the child.
    pub async fn wait(&mut self, world: &World) -> std::io::Result<ExitStatus> {
        let status = self.launcher.wait().await?;
        if let Err(error) = world.state.remove(PROCESSES, &self.id.to_string()).await {
            tracing::warn!(%error, "a child that has ended could not be forgotten");
        }
        Ok(status)
    }
}

/// Ends the groups that an earlier simulator started and that a kill left no time to end.
/// A process id that has meanwhile gone to another program is told by its time of birth.
pub async fn end_remembered(world: &World) -> Result<(), StateError> {
    for (id, note) in world.state.list(PROCESSES) {
        if let Ok(number) = id.parse::<u32>()
            && born(number).is_some_and(|born| note["born"] == json!(born))
            && let Ok(group) = i32::try_from(number)
        {
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
        world.state.remove(PROCESSES, &id).await?;
    }
    Ok(())
}

/// When a process was started, in the kernel's ticks since boot; `None` where there is none or no `/proc`.
fn born(id: u32) -> Option<u64> {
    stat_field(id, 19)
}

/// A number from the kernel's line about a process, counted after the program's name.
fn stat_field(id: u32, at: usize) -> Option<u64> {
    let stat = std::fs::read_to_string(Path::new("/proc").join(id.to_string()).join("stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(at)?.parse().ok()
}

/// The launcher: `azure-simulator pod`. Returns the exit code that it passes on.
pub async fn launcher(program: &str, arguments: &[String], grace: Duration) -> std::io::Result<i32> {
    use std::os::unix::process::ExitStatusExt;
    let mut child = Command::new(program).args(arguments).stdin(Stdio::null()).spawn()?;
    let mut lifeline = tokio::io::stdin();
    let mut ignored = [0_u8; 64];
    let ended = tokio::select! {
        status = child.wait() => Some(status?),
        () = async { while matches!(lifeline.read(&mut ignored).await, Ok(read) if read > 0) {} } => None,
    };
    let status = match ended {
        Some(status) => status,
        None => {
            signal_group(Signal::SIGTERM);
            match tokio::time::timeout(grace, child.wait()).await {
                Ok(status) => status?,
                Err(_) => {
                    child.start_kill()?;
                    child.wait().await?
                }
            }
        }
    };
    // What the program itself has started and left behind.
    signal_group(Signal::SIGKILL);
    Ok(status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or_default()))
}

/// Signals every other process of the launcher's own group.
fn signal_group(signal: Signal) {
    let own = std::process::id();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        if id != own
            && stat_field(id, 2) == Some(u64::from(own))
            && let Ok(id) = i32::try_from(id)
        {
            let _ = nix::sys::signal::kill(Pid::from_raw(id), signal);
        }
    }
}
