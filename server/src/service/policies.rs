//! Policies: read by those whom they are for, written, tried out and switched by platform engineers.

mod judging;
mod reading;
mod trying;

use super::Service;
use super::error::failed;
use crate::store::policy::Kept;
use crate::store::{self, Change, once};
use app::error::PortalError;
use app::portal::{Answer, Policies};
use async_trait::async_trait;
use domain::account::Caller;
use domain::audit::{Act, Actor, Entry, Subject};
use domain::field::FieldError;
use domain::name::{PolicyName, TeamName};
use domain::permission;
use domain::policy::{InForce, Policy};
use domain::request::Kind;
use domain::view::Can;
use domain::view::policy::{By, List, Row, Source, Template, Version, Whole};
use sha2::{Digest, Sha256};

/// What is in force, as it was read a moment ago.
pub(super) type Standing = super::cache::Cache<(), Vec<InForce>>;

#[async_trait]
impl Policies for Service {
    async fn policies(&self, caller: &Caller) -> Answer<List> {
        let kept = store::policy::list(&self.store).await.map_err(failed("reading policies"))?;
        let configured = self.policies.iter().map(|one| self.policy_row(&one.name, &one.judge, None));
        let written = kept.iter().filter(|kept| !self.is_configured(&kept.name));
        let written = written.map(|kept| (self.policy_row(&kept.name, &kept.policy, Some(kept)), &kept.policy));
        let configured = configured.zip(self.policies.iter().map(|one| &one.judge));
        let all = configured.chain(written).filter(|(row, policy)| self.shown_to(caller, row, policy));
        Ok(List {
            policies: all.map(|(row, _)| row).collect(),
            templates: self.choices.templates.iter().map(template).collect(),
            write: can_govern(caller),
            whole: caller.sees_everything(),
        })
    }

    async fn policy(&self, caller: &Caller, name: &str, version: Option<u32>, days: u32) -> Answer<Whole> {
        let name = PolicyName::parse(name).map_err(|_| PortalError::not_found())?;
        if let Some(configured) = self.policies.iter().find(|one| one.name == name) {
            return self.configured(caller, configured);
        }
        let failed = failed("reading a policy");
        let kept = store::policy::find(&self.store, &name).await.map_err(&failed)?;
        let kept = kept.ok_or_else(PortalError::not_found)?;
        let row = self.policy_row(&name, &kept.policy, Some(&kept));
        if !self.shown_to(caller, &row, &kept.policy) {
            return Err(PortalError::not_found());
        }
        let (write, whole) = (can_govern(caller), caller.sees_everything());
        if !whole {
            let shown = row.on.unwrap_or_default();
            return Ok(Whole { row, shown, text: None, versions: Vec::new(), switched: None, trial: None, write });
        }
        let versions = store::policy::versions(&self.store, &name).await.map_err(&failed)?;
        let shown = version.unwrap_or(kept.on.unwrap_or(kept.newest));
        let chosen = versions.iter().find(|version| version.number == shown).ok_or_else(PortalError::not_found)?;
        let on = versions.iter().find(|version| Some(version.number) == kept.on);
        let trial = match kept.on == Some(shown) {
            true => None,
            false => Some(self.tried(on.map(|on| &on.policy), &chosen.policy, days).await?),
        };
        let row = Row { says: chosen.policy.says(&self.choices.regions), scope: self.scope(&chosen.policy), ..row };
        let version = |version: &store::policy::Version| Version {
            number: version.number,
            title: version.policy.title.clone(),
            written: version.written.clone(),
        };
        Ok(Whole {
            row,
            shown,
            text: Some(chosen.text.clone()),
            versions: versions.iter().map(version).collect(),
            switched: kept.switched,
            trial,
            write,
        })
    }

    async fn write_policy(
        &self,
        caller: &Caller,
        name: Option<&str>,
        base: u32,
        text: &str,
    ) -> Answer<(PolicyName, u32)> {
        governs(caller)?;
        if let Some(written) = once::done() {
            return Ok(written);
        }
        let policy = reading::read(text, &self.choices).map_err(PortalError::invalid)?;
        let wrong = |said: String| PortalError::invalid(vec![FieldError::new("text", said)]);
        let name = match name {
            Some(name) => PolicyName::parse(name).map_err(|_| PortalError::not_found())?,
            None => PolicyName::of_title(&policy.title).map_err(&wrong)?,
        };
        if self.is_configured(&name) {
            let said = format!("The configuration has a policy {name}: change it there, or take another title.");
            return Err(wrong(said));
        }
        let (number, now) = (base.saturating_add(1), self.clock.now());
        let written = By { name: caller.account.name.clone(), at: now };
        let version = store::policy::Version { number, policy, text: text.to_owned(), written };
        let title = version.policy.title.as_str();
        let entry = Entry::new(now, Act::PolicyWritten, Actor::of(caller), Subject::policy(&name, title));
        let entry = entry.with("version", number).with("sha256", hex::encode(Sha256::digest(text)));
        let write = async {
            let mut tx = self.store.begin().await?;
            if !store::policy::write(&mut tx, &name, base, &version).await? {
                return Ok(false);
            }
            store::audit::append(&mut tx, &entry).await?;
            once::made(&(&name, number));
            tx.commit().await.map(|()| true)
        };
        match write.await.map_err(failed("writing a policy"))? {
            true => Ok((name, number)),
            false if base == 0 => {
                Err(wrong(format!("There is a policy {name} already: change that one, or take another title.")))
            }
            false => {
                let said = "Somebody has written another version since. Yours is here still; compare, then save again.";
                Err(wrong(said.to_owned()))
            }
        }
    }

