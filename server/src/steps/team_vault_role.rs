//! What the team may do on its vault: see names and versions, or by choice read and write values.

use super::assignment::{Assignment, Made, given_already, made};
use super::resource::Resource;
use super::{Vault, line, place};
use crate::engine::{Context, References, StepError, Subject};
use azure::ResourceId;
use azure::roles::{self, PrincipalType, Role};
use domain::environment::Part;
use domain::{
    plan,
    wish::{TeamRole, Wish},
};
use serde_json::Value;

pub struct TeamVaultRole;

fn assignment(subject: &Subject<'_>, principal: &str) -> Assignment {
    Assignment {
        scope: place(subject).vault(),
        principal: principal.to_owned(),
        kind: PrincipalType::Group,
        role: role(subject.wish),
    }
}

fn role(wish: &Wish) -> Role {
    match wish.roles.team_role {
        TeamRole::Reader => roles::KEY_VAULT_READER,
        TeamRole::SecretsOfficer => roles::KEY_VAULT_SECRETS_OFFICER,
    }
}

impl Resource for TeamVaultRole {
    type Needs = (Vault,);
    type Output = Made;
    const KEY: &'static str = "team-vault-role";
    const TITLE: &'static str = "Role of the team";
    const PART: Option<Part> = Some(Part::Roles);

    fn resource(&self, wish: &Wish) -> String {
        format!("{} on {}", role(wish).name, wish.vault.name)
    }

    fn plan(&self, subject: &Subject<'_>) -> Vec<plan::Line> {
        vec![line(
            Self::KEY,
            role(subject.wish).name,
            "Role assignment",
            format!("team {} on {}", subject.team.title, subject.wish.vault.name),
        )]
    }

    fn permits(&self, subject: &Subject<'_>) -> Vec<String> {
        let (team, vault) = (&subject.team.title, &subject.wish.vault.name);
        match subject.wish.roles.team_role {
            TeamRole::Reader => {
                vec![format!("Team {team} may see names and versions of the secrets in {vault}, no value.")]
            }
            TeamRole::SecretsOfficer => vec![format!(
                "Every member of team {team} may read and change all secrets in {vault}, the password too."
            )],
        }
    }

    fn warns(&self, subject: &Subject<'_>) -> Vec<plan::Finding> {
        let said = "Every member of the team can read the password.";
        let warning = || plan::Finding::warn(Some("team_role"), said);
        (subject.wish.roles.team_role == TeamRole::SecretsOfficer).then(warning).into_iter().collect()
    }

    fn leaves_former(&self, former: &Wish, wish: &Wish) -> bool {
        former.roles.team_role != wish.roles.team_role
    }

    fn id(&self, subject: &Subject<'_>, _needs: &References<Self>) -> Option<ResourceId> {
        Some(assignment(subject, &subject.team.group).id())
    }

    fn wants(&self, subject: &Subject<'_>, _needs: &References<Self>) -> Value {
        assignment(subject, &subject.team.group).document()
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
