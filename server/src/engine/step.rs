//! A step: one thing to bring about, said as a wanted document and five verbs.
//!
//! ```
//! use async_trait::async_trait;
//! use azure::ResourceId;
//! use domain::environment::Part;
//! use domain::{naming, plan, wish::Wish};
//! use keystead::engine::{Context, Found, Progress, References, Step, StepError, Subject, Undo, Values, answer};
//! use serde::{Deserialize, Serialize};
//! use serde_json::{Value, json};
//!
//! /// The resource group that holds everything else.
//! pub struct ResourceGroup;
//!
//! /// What later steps may need of it.
//! #[derive(Clone, Debug, Serialize, Deserialize)]
//! pub struct Made {
//!     pub id: String,
//! }
//!
//! fn id(subject: &Subject<'_>) -> ResourceId {
//!     ResourceId::resource_group(&subject.installation.subscription, &naming::resource_group(subject.wish))
//! }
//!
//! fn made(document: &Value) -> Result<Made, StepError> {
//!     Ok(Made { id: answer::text(document, "/id")? })
//! }
//!
//! #[async_trait]
//! impl Step for ResourceGroup {
//!     type Needs = (); // or (Cluster, Vault), or (Cluster, Option<AppIdentity>) where a wish may leave it out
//!     type Output = Made;
//!     const KEY: &'static str = "resource-group";
//!     const TITLE: &'static str = "Resource group";
//!     const PART: Option<Part> = None; // or Some(Part::Vault)
//!
//!     fn resource(&self, wish: &Wish) -> String {
//!         naming::resource_group(wish)
//!     }
//!
//!     fn plan(&self, subject: &Subject<'_>) -> Vec<plan::Line> {
//!         vec![plan::Line {
//!             step: Self::KEY.to_owned(),
//!             verb: plan::Verb::Create,
//!             name: self.resource(subject.wish),
//!             kind: "Resource group".to_owned(),
//!             detail: subject.wish.region.to_string(),
//!             changes: Vec::new(),
//!             known_after: Vec::new(),
//!             expected: None,
//!         }]
//!     }
//!
//!     fn wants(&self, subject: &Subject<'_>, (): &References<Self>) -> Value {
//!         json!({ "location": subject.wish.region, "tags": subject.tags() })
//!     }
//!
//!     async fn look(&self, cx: &Context<'_>, (): &References<Self>) -> Result<Found<Made>, StepError> {
//!         answer::found(cx, cx.azure.arm().get(&id(&cx.subject)).await?, made)
//!     }
//!
//!     async fn run(&self, cx: &Context<'_>, (): &Values<Self>, wants: &Value) -> Result<Progress<Made>, StepError> {
//!         answer::begun(cx.azure.arm().put(&id(&cx.subject), wants).await?, made)
//!     }
//!
//!     async fn follow(&self, cx: &Context<'_>, (): &Values<Self>, operation: &Value) -> Result<Progress<Made>, StepError> {
//!         answer::followed(cx, operation, made).await
//!     }
//!
//!     async fn undo(&self, cx: &Context<'_>, (): &References<Self>) -> Result<Undo, StepError> {
//!         answer::undone(cx.azure.arm().delete(&id(&cx.subject)).await?)
//!     }
//!
//!     async fn follow_undo(&self, cx: &Context<'_>, (): &References<Self>, operation: &Value) -> Result<Undo, StepError> {
//!         answer::followed_undo(cx, operation).await
//!     }
//! }
//! ```

use super::compare::Difference;
use super::context::{Context, Subject};
use super::needs::{Needs, References, Values};
use async_trait::async_trait;
use domain::environment::Part;
use domain::failure::Failure;
use domain::job::Keeps;
use domain::plan;
use domain::wish::Wish;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

