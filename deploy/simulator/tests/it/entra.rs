//! How people sign in and how programs get tokens.
use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::{Client, Method, StatusCode, redirect::Policy};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use url::Url;

use crate::visitor::Visitor;

pub const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters-long";

pub struct Application {
    issuer: String,
    client_id: String,
    client_secret: String,
    browser: Client,
}

impl Application {
    pub fn of(visitor: &Visitor) -> Self {
        let ready = visitor.simulator.ready();
        let text = |name: &str| ready["sign_in"][name].as_str().unwrap().to_owned();
        let browser = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        Self { issuer: text("issuer"), client_id: text("client_id"), client_secret: text("client_secret"), browser }
    }

    fn parameters(&self) -> BTreeMap<String, String> {
        [
            ("client_id", self.client_id.as_str()),
            ("redirect_uri", "http://127.0.0.1:3000/auth/callback"),
            ("response_type", "code"),
            ("scope", "openid profile offline_access"),
            ("state", "s<1>"),
            ("nonce", "n1"),
            ("code_challenge_method", "S256"),
            ("code_challenge", &URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER))),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    async fn page(&self, parameters: &BTreeMap<String, String>) -> reqwest::Response {
        self.browser.get(format!("{}/authorize", self.issuer)).query(parameters).send().await.unwrap()
    }

    pub async fn choose(&self, account: &str) -> BTreeMap<String, String> {
        let mut form = self.parameters();
        form.insert("account".into(), format!("{account}@contoso.example"));
        let reply = self.browser.post(format!("{}/authorize", self.issuer)).form(&form).send().await.unwrap();
        assert_eq!(reply.status(), StatusCode::SEE_OTHER);
        let back = Url::parse(reply.headers()["location"].to_str().unwrap()).unwrap();
        assert_eq!(back.path(), "/auth/callback");
        back.query_pairs().into_owned().collect()
    }

    pub async fn token(&self, more: &[(&str, &str)]) -> (StatusCode, Value) {
        let mut form = vec![("client_id", self.client_id.as_str()), ("client_secret", self.client_secret.as_str())];
        form.extend_from_slice(more);
        let reply = self.browser.post(format!("{}/token", self.issuer)).form(&form).send().await.unwrap();
        (reply.status(), reply.json().await.unwrap())
    }

    pub async fn redeem(&self, code: &str, verifier: &str) -> (StatusCode, Value) {
        let redirect = "http://127.0.0.1:3000/auth/callback";
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", redirect),
            ("code_verifier", verifier),
        ])
        .await
    }
}

/// The claims of a token whose signature the published keys confirm, as any relying party would check it.
pub async fn verified(application: &Application, token: &str) -> Value {
    let document: Value = get(application, "/.well-known/openid-configuration").await;
    assert_eq!(document["issuer"].as_str().unwrap(), application.issuer);
    let keys: jsonwebtoken::jwk::JwkSet = serde_json::from_value(get(application, "/keys").await).unwrap();
    let header = jsonwebtoken::decode_header(token).unwrap();
    let key = keys.find(header.kid.as_deref().unwrap()).unwrap();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
    validation.set_audience(&[&application.client_id]);
    validation.set_issuer(&[&application.issuer]);
    // The world's clock is the test's own.
    validation.validate_exp = false;
    let key = jsonwebtoken::DecodingKey::from_jwk(key).unwrap();
    jsonwebtoken::decode::<Value>(token, &key, &validation).unwrap().claims
}

