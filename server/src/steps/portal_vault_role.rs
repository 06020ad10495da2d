//! Keystead's own right to write this vault's secrets, so that nobody has to.

use super::assignment::{Assignment, Made};
use super::{Vault, line, place};
use crate::engine::{Context, Found, Progress, References, Step, StepError, Subject, Undo, Values, answer};
use async_trait::async_trait;
use azure::roles::{self, PrincipalType};
use domain::environment::Part;
use domain::{plan, wish::Wish};
use serde_json::Value;

pub struct PortalVaultRole;

fn assignment(subject: &Subject<'_>, principal: &str) -> Assignment {
    Assignment {
        scope: place(subject).vault(),
        principal: principal.to_owned(),
        kind: PrincipalType::ServicePrincipal,
        role: roles::KEY_VAULT_SECRETS_OFFICER,
    }
}

#[async_trait]
impl Step for PortalVaultRole {
    type Needs = (Vault,);
    type Output = Made;
    const KEY: &'static str = "portal-vault-role";
    const TITLE: &'static str = "Role of Keystead";
    const PART: Option<Part> = Some(Part::Roles);

    fn resource(&self, wish: &Wish) -> String {
        format!("{} on {}", roles::KEY_VAULT_SECRETS_OFFICER.name, wish.vault.name)
    }

    fn plan(&self, subject: &Subject<'_>) -> Vec<plan::Line> {
        vec![line(
            Self::KEY,
            roles::KEY_VAULT_SECRETS_OFFICER.name,
            "Role assignment",
            format!("Keystead on {}", subject.wish.vault.name),
        )]
    }

    fn permits(&self, subject: &Subject<'_>) -> Vec<String> {
        vec![format!("Keystead may write secrets in {}.", subject.wish.vault.name)]
    }

    fn wants(&self, subject: &Subject<'_>, _needs: &References<Self>) -> Value {
        assignment(subject, &subject.installation.identity).document()
    }

    async fn look(&self, cx: &Context<'_>, _needs: &References<Self>) -> Result<Found<Made>, StepError> {
        assignment(&cx.subject, &cx.subject.installation.identity).look(cx).await
    }

    async fn run(&self, cx: &Context<'_>, _needs: &Values<Self>, _wants: &Value) -> Result<Progress<Made>, StepError> {
        assignment(&cx.subject, &cx.subject.installation.identity).run(cx).await
    }

    async fn follow(
        &self,
        cx: &Context<'_>,
        _needs: &Values<Self>,
        operation: &Value,
    ) -> Result<Progress<Made>, StepError> {
        answer::followed(cx, operation, |document| Ok(Made { id: answer::text(document, "/id")? })).await
    }

    async fn undo(&self, cx: &Context<'_>, _needs: &References<Self>) -> Result<Undo, StepError> {
        assignment(&cx.subject, &cx.subject.installation.identity).undo(cx).await
    }
}
