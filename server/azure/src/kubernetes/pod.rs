//! Asks a pod itself, through the cluster's API: what it answers on a port and what it wrote to its log.
use super::refused;
use crate::error::Error;
use http::Request;
use k8s_openapi::api::core::v1::Pod;
use kube::{Api, Client, api::LogParams, client::Body};

/// What a pod answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PodAnswer {
    pub status: u16,
    pub body: String,
}

/// A GET on a pod's port through the pod proxy. Whatever status the pod answers with is an answer; an error is what
/// the API server itself says, known by its `Status` document (a pod that refuses the connection is its 503).
pub async fn pod_get(client: &Client, namespace: &str, pod: &str, port: u16, path: &str) -> Result<PodAnswer, Error> {
    let place = format!("pod {namespace}/{pod}:{port}{path}");
    let uri = format!("/api/v1/namespaces/{namespace}/pods/{pod}:{port}/proxy/{}", path.trim_start_matches('/'));
    let request = Request::get(uri)
        .body(Body::empty())
        .map_err(|error| Error::rejected("GET", &place, "BadAddress", error.to_string()))?;
    let response = client.send(request).await.map_err(|error| refused("GET", &place, error))?;
    let status = response.status().as_u16();
    let body = response.into_body().collect_bytes().await.map_err(|error| refused("GET", &place, error))?;
    let said_by_the_server = serde_json::from_slice::<kube::core::Status>(&body)
        .ok()
        .filter(|_| status >= 400)
        .filter(|said| said.code == status && !said.reason.is_empty());
    match said_by_the_server {
        Some(said) => Err(refused("GET", &place, kube::Error::Api(said.boxed()))),
        None => Ok(PodAnswer { status, body: String::from_utf8_lossy(&body).into_owned() }),
    }
}

/// The last lines that a pod's container wrote; `previous` are those of the run before its last restart.
pub async fn pod_log(
    client: &Client,
    namespace: &str,
    pod: &str,
    container: Option<&str>,
    lines: i64,
    previous: bool,
) -> Result<String, Error> {
    let parameters = LogParams {
        container: container.map(str::to_owned),
        tail_lines: Some(lines),
        previous,
        ..LogParams::default()
    };
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let said = pods.logs(pod, &parameters).await;
    said.map_err(|error| refused("GET", &format!("log of pod {namespace}/{pod}"), error))
}
