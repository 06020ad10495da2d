//! Every pod gets its secrets from the vault through its identity, and holds their newest versions.

use super::four_secrets::short;
use super::{Check, Found, Subject};
use async_trait::async_trait;
use domain::naming::SECRETS;

pub(super) struct SecretsRead;

#[async_trait]
impl Check for SecretsRead {
    fn key(&self) -> &'static str {
        "secrets-read"
    }

    fn title(&self) -> &'static str {
        "The app reads its secrets"
    }

    async fn ask(&self, subject: &Subject) -> Result<Found, azure::Error> {
        let reports = subject.reports().await?;
        if reports.is_empty() {
            return Ok(Found::could_not_tell("no pod to ask", "The web app has no pods now."));
        }
        let facts = subject.secrets().await?;
        let newest = |name: &str| {
            let place = SECRETS.iter().position(|secret| *secret == name)?;
            facts[place].as_ref()?.version.clone()
        };
        let (mut refused, mut silent, mut old, mut quote) = (Vec::new(), Vec::new(), Vec::new(), None);
        let mut evidence = Vec::new();
        for report in reports {
            let said = match &report.said {
                Ok(said) => said,
                Err(why) => {
                    silent.push(format!("{}: {why}", report.pod));
                    continue;
                }
            };
            let trouble = said.cause.as_ref().filter(|cause| cause.stage != "database");
            match (&said.secrets, trouble) {
                (Some(secrets), None) => {
                    if SECRETS.iter().any(|name| secrets.versions.get(*name) != newest(name).as_ref()) {
                        old.push(report.pod.clone());
                    }
                    let kind = said.identity.as_ref().map_or("unknown", |identity| identity.kind.as_str());
                    let password = secrets.versions.get(SECRETS[3]).map_or("none", |version| short(version));
                    evidence
                        .push((report.pod.clone(), format!("{}, password version {password}", kind.replace('_', " "))));
                }
                (_, trouble) => {
                    quote = quote.or_else(|| trouble.map(super::ready::Cause::words));
                    refused.push(report.pod.clone());
                }
            }
        }
        let all = reports.len();
        let mut found = if !refused.is_empty() {
            Found::failed(
                format!("{} of {all} pods refused", refused.len()),
                "The token endpoint or the vault does not let the pod have its secrets; its own words are above.",
                "Mend the identity or its role on the vault, as the checks above say, and validate again.",
            )
            .with("refused", refused.join(", "))
        } else if !silent.is_empty() {
            Found::could_not_tell(format!("{} of {all} pods silent", silent.len()), "A pod did not say what it reads.")
                .with("silent", silent.join("; "))
        } else if !old.is_empty() {
            Found::could_not_tell(
                format!("{} of {all} pods on older versions", old.len()),
                "A pod still uses earlier versions; it reads the newer ones within a minute.",
            )
            .with("older", old.join(", "))
        } else {
            Found::passed(format!("{all} of {all} pods"))
        };
        found.quote = quote;
        found.evidence.extend(evidence);
        Ok(found)
    }
}