async fn get(application: &Application, path: &str) -> Value {
    application.browser.get(format!("{}{path}", application.issuer)).send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn a_person_chooses_an_account_and_the_application_learns_role_and_team() {
    let visitor = Visitor::arrive().await;
    let application = Application::of(&visitor);
    let page = application.page(&application.parameters()).await;
    assert_eq!(page.status(), StatusCode::OK);
    let page = page.text().await.unwrap();
    for account in
        ["member", "third-member", "manager", "second-member", "second-manager", "platform-engineer", "auditor"]
    {
        assert!(page.contains(&format!("value=\"{account}@contoso.example\"")), "{account}");
    }
    assert!(page.contains("s&lt;1&gt;") && !page.contains("s<1>"));
    let back = application.choose("manager").await;
    assert_eq!(back["state"], "s<1>");
    let (status, tokens) = application.redeem(&back["code"], VERIFIER).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    let claims = verified(&application, tokens["id_token"].as_str().unwrap()).await;
    assert_eq!(claims["nonce"], "n1");
    assert_eq!(claims["preferred_username"], "manager@contoso.example");
    assert_eq!(claims["roles"], json!(["manager"]));
    let payments = visitor.simulator.ready()["teams"][0]["group"].clone();
    assert_eq!(claims["groups"], json!([payments]));
    assert_eq!(claims["tid"], json!(visitor.world().tenant));
    let refresh = tokens["refresh_token"].as_str().unwrap();
    let (status, again) = application.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh)]).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(verified(&application, again["id_token"].as_str().unwrap()).await["oid"], claims["oid"]);
}

#[tokio::test]
async fn a_code_is_worth_nothing_twice_or_without_its_verifier() {
    let visitor = Visitor::arrive().await;
    let application = Application::of(&visitor);
    let back = application.choose("member").await;
    let (status, body) = application.redeem(&back["code"], "another verifier").await;
    assert_eq!((status, &body["error"]), (StatusCode::BAD_REQUEST, &json!("invalid_grant")));
    let (status, _) = application.redeem(&back["code"], VERIFIER).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let late = application.choose("member").await;
    visitor.advance(601);
    assert_eq!(application.redeem(&late["code"], VERIFIER).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn what_an_application_may_not_ask_is_refused() {
    let visitor = Visitor::arrive().await;
    let application = Application::of(&visitor);
    for (name, value, here) in [
        ("redirect_uri", "https://example.org/callback", true),
        ("client_id", "00000000-0000-0000-0000-000000000000", true),
        ("code_challenge_method", "plain", false),
        ("scope", "profile", false),
    ] {
        let mut parameters = application.parameters();
        parameters.insert(name.into(), value.into());
        let reply = application.page(&parameters).await;
        if here {
            assert_eq!(reply.status(), StatusCode::BAD_REQUEST, "{name}");
        } else {
            let location = reply.headers()["location"].to_str().unwrap().to_owned();
            assert!(location.starts_with("http://127.0.0.1:3000/auth/callback?error="), "{location}");
        }
    }
    let mut form = application.parameters();
    form.insert("account".into(), "cancel".into());
    let reply = application.browser.post(format!("{}/authorize", application.issuer)).form(&form).send().await.unwrap();
    assert!(reply.headers()["location"].to_str().unwrap().contains("error=access_denied"));
}

#[tokio::test]
async fn the_end_of_a_session_sends_the_browser_back() {
    let visitor = Visitor::arrive().await;
    let application = Application::of(&visitor);
    let url = format!("{}/logout?post_logout_redirect_uri=http://localhost:3000/&state=x", application.issuer);
    let reply = application.browser.get(url).send().await.unwrap();
    assert_eq!(reply.headers()["location"], "http://localhost:3000/?state=x");
}

#[tokio::test]
async fn a_wrong_secret_is_refused_with_its_number() {
    let visitor = Visitor::arrive().await;
    let exports = azure_simulator::folder::exports(visitor.world());
    let url = format!("https://login.microsoftonline.com/{}/oauth2/v2.0/token", visitor.world().tenant);
    let client = exports["AZURE_CLIENT_ID"].as_str().unwrap();
    for (client, secret, number) in
        [(client, "wrong", 7_000_215), ("11111111-1111-1111-1111-111111111111", "x", 700_016)]
    {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", client),
            ("client_secret", secret),
            ("scope", "https://vault.azure.net/.default"),
        ];
        let reply = visitor.anybody().post(&url).form(&form).send().await.unwrap();
        let body: Value = reply.json().await.unwrap();
        assert_eq!(body["error_codes"], json!([number]), "{body}");
        assert!(body["error_description"].as_str().unwrap().starts_with(&format!("AADSTS{number}: ")));
    }
}

/// Sends a code with whatever the application shows of itself.
async fn shown(application: &Application, more: &[(&str, &str)]) -> (StatusCode, Value) {
    let back = application.choose("member").await;
    let mut form = vec![
        ("client_id", application.client_id.as_str()),
        ("grant_type", "authorization_code"),
        ("code", back["code"].as_str()),
        ("redirect_uri", "http://127.0.0.1:3000/auth/callback"),
        ("code_verifier", VERIFIER),
    ];
    form.extend_from_slice(more);
    let reply = application.browser.post(format!("{}/token", application.issuer)).form(&form).send().await.unwrap();
    (reply.status(), reply.json().await.unwrap())
}

#[tokio::test]
async fn the_sign_in_application_proves_itself_with_a_federated_credential() {
    let visitor = Visitor::arrive().await;
    let application = Application::of(&visitor);
    let (status, nothing) = shown(&application, &[]).await;
    assert_eq!((status, &nothing["error_codes"][0]), (StatusCode::UNAUTHORIZED, &json!(7_000_218)));
    let issue = |subject: &str| json!({"issuer": "https://ci.example", "subject": subject, "audience": "api://AzureADTokenExchange"});
    let mut assertions = Vec::new();
    for subject in ["portal", "another"] {
        let issued = visitor.control(Method::POST, "/assertions", issue(subject)).await;
        assertions.push(issued.body["token"].as_str().unwrap().to_owned());
    }
    let of = |assertion: &str| {
        [
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned()),
            ("client_assertion", assertion.to_owned()),
        ]
    };
    let try_it = async |assertion: &str| {
        let of = of(assertion);
        let of: Vec<(&str, &str)> = of.iter().map(|(name, value)| (*name, value.as_str())).collect();
        shown(&application, &of).await
    };
    let (_, none) = try_it(&assertions[0]).await;
    assert_eq!(none["error_codes"][0], 70_021, "{none}");
    let mut trust = issue("portal");
    trust["application"] = json!(application.client_id);
    assert_eq!(visitor.control(Method::POST, "/federations", trust).await.status, StatusCode::NO_CONTENT);
    let (status, tokens) = try_it(&assertions[0]).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    let (_, other) = try_it(&assertions[1]).await;
    assert_eq!(other["error_codes"][0], 700_213, "{other}");
    visitor.advance(3_700);
    let (_, late) = try_it(&assertions[0]).await;
    assert_eq!(late["error_codes"][0], 700_024, "{late}");
}

