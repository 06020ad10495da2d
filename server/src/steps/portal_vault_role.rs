//! Keystead's own right to write this vault's secrets, so that nobody has to.

use super::assignment::{Assignment, Made, given_already, made};
use super::resource::Resource;
use super::{Vault, line, place};
use crate::engine::{Context, References, StepError, Subject};
use azure::ResourceId;
use azure::roles;
use domain::environment::Part;
use domain::{plan, wish::Wish};
use serde_json::Value;

pub struct PortalVaultRole;

fn assignment(subject: &Subject<'_>) -> Assignment {
    Assignment {
        scope: place(subject).vault(),
        principal: subject.installation.identity.clone(),
        kind: subject.installation.identity_kind,
        role: roles::KEY_VAULT_SECRETS_OFFICER,
    }
}

impl Resource for PortalVaultRole {
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

    fn id(&self, subject: &Subject<'_>, _needs: &References<Self>) -> Option<ResourceId> {
        Some(assignment(subject).id())
    }

    fn wants(&self, subject: &Subject<'_>, _needs: &References<Self>) -> Value {
        assignment(subject).document()
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
