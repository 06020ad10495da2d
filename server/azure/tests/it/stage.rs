//! A wire that keeps what is sent, header and body: one server is the proxy for all of Azure and answers as told.
use azure::{Azure, Cloud, Config, CredentialKind};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use std::sync::Once;
use url::Url;
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{header, method, path},
};

pub(crate) const GROUP: &str = "/subscriptions/s-1/resourceGroups/rg";
const IDENTITY: &str = "/metadata/identity/oauth2/token";

/// Installs the TLS provider that every program installs in its first line.
pub(crate) fn provide_tls() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
}

pub(crate) struct Stage {
    pub(crate) wire: MockServer,
}

impl Stage {
    /// A wire on which a machine has an identity.
    pub(crate) async fn with_identity() -> Self {
        provide_tls();
        let stage = Self { wire: MockServer::start().await };
        Mock::given(method("GET"))
            .and(path(IDENTITY))
            .and(header("metadata", "true"))
            .respond_with(ResponseTemplate::new(200).set_body_json(token()))
            .mount(&stage.wire)
            .await;
        stage
    }

    pub(crate) fn azure(&self) -> Azure {
        let here = Url::parse(&self.wire.uri()).unwrap();
        let config = Config {
            subscription_id: "s-1".to_owned(),
            tenant_id: Some("t-1".to_owned()),
            proxy: Some(here.clone()),
            credential: CredentialKind::ManagedIdentity { client_id: None },
            cloud: Cloud { arm: here.clone(), logs: here, ..Cloud::public() },
            ..Config::default()
        };
        Azure::connect(config).unwrap()
    }

    /// Answers this method and path with this, as often as the test expects.
    pub(crate) async fn answer(&self, verb: &str, place: &str, times: u64, answer: ResponseTemplate) {
        Mock::given(method(verb)).and(path(place)).respond_with(answer).expect(times).mount(&self.wire).await;
    }

    /// Answers the next request of this method and path with this, and later ones with what is told after it.
    pub(crate) async fn answer_once(&self, verb: &str, place: &str, answer: ResponseTemplate) {
        Mock::given(method(verb)).and(path(place)).respond_with(answer).up_to_n_times(1).mount(&self.wire).await;
    }
}

/// An answer of the managed identity endpoint, its numbers strings as on real machines.
fn token() -> Value {
    let claims = json!({"oid": "o-1", "tid": "t-1", "appid": "a-1", "ver": "1.0"}).to_string();
    json!({
        "access_token": format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims)),
        "expires_in": "86399", "expires_on": "4102444800", "not_before": "0",
        "resource": "https://management.azure.com", "token_type": "Bearer",
    })
}

pub(crate) fn ok(body: Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}
