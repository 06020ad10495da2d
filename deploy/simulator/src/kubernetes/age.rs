//! How long ago something was, in the few characters that Kubernetes prints.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::object::time_at;

/// The age of an object at a pointer to a time; `<unknown>` where there is none.
pub fn since(object: &Value, pointer: &str, now: Timestamp) -> Value {
    match time_at(object, pointer) {
        Some(at) => json!(short(now.as_second() - at.as_second())),
        None => json!("<unknown>"),
    }
}

/// `duration.HumanDuration` of Kubernetes, from seconds.
pub fn short(seconds: i64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86400);
    let with = |first: String, rest: i64, unit: &str| if rest == 0 { first } else { format!("{first}{rest}{unit}") };
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        _ if minutes < 10 => with(format!("{minutes}m"), seconds % 60, "s"),
        _ if minutes < 180 => format!("{minutes}m"),
        _ if hours < 8 => with(format!("{hours}h"), minutes % 60, "m"),
        _ if hours < 48 => format!("{hours}h"),
        _ if hours < 192 => with(format!("{days}d"), hours % 24, "h"),
        _ if days < 730 => format!("{days}d"),
        _ if days < 2920 => with(format!("{}y", days / 365), days % 365, "d"),
        _ => format!("{}y", days / 365),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_written_as_kubernetes_writes_it() {
        for (seconds, text) in [
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (125, "2m5s"),
            (660, "11m"),
            (10_800, "3h"),
            (11_460, "3h11m"),
            (100_000, "27h"),
            (180_000, "2d2h"),
            (2_000_000, "23d"),
            (70_000_000, "2y80d"),
        ] {
            assert_eq!(short(seconds), text);
        }
    }
}
