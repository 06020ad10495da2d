//! Ends a program that takes longer than it can be given, with everything that it has started, and says what was running:
//! a task that hangs is told as a failure and leaves nothing behind.

use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// What `ps` prints of a process: its number, its parent's, for how long it runs and what it is.
struct Process {
    id: u32,
    parent: u32,
    line: String,
}

/// Runs a program to its end.
///
/// # Errors
/// Where it cannot be started, and where it has not ended after `longest`: with the processes beneath it, all of which are
/// ended.
pub fn within(command: &mut Command, longest: Duration) -> Result<ExitStatus> {
    let mut child = command.spawn()?;
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if begun.elapsed() > longest {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let beneath = beneath(child.id(), processes()?);
    let _ = child.kill();
    let _ = child.wait();
    for process in &beneath {
        kill(process.id);
    }
    let lines: Vec<&str> = beneath.iter().map(|process| process.line.as_str()).collect();
    bail!("did not end within {} minutes and was ended; beneath it ran:\n{}", longest.as_secs() / 60, lines.join("\n"))
}

fn kill(process: u32) {
    let _ = Command::new("kill").args(["-KILL", &process.to_string()]).stderr(std::process::Stdio::null()).status();
}

/// Everything that a process has started, and what that has started.
fn beneath(root: u32, all: Vec<Process>) -> Vec<Process> {
    let mut known = vec![root];
    let mut at = 0;
    while let Some(&parent) = known.get(at) {
        known.extend(all.iter().filter(|process| process.parent == parent).map(|process| process.id));
        at += 1;
    }
    all.into_iter().filter(|process| process.id != root && known.contains(&process.id)).collect()
}

fn processes() -> Result<Vec<Process>> {
    let mut ps = Command::new("ps");
    ps.args(["-A", "-o", "pid=,ppid=,etime=,args="]);
    let output = ps.output().context("starting ps")?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().filter_map(process).collect())
}

/// One line of `ps`, cut where a program has many arguments.
fn process(line: &str) -> Option<Process> {
    let mut words = line.split_whitespace();
    let (id, parent) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some(Process { id, parent, line: format!("  {}", line.trim().chars().take(160).collect::<String>()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ends_in_time_is_left_to_say_how() {
        let ended =
            |script| within(Command::new("sh").args(["-c", script]), Duration::from_secs(60)).map(|it| it.code());
        assert_eq!(ended("exit 0").ok().flatten(), Some(0));
        assert_eq!(ended("exit 3").ok().flatten(), Some(3));
        assert!(within(&mut Command::new("/no/such/program"), Duration::from_secs(60)).is_err());
    }

    #[test]
    fn what_hangs_is_ended_with_all_that_it_started_and_named() {
        let late = within(
            Command::new("sh").args(["-c", "sleep 3607 & sh -c 'sleep 3608; true'; true"]),
            Duration::from_millis(300),
        );
        let said = late.err().map(|error| error.to_string()).unwrap_or_default();
        assert!(said.contains("sleep 3607") && said.contains("sleep 3608"), "{said}");
        let left = processes().unwrap_or_default();
        let running = |it: &&Process| it.line.contains("sleep 3607") || it.line.contains("sleep 3608");
        let left: Vec<_> =
            left.iter().filter(running).filter(|it| !it.line.contains("defunct")).map(|it| &it.line).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}
