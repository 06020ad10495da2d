//! What Azure counted of each resource, held against what the jobs can have ordered: nothing made or ordered twice.

use crate::base::Base;
use crate::judge::Verdict;
use crate::person::told;
use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeMap;

/// What an environment gives reason for.
#[derive(Default)]
struct Reasons {
    /// Jobs that create: each writes everything once, and the cluster once more for its insights.
    creates: u64,
    /// Jobs that change: each may write everything once more.
    changes: u64,
    /// Jobs that remove, and those that were rolled back.
    removals: u64,
    /// Failures in their logs: after each a person may have it tried again.
    failures: u64,
    /// How often a job was taken in hand, and how often a step of it had to wait.
    tries: u64,
}

/// Nothing was made again before it was gone, nothing was ordered twice, and nothing was asked again without a reason.
pub fn hold(url: &str, bases: &[&Base], verdict: &mut Verdict) -> Result<()> {
    let counts: BTreeMap<String, Value> = serde_json::from_str(&told(&format!("{url}/creations"))?)?;
    let mut reasons = BTreeMap::new();
    for base in bases {
        collect(base, &mut reasons)?;
    }
    let nobodys = Reasons::default();
    for (id, counts) in &counts {
        let number = |name: &str| counts.pointer(name).and_then(Value::as_u64).unwrap_or_default();
        let group = id.split("/resourcegroups/").nth(1).and_then(|rest| rest.split('/').next()).unwrap_or_default();
        let reasons = reasons.get(group).unwrap_or(&nobodys);
        let (made, deleted, ordered) = (number("/made"), number("/deleted"), number("/operations/create"));
        verdict.hold(made <= deleted + 1 && ordered <= deleted + 1 + reasons.failures, || {
            format!("{id} was made or ordered twice: {counts}")
        });
        if !group.starts_with("rg-") {
            continue;
        }
        let for_insights = if id.rsplit('/').nth(1) == Some("managedclusters") { reasons.creates } else { 0 };
        let again = for_insights + 2 * reasons.changes + reasons.failures;
        let (asked_again, updated) = (number("/asked_again"), number("/operations/update"));
        // What stands at once may be written again with the same: a step that writes two things, and had to stop after
        // the first, writes both when it is tried again. An operation is never ordered again.
        let is_plain = counts["operations"].as_object().is_none_or(serde_json::Map::is_empty);
        let again = if is_plain { again + reasons.tries } else { again };
        verdict.hold(asked_again <= again && updated <= again, || {
            format!("{id} was asked for again, and there is reason for {again} times: {counts}")
        });
        let removed = number("/operations/delete");
        let gone = reasons.removals + 2 * reasons.changes + reasons.failures;
        verdict.hold(removed <= gone, || format!("{id} was to go {removed} times, with reason for {gone}: {counts}"));
    }
    Ok(())
}

/// By resource group, in small letters.
fn collect(base: &Base, all: &mut BTreeMap<String, Reasons>) -> Result<()> {
    const SQL: &str = "select job.environment_name, request.kind, \
        (select count(*) from event where event.job = job.id and event.body like '%\"roll-back-asked\"%'), \
        (select count(*) from event where event.job = job.id \
            and (event.body like '{\"event\":\"failed\"%' or event.body like '{\"event\":\"undo-failed\"%')), \
        job.epoch + (select count(*) from event where event.job = job.id and event.body like '{\"event\":\"waits\"%') \
        from job join request on request.id = job.request";
    for row in base.rows(SQL)? {
        let [name, kind, back, failures, tries] = <[String; 5]>::try_from(row).ok().context("a row of five columns")?;
        let reasons = all.entry(format!("rg-{name}").to_ascii_lowercase()).or_default();
        match kind.as_str() {
            "create" => reasons.creates += 1,
            "destroy" => reasons.removals += 1,
            _ => reasons.changes += 1,
        }
        reasons.removals += back.parse::<u64>()?.min(1);
        reasons.failures += failures.parse::<u64>()?;
        reasons.tries += tries.parse::<u64>()?;
    }
    Ok(())
}
