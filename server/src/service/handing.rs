//! Handing over: an approver who is away lets another decide until a day, never on that one's own requests, never in a
//! circle; the record of each decision shows both names.

use super::Service;
use super::deciders::Deciders;
use super::error::{failed, internal};
use super::sending::new_id;
use crate::store::{self, once};
use app::error::PortalError;
use app::portal::Answer;
use domain::Moment;
use domain::account::{Caller, Role};
use domain::audit::{Act, Actor, Entry, Subject};
use domain::field::FieldError;
use domain::pass;
use domain::view::request::{Handed, HandingOver};

/// Days for which approvals can be handed over at most.
const LONGEST_DAYS: i64 = 90;
const DAY: i64 = 86_400_000;

impl Service {
    pub(super) async fn handing_over_of(&self, caller: &Caller) -> Answer<HandingOver> {
        let (deciders, now) = (self.deciders().await?, self.clock.now());
        let me = caller.account.name.as_str();
        let live = |handed: &&Handed| handed.until > now;
        let decides = decides(caller, &deciders);
        Ok(HandingOver {
            decides,
            to: if decides { deciders.names().into_iter().filter(|name| name != me).collect() } else { Vec::new() },
            handed: deciders.handed.iter().filter(live).find(|handed| handed.from == me).cloned(),
            taken: deciders.handed.iter().filter(live).filter(|handed| handed.to == me).cloned().collect(),
            now: Some(now),
        })
    }

    pub(super) async fn hand_over_to(&self, caller: &Caller, to: &str, until: &str) -> Answer<()> {
        if once::done::<()>().is_some() {
            return Ok(());
        }
        // As it stands now: what was handed over a moment ago, also at another replica, is to be seen.
        self.deciders.forget();
        let (deciders, now) = (self.deciders().await?, self.clock.now());
        by_oneself(caller)?;
        if !decides(caller, &deciders) {
            return Err(PortalError::forbidden("Only who decides on requests can hand that over."));
        }
        let (me, to) = (caller.account.name.clone(), to.trim());
        let invalid = |field: &str, said: String| PortalError::invalid(vec![FieldError::new(field, said)]);
        if to == me {
            return Err(invalid("to", "Choose somebody else.".to_owned()));
        }
        if !deciders.is_one(to) {
            return Err(invalid("to", "Choose somebody who decides on requests: a manager, a platform engineer, or one of a group that approves.".to_owned()));
        }
        let Some(until) = end_of(until) else {
            return Err(invalid("until", "Choose the last day, as 2026-12-04.".to_owned()));
        };
        if until <= now || until > now.plus(LONGEST_DAYS * DAY) {
            return Err(invalid("until", format!("Choose a day from today on, at most {LONGEST_DAYS} days ahead.")));
        }
        let told = told(caller, Act::ApprovalsHandedOver, now).with("to", to).with("until", until.rfc3339());
        let handed = Handed { from: me, to: to.to_owned(), until };
        let begin = async {
            let mut tx = self.store.begin().await?;
            // Behind the turn: of two who hand over to each other at the same moment the second sees the first.
            let open = store::handover::open_in_turn(&mut tx, now).await?;
            if let Some(chain) = circle(&open, &handed.from, to) {
                return Ok(Some(chain));
            }
            store::handover::begin(&mut tx, &new_id(), &handed, &told, now).await?;
            once::made(&());
            tx.commit().await.map(|()| None)
        };
        let begun = begin.await;
        self.deciders.forget();
        match begun {
            Ok(None) => Ok(()),
            Ok(Some(chain)) => {
                Err(invalid("to", format!("{to} has handed over to {chain}: nobody would be left to decide.")))
            }
            Err(store::Error::Taken(_)) => {
                Err(PortalError::conflict("Your approvals are handed over already. Take them back first."))
            }
            Err(error) => Err(internal("handing over", &error)),
        }
    }

    pub(super) async fn take_back_of(&self, caller: &Caller) -> Answer<()> {
        by_oneself(caller)?;
        let now = self.clock.now();
        let told = told(caller, Act::ApprovalsTakenBack, now);
        let ended = store::handover::end(&self.store, &caller.account.name, &told, now).await;
        self.deciders.forget();
        ended.map_err(failed("taking approvals back"))
    }
}

/// A token that may do only some things does not change who decides.
fn by_oneself(caller: &Caller) -> Answer<()> {
    if caller.pass.as_ref().is_none_or(|pass| !pass.program) && pass::whole(caller).allowed() {
        return Ok(());
    }
    let said = "Approvals are handed over by yourself, in the browser or with a token that is narrowed by nothing.";
    Err(PortalError::forbidden(said))
}

/// For the record of what is done: an account's own.
fn told(caller: &Caller, act: Act, now: Moment) -> Entry {
    let account = &caller.account;
    Entry::new(now, act, Actor::of(caller), Subject::account(&account.id, account.name.as_str()))
}

fn decides(caller: &Caller, deciders: &Deciders) -> bool {
    let by_right = caller.has(Role::PlatformEngineer) || caller.has(Role::Manager) || caller.is_asked();
    by_right && deciders.is_one(&caller.account.name)
}

/// Who stands behind `to` where the chain of those who have handed over leads back to `me`.
fn circle(handed: &[Handed], me: &str, to: &str) -> Option<String> {
    let next = |name: &str| handed.iter().find(|handed| handed.from == name).map(|handed| handed.to.clone());
    let (mut at, first) = (next(to), next(to)?);
    for _ in 0..=handed.len() {
        match at {
            Some(name) if name == me => return Some(first),
            Some(name) => at = next(&name),
            None => return None,
        }
    }
    None
}

/// The last moment of a day, in UTC.
fn end_of(day: &str) -> Option<Moment> {
    let day: jiff::civil::Date = day.trim().parse().ok()?;
    let midnight = day.tomorrow().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(Moment(midnight.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handed(from: &str, to: &str) -> Handed {
        Handed { from: from.into(), to: to.into(), until: Moment(1) }
    }

    #[test]
    fn a_chain_that_leads_back_is_a_circle() {
        let all = [handed("b", "c"), handed("c", "a"), handed("d", "e")];
        assert_eq!(circle(&all, "a", "b"), Some("c".into()));
        assert_eq!(circle(&all, "a", "d"), None);
        assert_eq!(circle(&all, "x", "b"), None);
    }

    #[test]
    fn a_day_ends_at_its_midnight() {
        assert_eq!(end_of("2026-12-04").map(Moment::rfc3339), Some("2026-12-05T00:00:00Z".into()));
        assert_eq!(end_of("soon"), None);
    }
}
