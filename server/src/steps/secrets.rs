//! The four secrets: what the web app needs to find its database, written once per set and shown to nobody.

use super::patience::{arrived, until_right};
use super::{PortalVaultRole, ResourceGroup, Vault, line};
use crate::engine::refusal::failure;
use crate::engine::{Context, Found, Progress, References, Step, StepError, Subject, Undo, Values};
use async_trait::async_trait;
use azure::SecretFacts;
use domain::environment::Part;
use domain::failure::Mend;
use domain::naming::SECRETS;
use domain::plan;
use domain::wish::{Database, Wish};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub struct Secrets;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Made {}

/// Key Vault makes a new version with every write: the tag says which set a version belongs to, so that writing again
/// what is there already is not needed.
const SET: &str = "keystead-set";

/// The present set, known by the moment at which its password was sealed; what was sealed and is deleted by now has been
/// written long ago.
async fn set(cx: &Context<'_>) -> Result<Option<String>, StepError> {
    Ok(cx.secrets.sealed_at().await?.map(|at| at.0.to_string()))
}

/// The four as the vault's list has them: one question, which a vault that holds only them answers on one page.
async fn facts(cx: &Context<'_>, uri: &str) -> Result<Vec<Option<SecretFacts>>, StepError> {
    let listed = cx.azure.vault(uri).list().await.map_err(|error| until_right(cx, error, "the vault"))?;
    let of = |name: &&str| listed.iter().find(|facts| facts.name.eq_ignore_ascii_case(name)).cloned();
    Ok(SECRETS.iter().map(of).collect())
}

fn stands(facts: Option<&SecretFacts>, set: Option<&str>) -> bool {
    let Some(facts) = facts else { return false };
    let tag = facts.tags.get(SET).map(String::as_str);
    facts.enabled && tag.is_some() && (set.is_none() || tag == set)
}

#[async_trait]
impl Step for Secrets {
    type Needs = (Vault, PortalVaultRole);
    type Output = Made;
    const KEY: &'static str = "secrets";
    const TITLE: &'static str = "Four secrets";
    const PART: Option<Part> = Some(Part::Secrets);

    fn resource(&self, _wish: &Wish) -> String {
        "Webapp-DB-Server-…".to_owned()
    }

    fn lies_in(&self, _wish: &Wish) -> Option<&'static str> {
        Some(ResourceGroup::KEY)
    }

    fn plan(&self, subject: &Subject<'_>) -> Vec<plan::Line> {
        let Database::Named { server, .. } = &subject.wish.database;
        let detail = format!("server, database, user and password of {server}");
        vec![line(Self::KEY, "Webapp-DB-Server-…", "Four secrets", detail)]
    }

    fn wants(&self, _subject: &Subject<'_>, _needs: &References<Self>) -> Value {
        Value::Null // a value is never read back; the look compares sets
    }

    async fn look(&self, cx: &Context<'_>, (vault, _): &References<Self>) -> Result<Found<Made>, StepError> {
        let Some(vault) = vault.known() else { return Ok(Found::Absent) };
        let (facts, set) = (facts(cx, &vault.uri).await?, set(cx).await?);
        if facts.iter().all(|facts| stands(facts.as_ref(), set.as_deref())) {
            return Ok(Found::There { document: json!({}), output: Made {} });
        }
        Ok(Found::Absent)
    }

    async fn run(
        &self,
        cx: &Context<'_>,
        (vault, _): &Values<Self>,
        _wants: &Value,
    ) -> Result<Progress<Made>, StepError> {
        let (Some(password), Some(set)) = (cx.secrets.password().await?, set(cx).await?) else {
            return Err(StepError::Person {
                failure: failure(
                    "the password is not kept any more",
                    None,
                    "A sealed password is deleted seven days after its job has stopped.",
                    "Type the password of the database user again; it is sealed at once, and the job goes on.",
                    Some(Mend::Password),
                ),
            });
        };
        arrived(cx, "the vault");
        let facts = facts(cx, &vault.uri).await?;
        let Database::Named { server, database, username, .. } = &cx.subject.wish.database;
        let plain = |text: &str| SecretString::from(text.to_owned());
        let values = [plain(server.as_str()), plain(database.as_str()), plain(username.as_str()), password];
        let tags = BTreeMap::from([(SET.to_owned(), set.clone())]);
        let door = cx.azure.vault(&vault.uri);
        // One after another, the password last: a web app that reads in between sees no new password with an old user.
        for ((name, value), facts) in SECRETS.iter().zip(&values).zip(&facts) {
            if !stands(facts.as_ref(), Some(&set)) {
                door.set(name, value, &tags).await.map_err(|error| until_right(cx, error, "the vault"))?;
            }
        }
        Ok(Progress::Made(Made {}))
    }

    async fn follow(
        &self,
        cx: &Context<'_>,
        needs: &Values<Self>,
        _operation: &Value,
    ) -> Result<Progress<Made>, StepError> {
        self.run(cx, needs, &Value::Null).await
    }

    async fn undo(&self, _cx: &Context<'_>, _needs: &References<Self>) -> Result<Undo, StepError> {
        Ok(Undo::Gone) // they go with their vault
    }
}
