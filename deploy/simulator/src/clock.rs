//! Tells the time and shortens waits: the speed divides the simulator's own delays and never the calendar.
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

/// Where the time comes from. Cheap to clone; clones of a manual clock move together.
#[derive(Clone, Debug)]
pub enum Clock {
    /// Wall time; a simulated delay lasts its duration divided by `speed`.
    Wall {
        /// How many times shorter than Azure's the waits are; at least 1.
        speed: f64,
    },
    /// A clock that a test owns: it stands still until [`Clock::advance`] or [`Clock::set`].
    Manual(watch::Sender<Timestamp>),
}

impl Clock {
    /// Wall time with waits divided by `speed` (values below 1 count as 1).
    pub fn wall(speed: f64) -> Self {
        Self::Wall { speed: if speed.is_finite() { speed.max(1.0) } else { 1.0 } }
    }

    /// A clock that stands at `start` until somebody moves it. Its waits are not divided.
    pub fn manual(start: Timestamp) -> Self {
        Self::Manual(watch::Sender::new(start))
    }

    /// How many times shorter than Azure's the waits are.
    pub fn speed(&self) -> f64 {
        match self {
            Self::Wall { speed } => *speed,
            Self::Manual(_) => 1.0,
        }
    }

    /// Now, as every timestamp, token life and due time is counted.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::Wall { .. } => Timestamp::now(),
            Self::Manual(at) => *at.borrow(),
        }
    }

    /// The moment at which something that takes `simulated` on Azure is over here.
    pub fn after(&self, simulated: Duration) -> Timestamp {
        later(self.now(), self.shorten(simulated))
    }

    /// How long a delay of Azure's lasts here.
    pub fn shorten(&self, simulated: Duration) -> Duration {
        simulated.div_f64(self.speed())
    }

    /// Returns once `at` has come.
    pub async fn until(&self, at: Timestamp) {
        match self {
            Self::Wall { .. } => loop {
                let left = at.duration_since(Timestamp::now());
                if left <= SignedDuration::ZERO {
                    return;
                }
                tokio::time::sleep(left.unsigned_abs()).await;
            },
            Self::Manual(now) => {
                let mut now = now.subscribe();
                // The sender lives in `self`, so this ends only by the time having come.
                let _ = now.wait_for(|now| *now >= at).await;
            }
        }
    }

    /// Returns once a delay that takes `simulated` on Azure is over.
    pub async fn wait(&self, simulated: Duration) {
        self.until(self.after(simulated)).await;
    }

    /// Moves a manual clock forward; a wall clock is moved by nobody.
    pub fn advance(&self, by: Duration) {
        if let Self::Manual(now) = self {
            now.send_modify(|now| *now = later(*now, by));
        }
    }

    /// Moves a manual clock to `at`, for a clock that somebody else keeps.
    pub fn set(&self, at: Timestamp) {
        if let Self::Manual(now) = self {
            now.send_replace(at);
        }
    }
}

/// `at` plus `by`, held at the end of time where it would pass it.
pub fn later(at: Timestamp, by: Duration) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// Whole seconds since 1970, as tokens and the vault's attributes count.
pub fn unix(at: Timestamp) -> i64 {
    at.as_second()
}
