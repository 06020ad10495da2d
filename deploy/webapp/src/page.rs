//! The page at `/`: what this app is and that its database answers, without any secret.

use crate::{
    app::{App, InUse},
    cause::Cause,
    credential::{Kind, Used},
    database,
};
use axum::http::StatusCode;

pub(crate) const STYLE: &str = include_str!("page.css");
pub(crate) const ICON: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><circle cx="16" cy="16" r="14" fill="#1f6f5c"/><path d="M9 17l5 5 9-11" fill="none" stroke="#fff" stroke-width="3.2" stroke-linecap="round" stroke-linejoin="round"/></svg>"##;

/// What the database told us.
struct Answer {
    version: String,
    time: String,
}

/// The whole page, with 200 where the database answered and 503 where it did not.
pub(crate) async fn render(app: &App) -> (StatusCode, String) {
    let (in_use, answer) = match app.known().in_use {
        None => (None, Err(app.known().why_not())),
        Some(now) => ask(app, now).await,
    };
    let status = if answer.is_ok() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, html(&app.vault, app.identity(), in_use.as_ref(), &answer))
}

/// Asks over the pool; a refusal means that the secrets changed, so they are read again and tried once more.
async fn ask(app: &App, now: InUse) -> (Option<InUse>, Result<Answer, Cause>) {
    let first = query(&now).await;
    let refused = matches!(&first, Err(cause) if cause.code.as_deref().is_some_and(database::is_refusal));
    if refused && let Some(newer) = app.read_after_refusal(&now.settings).await {
        let second = query(&newer).await;
        return (Some(newer), second);
    }
    (Some(now), first)
}

async fn query(now: &InUse) -> Result<Answer, Cause> {
    sqlx::query_as::<_, (String, String)>("select version(), now()::text")
        .fetch_one(&now.pool)
        .await
        .map(|(version, time)| Answer { version, time })
        .map_err(|error| database::cause_of(&now.settings, &error))
}

fn html(vault: &str, identity: Option<Used>, in_use: Option<&InUse>, answer: &Result<Answer, Cause>) -> String {
    let (class, headline, lead) = match answer {
        Ok(_) => (
            "well",
            "This app reaches its database",
            "It was given the name of a Key Vault and nothing else. It read where the database is and how to log in through its own identity.".to_owned(),
        ),
        Err(cause) => ("unwell", "This app does not reach its database yet", cause.message.clone()),
    };
    let mut facts = vec![("Key Vault", vault.to_owned())];
    if let Some(used) = identity {
        let kind = match used.kind {
            Kind::WorkloadIdentity => "workload identity",
            Kind::ManagedIdentity => "managed identity",
            Kind::AzureCli => "Azure command line",
        };
        facts.push(("Identity", kind.to_owned()));
        facts.extend(used.client_id.map(|id| ("Client id", id)));
    }
    if let Ok(answer) = answer {
        facts.push(("Database", answer.version.clone()));
        facts.push(("Its time", answer.time.clone()));
    }
    let facts: String =
        facts.iter().map(|(name, value)| format!("<div><dt>{name}</dt><dd>{}</dd></div>\n", escape(value))).collect();
    let secrets: String = in_use
        .iter()
        .flat_map(|now| now.settings.versions())
        .map(|(name, version)| format!("<tr><td>{name}</td><td>{}</td></tr>\n", escape(version)))
        .collect();
    let secrets = if secrets.is_empty() {
        String::new()
    } else {
        format!(
            "<h2>Secrets in use</h2>\n<table><thead><tr><th scope=\"col\">Name</th><th scope=\"col\">Version</th></tr></thead>\n<tbody>\n{secrets}</tbody></table>\n"
        )
    };
    format!(
        r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{headline}</title>
<link rel="icon" href="/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/style.css">
</head>
<body>
<main class="{class}">
<p class="sign"><span class="dot"></span>Sample web app {version}</p>
<h1>{headline}</h1>
<p class="lead">{lead}</p>
<dl>
{facts}</dl>
{secrets}</main>
</body>
</html>
"#,
        lead = escape(&lead),
        version = env!("CARGO_PKG_VERSION"),
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::Stage;

    #[test]
    fn a_cause_is_shown_as_text() {
        let cause = Cause::new(Stage::Database, "the server said <script>");
        let page = html("https://kv.vault.azure.net/", None, None, &Err(cause));
        assert!(page.contains("the server said &lt;script&gt;"), "{page}");
        assert!(!page.contains("Secrets in use"));
    }

    #[test]
    fn a_good_answer_names_identity_and_database() {
        let used = Used {
            kind: Kind::WorkloadIdentity,
            client_id: Some("11111111-1111".to_owned()),
            object_id: None,
            tenant_id: None,
        };
        let answer = Answer { version: "PostgreSQL 16.6".to_owned(), time: "2026-01-31".to_owned() };
        let page = html("https://kv.vault.azure.net/", Some(used), None, &Ok(answer));
        for wanted in ["This app reaches its database", "workload identity", "11111111-1111", "PostgreSQL 16.6"] {
            assert!(page.contains(wanted), "{wanted} is missing");
        }
    }
}
