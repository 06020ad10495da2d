//! The present, handed to whoever needs it, and the wait for a later one; tests hand in one that they move.

use domain::Moment;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

/// Cheap to clone.
#[derive(Clone)]
pub struct Clock(Arc<Kind>);

enum Kind {
    System,
    Of(Box<dyn Fn() -> Moment + Send + Sync>),
    Manual(watch::Sender<Moment>),
}

impl Clock {
    /// The machine's.
    pub fn system() -> Clock {
        Clock(Arc::new(Kind::System))
    }

    pub fn of(now: impl Fn() -> Moment + Send + Sync + 'static) -> Clock {
        Clock(Arc::new(Kind::Of(Box::new(now))))
    }

    /// Stands still until [`Clock::advance`].
    pub fn manual(start: Moment) -> Clock {
        Clock(Arc::new(Kind::Manual(watch::Sender::new(start))))
    }

    pub fn now(&self) -> Moment {
        match &*self.0 {
            Kind::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Moment(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
            }
            Kind::Of(now) => now(),
            Kind::Manual(now) => *now.borrow(),
        }
    }

    /// Moves a manual clock; whoever sleeps until then wakes.
    pub fn advance(&self, millis: i64) {
        if let Kind::Manual(now) = &*self.0 {
            now.send_modify(|now| *now = now.plus(millis));
        }
    }

    /// Returns after so many milliseconds, whatever the machine's clock is set to meanwhile.
    pub async fn pass(&self, millis: i64) {
        match &*self.0 {
            Kind::Manual(now) => {
                let at = now.borrow().plus(millis);
                // Its sender lives in this clock, so it cannot be gone.
                let _ = now.subscribe().wait_for(|now| *now >= at).await;
            }
            Kind::System | Kind::Of(_) => tokio::time::sleep(Duration::from_millis(millis.max(0).unsigned_abs())).await,
        }
    }

    /// Milliseconds on a clock that is never set, and that runs on while the process is stopped or the machine asleep.
    pub fn running_ms(&self) -> i64 {
        match &*self.0 {
            Kind::Manual(now) => now.borrow().0,
            Kind::System | Kind::Of(_) => running_ms(),
        }
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn running_ms() -> i64 {
    use nix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::CLOCK_BOOTTIME).unwrap_or_else(|_| nix::sys::time::TimeSpec::new(0, 0));
    i64::try_from(Duration::from(time).as_millis()).unwrap_or(i64::MAX)
}

/// Elsewhere the monotonic clock counts the machine's sleep itself (macOS).
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn running_ms() -> i64 {
    use std::sync::OnceLock;
    use std::time::Instant;
    static START: OnceLock<Instant> = OnceLock::new();
    i64::try_from(START.get_or_init(Instant::now).elapsed().as_millis()).unwrap_or(i64::MAX)
}
