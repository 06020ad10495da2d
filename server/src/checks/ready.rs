//! Asks every pod of the web app what it can do now, through the cluster's pod proxy, and reads its report.

use azure::kubernetes;
use domain::naming::WEB_APP;
use futures::future::join_all;
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// Where the web app reports on itself.
pub(crate) const PORT: u16 = 8081;

/// One pod's report, or why there is none.
#[derive(Clone, Debug)]
pub struct Report {
    pub pod: String,
    pub said: Result<Said, String>,
}

/// What `/readyz` answers; the web app documents each field.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Said {
    pub ready: bool,
    pub identity: Option<Identity>,
    pub secrets: Option<Secrets>,
    pub login: Option<Login>,
    pub cause: Option<Cause>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Identity {
    pub kind: String,
    pub client_id: Option<String>,
    pub object_id: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Secrets {
    pub versions: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Login {
    pub succeeded: bool,
    pub milliseconds: u64,
    pub cause: Option<Cause>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Cause {
    /// `identity`, `secrets` or `database`.
    pub stage: String,
    pub message: String,
    pub status: Option<u16>,
    pub code: Option<String>,
}

impl Cause {
    /// `HTTP 400 invalid_request: Multiple user assigned identities exist …`.
    pub fn words(&self) -> String {
        let status = self.status.map(|status| format!("HTTP {status} ")).unwrap_or_default();
        match &self.code {
            Some(code) => format!("{status}{code}: {}", self.message),
            None => format!("{status}{}", self.message),
        }
    }
}

/// Every pod at once; a pod that does not answer has a report that says so.
pub(crate) async fn ask(client: &kube::Client, pods: &[Value]) -> Vec<Report> {
    join_all(pods.iter().map(|pod| one(client, pod))).await
}

async fn one(client: &kube::Client, pod: &Value) -> Report {
    let name = pod["metadata"]["name"].as_str().unwrap_or_default().to_owned();
    let said = match kubernetes::pod_get(client, WEB_APP, &name, PORT, "/readyz?fresh").await {
        Ok(answer) => serde_json::from_str(&answer.body)
            .map_err(|_| format!("answered {} with something that is no report", answer.status)),
        Err(error) => Err(format!("{} {}", error.code(), error.message())),
    };
    Report { pod: name, said }
}
