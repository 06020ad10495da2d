//! How people sign in on a device that has no browser: it shows a code, and they type it elsewhere.
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::entra::{Application, verified};
use crate::visitor::Visitor;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
const AZURE_CLI: &str = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";

/// A device that asks at one of the two doors.
struct Device {
    client_id: String,
    begin: String,
    token: String,
    http: Client,
}

impl Device {
    fn at_the_issuer(visitor: &Visitor) -> Self {
        let ready = visitor.simulator.ready();
        let text = |name: &str| ready["sign_in"][name].as_str().unwrap().to_owned();
        let http = Client::builder().no_proxy().build().unwrap();
        let issuer = text("issuer");
        let (begin, token) = (format!("{issuer}/devicecode"), format!("{issuer}/token"));
        Self { client_id: text("client_id"), begin, token, http }
    }

    fn at_login(visitor: &Visitor, client_id: &str) -> Self {
        let base = "https://login.microsoftonline.com/organizations/oauth2/v2.0";
        let (begin, token) = (format!("{base}/devicecode"), format!("{base}/token"));
        Self { client_id: client_id.to_owned(), begin, token, http: visitor.anybody() }
    }

    async fn asks(&self, scope: &str) -> Value {
        let form = [("client_id", self.client_id.as_str()), ("scope", scope)];
        let answer = self.http.post(&self.begin).form(&form).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json().await.unwrap()
    }

    async fn token(&self, more: &[(&str, &str)]) -> (StatusCode, Value) {
        let mut form = vec![("client_id", self.client_id.as_str())];
        form.extend_from_slice(more);
        let answer = self.http.post(&self.token).form(&form).send().await.unwrap();
        (answer.status(), answer.json().await.unwrap())
    }

    async fn polls(&self, asked: &Value) -> (StatusCode, Value) {
        self.token(&[("grant_type", GRANT), ("device_code", asked["device_code"].as_str().unwrap())]).await
    }

    /// Types the code, and chooses whoever is named, as a browser sends it.
    async fn answers(&self, asked: &Value, code: &str, account: &str) -> (StatusCode, String) {
        let form = [("otc", code), ("account", account)];
        let page = self.http.get(asked["verification_uri"].as_str().unwrap()).send().await.unwrap();
        let elsewhere = page.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        let address = elsewhere.unwrap_or_else(|| page.url().to_string());
        let answer = self.http.post(address).form(&form).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }
}

fn code(asked: &Value) -> &str {
    asked["user_code"].as_str().unwrap()
}

fn refused(answer: &(StatusCode, Value)) -> (u16, &str, u64) {
    let (status, body) = answer;
    (status.as_u16(), body["error"].as_str().unwrap(), body["error_codes"][0].as_u64().unwrap())
}

#[tokio::test]
async fn somebody_types_the_code_and_the_device_is_told_once_who_it_was() {
    let visitor = Visitor::arrive().await;
    let device = Device::at_the_issuer(&visitor);
    let asked = device.asks("openid profile offline_access").await;
    assert_eq!((&asked["expires_in"], &asked["interval"]), (&json!(900), &json!(5)));
    let said = asked["message"].as_str().unwrap();
    assert!(said.contains(code(&asked)) && said.contains(asked["verification_uri"].as_str().unwrap()), "{said}");
    assert_eq!(refused(&device.polls(&asked).await), (400, "authorization_pending", 70_016));

    let page = device.http.get(asked["verification_uri"].as_str().unwrap()).send().await.unwrap();
    assert!(page.text().await.unwrap().contains("name=\"otc\""));
    // As people type: small letters, with a gap.
    let typed = code(&asked).to_lowercase();
    let typed = format!("{} {}", &typed[..4], &typed[4..]);
    let (status, accounts) = device.answers(&asked, &typed, "").await;
    assert_eq!(status, StatusCode::OK);
    assert!(accounts.contains("Keystead sign-in") && accounts.contains("value=\"auditor@contoso.example\""));
    assert_eq!(refused(&device.polls(&asked).await).1, "authorization_pending", "nobody was chosen yet");
    let (status, done) = device.answers(&asked, &typed, "manager@contoso.example").await;
    assert!(status == StatusCode::OK && done.contains("You are signed in"), "{done}");
    assert_eq!(device.answers(&asked, &typed, "auditor@contoso.example").await.0, StatusCode::BAD_REQUEST);

    let (status, tokens) = device.polls(&asked).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    let claims = verified(&Application::of(&visitor), tokens["id_token"].as_str().unwrap()).await;
    assert_eq!(claims["preferred_username"], "manager@contoso.example");
    assert_eq!((&claims["roles"], claims.get("nonce")), (&json!(["manager"]), None));
    assert_eq!(refused(&device.polls(&asked).await), (400, "bad_verification_code", 70_018));

    let refresh = tokens["refresh_token"].as_str().unwrap();
    let renew = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    assert_eq!(device.token(&renew).await.0, StatusCode::OK, "a device has no secret to show");
}

