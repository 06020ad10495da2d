//! A cluster whose certificates are rotated: what was handed out before opens it no longer.
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::aks::{self, CLUSTER, body, done, make};
use crate::kubernetes::{behind_the_door, kubeconfig, within};
use crate::visitor::Visitor;

const ROTATE: &str = "rotateClusterCertificates";

/// What a kubeconfig of the local account holds.
struct Kubeconfig {
    server: String,
    authority: Vec<u8>,
    token: String,
}

impl Kubeconfig {
    async fn ask(visitor: &Visitor) -> Self {
        let config = kubeconfig(visitor, "listClusterAdminCredential").await;
        let cluster = &config["clusters"][0]["cluster"];
        Self {
            server: cluster["server"].as_str().unwrap().to_owned(),
            authority: STANDARD.decode(cluster["certificate-authority-data"].as_str().unwrap()).unwrap(),
            token: config["users"][0]["user"]["token"].as_str().unwrap().to_owned(),
        }
    }

    /// The status of a list of namespaces with this authority and the token of some account; nothing where the server
    /// is another's.
    async fn namespaces(&self, visitor: &Visitor, token: &str) -> Option<StatusCode> {
        let client = behind_the_door(visitor, &self.authority).build().unwrap();
        let asked = client.get(format!("{}/api/v1/namespaces", self.server)).bearer_auth(token).send().await;
        asked.ok().map(|reply| reply.status())
    }
}

#[tokio::test]
async fn what_was_handed_out_before_a_rotation_opens_a_cluster_no_longer() {
    let mut local = body();
    local["properties"]["disableLocalAccounts"] = json!(false);
    let visitor = aks::visitor().await;
    make(&visitor, local).await;
    let before = Kubeconfig::ask(&visitor).await;
    within(10, || async { (before.namespaces(&visitor, &before.token).await == Some(StatusCode::OK)).then_some(()) })
        .await;

    let asked = visitor.arm(Method::POST, &format!("{CLUSTER}/{ROTATE}"), Value::Null).await;
    assert_eq!(asked.status, StatusCode::ACCEPTED, "{}", asked.body);
    assert!(!asked.header("location").is_empty() && !asked.header("azure-asyncoperation").is_empty());
    let cluster = visitor.arm(Method::GET, CLUSTER, Value::Null).await.body;
    assert_eq!(cluster["properties"]["provisioningState"], "RotatingClusterCertificates");
    let again = visitor.arm(Method::POST, &format!("{CLUSTER}/{ROTATE}"), Value::Null).await;
    assert_eq!(again.status, StatusCode::CONFLICT, "{}", again.body);
    done(&visitor, &asked).await;

    let after = Kubeconfig::ask(&visitor).await;
    assert_eq!(after.server, before.server);
    within(10, || async { (after.namespaces(&visitor, &after.token).await == Some(StatusCode::OK)).then_some(()) })
        .await;
    assert_eq!(before.namespaces(&visitor, &after.token).await, None, "the old authority did not sign it");
    assert_eq!(after.namespaces(&visitor, &before.token).await, Some(StatusCode::UNAUTHORIZED));
    let cluster = visitor.arm(Method::GET, CLUSTER, Value::Null).await.body;
    assert_eq!(cluster["properties"]["provisioningState"], "Succeeded");

    let visitor = visitor.again().await;
    within(10, || async { (after.namespaces(&visitor, &after.token).await == Some(StatusCode::OK)).then_some(()) })
        .await;
}

#[tokio::test]
async fn a_stopped_cluster_takes_no_rotation() {
    let visitor = aks::visitor().await;
    make(&visitor, body()).await;
    let asked = visitor.arm(Method::POST, &format!("{CLUSTER}/stop"), Value::Null).await;
    done(&visitor, &asked).await;
    let refused = visitor.arm(Method::POST, &format!("{CLUSTER}/{ROTATE}"), Value::Null).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::BAD_REQUEST, "BadRequest"), "{}", refused.body);
}