    async fn switch_policy(&self, caller: &Caller, name: &str, seen: Option<u32>, version: Option<u32>) -> Answer<()> {
        governs(caller)?;
        if once::done::<()>().is_some() {
            return Ok(());
        }
        let failed = failed("switching a policy");
        let name = PolicyName::parse(name).map_err(|_| PortalError::not_found())?;
        if self.is_configured(&name) {
            return Err(PortalError::conflict("This policy stands in the configuration, and is switched there."));
        }
        let versions = store::policy::versions(&self.store, &name).await.map_err(&failed)?;
        let meant = version.or(seen);
        let meant = versions.iter().find(|known| Some(known.number) == meant).ok_or_else(PortalError::not_found)?;
        if let (Some(_), Some(complaint)) = (version, meant.policy.wrong(&self.choices).first()) {
            // Written over an older configuration.
            return Err(PortalError::conflict(format!("It cannot be followed any more. {}", complaint.sentence)));
        }
        let by = By { name: caller.account.name.clone(), at: self.clock.now() };
        let act = if version.is_some() { Act::PolicySwitchedOn } else { Act::PolicySwitchedOff };
        let title = meant.policy.title.as_str();
        let entry = Entry::new(by.at, act, Actor::of(caller), Subject::policy(&name, title));
        let entry =
            entry.with("version", meant.number).with("before", seen.map(|seen| seen.to_string()).unwrap_or_default());
        let switch = async {
            let mut tx = self.store.begin().await?;
            if !store::policy::switch(&mut tx, &name, seen, version, &by).await? {
                return Ok(false);
            }
            store::audit::append(&mut tx, &entry).await?;
            once::made(&());
            tx.commit().await.map(|()| true)
        };
        if !switch.await.map_err(&failed)? {
            return Err(PortalError::conflict("Somebody has switched it since. Look again, then switch it."));
        }
        self.store.announce(Change::Policies).await;
        Ok(())
    }
}

impl Service {
    fn is_configured(&self, name: &PolicyName) -> bool {
        self.policies.iter().any(|one| one.name == *name)
    }

    /// Those who see everything see what is off too; others see what is on and may concern them.
    fn shown_to(&self, caller: &Caller, row: &Row, policy: &Policy) -> bool {
        let concerns = |teams: &[TeamName]| policy.teams.is_empty() || teams.iter().any(|t| policy.teams.contains(t));
        caller.visible_teams().is_none_or(|teams| row.in_force() && concerns(teams))
    }

    fn configured(&self, caller: &Caller, one: &InForce) -> Answer<Whole> {
        let row = self.policy_row(&one.name, &one.judge, None);
        if !self.shown_to(caller, &row, &one.judge) {
            return Err(PortalError::not_found());
        }
        let text = caller.sees_everything().then(|| reading::written(&one.judge));
        let write = Can::no("It stands in the configuration, and is changed there.");
        Ok(Whole { row, shown: 0, text, versions: Vec::new(), switched: None, trial: None, write })
    }

    fn policy_row(&self, name: &PolicyName, policy: &Policy, kept: Option<&Kept>) -> Row {
        Row {
            name: name.to_string(),
            title: policy.title.clone(),
            source: if kept.is_some() { Source::Page } else { Source::Configuration },
            on: kept.and_then(|kept| kept.on),
            newest: kept.map(|kept| kept.newest).unwrap_or_default(),
            written: kept.map(|kept| kept.written.clone()),
            scope: self.scope(policy),
            says: policy.says(&self.choices.regions),
        }
    }

    /// Whom and what it is for, in words.
    fn scope(&self, policy: &Policy) -> String {
        let teams: Vec<String> = policy.teams.iter().map(|team| self.team(team).title).collect();
        let title =
            |name: &String| self.choices.template(name).map_or_else(|| name.clone(), |known| known.title.clone());
        let templates: Vec<String> = policy.templates.iter().map(title).collect();
        let kinds: Vec<&str> = policy.kinds.iter().map(|kind: &Kind| kind.key()).collect();
        let part = |named: &[String], one: &str, every: &str| match named {
            [] => every.to_owned(),
            named => format!("{one} {}", named.join(" and ")),
        };
        let mut said = vec![
            part(&teams, if teams.len() == 1 { "Team" } else { "Teams" }, "Every team"),
            part(&templates, "template", "every template"),
        ];
        if !kinds.is_empty() {
            said.push(format!("to {}", kinds.join(" and to ")));
        }
        said.join(", ")
    }
}

/// Policies are of no team.
fn governs(caller: &Caller) -> Answer<()> {
    permission::govern(caller).reason().map_or(Ok(()), |reason| Err(PortalError::forbidden(reason)))
}

fn can_govern(caller: &Caller) -> Can {
    permission::govern(caller).reason().map_or_else(Can::yes, Can::no)
}

fn template(template: &domain::template::Template) -> Template {
    Template {
        name: template.name.to_string(),
        title: template.title.clone(),
        version: template.version,
        brief: format!(
            "{} × {}, Kubernetes {}, {} days",
            template.nodes, template.node_size, template.kubernetes, template.lifetime_days
        ),
    }
}
