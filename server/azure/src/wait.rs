//! Reads from an answer's headers how long Azure asks to wait before the next call.
use http::HeaderMap;
use jiff::{Timestamp, fmt::rfc2822};
use std::time::Duration;

/// What the limits of Cost Management name, each its own; the longest counts.
const OF_LIMITS: (&str, &str) = ("x-ms-ratelimit-microsoft.", "-retry-after");

/// The time that the answer names: `retry-after-ms` and `x-ms-retry-after-ms` are exact and win over `Retry-After`,
/// which is in seconds or a date. A date is measured against the answer's own `Date`, so that no clock is read.
pub(crate) fn after(headers: &HeaderMap) -> Option<Duration> {
    usual(headers).max(of_limits(headers))
}

fn of_limits(headers: &HeaderMap) -> Option<Duration> {
    let named = headers.iter().filter(|(name, _)| {
        let name = name.as_str();
        name.starts_with(OF_LIMITS.0) && name.ends_with(OF_LIMITS.1)
    });
    named.filter_map(|(_, value)| value.to_str().ok()?.trim().parse().ok()).map(Duration::from_secs).max()
}

fn usual(headers: &HeaderMap) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    ["retry-after-ms", "x-ms-retry-after-ms"]
        .iter()
        .find_map(|name| text(name)?.parse().ok())
        .map(Duration::from_millis)
        .or_else(|| {
            let value = text("retry-after")?;
            value.parse().ok().map(Duration::from_secs).or_else(|| until(value, text("date")?))
        })
}

fn until(date: &str, now: &str) -> Option<Duration> {
    let at = |text: &str| rfc2822::parse(text).ok().map(|zoned| zoned.timestamp());
    let (date, now): (Timestamp, Timestamp) = (at(date)?, at(now)?);
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}
