//! The record as people read it: searched by who may, written out for whoever has to prove it elsewhere.

use super::error::{failed, internal};
use super::{Service, permit};
use crate::audit::Export;
use crate::store;
use crate::store::audit::Bounds;
use app::error::{Code, PortalError};
use app::portal::{Answer, Audit};
use async_trait::async_trait;
use domain::Moment;
use domain::account::Caller;
use domain::audit::chain::canonical;
use domain::audit::{Act, Actor, Entry, Recorded, Subject};
use domain::name::TeamName;
use domain::permission::{self, Action, Subject as Permitted};
use domain::view::audit::{Filter, Form, List, Row};
use futures::StreamExt;
use futures::stream::BoxStream;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::Value;
use tokio_stream::wrappers::ReceiverStream;

/// Rows of one page.
const PAGE: usize = 50;
const DAY: i64 = 86_400_000;
/// Pages of an export that may wait for a slow reader.
const AHEAD: usize = 4;

#[async_trait]
impl Audit for Service {
    async fn audit(&self, caller: &Caller, filter: &Filter) -> Answer<List> {
        let bounds = self.bounds_of_record(caller, filter)?;
        let failed = failed("reading the record");
        let below = filter.after.split_once('.').and_then(|(at, id)| Some((Moment(at.parse().ok()?), id)));
        let found = store::audit::list(&self.store, &bounds, below, PAGE as i64 + 1).await.map_err(&failed)?;
        let last = found.get(PAGE).and_then(|_| found.get(PAGE - 1));
        let sealed = store::audit::chain::newest(&self.store).await.map_err(&failed)?;
        Ok(List {
            next: last.map(|last| format!("{}.{}", last.entry.at.0, last.id)),
            rows: found.iter().take(PAGE).map(|recorded| self.recorded_row(recorded)).collect(),
            teams: self.teams_of_record(caller),
            sealed: sealed.map(|signed| (signed.checkpoint.seq, signed.checkpoint.at)),
            key: self.sealer.public_key(),
        })
    }

    async fn audit_export(
        &self,
        caller: &Caller,
        filter: &Filter,
        form: Form,
    ) -> Answer<BoxStream<'static, Answer<String>>> {
        let (bounds, now) = (self.bounds_of_record(caller, filter)?, self.clock.now());
        let record = Subject::installation("record", "The record");
        let mut entry = Entry::new(now, Act::RecordExported, Actor::of(caller), record);
        for (name, value) in filter.pairs() {
            entry = entry.with(name, value);
        }
        let sealed = async {
            let mut tx = self.store.begin().await?;
            store::audit::append(&mut tx, &entry).await?;
            tx.commit().await?;
            // What is exported can be proved, so all that is committed is sealed first.
            self.sealer.seal_all(now).await
        };
        sealed.await.map_err(failed("sealing the record"))?;
        let export = Export {
            store: self.store.clone(),
            key: self.signing().await?,
            bounds,
            filter: filter.clone(),
            by: caller.account.name.clone(),
            at: now,
        };
        let (out, lines) = tokio::sync::mpsc::channel(AHEAD);
        tokio::spawn(export.write(form, out));
        let lines = ReceiverStream::new(lines);
        Ok(lines.map(|text| text.map_err(|error| internal("exporting the record", &error))).boxed())
    }

    async fn evidence(&self, caller: &Caller, environment: &str) -> Answer<Vec<u8>> {
        let environment = self.seen_environment(caller, environment).await?;
        let subject = Permitted::of(&environment.team, None);
        permit(caller, Action::Audit, &subject)?;
        self.evidence_of(caller, &environment).await
    }
}

impl Service {
    /// Teams whose entries the caller may read, `None` for all and for what is about no team; refused where there are none.
    pub(super) fn audited_teams(&self, caller: &Caller) -> Answer<Option<Vec<String>>> {
        if let Some(reason) = domain::pass::lacks(caller, Action::Audit) {
            return Err(PortalError::forbidden(reason));
        }
        let Some(seen) = caller.visible_teams() else { return Ok(None) };
        let may = |team: &&TeamName| {
            let subject = Permitted::of(team, None);
            permission::may(caller, Action::Audit, &subject).allowed()
        };
        let teams: Vec<String> = seen.iter().filter(may).map(ToString::to_string).collect();
        if teams.is_empty() { Err(PortalError::forbidden(permission::NO_RECORD)) } else { Ok(Some(teams)) }
    }

    fn bounds_of_record(&self, caller: &Caller, filter: &Filter) -> Answer<Bounds> {
        let mut teams = self.audited_teams(caller)?;
        if !filter.team.is_empty() {
            let read = teams.as_ref().is_none_or(|teams| teams.contains(&filter.team));
            // A team whose entries the caller does not read, or one that a comma would split, has none.
            let wanted = Some(filter.team.clone()).filter(|team| read && !team.contains(','));
            teams = Some(wanted.into_iter().collect());
        }
        Ok(Bounds {
            teams,
            person: filter.person.clone(),
            environment: filter.environment.clone(),
            act: filter.action.clone(),
            from: day(&filter.from)?.unwrap_or(Moment(0)),
            until: day(&filter.to)?.map_or(Moment(i64::MAX), |day| day.plus(DAY)),
        })
    }

    fn teams_of_record(&self, caller: &Caller) -> Vec<(String, String)> {
        let read = self.audited_teams(caller).ok().flatten();
        let teams = self.choices.teams.iter();
        let teams =
            teams.filter(|team| read.as_ref().is_none_or(|read| read.iter().any(|name| name == team.name.as_str())));
        teams.map(|team| (team.name.to_string(), team.title.clone())).collect()
    }

    fn recorded_row(&self, recorded: &Recorded) -> Row {
        let Entry { at, act, by, subject, environment, team, digest, detail } = &recorded.entry;
        Row {
            at: *at,
            act: act.word().to_owned(),
            person: by.name.clone(),
            on_behalf_of: by.on_behalf_of.clone(),
            way: [Some(by.way.key()), by.from.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(", "),
            subject: (subject.kind.clone(), subject.id.clone(), subject.name.clone()),
            environment: environment.as_ref().map(|(_, name)| name.clone()),
            team: team.as_ref().map(|team| self.team(team).title),
            digest: digest.clone(),
            detail: detail.iter().map(|(name, value)| (name.replace('_', " "), said(value))).collect(),
            seq: recorded.link.as_ref().map(|link| link.seq),
        }
    }
}

fn said(value: &Value) -> String {
    value.as_str().map_or_else(|| canonical(value), str::to_owned)
}

/// The beginning of a day in UTC; an empty text is none.
fn day(text: &str) -> Answer<Option<Moment>> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let begins = text.parse::<Date>().and_then(|date| date.to_zoned(TimeZone::UTC));
    let begins = begins.map_err(|_| PortalError::new(Code::Invalid, "A day is written as 2026-11-23."))?;
    Ok(Some(Moment(begins.timestamp().as_millisecond())))
}
