//! Counts requests in ARM's token buckets per caller: 250 reads (+25 a second), 200 writes and 200 deletes (+10).
//! Numbers: Microsoft's page on request limits and throttling of the resource manager. The speed refills faster.
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::{Method, StatusCode};
use jiff::Timestamp;
use uuid::Uuid;

use super::refusal::Refusal;
use crate::clock::Clock;

/// The buckets of one world. They are full again after a restart.
#[derive(Default)]
pub(super) struct Limits(Mutex<HashMap<(Uuid, &'static str), Bucket>>);

struct Bucket {
    left: f64,
    counted: Timestamp,
}

impl Limits {
    /// Takes one request out of its bucket: the header to tell with what is left, or 429.
    pub(super) fn take(&self, clock: &Clock, caller: Uuid, method: &Method) -> Result<(&'static str, u32), Refusal> {
        let (name, size, refill) = match *method {
            Method::GET | Method::HEAD => ("x-ms-ratelimit-remaining-subscription-reads", 250.0, 25.0),
            Method::DELETE => ("x-ms-ratelimit-remaining-subscription-deletes", 200.0, 10.0),
            _ => ("x-ms-ratelimit-remaining-subscription-writes", 200.0, 10.0),
        };
        let now = clock.now();
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let bucket = buckets.entry((caller, name)).or_insert(Bucket { left: size, counted: now });
        let passed = now.duration_since(bucket.counted).as_secs_f64().max(0.0);
        bucket.left = (bucket.left + passed * refill * clock.speed()).min(size);
        bucket.counted = now;
        if bucket.left < 1.0 {
            let wait = clock.shorten(Duration::from_secs(10)).as_secs_f64().ceil();
            return Err(Refusal::new(
                StatusCode::TOO_MANY_REQUESTS,
                "TooManyRequests",
                "The request is being throttled as the limit has been reached for operation type. Please try again after the interval in the Retry-After header.",
            )
            .with_header("retry-after", wait.to_string()));
        }
        bucket.left -= 1.0;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // between 0 and 250
        Ok((name, bucket.left as u32))
    }
}
