//! A deleted vault that holds the name of the one that is to be made: whether it can be recovered or purged.

use super::rights::may;
use super::{Question, Warning, deny, warn};
use async_trait::async_trait;
use azure::{Error, roles};
use domain::plan::Finding;
use domain::view::Can;
use domain::view::request;
use domain::wish::DeletedVault as Choice;
use serde_json::Value;

pub(super) struct DeletedVault;

const PURGE: &str = "Microsoft.KeyVault/locations/deletedVaults/purge/action";

/// The one of this subscription that holds the name which the wish gives its vault.
async fn held(question: &Question<'_>) -> Result<Option<Value>, Error> {
    let path = format!("{}/deletedVaults", question.place().provider("Microsoft.KeyVault"));
    let deleted = question.list(&path, None).await?;
    let name = question.subject.wish.vault.name.as_str();
    let holds = |one: &&Value| one["name"].as_str().is_some_and(|held| held.eq_ignore_ascii_case(name));
    Ok(deleted.iter().find(holds).cloned())
}

/// The same as the form shows it, with what can become of it.
pub async fn deleted_vault(question: &Question<'_>) -> Result<Option<request::DeletedVault>, Error> {
    let Some(held) = held(question).await? else { return Ok(None) };
    Ok(Some(request::DeletedVault {
        name: held["name"].as_str().unwrap_or_default().to_owned(),
        group: group(&held).to_owned(),
        region: held["properties"]["location"].as_str().unwrap_or_default().to_owned(),
        until: until(&held),
        protected: protected(&held),
        recover: recover(question, &held),
        purge: purge(question, &held).await?,
    }))
}

fn until(held: &Value) -> Option<String> {
    moment(held, "scheduledPurgeDate").map(|until| until.strftime("%-d %b %Y").to_string())
}

fn moment(held: &Value, field: &str) -> Option<jiff::Timestamp> {
    held["properties"][field].as_str()?.parse().ok()
}

/// The name of the resource group that it was in.
fn group(held: &Value) -> &str {
    held["properties"]["vaultId"].as_str().and_then(|id| id.split('/').nth(4)).unwrap_or_default()
}

fn protected(held: &Value) -> bool {
    held["properties"]["purgeProtectionEnabled"] == true
}

/// A vault comes back where it was, and nowhere else.
fn recover(question: &Question<'_>, held: &Value) -> Can {
    let (was, wanted) = (held["properties"]["vaultId"].as_str().unwrap_or_default(), question.place().vault());
    let (region, wished) = (held["properties"]["location"].as_str().unwrap_or_default(), &question.subject.wish.region);
    if !was.eq_ignore_ascii_case(wanted.as_str()) {
        return Can::no(format!("It can only come back where it was: in the resource group {}.", group(held)));
    }
    if !region.eq_ignore_ascii_case(wished.as_str()) {
        return Can::no(format!("It can only come back where it was: in {region}."));
    }
    Can::yes()
}

async fn purge(question: &Question<'_>, held: &Value) -> Result<Can, Error> {
    if protected(held) {
        let until = until(held).unwrap_or_else(|| "its time".to_owned());
        return Ok(Can::no(format!("Purge protection is on: nobody can purge it before {until}.")));
    }
    let subscription = question.place().subscription();
    if may(question, subscription.as_str(), PURGE).await? {
        return Ok(Can::yes());
    }
    Ok(Can::no(format!(
        "Keystead may not purge vaults here. {}",
        question.grant(roles::KEY_VAULT_PURGE_OPERATOR.name, subscription.as_str())
    )))
}

/// The days for which a vault is kept are decided when it is made.
fn days(held: &Value) -> Option<i64> {
    let kept = moment(held, "scheduledPurgeDate")?.as_second() - moment(held, "deletionDate")?.as_second();
    Some((kept + 43_200) / 86_400)
}

#[async_trait]
impl Warning for DeletedVault {
    fn about(&self) -> &'static str {
        "deleted vaults"
    }

    async fn look(&self, question: &Question<'_>) -> Result<Vec<Finding>, Error> {
        let vault = &question.subject.wish.vault;
        let Some(choice) = vault.deleted.filter(|_| question.makes("vault")) else { return Ok(Vec::new()) };
        let Some(held) = held(question).await? else { return Ok(Vec::new()) };
        let (can, field) = match choice {
            Choice::Recover => (recover(question, &held), "vault_deleted"),
            Choice::Purge => (purge(question, &held).await?, "vault_deleted"),
        };
        if let Some(reason) = can.reason {
            return Ok(vec![deny(field, reason)]);
        }
        let mut findings = Vec::new();
        match choice {
            Choice::Purge => findings.push(warn(
                Some(field),
                format!("The deleted vault {} is purged: nobody can bring back what was in it.", vault.name),
            )),
            Choice::Recover => {
                if let Some(days) = days(&held).filter(|days| *days != i64::from(vault.soft_delete_days)) {
                    let said = format!("The recovered vault goes on being kept for {days} days: {days} would pass.");
                    findings.push(deny("soft_delete_days", said));
                }
                if protected(&held) && !vault.purge_protection {
                    let said = "The recovered vault is purge protected and stays so: On would pass.".to_owned();
                    findings.push(deny("purge_protection", said));
                }
            }
        }
        Ok(findings)
    }
}
