//! Reads every few hours what Azure has billed: one question for the whole subscription, and one for the last month until
//! that is settled.

use super::{Next, Timer};
use crate::store::actual::{self, Look};
use crate::store::{self, Change, Store, timer};
use async_trait::async_trait;
use azure::{Azure, CostLine, Error, Kind, Period, ResourceId};
use domain::Moment;
use domain::cost::Amount;
use domain::cost::actual::{Line, Unread, attributed};
use domain::cost::calendar::{Day, Month};
use domain::cost::currency::Currency;
use domain::naming;

const MINUTE: i64 = 60_000;
/// A day of the month by which the charges of the one before it have come.
const SETTLED_BY: u32 = 8;
/// Where Azure refuses for being asked too often, it is left alone for so long at least.
const SPARED: i64 = 10 * MINUTE;

pub struct ActualLook {
    pub store: Store,
    pub azure: Azure,
    /// Whether it is read at all.
    pub on: bool,
    pub every_minutes: u32,
}

/// Why there is nothing to keep.
enum Untold {
    /// It comes again after that time.
    Later(i64),
    /// A person has to do something.
    Refused(Unread),
    /// The server's own log is told.
    Failed(String),
}

impl ActualLook {
    /// Sets the timer, where no server has yet and what was billed is to be read.
    pub async fn begin(&self, now: Moment) -> Result<(), store::Error> {
        if self.on { timer::set_once(&self.store, timer::ACTUAL, "", now).await } else { Ok(()) }
    }

    fn every(&self) -> i64 {
        i64::from(self.every_minutes.max(1)) * MINUTE
    }

    async fn read(&self, known: &Look, now: Moment) -> Result<(), Untold> {
        let mut lines = self.lines(&Period::MonthToDate).await?;
        let mut settled = known.settled;
        if let Some((last, last_time)) = last_month(settled, Day::of(now)) {
            lines.extend(self.lines(&whole(last)).await?);
            settled = Some(last).filter(|_| last_time).or(settled);
        }
        let failed = |error: store::Error| Untold::Failed(error.to_string());
        let owners = actual::owners(&self.store).await.map_err(failed)?;
        let until = lines.iter().map(|line| line.day).max().max(known.until);
        let look = Look { read: Some(now), until, settled, refused: None };
        actual::keep(&self.store, &attributed(&lines, &owners), &look, now).await.map_err(failed)
    }

    async fn lines(&self, period: &Period) -> Result<Vec<Line>, Untold> {
        let scope = ResourceId::subscription(self.azure.subscription());
        match self.azure.costs().by_tag(&scope, naming::ENVIRONMENT_TAG, period).await {
            Ok(told) => told.into_iter().map(line).collect(),
            Err(error) => Err(self.untold(&error).await),
        }
    }

    async fn untold(&self, error: &Error) -> Untold {
        match error.kind() {
            Kind::Throttled { after } => {
                Untold::Later(i64::try_from(after.as_millis()).unwrap_or(i64::MAX).max(SPARED))
            }
            Kind::Unreachable => Untold::Failed(error.to_string()),
            Kind::Denied => Untold::Refused(Unread {
                why: "Keystead may not read what Azure has billed: its identity lacks Cost Management Reader on the \
                      subscription."
                    .to_owned(),
                command: self.command().await,
            }),
            _ if error.is_code("AccountCostDisabled") => Untold::Refused(Unread {
                why: "Azure shows nobody what is billed for this subscription: whoever pays for it has to switch on \
                      that charges are shown (AO view charges, or the same in the billing profile’s policies)."
                    .to_owned(),
                command: None,
            }),
            _ => Untold::Refused(Unread { why: format!("Azure said: {}", said(error)), command: None }),
        }
    }

    /// By which the right is given; `None` where we do not know who we are.
    async fn command(&self) -> Option<String> {
        let me = self.azure.me().await.ok()?;
        Some(format!(
            "az role assignment create --assignee-object-id {} --assignee-principal-type {} \
             --role \"Cost Management Reader\" --scope /subscriptions/{}",
            me.object_id,
            me.kind.as_str(),
            self.azure.subscription()
        ))
    }
}

/// Azure's words, or else its code.
fn said(error: &Error) -> &str {
    if error.message().is_empty() { error.code() } else { error.message() }
}

/// The month before, where it is still to be read, and whether this is the last time.
fn last_month(settled: Option<Month>, today: Day) -> Option<(Month, bool)> {
    let last = today.month().before();
    let open = settled.is_none_or(|settled| settled < last);
    open.then(|| (last, today.of_month() >= SETTLED_BY))
}

fn whole(month: Month) -> Period {
    Period::Days(month.first().to_string(), month.last().to_string())
}

/// What cannot be read is a refusal: a sum that leaves out a part would be wrong.
fn line(told: CostLine) -> Result<Line, Untold> {
    let unread = |why: String| Untold::Refused(Unread { why, command: None });
    let day =
        Day::of_number(told.day).ok_or_else(|| unread(format!("Azure told of a day {}, which is none.", told.day)))?;
    let currency = Currency::of_code(&told.currency)
        .ok_or_else(|| unread(format!("Azure bills in {}, which Keystead cannot add up.", told.currency)))?;
    let amount = Amount { micros: told.micros, currency };
    Ok(Line { day, amount, environment: told.tag, group: told.group })
}

#[async_trait]
impl Timer for ActualLook {
    fn kind(&self) -> &'static str {
        timer::ACTUAL
    }

    async fn ring(&self, _subject: &str, now: Moment) -> Result<Next, String> {
        if !self.on {
            return Ok(Next::Done);
        }
        let failed = |error: store::Error| error.to_string();
        let known = actual::last_look(&self.store).await.map_err(failed)?;
        let next = match self.read(&known, now).await {
            Ok(()) => self.every(),
            Err(Untold::Later(after)) => {
                tracing::info!(after, "Azure was asked too often what it has billed");
                return Ok(Next::Again(now.plus(after)));
            }
            Err(Untold::Refused(unread)) => {
                actual::refused(&self.store, &unread, now).await.map_err(failed)?;
                self.every()
            }
            Err(Untold::Failed(why)) => return Err(why),
        };
        // The lists have their sums from it.
        self.store.announce(Change::Any).await;
        Ok(Next::Again(now.plus(next)))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_last_month_is_read_until_its_charges_have_come_and_once_more() {
        let [september, october] = ["2026-09", "2026-10"].map(|text| Month::parse(text).unwrap());
        let on = |settled, day: &str| last_month(settled, Day::parse(day).unwrap());
        assert_eq!(on(Some(september), "2026-11-01"), Some((october, false)));
        assert_eq!(on(Some(september), "2026-11-07"), Some((october, false)));
        assert_eq!(on(Some(september), "2026-11-08"), Some((october, true)));
        assert_eq!(on(Some(october), "2026-11-08"), None);
        assert_eq!(on(None, "2026-11-30"), Some((october, true)), "who begins late has last month too");
        assert_eq!(whole(october), Period::Days("2026-10-01".into(), "2026-10-31".into()));
    }
}
