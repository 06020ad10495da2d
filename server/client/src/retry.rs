//! How often the same is asked again: where nothing was answered, or the portal says when to come back.

use reqwest::header::RETRY_AFTER;
use reqwest::{Response, StatusCode};
use std::time::Duration;

/// Questions that are asked again.
const MOST: u32 = 4;
const FIRST: Duration = Duration::from_millis(250);
/// Longer than this nobody wants to wait without a word.
const LONGEST: Duration = Duration::from_secs(20);

#[derive(Default)]
pub(crate) struct Patience {
    asked: u32,
}

impl Patience {
    /// Waits where it is worth asking again.
    pub(crate) async fn waits(&mut self, error: &reqwest::Error) -> bool {
        let again = error.is_connect() || error.is_request() && !error.is_builder();
        again && self.wait(None).await
    }

    /// The same where this answer asks for it.
    pub(crate) async fn waits_for(&mut self, answer: &Response) -> bool {
        let after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let after = after.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
        match answer.status() {
            StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
                self.wait(after).await
            }
            // The same command is at work, or too many were.
            StatusCode::TOO_MANY_REQUESTS | StatusCode::CONFLICT if after.is_some() => self.wait(after).await,
            _ => false,
        }
    }

    async fn wait(&mut self, after: Option<Duration>) -> bool {
        let wait = after.unwrap_or(FIRST * 2_u32.saturating_pow(self.asked));
        self.asked += 1;
        if self.asked >= MOST || wait > LONGEST {
            return false;
        }
        tokio::time::sleep(wait).await;
        true
    }
}
