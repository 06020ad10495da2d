//! Who could read an environment's secrets, from the looks at its vault; and who did, from the vault's own log.

use super::Service;
use super::error::{azure as azure_failed, failed};
use crate::engine::place::Place;
use crate::store;
use crate::store::access::Known;
use crate::store::environment::Environment;
use app::error::{Code, PortalError};
use app::portal::{Access, Answer};
use async_trait::async_trait;
use domain::access::{Group, Held, Holding, Reach, Since, Span, Until};
use domain::account::{Caller, short};
use domain::environment::State;
use domain::view::access::{Access as Could, Filter, Holder, Use, Uses, folded};
use domain::{Moment, naming};
use serde_json::Value;
use std::collections::HashMap;
use std::time::Duration;

/// Accesses that are looked at.
const MOST: usize = 1_000;
const DAY: i64 = 86_400_000;
/// How long a page waits for Log Analytics.
const LONGEST: Duration = Duration::from_secs(12);

#[async_trait]
impl Access for Service {
    async fn access(&self, caller: &Caller, environment: &str, filter: &Filter) -> Answer<(Could, Answer<Uses>)> {
        let environment = self.seen_environment(caller, environment).await?;
        let at = minute(&filter.at)?;
        let known = store::access::of(&self.store, &environment.id).await.map_err(failed("reading who could"))?;
        let uses = self.uses(&environment, &known, &filter.of).await;
        Ok((self.could(&environment, known, at, filter), uses))
    }
}

impl Service {
    fn could(&self, environment: &Environment, known: Known, at: Option<Moment>, filter: &Filter) -> Could {
        let place = Place::new(self.azure.subscription(), &environment.wish);
        let vault = place.vault();
        let looked = known.looked.map(|(_, newest)| newest);
        // What is gone can be read by nobody, whatever the last look said.
        let gone = (environment.state == State::Gone).then_some(environment.updated_at);
        let holders = known.holdings.iter().filter_map(|(holding, span)| {
            let reach = Reach::of(&holding.scope, vault.as_str())?;
            let of_this = match &reach {
                Reach::Secret(name) => filter.of.is_empty() || name.eq_ignore_ascii_case(&filter.of),
                _ => true,
            };
            let span = ended(*span, gone);
            let held = at.map_or(Held::Yes, |at| span.at(at, looked.unwrap_or(at)));
            (of_this && held != Held::No).then(|| holder(holding, &reach, span, held == Held::Perhaps))
        });
        let mut holders: Vec<Holder> = holders.collect();
        // Who can read comes first, who can still do it before who could.
        holders.sort_by_key(|one| (one.span.until != Until::Still, !one.reads, one.through.is_some()));
        Could {
            environment: environment.name.clone(),
            vault: environment.wish.vault.name.to_string(),
            since: known.looked.map(|(first, _)| first),
            looked,
            unknown: known.unknown,
            at,
            holders,
            names: naming::SECRETS.iter().map(ToString::to_string).collect(),
            now: self.clock.now(),
        }
    }

    /// Of one secret where it is not empty.
    async fn uses(&self, environment: &Environment, known: &Known, secret: &str) -> Answer<Uses> {
        let Some(insights) = &environment.wish.insights else {
            return Err(PortalError::conflict("Insights are off, so the vault’s audit log goes nowhere."));
        };
        if !secret.is_empty() && !naming::SECRETS.contains(&secret) {
            return Err(PortalError::new(Code::Invalid, "There is no secret of this name."));
        }
        let asked = tokio::time::timeout(LONGEST, self.accesses(environment, secret, insights.kept_days)).await;
        let late =
            |_| PortalError::new(Code::Unavailable, "Log Analytics takes too long just now; try again in a minute.");
        let found = asked.map_err(late)?.map_err(|error| azure_failed("reading the vault's audit log", &error))?;
        let names = names(known);
        let rows: Vec<Use> = found.rows.iter().filter_map(|row| used(&found, row, &names)).collect();
        Ok(Uses {
            since: self.audited_since(environment, insights.kept_days).await?,
            more: rows.len() > MOST,
            rows: folded(rows.into_iter().take(MOST)),
        })
    }

    async fn accesses(
        &self,
        environment: &Environment,
        secret: &str,
        kept_days: u32,
    ) -> Result<azure::Table, azure::Error> {
        let place = Place::new(self.azure.subscription(), &environment.wish);
        let workspace = self.azure.arm().get(&place.workspace()).await?;
        let customer = workspace.as_ref().and_then(|workspace| workspace["properties"]["customerId"].as_str());
        let nothing = azure::Table { columns: Vec::new(), rows: Vec::new() };
        let Some(customer) = customer else { return Ok(nothing) };
        let of_secret = match secret {
            "" => String::new(),
            secret => format!(" | where Id contains '/secrets/{secret}'"),
        };
        let query = format!(
            "AZKVAuditLogs | where _ResourceId =~ '{}' | where OperationName startswith 'Secret'{of_secret} \
             | project TimeGenerated, OperationName, Id, ResultSignature, CallerIpAddress, Identity \
             | order by TimeGenerated desc | take {}",
            place.vault(),
            MOST + 1
        );
        self.azure.logs().query(customer, &query, &format!("P{kept_days}D")).await
    }

    /// Since when the vault has sent its log, as far as the workspace still keeps it.
    async fn audited_since(&self, environment: &Environment, kept_days: u32) -> Answer<Option<Moment>> {
        let began = store::event::stands_since(&self.store, &environment.id, "vault-audit").await;
        let began = began.map_err(failed("reading since when the vault's log is kept"))?;
        Ok(began.map(|began| began.max(self.clock.now().plus(-i64::from(kept_days) * DAY))))
    }
}

