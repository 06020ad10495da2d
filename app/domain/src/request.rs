//! A request: a wish on its way through an approval.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = RequestState))]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Waits for its decider.
    Waiting,
    Approved,
    Rejected,
    /// Went back to the one who asked, with what should be otherwise.
    Returned,
    Withdrawn,
    Expired,
}

impl State {
    pub const ALL: [State; 6] =
        [State::Waiting, State::Approved, State::Rejected, State::Returned, State::Withdrawn, State::Expired];

    pub fn word(self) -> &'static str {
        match self {
            State::Waiting => "Waits for approval",
            State::Approved => "Approved",
            State::Rejected => "Rejected",
            State::Returned => "Changes asked for",
            State::Withdrawn => "Withdrawn",
            State::Expired => "Expired",
        }
    }

    /// As the database and addresses write it.
    pub fn key(self) -> &'static str {
        match self {
            State::Waiting => "waiting",
            State::Approved => "approved",
            State::Rejected => "rejected",
            State::Returned => "returned",
            State::Withdrawn => "withdrawn",
            State::Expired => "expired",
        }
    }

    pub fn of_key(key: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.key() == key)
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = RequestKind))]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A new environment.
    Create,
    /// Another vault name for a job that stopped because its name was taken: same environment, same job.
    Rename,
    /// The same wish over a world that has changed since its plan was approved: same environment, same job.
    Replan,
    /// Another wish for an environment that stands.
    Change,
    /// The same wish for an environment that is not as it was approved any more.
    Repair,
    /// That nothing of the environment stays.
    Destroy,
    /// That Keystead let go of the environment, while Azure keeps what stands; no job.
    Release,
}

impl Kind {
    pub const ALL: [Kind; 7] =
        [Kind::Create, Kind::Rename, Kind::Replan, Kind::Change, Kind::Repair, Kind::Destroy, Kind::Release];

    /// As the database and addresses write it.
    pub fn key(self) -> &'static str {
        match self {
            Kind::Create => "create",
            Kind::Rename => "rename",
            Kind::Replan => "replan",
            Kind::Change => "change",
            Kind::Repair => "repair",
            Kind::Destroy => "destroy",
            Kind::Release => "release",
        }
    }

    pub fn of_key(key: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.key() == key)
    }

    /// "Create checkout-loadtest".
    pub fn title(self, environment: &str) -> String {
        match self {
            Kind::Create => format!("Create {environment}"),
            Kind::Rename => format!("Another vault name for {environment}"),
            Kind::Replan => format!("Another plan for {environment}"),
            Kind::Change => format!("Change {environment}"),
            Kind::Repair => format!("Repair {environment}"),
            Kind::Destroy => format!("Destroy {environment}"),
            Kind::Release => format!("Release {environment}"),
        }
    }
}

/// What a decider answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    Approve,
    Reject,
    /// Back to the one who asked, as a draft with the comment.
    Changes,
}
