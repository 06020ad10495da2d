//! One run of the checks, kept as it goes: results appear one by one, and what could not tell is asked again by a timer.

use super::{Subject, all, one};
use crate::store::{self, Store, timer, validation};
use domain::Moment;
use domain::check::{Result as CheckResult, Verdict};
use domain::id::{EnvironmentId, ValidationId};
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use std::time::Instant;

/// When checks that could not tell are asked again, counted from the run before: after 1, 5 and 15 minutes.
const AGAIN_MS: [i64; 3] = [60_000, 5 * 60_000, 15 * 60_000];

/// A run that is to be made.
#[derive(Clone, Debug)]
pub struct Run {
    pub id: ValidationId,
    pub environment: EnvironmentId,
    /// Account name, or what asked by itself: `job`, `timer`.
    pub by: String,
    /// How often the checks were asked again by themselves before this run.
    pub round: i64,
}

impl Run {
    pub fn new(environment: &EnvironmentId, by: &str, round: i64) -> Run {
        let id = ValidationId::new(uuid::Uuid::now_v7().to_string());
        Run { id, environment: environment.clone(), by: by.to_owned(), round }
    }

    /// The row that the page shows while the results are on their way.
    pub async fn begin(&self, store: &Store, at: Moment) -> Result<(), store::Error> {
        validation::begin(store, &self.id, &self.environment, &self.by, self.round, at).await
    }

    /// Asks every check that applies, keeps each result when it is there, and ends the run. [`Run::begin`] came before.
    pub async fn ask(&self, store: &Store, subject: &Subject) -> Result<Vec<CheckResult>, store::Error> {
        let started = Instant::now();
        let checks: Vec<_> = all().into_iter().filter(|check| check.applies(subject.wish())).collect();
        let numbered = checks.iter().zip(0i64..);
        let mut asked: FuturesUnordered<_> =
            numbered.map(|(check, position)| async move { (position, one(check.as_ref(), subject).await) }).collect();
        let mut results = Vec::with_capacity(checks.len());
        while let Some((position, result)) = asked.next().await {
            validation::record(store, &self.id, &self.environment, position, &result).await?;
            results.push((position, result));
        }
        results.sort_by_key(|(position, _)| *position);
        let results: Vec<CheckResult> = results.into_iter().map(|(_, result)| result).collect();
        let ended = subject.now().plus(i64::try_from(started.elapsed().as_millis()).unwrap_or(0));
        self.end(store, &results, ended).await?;
        Ok(results)
    }

    async fn end(&self, store: &Store, results: &[CheckResult], at: Moment) -> Result<(), store::Error> {
        let open = results.iter().any(|result| result.verdict == Verdict::CouldNotTell);
        let wait = usize::try_from(self.round).ok().and_then(|round| AGAIN_MS.get(round)).filter(|_| open);
        let again = wait.map(|wait| at.plus(*wait));
        let mut tx = store.join().await?;
        validation::finish(&mut tx, &self.id, &self.environment, again, at).await?;
        match again {
            Some(again) => timer::set(&mut tx, timer::CHECKS, self.environment.as_str(), again).await?,
            None => timer::stop(&mut tx, timer::CHECKS, self.environment.as_str()).await?,
        }
        tx.commit().await?;
        store.announce(store::Change::Environment(self.environment.clone())).await;
        store.announce(store::Change::Timer).await;
        Ok(())
    }
}
