//! The web app answers where its users find it.

use super::{Check, Found, Subject};
use async_trait::async_trait;
use azure::kubernetes::{self, Reference};
use domain::naming::WEB_APP;
use serde_json::Value;
use std::time::{Duration, Instant};

pub(super) struct PublicAddress;

const PATIENCE: Duration = Duration::from_secs(10);

#[async_trait]
impl Check for PublicAddress {
    fn key(&self) -> &'static str {
        "public-address"
    }

    fn title(&self) -> &'static str {
        "The web app answers over its public address"
    }

    async fn ask(&self, subject: &Subject) -> Result<Found, azure::Error> {
        let remedy = "Look at the pods and the service of namespace webapp; validate again once they stand.";
        let client = subject.kubernetes().await?;
        let service = kubernetes::get(client, &Reference::new("v1", "Service", Some(WEB_APP), WEB_APP)).await?;
        let Some(address) = service.as_ref().and_then(address) else {
            return Ok(Found::failed("no address", "The service has no public address.", remedy));
        };
        let started = Instant::now();
        let answer = subject.azure().plain_http().get(&address).timeout(PATIENCE).send().await;
        let took = started.elapsed().as_millis();
        Ok(match answer {
            Ok(answer) if answer.status().is_success() => {
                Found::passed(format!("{} in {took} ms", answer.status().as_u16()))
            }
            Ok(answer) => Found::failed(
                format!("answers {}", answer.status().as_u16()),
                "The address answers, but not with the web app's page.",
                remedy,
            ),
            Err(error) if error.is_timeout() => {
                Found::failed("no answer in 10 s", "Nothing answers at the address.", remedy)
            }
            Err(_) => Found::failed("no answer", "Nothing takes connections at the address.", remedy),
        }
        .with("address", address))
    }
}

/// `http://203.0.113.24:8080` of a LoadBalancer service, once it has an address.
pub(crate) fn address(service: &Value) -> Option<String> {
    let ingress = &service["status"]["loadBalancer"]["ingress"][0];
    let host = ingress["ip"].as_str().or_else(|| ingress["hostname"].as_str())?;
    let port = service["spec"]["ports"][0]["port"].as_u64()?;
    Some(if port == 80 { format!("http://{host}") } else { format!("http://{host}:{port}") })
}
