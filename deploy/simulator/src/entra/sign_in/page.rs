//! The issuer's pages: choose an account, signed out, refused. They need no script.
use std::sync::Arc;

use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use http::StatusCode;

use super::Issuer;
use super::authorize::Asked;
use crate::entra::refusal::EntraRefusal;
use crate::html::escape;
use crate::seed;

/// The style sheet.
pub(super) async fn style() -> Response {
    ([("content-type", "text/css; charset=utf-8"), ("cache-control", "max-age=3600")], include_str!("style.css"))
        .into_response()
}

/// What stands at the issuer's own address, for whoever opens it by hand.
pub(super) async fn welcome(State(issuer): State<Arc<Issuer>>) -> Response {
    let body = format!(
        "<h1>Directory of contoso.example</h1>\
         <p>Applications send people here to sign in. Open the portal and choose “Sign in” there.</p>\
         <p class=\"note\">Issuer: <code>{}</code></p>",
        escape(&issuer.url)
    );
    page("Directory of contoso.example", StatusCode::OK, &body, None)
}

/// The accounts to choose from.
pub(super) fn accounts(issuer: &Issuer, asked: &Asked) -> Response {
    let hint = asked.parameters.get("login_hint").map(String::as_str);
    let hidden: String = asked
        .parameters
        .iter()
        .map(|(name, value)| format!("<input type=\"hidden\" name=\"{}\" value=\"{}\">", escape(name), escape(value)))
        .collect();
    let sections = sections(hint);
    let body = format!(
        "<h1>Choose an account</h1>\
         <p>to continue to <strong>{}</strong></p>\
         <form method=\"post\" action=\"{}\">{hidden}{sections}\
         <p class=\"end\"><button class=\"quiet\" name=\"account\" value=\"cancel\">Cancel</button></p></form>\
         <p class=\"note\">These people are made up and nobody asks for a password: Azure and its directory are simulated here.</p>",
        escape(&asked.application),
        escape(&issuer.chosen_at)
    );
    page("Choose an account", StatusCode::OK, &body, Some(&asked.back.address.origin().ascii_serialization()))
}

/// Everybody of the directory, by team.
pub(super) fn sections(hint: Option<&str>) -> String {
    let teams = seed::TEAMS.iter().map(|team| (Some(team.name), format!("Team {}", team.title)));
    teams.chain([(None, "Whole company".to_owned())]).map(|(team, title)| section(team, &title, hint)).collect()
}

fn section(team: Option<&str>, title: &str, hint: Option<&str>) -> String {
    let people: String = seed::ACCOUNTS
        .iter()
        .filter(|(_, _, of, _)| *of == team)
        .map(|(account, name, _, role)| {
            let user_name = format!("{account}@contoso.example");
            let hinted = if hint == Some(user_name.as_str()) { " autofocus" } else { "" };
            let initials: String = account.split('-').filter_map(|word| word.chars().next()).collect();
            format!(
                "<li><button name=\"account\" value=\"{user_name}\"{hinted}>\
                 <span class=\"face\" data-role=\"{role}\" aria-hidden=\"true\">{}</span>\
                 <span class=\"who\"><b>{name}</b><span>{user_name}</span></span></button></li>",
                initials.to_uppercase()
            )
        })
        .collect();
    format!("<section><h2>{}</h2><ul>{people}</ul></section>", escape(title))
}

/// The sign-in has ended.
pub(super) fn signed_out() -> Response {
    page("Signed out", StatusCode::OK, "<h1>Signed out</h1><p>You can close this page.</p>", None)
}

/// The application asked for something that it may not.
pub(super) fn refused(refusal: &EntraRefusal) -> Response {
    let body = format!(
        "<h1>Sign-in is not possible</h1><p>{}</p><p class=\"note\">AADSTS{}</p>",
        escape(&refusal.message),
        refusal.number
    );
    page("Sign-in is not possible", StatusCode::BAD_REQUEST, &body, None)
}

/// `back` is the origin to which a form's answer may redirect: browsers hold a redirect to the form's rule too.
pub(super) fn page(title: &str, status: StatusCode, body: &str, back: Option<&str>) -> Response {
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self' {}",
        back.unwrap_or_default()
    );
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} · contoso.example</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" href=\"data:,\">\
         <link rel=\"stylesheet\" href=\"/style.css\"></head>\
         <body><main><p class=\"brand\"><span class=\"mark\" aria-hidden=\"true\"></span>Directory of contoso.example</p>{body}</main></body></html>"
    );
    let headers = [
        ("content-security-policy", policy.as_str()),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
    ];
    (status, headers, Html(html)).into_response()
}
