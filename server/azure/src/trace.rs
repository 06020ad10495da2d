//! The trace that a call belongs to: taken up where a question came in, and told to Azure with every request made for it.

use http::HeaderValue;

tokio::task_local! {
    static TRACEPARENT: HeaderValue;
}

/// Answers as a part of this trace (a W3C `traceparent`), where there is one.
pub async fn within<T>(traceparent: Option<HeaderValue>, answer: impl Future<Output = T>) -> T {
    match traceparent {
        Some(traceparent) => TRACEPARENT.scope(traceparent, answer).await,
        None => answer.await,
    }
}

/// The same of a trace that was kept as text.
pub async fn within_text<T>(traceparent: Option<String>, answer: impl Future<Output = T>) -> T {
    within(traceparent.and_then(|text| HeaderValue::try_from(text).ok()), answer).await
}

/// The trace that is being answered, to be kept.
pub fn current_text() -> Option<String> {
    current().and_then(|trace| trace.to_str().map(str::to_owned).ok())
}

/// The trace that is being answered.
pub(crate) fn current() -> Option<HeaderValue> {
    TRACEPARENT.try_with(Clone::clone).ok()
}
