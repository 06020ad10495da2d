//! Evidence of one environment, gathered: what was asked and approved, the plan, what its jobs did, what the checks found,
//! and the record of it.

use super::Service;
use super::error::{failed, internal};
use crate::audit::evidence::{RECORD, pack};
use crate::store::environment::Environment;
use crate::store::request::Request;
use crate::store::{self, Error, document};
use app::portal::{Answer, Audit};
use domain::account::Caller;
use domain::id::JobId;
use domain::view::audit::{Filter, Form};
use futures::TryStreamExt;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;

/// Runs of the checks in it, the newest.
const RUNS: i64 = 100;
/// Lines of a log that are read at once.
const LINES: i64 = 1_000;

impl Service {
    /// The archive. Its record is what this caller may read of it.
    pub(super) async fn evidence_of(&self, caller: &Caller, environment: &Environment) -> Answer<Vec<u8>> {
        let mut files = self.gathered(environment).await.map_err(failed("gathering evidence"))?;
        let filter = Filter { environment: environment.name.clone(), ..Filter::default() };
        let record: Vec<String> = self.audit_export(caller, &filter, Form::JsonLines).await?.try_collect().await?;
        files.insert(RECORD.to_owned(), record.concat().into_bytes());
        let head = json!({
            "environment": { "id": environment.id.as_str(), "name": environment.name },
            "at": self.clock.now().rfc3339(),
            "by": caller.account.name,
        });
        pack(&files, head, &self.signing().await?).map_err(|error| internal("packing evidence", &error))
    }

    async fn gathered(&self, environment: &Environment) -> Result<BTreeMap<String, Vec<u8>>, Error> {
        let mut files = BTreeMap::new();
        files.insert("environment.json".to_owned(), text(&of_environment(environment))?);
        for id in store::evidence::requests(&self.store, &environment.id).await? {
            if let Some(request) = store::request::find(&self.store, &id).await? {
                files.insert(format!("requests/{id}.json"), text(&of_request(&request))?);
            }
        }
        for id in store::evidence::jobs(&self.store, &environment.id).await? {
            let Some(job) = store::job::find(&self.store, &id).await? else { continue };
            let events = store::event::since(&self.store, &id, 0).await?;
            let told = json!({
                "id": id.as_str(), "title": job.title, "request": job.request.as_str(), "asked_by": job.asked_by,
                "approved_by": job.approved_by, "approved_at": job.approved_at.rfc3339(), "wish": job.wish,
                "former": job.former, "outline": job.outline, "events": events,
            });
            files.insert(format!("jobs/{id}.json"), text(&told)?);
            files.insert(format!("jobs/{id}.log.txt"), self.log_of(&id, &job.outline).await?.into_bytes());
        }
        let access = store::access::of(&self.store, &environment.id).await?;
        let holdings: Vec<Value> =
            access.holdings.iter().map(|(holding, span)| json!({ "holding": holding, "span": span })).collect();
        let looked = access.looked.map(|(first, newest)| json!({ "first": first, "newest": newest }));
        let told = json!({ "looked": looked, "unknown": access.unknown, "holdings": holdings });
        files.insert("access.json".to_owned(), text(&told)?);
        for run in store::validation::newest(&self.store, &environment.id, RUNS).await? {
            let run = run.validation;
            files.insert(format!("validations/{}.json", run.id), text(&json!(run))?);
        }
        Ok(files)
    }

    async fn log_of(&self, id: &JobId, outline: &[domain::job::Outline]) -> Result<String, Error> {
        let (mut said, mut after) = (String::new(), 0);
        loop {
            let lines = store::line::after(&self.store, id, outline, after, LINES).await?;
            let Some(last) = lines.last() else { return Ok(said) };
            after = last.number;
            for line in &lines {
                let title = if line.title.is_empty() { "Job" } else { &line.title };
                // Writing to a text does not fail.
                let _ = writeln!(said, "{}  {title}: {}", line.at.rfc3339(), line.text);
            }
        }
    }
}

fn text(value: &Value) -> Result<Vec<u8>, Error> {
    document::write(value).map(String::into_bytes)
}

fn of_environment(environment: &Environment) -> Value {
    json!({
        "id": environment.id.as_str(), "name": environment.name, "team": environment.team,
        "owner": environment.owner_name, "state": environment.state.word(), "detail": environment.detail,
        "address": environment.address, "wish": environment.wish,
        "approved_at": environment.approved_at.map(|at| at.rfc3339()), "updated_at": environment.updated_at.rfc3339(),
    })
}

fn of_request(request: &Request) -> Value {
    json!({
        "id": request.id.as_str(), "kind": request.kind.key(), "requester": request.requester_name,
        "sent_at": request.sent_at.rfc3339(), "lapses_at": request.lapses_at.rfc3339(), "wish": request.wish,
        "former": request.former, "purge": request.purge, "plan": request.plan, "digest": request.digest,
        "state": request.state.key(), "decided_by": request.decided_by_name,
        "decided_at": request.decided_at.map(|at| at.rfc3339()), "comment": request.comment,
        "job": request.job.as_ref().map(JobId::as_str),
    })
}
