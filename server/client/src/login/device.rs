//! Signs in on a machine without a browser (RFC 8628): shows an address and a code, and waits until somebody has typed it.

use crate::api::{Api, client};
use crate::exit::{Exit, Failure};
use reqwest::header::HeaderMap;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::Instant;
use url::Url;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// Where the provider names none, and what `slow_down` adds: both of RFC 8628.
const INTERVAL: Duration = Duration::from_secs(5);
/// Longest name of a token.
const LONGEST_NAME: usize = 60;

/// What the portal says of its provider.
#[derive(Deserialize)]
struct Portal {
    device: Option<Offered>,
    tokens_page: String,
}

#[derive(Deserialize)]
struct Offered {
    client_id: String,
    scope: String,
    device_authorization_endpoint: Url,
    token_endpoint: Url,
}

/// What the provider gives to be shown.
#[derive(Deserialize)]
struct Code {
    device_code: SecretString,
    user_code: String,
    verification_uri: String,
    expires_in: u64,
    interval: Option<u64>,
}

/// What the provider's answer to a question means.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// The identity token.
    In(String),
    Wait(Duration),
    Over(Exit, String),
}

/// Signs somebody in, and answers the token that the portal gives them.
pub(super) async fn sign_in(server: &Url, name: Option<&str>) -> Result<SecretString, Failure> {
    let api = Api::of_stranger(server)?;
    let unread =
        |error| Failure::new(Exit::Failed, format!("what {server} says of its sign-in does not read: {error}"));
    let portal: Portal = serde_json::from_value(api.get(&["sign-in"], &[]).await?.body).map_err(unread)?;
    let Some(offered) = portal.device else {
        return Err(Failure::usage(format!(
            "The sign-in of {server} offers no codes. Make a token on {} and say `keystead login --server {server} --token`.",
            portal.tokens_page
        )));
    };
    let proof = proof(server, &offered).await?;
    let named = name.map_or_else(of_this_machine, str::to_owned);
    let made = api.post(&["sign-in"], Some(&json!({"id_token": proof, "name": named}))).await?.body;
    let token = made["token"].as_str().map(|token| SecretString::from(token.to_owned()));
    token.ok_or_else(|| Failure::new(Exit::Failed, format!("{server} gave no token.")))
}

/// The provider's token for whoever has typed the code.
async fn proof(server: &Url, offered: &Offered) -> Result<String, Failure> {
    use secrecy::ExposeSecret;
    let http = client(&offered.device_authorization_endpoint, HeaderMap::new())?;
    let begin = [("client_id", offered.client_id.as_str()), ("scope", offered.scope.as_str())];
    let given = asked(&http, &offered.device_authorization_endpoint, &begin).await?;
    let code: Code = serde_json::from_value(given.clone())
        .map_err(|_| Failure::new(Exit::Failed, format!("The sign-in gave no code{}", of_provider(&given))))?;
    let (mut interval, begun) = (code.interval.map_or(INTERVAL, Duration::from_secs), Instant::now());
    let lives = Duration::from_secs(code.expires_in);
    anstream::eprintln!(
        "To log in at {server}, open\n\n    {}\n\nand enter the code {}. It counts for {} minutes.",
        plain(&code.verification_uri),
        plain(&code.user_code),
        code.expires_in.div_ceil(60)
    );
    let grant = [
        ("grant_type", GRANT),
        ("client_id", offered.client_id.as_str()),
        ("device_code", code.device_code.expose_secret()),
    ];
    loop {
        tokio::time::sleep(interval).await;
        // A provider that is away for a moment is asked again, more slowly.
        let step = match asked(&http, &offered.token_endpoint, &grant).await {
            Ok(answer) => Step::of(&answer, interval),
            Err(away) if begun.elapsed() + interval * 2 >= lives => return Err(away),
            Err(_) => Step::Wait(interval * 2),
        };
        match step {
            Step::In(token) => return Ok(token),
            Step::Over(exit, said) => return Err(Failure::new(exit, said)),
            Step::Wait(_) if begun.elapsed() >= lives => return Err(Failure::new(Exit::Failed, EXPIRED)),
            Step::Wait(longer) => interval = longer,
        }
    }
}

