//! A role assignment, as all steps that give a right look, ask and take it back.

use crate::engine::{Context, Found, Progress, StepError, Undo, answer};
use azure::ResourceId;
use azure::roles::{self, PrincipalType, Role};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Who shall hold what where; its id follows from the three, so that asking twice is asking once.
pub(super) struct Assignment {
    pub scope: ResourceId,
    pub principal: String,
    pub kind: PrincipalType,
    pub role: Role,
}

/// The assignment's id, for undoing what is known.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {
    pub id: String,
}

fn made(document: &Value) -> Result<Made, StepError> {
    Ok(Made { id: answer::text(document, "/id")? })
}

impl Assignment {
    pub(super) fn document(&self) -> Value {
        roles::assignment(&self.scope, &self.principal, self.kind, self.role)
    }

    fn id(&self) -> ResourceId {
        roles::assignment_id(&self.scope, &self.principal, self.role)
    }

    pub(super) async fn look(&self, cx: &Context<'_>) -> Result<Found<Made>, StepError> {
        answer::found(cx, cx.azure.arm().get(&self.id()).await?, made)
    }

    pub(super) async fn run(&self, cx: &Context<'_>) -> Result<Progress<Made>, StepError> {
        match cx.azure.arm().put(&self.id(), &self.document()).await {
            // Somebody gave the same right under another name: it is there, which is what was wished.
            Err(error) if error.is_code("RoleAssignmentExists") => {
                Ok(Progress::Made(Made { id: self.id().as_str().to_owned() }))
            }
            answer => answer::begun(answer?, made),
        }
    }

    pub(super) async fn undo(&self, cx: &Context<'_>) -> Result<Undo, StepError> {
        answer::undone(cx.azure.arm().delete(&self.id()).await?)
    }
}
