//! The right of the app's own identity to read this vault's secrets, and nothing else.

use super::assignment::{Assignment, Made};
use super::{AppIdentity, Vault, line, place};
use crate::engine::{Context, Found, Progress, References, Step, StepError, Subject, Undo, Values, answer};
use async_trait::async_trait;
use azure::roles::{self, PrincipalType};
use domain::environment::Part;
use domain::{
    naming, plan,
    wish::{self, Wish},
};
use serde_json::Value;

pub struct AppVaultRole;

fn assignment(subject: &Subject<'_>, principal: &str) -> Assignment {
    Assignment {
        scope: place(subject).vault(),
        principal: principal.to_owned(),
        kind: PrincipalType::ServicePrincipal,
        role: roles::KEY_VAULT_SECRETS_USER,
    }
}

#[async_trait]
impl Step for AppVaultRole {
    type Needs = (Vault, AppIdentity);
    type Output = Made;
    const KEY: &'static str = "app-vault-role";
    const TITLE: &'static str = "Role of the app";
    const PART: Option<Part> = Some(Part::Roles);

    fn applies(&self, wish: &Wish) -> bool {
        wish.roles.app_identity == wish::AppIdentity::Workload
    }

    fn resource(&self, wish: &Wish) -> String {
        format!("{} on {}", roles::KEY_VAULT_SECRETS_USER.name, wish.vault.name)
    }

    fn plan(&self, subject: &Subject<'_>) -> Vec<plan::Line> {
        vec![line(
            Self::KEY,
            roles::KEY_VAULT_SECRETS_USER.name,
            "Role assignment",
            format!("{} on {}", naming::app_identity(subject.wish), subject.wish.vault.name),
        )]
    }

    fn permits(&self, subject: &Subject<'_>) -> Vec<String> {
        let (identity, vault) = (naming::app_identity(subject.wish), &subject.wish.vault.name);
        vec![format!("{identity} may read all secrets in {vault}, from pods of service account webapp/webapp only.")]
    }

    fn wants(&self, subject: &Subject<'_>, (_, identity): &References<Self>) -> Value {
        match identity.known() {
            Some(made) => assignment(subject, &made.principal_id).document(),
            None => Value::Null,
        }
    }

    async fn look(&self, cx: &Context<'_>, (_, identity): &References<Self>) -> Result<Found<Made>, StepError> {
        match identity.known() {
            Some(made) => assignment(&cx.subject, &made.principal_id).look(cx).await,
            None => Ok(Found::Absent),
        }
    }

    async fn run(
        &self,
        cx: &Context<'_>,
        (_, identity): &Values<Self>,
        _wants: &Value,
    ) -> Result<Progress<Made>, StepError> {
        assignment(&cx.subject, &identity.principal_id).run(cx).await
    }

    async fn follow(
        &self,
        cx: &Context<'_>,
        _needs: &Values<Self>,
        operation: &Value,
    ) -> Result<Progress<Made>, StepError> {
        answer::followed(cx, operation, |document| Ok(Made { id: answer::text(document, "/id")? })).await
    }

    async fn undo(&self, cx: &Context<'_>, (_, identity): &References<Self>) -> Result<Undo, StepError> {
        match identity.known() {
            Some(made) => assignment(&cx.subject, &made.principal_id).undo(cx).await,
            None => Ok(Undo::Gone),
        }
    }
}