#[tokio::test]
async fn an_account_that_was_switched_off_or_deleted_signs_in_no_more() {
    let visitor = Visitor::arrive().await;
    let application = Application::of(&visitor);
    let stand = |state: &str| json!({"account": "member@contoso.example", "state": state});
    let back = application.choose("member").await;
    let (_, tokens) = application.redeem(&back["code"], VERIFIER).await;
    let refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
    let renew =
        async || application.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())]).await;
    assert_eq!(renew().await.0, StatusCode::OK);
    visitor.control(Method::POST, "/accounts", stand("disabled")).await;
    assert_eq!(renew().await.1["error_codes"][0], 50_057);
    let mut form = application.parameters();
    form.insert("account".into(), "member@contoso.example".into());
    let reply = application.browser.post(format!("{}/authorize", application.issuer)).form(&form).send().await.unwrap();
    assert_eq!(reply.status(), StatusCode::BAD_REQUEST);
    assert!(reply.text().await.unwrap().contains("AADSTS50057"));
    visitor.control(Method::POST, "/accounts", stand("deleted")).await;
    assert_eq!(renew().await.1["error_codes"][0], 50_034);
    visitor.control(Method::POST, "/accounts", stand("enabled")).await;
    let (status, again) = renew().await;
    assert_eq!(status, StatusCode::OK, "{again}");
    let nobody = json!({"account": "nobody@contoso.example", "state": "deleted"});
    assert_eq!(visitor.control(Method::POST, "/accounts", nobody).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_person_signs_in_at_microsofts_own_address() {
    let visitor = Visitor::arrive().await;
    let browser = visitor.anybody();
    let document: Value = browser
        .get("https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let (authorize, token) =
        (document["authorization_endpoint"].as_str().unwrap(), document["token_endpoint"].as_str().unwrap());
    let cli = "04b07795-8ddb-461a-bbee-02f9e1bf7b46";
    let mut parameters = Application::of(&visitor).parameters();
    let scope = "https://management.azure.com/.default openid profile offline_access";
    for (name, value) in [("client_id", cli), ("scope", scope), ("redirect_uri", "http://localhost:8400/")] {
        parameters.insert(name.to_owned(), value.to_owned());
    }
    let page = browser.get(authorize).query(&parameters).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("Microsoft Azure CLI") && page.contains("value=\"member@contoso.example\""), "{page}");

    // The three ways back.
    let choose = |mode: &str| {
        let mut form = parameters.clone();
        form.extend(
            [("account", "member@contoso.example"), ("response_mode", mode)].map(|(a, b)| (a.into(), b.into())),
        );
        browser.post(authorize).form(&form).send()
    };
    let at = |reply: &reqwest::Response| Url::parse(reply.headers()["location"].to_str().unwrap()).unwrap();
    let query = at(&choose("query").await.unwrap());
    assert!(query.query_pairs().any(|(name, value)| name == "state" && value == "s<1>"), "{query}");
    let fragment = at(&choose("fragment").await.unwrap());
    assert!(fragment.query().is_none() && fragment.fragment().unwrap().starts_with("code="), "{fragment}");
    let form = choose("form_post").await.unwrap().text().await.unwrap();
    assert!(form.contains("action=\"http://localhost:8400/\"") && form.contains("value=\"s&lt;1&gt;\""), "{form}");
    let refused = at(&choose("telepathy").await.unwrap());
    assert!(refused.query().unwrap().contains("error=invalid_request"), "{refused}");

    let code = query.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned();
    let redeem = |code: &str, verifier: &str| {
        let form = [
            ("client_id", cli),
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", "http://localhost:8400/"),
            ("code_verifier", verifier),
            ("client_info", "1"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        let request = browser.post(token).form(&form);
        async move {
            let reply = request.send().await.unwrap();
            (reply.status(), reply.json::<Value>().await.unwrap())
        }
    };
    let (status, tokens) = redeem(&code, VERIFIER).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    assert!(tokens["refresh_token"].is_string() && tokens["client_info"].is_string());
    let group = format!("{}/resourceGroups/somebody", visitor.subscription());
    let seen = visitor.ask(tokens["access_token"].as_str().unwrap(), Method::GET, &group, Value::Null).await;
    assert_eq!((seen.status, seen.code()), (StatusCode::FORBIDDEN, "AuthorizationFailed"));
    assert_eq!(redeem(&code, VERIFIER).await.1["error_codes"], json!([70_008]), "a code is good once");
    let fragment = fragment.fragment().unwrap().to_owned();
    let other = Url::parse(&format!("http://x/?{fragment}")).unwrap().query_pairs().next().unwrap().1.into_owned();
    assert_eq!(
        redeem(&other, "another-verifier-of-forty-three-characters-000").await.1["error_codes"],
        json!([501_481])
    );

    // Another directory's page is none.
    let elsewhere = authorize.replace(&visitor.world().tenant.to_string(), "11111111-1111-1111-1111-111111111111");
    let refused = browser.get(elsewhere).query(&parameters).send().await.unwrap();
    assert_eq!(refused.json::<Value>().await.unwrap()["error_codes"], json!([90_002]));
}

#[tokio::test]
async fn who_is_signed_in_is_told_in_the_words_of_openid_connect() {
    let visitor = Visitor::arrive().await;
    let application = Application::of(&visitor);
    let back = application.choose("manager").await;
    let (_, tokens) = application.redeem(&back["code"], VERIFIER).await;
    let told = visitor.anybody().get("https://graph.microsoft.com/oidc/userinfo");
    let told = told.bearer_auth(tokens["access_token"].as_str().unwrap()).send().await.unwrap();
    let told: Value = told.json().await.unwrap();
    assert_eq!((&told["name"], &told["email"]), (&json!("Manager"), &json!("manager@contoso.example")));
    assert!(told["sub"].as_str().is_some_and(|subject| !subject.is_empty()));
    let nobody = visitor.anybody().get("https://graph.microsoft.com/oidc/userinfo").send().await.unwrap();
    assert_eq!(nobody.status(), StatusCode::UNAUTHORIZED);
}
