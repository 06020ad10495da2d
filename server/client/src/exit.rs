//! How a command ends: a code that scripts can use, and for people what went wrong and what would be right.

use domain::problem::Problem;
use std::process::ExitCode;

/// What each code means, for the help and for scripts.
pub const EXIT_CODES: &str = "Exit codes:
  0  done
  1  failed
  2  the command, or what was given to it, is wrong
  3  there is no such thing
  4  refused: no valid token, or not for this account
  5  it has changed meanwhile, or does not allow this now
  6  the job, or a check, failed or was stopped
  7  the portal cannot be reached, or asks to come back later";

/// The code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Ok,
    Failed,
    Usage,
    NotFound,
    Refused,
    Conflict,
    JobFailed,
    Unreachable,
}

impl Exit {
    fn code(self) -> u8 {
        match self {
            Exit::Ok => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::NotFound => 3,
            Exit::Refused => 4,
            Exit::Conflict => 5,
            Exit::JobFailed => 6,
            Exit::Unreachable => 7,
        }
    }

    /// What the portal's answer means.
    pub(crate) fn of_status(status: u16) -> Exit {
        match status {
            400 | 405 | 413 | 415 | 422 => Exit::Usage,
            401 | 403 => Exit::Refused,
            404 | 410 => Exit::NotFound,
            409 | 412 | 428 => Exit::Conflict,
            408 | 429 | 502..=504 => Exit::Unreachable,
            _ => Exit::Failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

pub(crate) type Done = Result<Exit, Failure>;

/// Why it did not happen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .lines.join("\n"))]
pub(crate) struct Failure {
    pub exit: Exit,
    lines: Vec<String>,
}

impl Failure {
    pub(crate) fn new(exit: Exit, said: impl Into<String>) -> Failure {
        Failure { exit, lines: vec![said.into()] }
    }

    pub(crate) fn usage(said: impl Into<String>) -> Failure {
        Failure::new(Exit::Usage, said)
    }

    /// As the portal says it: the detail, each wrong answer on a line of its own, the number of the incident.
    pub(crate) fn of(problem: &Problem) -> Failure {
        let mut lines = vec![if problem.detail.is_empty() { problem.title.clone() } else { problem.detail.clone() }];
        lines.extend(problem.errors.iter().map(|error| format!("  {}: {}", error.field, error.message)));
        lines.extend(problem.incident.iter().map(|incident| format!("  incident {incident}")));
        Failure { exit: Exit::of_status(problem.status), lines }
    }

    pub(crate) fn say(&self) {
        let red = anstyle::AnsiColor::Red.on_default();
        anstream::eprintln!("{red}keystead:{red:#} {self}");
    }
}

/// Something of this machine did not work: what was attempted, and why it failed.
pub(crate) fn local(what: &str) -> impl Fn(std::io::Error) -> Failure + use<> {
    let what = what.to_owned();
    move |error| Failure::new(Exit::Failed, format!("{what}: {error}"))
}
