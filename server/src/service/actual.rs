//! What Azure has billed, as pages and programs are shown it: for one environment, and by team.

use super::Service;
use super::error::failed;
use crate::store::environment::Bounds;
use crate::store::{self, actual};
use app::portal::Answer;
use domain::cost::Amount;
use domain::cost::actual::{Actual, Spent};
use domain::cost::calendar::{Day, Month};
use domain::id::EnvironmentId;
use domain::name::TeamName;

/// Sums of a month by team, and the newest day that Azure told of.
pub(super) type Billed = (Month, Vec<(TeamName, Amount)>, Option<Day>);

impl Service {
    /// `None` where the configuration does not have it read.
    pub(super) async fn actual(&self, environment: &EnvironmentId) -> Answer<Option<Actual>> {
        if !self.reads_actual {
            return Ok(None);
        }
        let failed = failed("reading what was billed");
        let this = Day::of(self.clock.now()).month();
        let last = this.before();
        let told = actual::of(&self.store, environment, [last, this]).await.map_err(&failed)?;
        let look = actual::last_look(&self.store).await.map_err(&failed)?;
        let of = |month: Month| {
            let amounts = told.iter().filter(|(of, _)| *of == month).map(|(_, amount)| *amount).collect();
            Spent { month, amounts }
        };
        Ok(Some(Actual {
            this_month: of(this),
            last_month: of(last),
            until: look.until,
            read: look.read,
            refused: look.refused,
        }))
    }

    /// This month's, for the teams of these bounds; `None` where it is not read, or nothing was told yet.
    pub(super) async fn billed(&self, bounds: &Bounds) -> Result<Option<Billed>, store::Error> {
        if !self.reads_actual {
            return Ok(None);
        }
        let month = Day::of(self.clock.now()).month();
        let look = actual::last_look(&self.store).await?;
        if look.read.is_none() {
            return Ok(None);
        }
        Ok(Some((month, actual::sums(&self.store, bounds, month).await?, look.until)))
    }
}
