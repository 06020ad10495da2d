//! A role assignment, as all steps that give a right write it.

use crate::engine::{StepError, answer};
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

/// The assignment's id, for removing what is known.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {
    pub id: String,
}

pub(super) fn made(document: &Value) -> Result<Made, StepError> {
    Ok(Made { id: answer::text(document, "/id")? })
}

/// Somebody gave the same right under another name: it is there, which is what was wished.
pub(super) fn given_already(error: &azure::Error) -> bool {
    error.is_code("RoleAssignmentExists")
}

impl Assignment {
    pub(super) fn document(&self) -> Value {
        roles::assignment(&self.scope, &self.principal, self.kind, self.role)
    }

    pub(super) fn id(&self) -> ResourceId {
        roles::assignment_id(&self.scope, &self.principal, self.role)
    }
}
