//! Tries a version of a policy out against past requests: what would have been said of each, beside what is said now.

use crate::service::Service;
use crate::service::error::failed;
use crate::store;
use crate::store::policy::Past;
use app::portal::Answer;
use domain::policy::{Asked, Breach, Effect, Judge, Policy};
use domain::view::policy::{Trial, Tried};

/// Requests that are looked at.
const MOST: usize = 1_000;
/// Requests that are shown.
const SHOWN: usize = 100;
const LONGEST_DAYS: u32 = 365;
const DAY: i64 = 86_400_000;

impl Service {
    /// `on` is the version in force, where one is; both are judged over the same question.
    pub(super) async fn tried(&self, on: Option<&Policy>, version: &Policy, days: u32) -> Answer<Trial> {
        let days = days.clamp(1, LONGEST_DAYS);
        let since = self.clock.now().plus(-i64::from(days) * DAY);
        let limit = i64::try_from(MOST).unwrap_or(i64::MAX).saturating_add(1);
        let past = store::policy::asked_since(&self.store, since, limit).await;
        let past = past.map_err(failed("reading past requests"))?;
        let looked = past.iter().take(MOST);
        let mut otherwise: Vec<Tried> = looked.filter_map(|past| self.otherwise(on, version, past)).collect();
        let count = |effect| otherwise.iter().filter(|tried| tried.after == Some(effect)).count();
        let effects = Effect::ALL.map(|effect| (effect, count(effect))).to_vec();
        let freed = otherwise.iter().filter(|tried| tried.after.is_none()).count();
        otherwise.truncate(SHOWN);
        Ok(Trial { days, tried: past.len().min(MOST), more: past.len() > MOST, effects, freed, otherwise })
    }

    fn otherwise(&self, on: Option<&Policy>, version: &Policy, past: &Past) -> Option<Tried> {
        let regions = &self.choices.regions;
        let asked = Asked { kind: past.kind, wish: &past.wish, former: past.former.as_ref(), regions };
        let before = on.map(|on| on.judge(&asked)).unwrap_or_default();
        let after = version.judge(&asked);
        if before == after {
            return None;
        }
        let most = |found: &[Breach]| found.iter().map(|breach| breach.effect).max();
        // Of what is said no longer, what was said.
        let said = if after.is_empty() { &before } else { &after };
        Some(Tried {
            request: past.id.clone(),
            kind: past.kind,
            environment: past.environment.clone(),
            requester: past.requester.clone(),
            sent: past.sent,
            before: most(&before),
            after: most(&after),
            says: said.iter().map(|breach| breach.sentence.clone()).collect(),
        })
    }
}