#[async_trait]
pub trait Step: Sized + Send + Sync + 'static {
    /// A tuple of steps whose outputs this one reads; `Option<S>` where a wish may leave `S` out.
    type Needs: Needs;
    /// What later steps may read, and what the log keeps: facts, never a secret.
    type Output: Clone + Serialize + DeserializeOwned + Send + Sync + 'static;
    /// `resource-group`; unique in a recipe, never changed, since logs hold it.
    const KEY: &'static str;
    /// `Resource group`.
    const TITLE: &'static str;
    /// Which of the five parts of the arch it belongs to; none for those around them.
    const PART: Option<Part>;
    /// Whether it leaves something behind that rolling back removes.
    const LEAVES: bool = true;
    /// Raised when an older Keystead could not carry on what this one has begun: another shape of output or operation,
    /// another document. This one still finishes what an older has begun, so it reads what the versions before it wrote.
    const VERSION: u32 = 1;

    /// Whether this wish has the step at all.
    fn applies(&self, _wish: &Wish) -> bool {
        true
    }

    /// Name of what it brings about, for graph and timeline.
    fn resource(&self, wish: &Wish) -> String;

    /// Key of the step without whose thing this one's cannot stand, because Azure keeps it in there.
    fn lies_in(&self, _wish: &Wish) -> Option<&'static str> {
        None
    }

    /// What it will do, as the plan's reader sees it; every line as if nothing stood yet.
    fn plan(&self, subject: &Subject<'_>) -> Vec<plan::Line>;

    /// What an approval permits by it, in sentences; for steps that give somebody a right.
    fn permits(&self, _subject: &Subject<'_>) -> Vec<String> {
        Vec::new()
    }

    /// What the plan's reader should know beforehand.
    fn warns(&self, _subject: &Subject<'_>) -> Vec<plan::Finding> {
        Vec::new()
    }

    /// What Azure keeps of it after its removal.
    fn keeps(&self, _wish: &Wish) -> Option<Keeps> {
        None
    }

    /// Whether what it brought about under the former wish is another thing than under the new one, and has to go.
    fn leaves_former(&self, _former: &Wish, _wish: &Wish) -> bool {
        false
    }

    /// Whether Azure can change these fields of what is there; otherwise it is removed and made again.
    fn in_place(&self, _differences: &[Difference]) -> bool {
        true
    }

    /// What its removal does, as the plan's reader sees it; looks at what stands.
    async fn plan_removal(&self, cx: &Context<'_>) -> Result<Vec<plan::Line>, StepError> {
        let mut lines = self.plan(&cx.subject);
        lines.iter_mut().filter(|line| line.verb == plan::Verb::Create).for_each(|line| line.verb = plan::Verb::Delete);
        Ok(lines)
    }

    /// The document that shall be there. [`super::compare::differences`] holds what [`Step::look`] found against it:
    /// fields that it does not name may be as they like. `Value::Null` where being there is enough.
    fn wants(&self, subject: &Subject<'_>, needs: &References<Self>) -> Value;

    /// Reads what is there. Called before each run and for plans; it changes nothing.
    async fn look(&self, cx: &Context<'_>, needs: &References<Self>) -> Result<Found<Self::Output>, StepError>;

    /// Asks for what is wanted, never waits. Called only when a look found it absent or different.
    async fn run(
        &self,
        cx: &Context<'_>,
        needs: &Values<Self>,
        wants: &Value,
    ) -> Result<Progress<Self::Output>, StepError>;

    /// One poll of an operation that [`Step::run`] or [`Step::look`] named; it may have been begun by another process.
    async fn follow(
        &self,
        cx: &Context<'_>,
        needs: &Values<Self>,
        operation: &Value,
    ) -> Result<Progress<Self::Output>, StepError>;

    /// Removes it, by what is known or by listing its scope. Already gone is success; what goes with the resource
    /// group may answer [`Undo::Gone`] at once.
    async fn undo(&self, cx: &Context<'_>, needs: &References<Self>) -> Result<Undo, StepError>;

    /// One poll of an operation that [`Step::undo`] named.
    async fn follow_undo(
        &self,
        cx: &Context<'_>,
        needs: &References<Self>,
        _operation: &Value,
    ) -> Result<Undo, StepError> {
        self.undo(cx, needs).await
    }
}

/// What a look found.
#[derive(Clone, Debug, PartialEq)]
pub enum Found<Output> {
    Absent,
    /// It is being made: an earlier ask is still under way. The engine follows `operation` instead of asking again.
    Moving {
        operation: Value,
        after: Duration,
    },
    There {
        /// To be held against what is wanted.
        document: Value,
        output: Output,
    },
}

/// How far a run or a follow came.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress<Output> {
    Made(Output),
    /// Azure took it on; `operation` is all that [`Step::follow`] needs, also in another process.
    Asked {
        operation: Value,
        after: Duration,
    },
}

/// How far an undo came.
#[derive(Clone, Debug, PartialEq)]
pub enum Undo {
    Gone,
    Asked { operation: Value, after: Duration },
}

/// Why a step did not come further.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StepError {
    /// It passes by itself: throttling, a role on its way, a pod not ready. Tried again after so long, or where that is
    /// `None`, after a time that grows with the tries. `why` is one line for people: "403 ForbiddenByRbac: the role has
    /// not reached the vault yet". A step bounds its own patience by [`Context::attempt`].
    #[error("{why}")]
    Retry { after: Option<Duration>, why: String },
    /// Stopped until a person has mended the cause.
    #[error("{}", .failure.title)]
    Person { failure: Failure },
    /// Refused for good, or not understood; the same way out, but nothing that a person could mend here is known.
    #[error("{}", .failure.title)]
    Fail { failure: Failure },
}

impl StepError {
    /// Try again after a time that grows with the tries.
    pub fn later(why: impl Into<String>) -> StepError {
        StepError::Retry { after: None, why: why.into() }
    }

    /// Try again after exactly so long.
    pub fn after(after: Duration, why: impl Into<String>) -> StepError {
        StepError::Retry { after: Some(after), why: why.into() }
    }
}
