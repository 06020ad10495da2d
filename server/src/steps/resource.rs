//! A step over one resource of Azure's in the environment's group: its file says where it lies and what it shall be;
//! looking, asking, following and removing are the same for all, and stand here.

use super::ResourceGroup;
use crate::engine::compare::Difference;
use crate::engine::{Context, Found, Needs, Progress, References, Step, StepError, Subject, Undo, Values, answer};
use async_trait::async_trait;
use azure::ResourceId;
use domain::environment::Part;
use domain::job::Keeps;
use domain::plan;
use domain::wish::Wish;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// What such a step says of itself; for the rest see [`Step`], whose words these are.
#[async_trait]
pub trait Resource: Sized + Send + Sync + 'static {
    type Needs: Needs;
    type Output: Clone + Serialize + DeserializeOwned + Send + Sync + 'static;
    const KEY: &'static str;
    const TITLE: &'static str;
    const PART: Option<Part>;
    const VERSION: u32 = 1;

    fn applies(&self, _wish: &Wish) -> bool {
        true
    }

    fn resource(&self, wish: &Wish) -> String;

    fn plan(&self, subject: &Subject<'_>) -> Vec<plan::Line>;

    fn permits(&self, _subject: &Subject<'_>) -> Vec<String> {
        Vec::new()
    }

    fn warns(&self, _subject: &Subject<'_>) -> Vec<plan::Finding> {
        Vec::new()
    }

    fn keeps(&self, _wish: &Wish) -> Option<Keeps> {
        None
    }

    fn leaves_former(&self, _former: &Wish, _wish: &Wish) -> bool {
        false
    }

    /// Where it lies; `None` as long as something that its id is made of is not known.
    fn id(&self, subject: &Subject<'_>, needs: &<Self::Needs as Needs>::References) -> Option<ResourceId>;

    fn wants(&self, subject: &Subject<'_>, needs: &<Self::Needs as Needs>::References) -> Value;

    /// What later steps may read of its document.
    fn made(document: &Value) -> Result<Self::Output, StepError>;

    /// A refusal that says that what is wished is there already, under another id.
    fn there_already(_error: &azure::Error) -> bool {
        false
    }

    /// Where what Azure keeps after the removal is purged: `POST {path}/purge`.
    fn kept_at(&self, _subject: &Subject<'_>) -> Option<String> {
        None
    }

    /// What has to be done before it can be asked for; nothing for most.
    async fn first(&self, _cx: &Context<'_>) -> Result<Option<azure::Answer>, StepError> {
        Ok(None)
    }

    /// Whether it comes back as it was before, so that it has to be asked for even where it is being made already.
    fn comes_back(&self, _wish: &Wish) -> bool {
        false
    }

    /// Whether it needs no removal of its own in this job, because what it lies in goes too.
    fn goes_with(&self, _cx: &Context<'_>) -> bool {
        false
    }
}

#[async_trait]
impl<R: Resource> Step for R {
    type Needs = R::Needs;
    type Output = R::Output;
    const KEY: &'static str = R::KEY;
    const TITLE: &'static str = R::TITLE;
    const PART: Option<Part> = R::PART;
    const VERSION: u32 = R::VERSION;

    fn applies(&self, wish: &Wish) -> bool {
        Resource::applies(self, wish)
    }

    fn resource(&self, wish: &Wish) -> String {
        Resource::resource(self, wish)
    }

    fn lies_in(&self, _wish: &Wish) -> Option<&'static str> {
        Some(<ResourceGroup as Step>::KEY)
    }

    fn plan(&self, subject: &Subject<'_>) -> Vec<plan::Line> {
        Resource::plan(self, subject)
    }

    fn permits(&self, subject: &Subject<'_>) -> Vec<String> {
        Resource::permits(self, subject)
    }

    fn warns(&self, subject: &Subject<'_>) -> Vec<plan::Finding> {
        Resource::warns(self, subject)
    }

    fn keeps(&self, wish: &Wish) -> Option<Keeps> {
        Resource::keeps(self, wish)
    }

    fn leaves_former(&self, former: &Wish, wish: &Wish) -> bool {
        Resource::leaves_former(self, former, wish)
    }

    fn in_place(&self, _differences: &[Difference]) -> bool {
        true
    }

    fn wants(&self, subject: &Subject<'_>, needs: &References<Self>) -> Value {
        Resource::wants(self, subject, needs)
    }

    async fn look(&self, cx: &Context<'_>, needs: &References<Self>) -> Result<Found<R::Output>, StepError> {
        let Some(id) = self.id(&cx.subject, needs) else { return Ok(Found::Absent) };
        let found = answer::found(cx, cx.get(&id).await?, R::made)?;
        Ok(match found {
            Found::Moving { operation, after } if self.comes_back(cx.subject.wish) => {
                Found::Moving { operation: json!({ FIRST: operation }), after }
            }
            found => found,
        })
    }

    async fn run(
        &self,
        cx: &Context<'_>,
        needs: &Values<Self>,
        wants: &Value,
    ) -> Result<Progress<R::Output>, StepError> {
        if let Some(begun) = self.first(cx).await?
            && let Undo::Asked { operation, after } = answer::undone(begun)?
        {
            return Ok(Progress::Asked { operation: json!({ FIRST: operation }), after });
        }
        let id = self.id(&cx.subject, &R::Needs::known(needs)).ok_or_else(unknown)?;
        match cx.azure.arm().put(&id, wants).await {
            Err(error) if R::there_already(&error) => Ok(Progress::Made(R::made(&json!({ "id": id.as_str() }))?)),
            answer => answer::begun(answer?, R::made),
        }
    }

    async fn follow(
        &self,
        cx: &Context<'_>,
        needs: &Values<Self>,
        operation: &Value,
    ) -> Result<Progress<R::Output>, StepError> {
        let Some(first) = operation.get(FIRST) else { return answer::followed(cx, operation, R::made).await };
        match answer::followed_undo(cx, first).await? {
            Undo::Asked { operation, after } => Ok(Progress::Asked { operation: json!({ FIRST: operation }), after }),
            Undo::Gone => {
                let known = R::Needs::known(needs);
                let id = self.id(&cx.subject, &known).ok_or_else(unknown)?;
                let wants = Resource::wants(self, &cx.subject, &known);
                answer::begun(cx.azure.arm().put(&id, &wants).await?, R::made)
            }
        }
    }

    /// By the id that was noted when it was made; else by the one that it must have.
    async fn undo(&self, cx: &Context<'_>, needs: &References<Self>) -> Result<Undo, StepError> {
        if self.goes_with(cx) {
            return Ok(Undo::Gone);
        }
        let noted = cx.stood_id().and_then(|id| id.parse().ok());
        match noted.or_else(|| self.id(&cx.subject, needs)) {
            Some(id) => match answer::undone(cx.azure.arm().delete(&id).await?)? {
                Undo::Gone => purged(self, cx).await,
                asked => Ok(asked),
            },
            None => Ok(Undo::Gone),
        }
    }

    async fn follow_undo(
        &self,
        cx: &Context<'_>,
        _needs: &References<Self>,
        operation: &Value,
    ) -> Result<Undo, StepError> {
        let purging = self.kept_at(&cx.subject).is_some_and(|path| operation["resource"].as_str() == Some(&path));
        match answer::followed_undo(cx, operation).await? {
            Undo::Gone if !purging => purged(self, cx).await,
            undone => Ok(undone),
        }
    }
}

/// Beside an operation that has to end before the thing itself is asked for.
const FIRST: &str = "first";

/// Has what Azure keeps purged, where that was wished; what is not kept is gone already.
async fn purged<R: Resource>(step: &R, cx: &Context<'_>) -> Result<Undo, StepError> {
    let Some(path) = step.kept_at(&cx.subject).filter(|_| cx.purge) else { return Ok(Undo::Gone) };
    match cx.azure.arm().post(&path, "purge", &Value::Null).await {
        Err(error) if error.kind() == azure::Kind::NotFound => Ok(Undo::Gone),
        answer => answer::undone(answer?),
    }
}

fn unknown() -> StepError {
    StepError::later("what its id is made of is not known yet")
}
