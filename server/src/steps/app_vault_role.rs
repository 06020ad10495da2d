//! The right of the app's own identity to read this vault's secrets, and nothing else.

use super::assignment::{Assignment, Made, given_already, made};
use super::resource::Resource;
use super::{AppIdentity, Vault, line, place};
use crate::engine::{Context, References, StepError, Subject};
use azure::ResourceId;
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

impl Resource for AppVaultRole {
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

    fn id(&self, subject: &Subject<'_>, (_, identity): &References<Self>) -> Option<ResourceId> {
        identity.known().map(|made| assignment(subject, &made.principal_id).id())
    }

    fn wants(&self, subject: &Subject<'_>, (_, identity): &References<Self>) -> Value {
        identity.known().map_or(Value::Null, |made| assignment(subject, &made.principal_id).document())
    }

    fn made(document: &Value) -> Result<Made, StepError> {
        made(document)
    }

    fn there_already(error: &azure::Error) -> bool {
        given_already(error)
    }

    fn goes_with(&self, cx: &Context<'_>) -> bool {
        cx.goes_too::<Vault>()
    }
}
