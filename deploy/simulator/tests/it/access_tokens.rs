//! How tokens look, and how an application gets one with a certificate.
use azure_simulator::clock::unix;
use azure_simulator::directory::{self, Principal, PrincipalKind};
use azure_simulator::state::StateError;
use azure_simulator::tokens::unverified;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};

use crate::entra::{Application, VERIFIER, verified};
use crate::visitor::Visitor;

/// A certificate of an application's own, and what signs with its key.
struct Certificate {
    pem: String,
    thumbprint: String,
    key: EncodingKey,
}

impl Certificate {
    fn make(visitor: &Visitor) -> Self {
        Self::counting(visitor, 1975, 4096)
    }

    /// One that counts from the beginning of a year to that of another.
    fn counting(visitor: &Visitor, from: i32, until: i32) -> Self {
        let pem = visitor.world().tokens.pem();
        let key = KeyPair::from_pem(pem).unwrap();
        let mut params = CertificateParams::new(["app.contoso.example".to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(until, 1, 1));
        let certificate = params.self_signed(&key).unwrap();
        let thumbprint = URL_SAFE_NO_PAD.encode(Sha1::digest(certificate.der()));
        Self { pem: certificate.pem(), thumbprint, key: EncodingKey::from_rsa_pem(pem.as_bytes()).unwrap() }
    }

    fn assertion(&self, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::RS256);
        header.x5t = Some(self.thumbprint.clone());
        jsonwebtoken::encode(&header, claims, &self.key).unwrap()
    }
}

fn owner(visitor: &Visitor) -> String {
    azure_simulator::folder::exports(visitor.world())["AZURE_CLIENT_ID"].as_str().unwrap().to_owned()
}

fn endpoint(visitor: &Visitor) -> String {
    format!("https://login.microsoftonline.com/{}/oauth2/v2.0/token", visitor.world().tenant)
}

async fn sign_in(visitor: &Visitor, assertion: &str) -> (StatusCode, Value) {
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &owner(visitor)),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion),
        ("scope", "https://management.azure.com/.default"),
    ];
    let reply = visitor.anybody().post(endpoint(visitor)).form(&form).send().await.unwrap();
    (reply.status(), reply.json().await.unwrap())
}

#[tokio::test]
async fn an_application_proves_itself_with_its_certificate() {
    let visitor = Visitor::arrive().await;
    let certificate = Certificate::make(&visitor);
    let now = unix(visitor.world().clock.now());
    let claims = |aud: &str, exp: i64| json!({"iss": owner(&visitor), "sub": owner(&visitor), "aud": aud, "jti": "1", "nbf": now, "exp": exp});
    let good = certificate.assertion(&claims(&endpoint(&visitor), now + 600));
    let (status, unknown) = sign_in(&visitor, &good).await;
    assert_eq!((status, &unknown["error_codes"][0]), (StatusCode::UNAUTHORIZED, &json!(700_027)), "{unknown}");

    let register = |pem: &str| json!({"application": owner(&visitor), "certificate": pem});
    let wrong = visitor.control(Method::POST, "/certificates", register("no certificate")).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    let registered = visitor.control(Method::POST, "/certificates", register(&certificate.pem)).await;
    assert_eq!(registered.status, StatusCode::NO_CONTENT, "{}", registered.body);
    let (status, given) = sign_in(&visitor, &good).await;
    assert_eq!(status, StatusCode::OK, "{given}");
    let mut broken_seconds = claims(&endpoint(&visitor), now + 600);
    broken_seconds["exp"] = json!(f64::from(u32::try_from(now).unwrap()) + 600.5);
    assert_eq!(sign_in(&visitor, &certificate.assertion(&broken_seconds)).await.0, StatusCode::OK);
    let token = unverified(given["access_token"].as_str().unwrap()).unwrap();
    assert_eq!((&token["appidacr"], &token["ver"]), (&json!("2"), &json!("1.0")));

    let mut stranger = claims(&endpoint(&visitor), now + 600);
    stranger["iss"] = json!("11111111-1111-1111-1111-111111111111");
    for (claims, number) in [
        (claims("https://login.microsoftonline.com/other", now + 600), 700_023),
        (claims(&endpoint(&visitor), now - 1), 700_024),
        (stranger, 700_021),
    ] {
        let (status, refused) = sign_in(&visitor, &certificate.assertion(&claims)).await;
        assert_eq!((status, &refused["error_codes"][0]), (StatusCode::UNAUTHORIZED, &json!(number)), "{refused}");
    }
    let (broken, _) = good.rsplit_once('.').unwrap();
    let (_, refused) = sign_in(&visitor, &format!("{broken}.{}", URL_SAFE_NO_PAD.encode([0; 256]))).await;
    assert_eq!(refused["error_codes"][0], 700_027);
}

