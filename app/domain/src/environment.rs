//! The state of an environment, computed from its request, its jobs and its last validation.

use crate::job;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EnvironmentState))]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Its request waits for a decision.
    Waiting,
    /// A job is at work on it.
    Building,
    /// A job stopped, or a check failed.
    NeedsPerson,
    /// Everything stands, and no check failed.
    Ready,
    /// A job takes back what it made.
    RollingBack,
    /// An approved job takes it away.
    Destroying,
    /// Its job was cancelled; what was made stands.
    Stopped,
    /// Refused, rolled back or destroyed: its name is free again.
    Gone,
    /// Keystead has let go of it; what stands stays on Azure, and its name is free here.
    Released,
}

impl State {
    pub const ALL: [State; 9] = [
        State::NeedsPerson,
        State::Building,
        State::RollingBack,
        State::Destroying,
        State::Waiting,
        State::Stopped,
        State::Ready,
        State::Gone,
        State::Released,
    ];

    pub fn word(self) -> &'static str {
        match self {
            State::Waiting => "Waiting for approval",
            State::Building => "Building",
            State::NeedsPerson => "Needs a person",
            State::Ready => "Ready",
            State::RollingBack => "Rolling back",
            State::Destroying => "Being destroyed",
            State::Stopped => "Stopped",
            State::Gone => "Gone",
            State::Released => "Released",
        }
    }

    /// As the database and addresses write it.
    pub fn key(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Building => "building",
            State::NeedsPerson => "needs-person",
            State::Ready => "ready",
            State::RollingBack => "rolling-back",
            State::Destroying => "destroying",
            State::Stopped => "stopped",
            State::Gone => "gone",
            State::Released => "released",
        }
    }

    pub fn of_key(key: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.key() == key)
    }

    /// What needs a person comes first: the rank by which lists sort.
    pub fn rank(self) -> i64 {
        State::ALL.into_iter().position(|state| state == self).map_or(9, |place| place as i64)
    }
}

/// One of the five parts that only work together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    Cluster,
    Vault,
    /// The keystone.
    Roles,
    Secrets,
    Insights,
}

impl Part {
    /// Left to right, as the arch is drawn.
    pub const ALL: [Part; 5] = [Part::Cluster, Part::Vault, Part::Roles, Part::Secrets, Part::Insights];
}

/// How one of the five stones of the arch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Stone {
    Stands,
    Moving,
    Loose,
    NotThere,
}

/// The five parts, left to right: cluster, vault, roles (the keystone), secrets, insights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Arch(pub [Stone; 5]);

impl Arch {
    pub const PARTS: [&'static str; 5] = ["Cluster", "Vault", "Roles", "Secrets", "Insights"];

    /// "All five parts stand", "Cluster and vault stand, roles at work", for those who do not see the drawing.
    pub fn label(&self) -> String {
        if self.0.iter().all(|stone| *stone == Stone::Stands) {
            return "All five parts stand".to_owned();
        }
        let said = [
            (Stone::Loose, "failed"),
            (Stone::Moving, "at work"),
            (Stone::Stands, "stands"),
            (Stone::NotThere, "not there"),
        ];
        let mut parts = Vec::new();
        for (stone, word) in said {
            let names: Vec<&str> =
                self.0.iter().zip(Self::PARTS).filter(|(have, _)| **have == stone).map(|(_, name)| name).collect();
            if !names.is_empty() {
                parts.push(format!("{}: {word}", names.join(", ")));
            }
        }
        parts.join("; ")
    }
}

/// What an environment's rows say of it: a copy of what its job and its newest run of the checks amount to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub state: State,
    /// One line: "9 of 12 steps", "2 of 10 checks fail".
    pub detail: String,
    pub arch: Arch,
    /// Whether its name is still its own.
    pub held: bool,
}

/// The newest run of the checks, counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    pub failed: usize,
    /// Could not tell, or not asked yet.
    pub open: usize,
    pub passed: usize,
}

impl Standing {
    /// Of an environment whose newest job is this.
    pub fn of(outline: &[job::Outline], job: &job::Status, checks: Option<Counted>) -> Standing {
        let arch = job.arch(outline);
        let destroys = job::Purpose::of(outline) == job::Purpose::Destroy;
        let (state, detail) = match job.state() {
            job::State::Queued | job::State::Running | job::State::Waiting if destroys => {
                (State::Destroying, job.line(outline))
            }
            job::State::Succeeded if destroys => (State::Gone, "Destroyed".to_owned()),
            job::State::Queued | job::State::Running | job::State::Waiting => (State::Building, job.line(outline)),
            job::State::NeedsPerson => (State::NeedsPerson, job.line(outline)),
            job::State::Cancelled => (State::Stopped, job.line(outline)),
            job::State::RollingBack => (State::RollingBack, job.line(outline)),
            job::State::RolledBack => (State::Gone, "Rolled back".to_owned()),
            job::State::Succeeded => proved(checks),
        };
        Standing { state, detail, arch, held: state != State::Gone }
    }

    /// Of one that Keystead has let go of: as it was last known, whatever its job says.
    pub fn released(self) -> Standing {
        let detail = "Let go of; what stands stays on Azure".to_owned();
        Standing { state: State::Released, detail, held: false, ..self }
    }
}

fn proved(checks: Option<Counted>) -> (State, String) {
    let Some(Counted { failed, open, passed }) = checks else { return (State::Ready, String::new()) };
    let all = failed + open + passed;
    match (failed, open) {
        (0, 0) => (State::Ready, format!("{passed} checks pass")),
        (0, open) => (State::Ready, format!("{passed} of {all} checks pass, {open} open")),
        (1, _) => (State::NeedsPerson, format!("1 of {all} checks fails")),
        (failed, _) => (State::NeedsPerson, format!("{failed} of {all} checks fail")),
    }
}
