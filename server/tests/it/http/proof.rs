//! The portal proves itself to the directory in each of three ways, and what the directory says against it is told; the
//! times of a token may differ a little, and its directory not at all.

use crate::support::bed::Bed;
use crate::support::browser::Browser;
use crate::support::portal::{Portal, control, facts};
use azure_simulator::tokens::Tokens;
use keystead::config::{Config, Given};
use serde_json::json;
use std::path::{Path, PathBuf};

const ACCOUNT: &str = "manager@contoso.example";

/// Where a sign-in leads to: the page that was wanted, or the sign-in page with what was said against it.
async fn led(portal: &Portal) -> String {
    let back = Browser::on(&portal.router).sign_in(ACCOUNT, "/jobs").await;
    percent_encoding::percent_decode_str(back.leads_to()).decode_utf8_lossy().replace('+', " ")
}

async fn proving(bed: &Bed, change: impl FnOnce(&mut Config)) -> Portal {
    Portal::configured(bed.store.clone(), |config| {
        config.sign_in.client_secret = None;
        change(config);
    })
    .await
}

/// A certificate with its RSA key, both in one file.
fn certificate(folder: &Path) -> (PathBuf, String) {
    let key = Tokens::make_key().unwrap();
    let pair = rcgen::KeyPair::from_pem(&key).unwrap();
    let certificate = rcgen::CertificateParams::new(["keystead".to_owned()]).unwrap().self_signed(&pair).unwrap();
    let file = folder.join("keystead.pem");
    std::fs::write(&file, format!("{key}\n{}", certificate.pem())).unwrap();
    (file, certificate.pem())
}

fn application() -> &'static serde_json::Value {
    &facts()["sign_in"]["client_id"]
}

#[tokio::test(flavor = "multi_thread")]
async fn by_a_wrong_secret_nobody_is_let_in() {
    let bed = Bed::sqlite().await;
    let portal = proving(&bed, |config| config.sign_in.client_secret = Some("wrong".into())).await;
    let said = led(&portal).await;
    assert!(said.starts_with("/sign-in?") && said.contains("AADSTS7000215"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn by_the_key_of_a_certificate_that_the_directory_knows() {
    let (bed, folder) = (Bed::sqlite().await, tempfile::tempdir().unwrap());
    let (file, pem) = certificate(folder.path());
    let portal = proving(&bed, |config| config.sign_in.client_certificate = Some(file.clone())).await;
    let said = led(&portal).await;
    assert!(said.contains("AADSTS700027") && said.contains("not registered on application"), "{said}");
    control("/certificates", &json!({"application": application(), "certificate": pem})).await;
    assert_eq!(led(&portal).await, "/jobs");
    // Renewed in place: the one of that moment is shown, without a start.
    certificate(folder.path());
    assert!(led(&portal).await.contains("AADSTS700027"));
}

#[tokio::test(flavor = "multi_thread")]
async fn by_a_token_of_an_issuer_that_the_directory_trusts() {
    let (bed, folder) = (Bed::sqlite().await, tempfile::tempdir().unwrap());
    let file = folder.path().join("token");
    let portal = proving(&bed, |config| config.sign_in.client_assertion_file = Some(file.clone())).await;
    let said = led(&portal).await;
    assert!(said.contains("proving to the identity provider who Keystead is") && said.contains("token"), "{said}");
    let audience = "api://AzureADTokenExchange";
    let issued = |subject: &str| json!({"issuer": "https://cluster.example", "subject": subject, "audience": audience});
    let mut trust = issued("system:serviceaccount:keystead:portal");
    trust["application"] = application().clone();
    control("/federations", &trust).await;
    for (subject, says) in
        [("system:serviceaccount:other:pod", "AADSTS700213"), ("system:serviceaccount:keystead:portal", "/jobs")]
    {
        // The file is read anew each time, as a projected token is renewed.
        let token = control("/assertions", &issued(subject)).await;
        std::fs::write(&file, format!("{}\n", token["token"].as_str().unwrap())).unwrap();
        let said = led(&portal).await;
        assert!(said.contains(says), "{subject}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_may_differ_by_five_minutes_and_no_more() {
    const SECOND: i64 = 1_000;
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    // An id token counts for an hour, less a second.
    portal.clock.advance(3_599 * SECOND + 280 * SECOND);
    assert_eq!(led(&portal).await, "/jobs", "our clock is ahead, within bounds");
    portal.clock.advance(60 * SECOND);
    let said = led(&portal).await;
    assert!(said.contains("differ by more than five minutes"), "{said}");
    let portal = Portal::over(&bed).await;
    portal.clock.advance(-280 * SECOND);
    assert_eq!(led(&portal).await, "/jobs", "our clock is behind, within bounds");
    portal.clock.advance(-60 * SECOND);
    assert!(led(&portal).await.contains("differ by more than five minutes"));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_one_directory_is_let_in_where_one_is_named() {
    let bed = Bed::sqlite().await;
    let tenant = facts()["azure"]["tenant_id"].as_str().unwrap();
    for (named, leads) in [(tenant.to_uppercase(), "/jobs"), ("another".to_owned(), "/sign-in?")] {
        let portal = Portal::configured(bed.store.clone(), |config| config.sign_in.tenant_id = Some(named)).await;
        assert!(led(&portal).await.starts_with(leads), "{leads}");
    }
}

/// Two ways at once, or none, are a mistake of the configuration and told as one.
#[test]
fn exactly_one_way_is_configured() {
    let read = |more: &str| {
        let (folder, facts) = (tempfile::tempdir().unwrap(), facts());
        let file = folder.path().join("keystead.toml");
        std::fs::write(&file, format!("[sign_in]\n{more}")).unwrap();
        let given = Given::read(Some(&file), figment::providers::Env::prefixed("NOBODY_SETS_THIS__")).unwrap();
        given.with_facts(facts).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(read(""), Ok(()));
    for more in ["client_certificate = \"c.pem\"", "client_secret = \"\"", "client_assertion_file = \"t\""] {
        assert!(read(more).unwrap_err().contains("exactly one of client_secret"), "{more}");
    }
    assert_eq!(read("client_secret = \"\"\nclient_assertion_file = \"t\""), Ok(()));
}
