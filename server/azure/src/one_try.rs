//! Keeps the SDK's credentials from trying a sign-in again by themselves, which the managed identity one does for over
//! a minute and cannot be told not to.
use azure_core::{
    Error, Result,
    error::ErrorKind,
    http::{AsyncRawResponse, HttpClient, Request},
};

/// Sends once. What the SDK would try again comes back as an error of a kind that it does not.
#[derive(Debug)]
pub(crate) struct OneTry(pub(crate) reqwest::Client);

#[async_trait::async_trait]
impl HttpClient for OneTry {
    async fn execute_request(&self, request: &Request) -> Result<AsyncRawResponse> {
        let response = match self.0.execute_request(request).await {
            Ok(response) => response,
            Err(error) => return Err(Error::with_error(ErrorKind::Other, error, "no answer")),
        };
        let status = response.status();
        if !matches!(u16::from(status), 404 | 408 | 410 | 429 | 500..) {
            return Ok(response);
        }
        let kind = ErrorKind::HttpResponse {
            status,
            error_code: None,
            raw_response: Some(Box::new(response.try_into_raw_response().await?)),
        };
        Err(Error::with_message(kind, format!("answered with {status}")))
    }
}