#[tokio::test]
async fn a_certificate_counts_between_its_dates() {
    let visitor = Visitor::arrive().await;
    let now = unix(visitor.world().clock.now());
    let claims = json!({"iss": owner(&visitor), "sub": owner(&visitor), "aud": endpoint(&visitor), "exp": now + 600});
    for (from, until, reason) in
        [(2000, 2001, Some("The key used is expired.")), (2200, 2201, Some("not yet valid")), (2000, 2201, None)]
    {
        let certificate = Certificate::counting(&visitor, from, until);
        let asked = json!({"application": owner(&visitor), "certificate": certificate.pem});
        assert_eq!(visitor.control(Method::POST, "/certificates", asked).await.status, StatusCode::NO_CONTENT);
        let (status, told) = sign_in(&visitor, &certificate.assertion(&claims)).await;
        let Some(reason) = reason else {
            assert_eq!(status, StatusCode::OK, "{told}");
            continue;
        };
        assert_eq!((status, &told["error_codes"][0]), (StatusCode::UNAUTHORIZED, &json!(700_027)), "{told}");
        assert!(told["error_description"].as_str().unwrap().contains(reason), "{told}");
    }
}

#[tokio::test]
async fn azures_services_are_given_version_1_and_applications_version_2() {
    let visitor = Visitor::arrive().await;
    let first = unverified(&visitor.owner("https://vault.azure.net").await).unwrap();
    assert_eq!((&first["ver"], &first["iss"]), (&json!("1.0"), &json!(visitor.world().issuer())));
    assert_eq!((&first["appid"], &first["appidacr"]), (&json!(owner(&visitor)), &json!("1")));
    let application = visitor.simulator.ready()["sign_in"]["client_id"].as_str().unwrap().to_owned();
    let second = unverified(&visitor.owner(&format!("api://{application}")).await).unwrap();
    assert_eq!((&second["ver"], &second["aud"]), (&json!("2.0"), &json!(application)));
    assert_eq!(second["iss"], format!("https://login.microsoftonline.com/{}/v2.0", visitor.world().tenant));
    assert_eq!((&second["azp"], &second["azpacr"]), (&json!(owner(&visitor)), &json!("1")));
    assert!(second["appid"].is_null() && second["roles"].is_null());
    let assigned = json!({"application": owner(&visitor), "roles": ["member"]});
    visitor.control(Method::POST, "/roles", assigned).await;
    let third = unverified(&visitor.owner(&format!("api://{application}")).await).unwrap();
    assert_eq!(third["roles"], json!(["member"]));
    let azures = unverified(&visitor.owner("https://vault.azure.net").await).unwrap();
    assert!(azures["roles"].is_null(), "app roles are of the application that the token is for");
}

#[tokio::test]
async fn who_is_in_too_many_groups_for_a_token_is_asked_about_at_graph() {
    let visitor = Visitor::arrive().await;
    let world = visitor.world();
    let member = directory::all(&world.state).into_iter().find(|one| one.name == "Member").unwrap();
    let written = world.state.change(|draft| {
        for number in 0..200 {
            let mut group = Principal::new(PrincipalKind::Group, &format!("group {number}"), world.clock.now());
            group.members = vec![member.object_id];
            directory::put(draft, &group);
        }
        Ok::<_, StateError>(())
    });
    written.await.unwrap();
    let application = Application::of(&visitor);
    let back = application.choose("member").await;
    let (status, tokens) = application.redeem(&back["code"], VERIFIER).await;
    assert_eq!(status, StatusCode::OK, "{tokens}");
    let claims = verified(&application, tokens["id_token"].as_str().unwrap()).await;
    assert!(claims["groups"].is_null());
    assert_eq!(claims["_claim_names"], json!({"groups": "src1"}));
    let endpoint = claims["_claim_sources"]["src1"]["endpoint"].as_str().unwrap();
    assert!(endpoint.ends_with(&format!("/users/{}/getMemberObjects", member.object_id)), "{endpoint}");
    // The token that came with it is one for Graph, which tells a person its own groups.
    let token = tokens["access_token"].as_str().unwrap();
    assert_eq!(unverified(token).unwrap()["scp"], "openid profile email User.Read");
    let path = "https://graph.microsoft.com/v1.0/me/getMemberObjects";
    let asked = visitor.send(token, Method::POST, path, json!({"securityEnabledOnly": false})).await;
    assert_eq!(asked.body["value"].as_array().map(Vec::len), Some(201), "{}", asked.body);
    let me = visitor.send(token, Method::GET, "https://graph.microsoft.com/v1.0/me", Value::Null).await;
    assert_eq!(me.body["userPrincipalName"], "member@contoso.example");
    let others = visitor.send(token, Method::GET, "https://graph.microsoft.com/v1.0/users", Value::Null).await;
    assert_eq!(others.code(), "Authorization_RequestDenied");
}

#[tokio::test]
async fn an_authority_that_is_none_of_microsofts_is_not_confirmed() {
    let visitor = Visitor::arrive().await;
    let ask = async |host: &str| {
        let url = format!(
            "https://login.microsoftonline.com/common/discovery/instance?api-version=1.1&authorization_endpoint=https://{host}/common/oauth2/v2.0/authorize"
        );
        visitor.send("", Method::GET, &url, Value::Null).await
    };
    assert!(ask("login.microsoftonline.com").await.body["tenant_discovery_endpoint"].is_string());
    let unknown = ask("login.example.org").await;
    assert_eq!((unknown.status, &unknown.body["error"]), (StatusCode::BAD_REQUEST, &json!("invalid_instance")));
}
