//! The feed: what changed about requests, environments and jobs, one event a change, for programs that follow.

use crate::environment;
use crate::id::{JobId, RequestId, ValidationId};
use crate::moment::Moment;
use serde::{Deserialize, Serialize};

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $key:tt;)+) => {
        /// What kind of change it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventKind))]
        pub enum Kind { $($(#[$doc])* #[serde(rename = $key)] $name,)+ }

        impl Kind {
            pub const ALL: &'static [Kind] = &[$(Kind::$name,)+];

            /// As the database and addresses write it.
            pub fn key(self) -> &'static str {
                match self { $(Kind::$name => $key,)+ }
            }
        }
    };
}

kinds! {
    RequestSent = "request.sent";
    /// A level has approved, and the next one is asked.
    RequestAdvanced = "request.advanced";
    /// Its plan became another one: all levels are asked anew.
    RequestLapsed = "request.lapsed";
    /// Others are asked in place of those who did not answer.
    RequestEscalated = "request.escalated";
    /// Approved, rejected or sent back.
    RequestDecided = "request.decided";
    RequestWithdrawn = "request.withdrawn";
    RequestExpired = "request.expired";
    /// It is in another state.
    EnvironmentChanged = "environment.changed";
    /// What stands is not as it was approved any more; `differences` says what.
    EnvironmentDrifted = "environment.drifted";
    /// What stands is as it was approved again.
    EnvironmentRestored = "environment.restored";
    /// It is in another state. Work and waits for Azure follow each other by the second: both are `running` here.
    JobChanged = "job.changed";
    /// A step succeeded, failed or was undone.
    StepEnded = "step.ended";
    /// A run of the checks has ended.
    ValidationEnded = "validation.ended";
}

impl Kind {
    pub fn of_key(key: &str) -> Option<Kind> {
        Kind::ALL.iter().copied().find(|kind| kind.key() == key)
    }

    /// What its subject is.
    pub fn about(self) -> About {
        match self.key().split('.').next() {
            Some("request") => About::Request,
            Some("job" | "step") => About::Job,
            _ => About::Environment,
        }
    }
}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventAbout))]
#[serde(rename_all = "kebab-case")]
pub enum About {
    Request,
    Environment,
    Job,
}

/// What is known of a change; what does not belong to its kind is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = EventDetail))]
#[serde(default)]
pub struct Detail {
    /// Of request, environment, job or step, as it is since then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Of environment or job, as it was until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// Account name of whoever did it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Of request, job or step, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Key of the step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// The request that led to the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestId>,
    /// The job that an approval began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<JobId>,
    /// The run of the checks, and how many passed, failed and could not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<ValidationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passed: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<usize>,
    /// Why a step or a job stopped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What is not as it was approved, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<String>,
}

/// One change, in its place; events of one subject stand in the order in which they happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Event))]
pub struct Event {
    /// Its place, and the cursor behind it.
    pub id: String,
    pub at: Moment,
    pub kind: Kind,
    /// Name of the team whose it is.
    pub team: String,
    /// Name of the environment that it is about.
    pub environment: String,
    pub about: About,
    /// Id of the request, environment or job that changed.
    pub subject: String,
    pub detail: Detail,
}

impl Event {
    /// Whether nothing more can come of its environment.
    pub fn ends_environment(&self) -> bool {
        let over = [environment::State::Gone, environment::State::Released].map(environment::State::key);
        self.kind == Kind::EnvironmentChanged && self.detail.state.as_deref().is_some_and(|state| over.contains(&state))
    }
}

/// Which events are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::IntoParams))]
#[serde(default)]
pub struct Filter {
    /// Kinds, with commas between them; without it all.
    #[cfg_attr(feature = "schema", param(example = "job.changed,request.decided"))]
    pub kind: String,
    /// Name of an environment.
    pub environment: String,
    /// Name of a team.
    pub team: String,
    /// Cursor behind which to begin. Without it a page begins with the oldest event that is kept, and a stream with
    /// what happens from now on.
    pub after: String,
    /// Events of one page, from 1 to 200; 50 without it.
    #[cfg_attr(feature = "schema", param(minimum = 1, maximum = 200))]
    pub limit: Option<u32>,
}

/// A page of events, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = Events))]
pub struct Page {
    pub rows: Vec<Event>,
    /// Cursor of the page after this, where there is one already.
    pub next: Option<String>,
    /// Cursor with which to ask again later for what has come since.
    pub cursor: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_found_by_its_key_and_says_what_it_is_about() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of_key(kind.key()), Some(*kind));
            assert_eq!(serde_json::to_value(kind).ok(), Some(kind.key().into()));
        }
        assert_eq!(Kind::StepEnded.about(), About::Job);
        assert_eq!(Kind::ValidationEnded.about(), About::Environment);
        assert_eq!(Kind::of_key("job.none"), None);
    }
}