#[tokio::test]
async fn a_device_is_told_that_somebody_said_no_and_that_its_code_is_over() {
    let visitor = Visitor::arrive().await;
    let device = Device::at_the_issuer(&visitor);
    let asked = device.asks("openid").await;
    let (status, page) = device.answers(&asked, "WRONGCODE", "").await;
    assert!(status == StatusCode::BAD_REQUEST && page.contains("That code is wrong"), "{page}");
    let (_, page) = device.answers(&asked, code(&asked), "cancel").await;
    assert!(page.contains("You cancelled the sign-in"), "{page}");
    assert_eq!(refused(&device.polls(&asked).await).1, "authorization_declined");

    let late = device.asks("openid").await;
    visitor.advance(900);
    assert_eq!(refused(&device.polls(&late).await), (400, "expired_token", 70_020));
    assert_eq!(device.answers(&late, code(&late), "member@contoso.example").await.0, StatusCode::BAD_REQUEST);
    let stranger = Device { client_id: AZURE_CLI.to_owned(), ..Device::at_the_issuer(&visitor) };
    let other = device.asks("openid").await;
    assert_eq!(refused(&stranger.polls(&other).await).1, "bad_verification_code", "it is another client's");
}

#[tokio::test]
async fn azures_own_command_line_signs_people_in_at_microsofts_addresses() {
    let visitor = Visitor::arrive().await;
    let device = Device::at_login(&visitor, AZURE_CLI);
    let asked = device.asks("https://management.azure.com/.default openid profile offline_access").await;
    assert_eq!(asked["verification_uri"], "https://microsoft.com/devicelogin");
    let (_, page) = device.answers(&asked, code(&asked), "").await;
    assert!(page.contains("Microsoft Azure CLI"), "{page}");
    device.answers(&asked, code(&asked), "member@contoso.example").await;
    let grant = [("grant_type", GRANT), ("device_code", asked["device_code"].as_str().unwrap()), ("client_info", "1")];
    let (status, tokens) = device.token(&grant).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    assert!(tokens["client_info"].is_string());
    // Nobody has given this person a right on the subscription: known, and forbidden.
    let group = format!("{}/resourceGroups/somebody", visitor.subscription());
    let seen = visitor.ask(tokens["access_token"].as_str().unwrap(), http::Method::GET, &group, Value::Null).await;
    assert_eq!((seen.status, seen.code()), (StatusCode::FORBIDDEN, "AuthorizationFailed"));
    // Another resource with the same refresh token, as Microsoft's libraries do it.
    let renew = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
        ("scope", "https://vault.azure.net/.default offline_access"),
    ];
    assert_eq!(device.token(&renew).await.1["scope"], "https://vault.azure.net/.default offline_access");
}

#[tokio::test]
async fn an_application_that_keeps_a_secret_signs_nobody_in_on_a_device() {
    let visitor = Visitor::arrive().await;
    let exports = azure_simulator::folder::exports(visitor.world());
    let device = Device::at_login(&visitor, exports["AZURE_CLIENT_ID"].as_str().unwrap());
    let asked = device.asks("openid").await;
    device.answers(&asked, code(&asked), "member@contoso.example").await;
    assert_eq!(refused(&device.polls(&asked).await), (401, "invalid_client", 7_000_218));
    let unknown = Device::at_login(&visitor, "11111111-1111-1111-1111-111111111111");
    let form = [("client_id", unknown.client_id.as_str()), ("scope", "openid")];
    let answer = unknown.http.post(&unknown.begin).form(&form).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
}