fn holder(holding: &Holding, reach: &Reach, span: Span, perhaps: bool) -> Holder {
    let group = |group: &Group| group.name.clone().unwrap_or_else(|| group.id.clone());
    Holder {
        name: holding.name.clone().unwrap_or_else(|| holding.principal.clone()),
        principal: holding.principal.clone(),
        kind: holding.kind,
        through: holding.through.as_ref().map(group),
        role: holding.role.clone(),
        place: reach.words(),
        reads: holding.reads,
        grants: holding.grants,
        conditional: holding.conditional,
        span,
        perhaps,
    }
}

/// Nothing lasts longer than its vault.
fn ended(span: Span, gone: Option<Moment>) -> Span {
    match (span.until, gone) {
        (Until::Still, Some(gone)) => {
            let began = match span.since {
                Since::At(at) | Since::Before(at) | Since::Between { latest: at, .. } => at,
            };
            Span { until: Until::Between { earliest: began.min(gone), latest: gone }, ..span }
        }
        _ => span,
    }
}

/// What object ids are called.
fn names(known: &Known) -> HashMap<String, String> {
    let named = known
        .holdings
        .iter()
        .filter_map(|(holding, _)| Some((holding.principal.to_lowercase(), holding.name.clone()?)));
    named.collect()
}

fn used(table: &azure::Table, row: &[Value], names: &HashMap<String, String>) -> Option<Use> {
    let text = |column: &str| table.value(row, column).and_then(Value::as_str).unwrap_or_default();
    let at: jiff::Timestamp = text("TimeGenerated").parse().ok()?;
    // `https://VAULT/secrets/NAME/VERSION`.
    let secret = text("Id").split_once("/secrets/").map(|(_, rest)| rest.split('/').next().unwrap_or(rest));
    let secret = secret.filter(|name| !name.is_empty()).map(str::to_owned);
    Some(Use {
        at: Moment(at.as_millisecond()),
        times: 1,
        who: who(table.value(row, "Identity").unwrap_or(&Value::Null), names),
        what: what(text("OperationName")).to_owned(),
        of: secret,
        allowed: text("ResultSignature") == "OK",
        from: text("CallerIpAddress").to_owned(),
    })
}

/// The record's `Identity` is an object, or its text.
fn who(identity: &Value, names: &HashMap<String, String>) -> String {
    let read = identity.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    let claim = &read.as_ref().unwrap_or(identity)["claim"];
    let oid = ["oid", "http://schemas.microsoft.com/identity/claims/objectidentifier"];
    let oid = oid.into_iter().find_map(|name| claim[name].as_str());
    let known = oid.and_then(|oid| names.get(&oid.to_lowercase())).cloned();
    let upn = || claim["upn"].as_str().map(|name| short(name).to_owned());
    known.or_else(upn).or_else(|| oid.map(str::to_owned)).unwrap_or_else(|| "Nobody known".to_owned())
}

fn what(operation: &str) -> &str {
    match operation {
        "SecretGet" => "Read the value",
        "SecretList" => "Listed names",
        "SecretListVersions" => "Listed versions",
        "SecretSet" => "Wrote a value",
        "SecretUpdate" => "Changed attributes",
        "SecretDelete" => "Deleted it",
        "SecretBackup" => "Took a backup",
        "SecretRestore" => "Restored it",
        "SecretRecover" => "Recovered it",
        "SecretPurge" => "Purged it",
        other => other,
    }
}

/// A minute in UTC as a browser writes it; an empty text is none.
fn minute(text: &str) -> Answer<Option<Moment>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let read = text.parse::<jiff::civil::DateTime>().and_then(|at| at.to_zoned(jiff::tz::TimeZone::UTC));
    let read = read.map_err(|_| PortalError::new(Code::Invalid, "A time is written as 2026-11-27T09:30, in UTC."))?;
    Ok(Some(Moment(read.timestamp().as_millisecond())))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn whoever_used_it_is_named_as_well_as_it_is_known() {
        let names = HashMap::from([("o-1".to_owned(), "The web app".to_owned())]);
        let claim = |claim: Value| json!({ "claim": claim });
        assert_eq!(who(&claim(json!({ "oid": "O-1" })), &names), "The web app");
        let text = Value::String(claim(json!({ "oid": "o-2", "upn": "owner@contoso.example" })).to_string());
        assert_eq!(who(&text, &names), short("owner@contoso.example"));
        assert_eq!(who(&claim(json!({ "oid": "o-3" })), &names), "o-3");
        assert_eq!(who(&Value::Null, &names), "Nobody known");
    }

    #[test]
    fn a_time_is_a_minute_of_utc_or_a_sentence() {
        assert_eq!(minute(" ").unwrap(), None);
        assert_eq!(minute("2026-11-27T09:30").unwrap().map(Moment::rfc3339).as_deref(), Some("2026-11-27T09:30:00Z"));
        assert!(minute("yesterday").unwrap_err().message.contains("2026-11-27T09:30"));
    }

    #[test]
    fn nothing_lasts_longer_than_its_vault() {
        let span = Span { since: Since::At(Moment(5)), until: Until::Still };
        assert_eq!(ended(span, None), span);
        assert_eq!(ended(span, Some(Moment(9))).at(Moment(10), Moment(20)), Held::No);
    }
}