const EXPIRED: &str = "The code has expired before anybody entered it. Begin again: `keystead login`.";

impl Step {
    fn of(answer: &Value, interval: Duration) -> Step {
        match answer["error"].as_str() {
            None => match answer["id_token"].as_str() {
                Some(token) => Step::In(token.to_owned()),
                None => {
                    Step::Over(Exit::Failed, "The sign-in gave no identity token; its scope needs `openid`.".to_owned())
                }
            },
            Some("authorization_pending") => Step::Wait(interval),
            Some("slow_down") => Step::Wait(interval + INTERVAL),
            Some("authorization_declined" | "access_denied") => {
                Step::Over(Exit::Refused, "The login was cancelled where the code was entered.".to_owned())
            }
            // Older versions of Entra say it otherwise.
            Some("expired_token" | "code_expired") => Step::Over(Exit::Failed, EXPIRED.to_owned()),
            Some(_) => Step::Over(Exit::Failed, format!("The sign-in was refused{}", of_provider(answer))),
        }
    }
}

/// A form, and the answer whatever its status is: a refusal says in its body what it is.
async fn asked(http: &reqwest::Client, address: &Url, form: &[(&str, &str)]) -> Result<Value, Failure> {
    let host = address.host_str().unwrap_or_default();
    let away = |error: reqwest::Error| Failure::new(Exit::Unreachable, format!("{host} does not answer: {error}"));
    http.post(address.clone()).form(form).send().await.map_err(away)?.json().await.map_err(away)
}

/// In the provider's own words.
fn of_provider(answer: &Value) -> String {
    let said = answer["error_description"].as_str().or(answer["error"].as_str());
    said.map_or_else(|| ".".to_owned(), |said| format!(": {}", plain(said)))
}

/// Without what would move the cursor of a terminal.
fn plain(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).collect()
}

/// As the page of tokens shall name it.
fn of_this_machine() -> String {
    let file = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let variable = || ["HOSTNAME", "COMPUTERNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    let host = file.or_else(variable).map(|host| plain(&host)).unwrap_or_default();
    let name = if host.is_empty() { "command line".to_owned() } else { format!("command line on {host}") };
    name.chars().take(LONGEST_NAME).collect()
}

#[cfg(test)]
mod tests {
    use super::{EXPIRED, INTERVAL, Step};
    use crate::exit::Exit;
    use serde_json::json;

    #[test]
    fn each_answer_of_a_provider_is_waited_for_or_told() {
        let step = |answer| Step::of(&answer, INTERVAL);
        assert_eq!(step(json!({"error": "authorization_pending"})), Step::Wait(INTERVAL));
        assert_eq!(step(json!({"error": "slow_down"})), Step::Wait(INTERVAL * 2));
        assert_eq!(step(json!({"id_token": "a.b.c"})), Step::In("a.b.c".into()));
        for code in ["expired_token", "code_expired"] {
            assert_eq!(step(json!({"error": code})), Step::Over(Exit::Failed, EXPIRED.into()));
        }
        for code in ["authorization_declined", "access_denied"] {
            assert!(matches!(step(json!({"error": code})), Step::Over(Exit::Refused, _)));
        }
        let refused =
            step(json!({"error": "invalid_client", "error_description": "AADSTS7000218: no\u{1b}[2J secret"}));
        let said = "The sign-in was refused: AADSTS7000218: no[2J secret";
        assert_eq!(refused, Step::Over(Exit::Failed, said.into()));
        assert!(matches!(step(json!({"access_token": "x"})), Step::Over(Exit::Failed, _)));
    }
}
