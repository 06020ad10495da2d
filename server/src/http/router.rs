//! Every route of the portal on one screen.

use super::caller::{bearer_only, look_up, signed_in_only};
use super::forms::{environments, jobs, notices, people, policies, requests, sessions, standing, tokens, webhooks};
use super::rest::{self, openapi, problem};
use super::session::Sessions;
use super::{Web, appearance, audit, document, error, events, headers, limits, pages, proxy, sign_in, site, trace};
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Extension, Router};
use std::time::Duration;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::csrf::CsrfLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;
use tower_sessions::cookie::SameSite;
use tower_sessions::{Expiry, SessionManagerLayer};
use utoipa_swagger_ui::SwaggerUi;

/// Longest body of a request: the form is small.
const MOST_BYTES: usize = 256 * 1024;
/// Longest time until an answer begins; streams go on after that.
const LONGEST: Duration = Duration::from_secs(30);

/// Everything that is served, with its layers; `https` is whether people come over TLS.
pub fn router(web: Web, sessions: Sessions) -> Router {
    let https = web.public.scheme() == "https";
    let people = Router::new()
        .route("/sign-in", post(sign_in::go))
        .route(sign_in::BACK, get(sign_in::arrive))
        .route("/sign-out", post(sign_in::out))
        .route("/appearance", post(appearance::choose))
        .route("/environments/new", post(environments::submit))
        .route("/environments/new/plan", post(environments::plan))
        .route("/environments/new/draft", post(environments::draft))
        .route("/environments/new/drop", post(environments::drop_draft))
        .route("/environments/{name}/validate", post(standing::validate))
        .route("/environments/{name}/change", post(standing::change))
        .route("/environments/{name}/look", post(standing::look))
        .route("/environments/{name}/repair", post(standing::repair))
        .route("/environments/{name}/destroy", post(standing::destroy))
        .route("/environments/{name}/release", post(standing::release))
        .route("/environments/{name}/secrets", post(standing::set_secret))
        .route("/requests/{id}/decision", post(requests::decide))
        .route("/requests/{id}/withdraw", post(requests::withdraw))
        .route("/requests/{id}/comment", post(requests::comment))
        .route("/approvals/hand-over", post(requests::hand_over))
        .route("/approvals/take-back", post(requests::take_back))
        .route("/notices/choices", post(notices::choose))
        .route("/notices/{id}/again", post(notices::again))
        .route("/people/leave", post(people::leave))
        .route("/people/return", post(people::come_back))
        .route("/environments/{name}/take-over", post(people::take_on))
        .route("/policies/new", post(policies::begin))
        .route("/policies/{name}", post(policies::write))
        .route("/policies/{name}/switch", post(policies::switch))
        .route("/sessions/{id}/end", post(sessions::end))
        .route("/sessions/end-others", post(sessions::end_others))
        .route("/tokens", post(tokens::create))
        .route("/tokens/{id}/revoke", post(tokens::revoke))
        .route("/webhooks", post(webhooks::create))
        .route("/webhooks/{id}/switch", post(webhooks::switch))
        .route("/webhooks/{id}/remove", post(webhooks::remove))
        .route("/webhooks/{id}/secret", post(webhooks::rotate))
        .route("/webhooks/{id}/test", post(webhooks::test))
        .route("/webhooks/{id}/deliveries/{delivery}/again", post(webhooks::again))
        .route("/jobs/{id}/cancel", post(jobs::cancel))
        .route("/jobs/{id}/retry", post(jobs::retry))
        .route("/jobs/{id}/roll-back", post(jobs::roll_back))
        .route("/jobs/{id}/take-over", post(jobs::take_over))
        .route("/jobs/{id}/vault-name", post(jobs::vault_name))
        .route("/jobs/{id}/plan", post(jobs::plan_again))
        .route("/jobs/{id}/log.txt", get(events::log))
        .route("/audit/record.jsonl", get(audit::lines))
        .route("/audit/record.csv", get(audit::table))
        .route("/environments/{name}/evidence.zip", get(audit::evidence))
        .merge(pages::routes(&web).fallback(pages::not_found).layer(from_fn(signed_in_only)))
        .layer(CompressionLayer::new())
        // Beside the layer that compresses: each listener would hold the room for its encoder.
        .route("/jobs/{id}/events", get(events::follow).layer(Extension(sessions.clone())))
        .layer(from_fn_with_state(web.clone(), limits::people))
        .layer(from_fn(look_up))
        .layer(session_layer(sessions, https))
        .layer(CsrfLayer::new());

    let programs = Router::new()
        .route("/requests", get(rest::requests::list).post(rest::requests::submit))
        .route("/requests/{id}", get(rest::requests::read))
        .route("/requests/{id}/approval", post(rest::requests::approve))
        .route("/requests/{id}/rejection", post(rest::requests::reject))
        .route("/requests/{id}/changes", post(rest::requests::send_back))
        .route("/requests/{id}/withdrawal", post(rest::requests::withdraw))
        .route("/requests/{id}/comments", post(rest::requests::comment))
        .route("/environments", get(rest::environments::list))
        .route("/environments/{name}", get(rest::environments::read).put(rest::wishes::put))
        .route("/environments/{name}/document", get(rest::wishes::document))
        .route("/environments/{name}/access", get(rest::access::read))
        .route("/environments/{name}/secrets", get(rest::secrets::list))
        .route("/environments/{name}/secrets/{secret}", get(rest::secrets::read).put(rest::secrets::set))
        .route("/environments/{name}/checks", get(rest::proofs::checks))
        .route("/environments/{name}/validations", get(rest::proofs::list))
        .route("/environments/{name}/validations/{id}", get(rest::proofs::read))
        .route("/environments/{name}/repair", post(rest::changes::repair))
        .route("/environments/{name}/looks", post(rest::changes::look))
        .route("/environments/{name}/validation", post(rest::environments::validate))
        .route("/environments/{name}/evidence", get(rest::environments::evidence))
        .route("/environments/{name}/ownership", post(rest::people::take_on))
        .route("/people", get(rest::people::list))
        .route("/people/departures", post(rest::people::leave))
        .route("/people/returns", post(rest::people::come_back))
        .route("/environments/{name}/change", post(rest::changes::change))
        .route("/environments/{name}/destruction", get(rest::changes::destruction).post(rest::changes::destroy))
        .route("/environments/{name}/release", get(rest::changes::release).post(rest::changes::let_go))
        .route("/audit", get(rest::audit::read))
        .route("/deliveries", get(rest::deliveries::list))
        .route("/deliveries/{id}/redelivery", post(rest::deliveries::again))
        .route("/policies", get(rest::policies::list).post(rest::policies::begin))
        .route("/policies/{name}", get(rest::policies::read))
        .route("/policies/{name}/versions", post(rest::policies::write))
        .route("/policies/{name}/switch", post(rest::policies::switch))
        .route("/me", get(rest::me::read))
        .route("/events", get(rest::events::list))
        .route("/environments/{name}/events", get(rest::events::of_environment))
        .route("/notices", get(rest::notices::list))
        .route("/jobs", get(rest::jobs::list))
        .route("/jobs/{id}", get(rest::jobs::read))
        .route("/jobs/{id}/steps", get(rest::jobs::steps))
        .route("/jobs/{id}/events", get(rest::events::of_job))
        .route("/jobs/{id}/cancel", post(rest::jobs::cancel))
        .route("/jobs/{id}/retry", post(rest::jobs::retry))
        .route("/jobs/{id}/roll-back", post(rest::jobs::roll_back))
        .route("/jobs/{id}/take-over", post(rest::jobs::take_over))
        .route("/jobs/{id}/vault-name", post(rest::jobs::vault_name))
        .route("/jobs/{id}/plan", post(rest::jobs::plan_again))
        .route("/plans", post(rest::plans::make))
        .route("/plans/{id}", get(rest::plans::read))
        .route("/approvals", get(rest::approvals::list))
        .route("/handover", get(rest::approvals::read).post(rest::approvals::hand_over))
        .route("/handover", delete(rest::approvals::take_back))
        .route("/templates", get(rest::teams::templates))
        .route("/teams", get(rest::teams::teams))
        .route("/quotas", get(rest::teams::quotas))
        .route("/tokens", get(rest::tokens::list).post(rest::tokens::create))
        .route("/tokens/{id}", get(rest::tokens::read).delete(rest::tokens::revoke))
        .route("/webhooks", get(rest::webhooks::list).post(rest::webhooks::create))
        .route("/webhooks/{id}", get(rest::webhooks::read).patch(rest::webhooks::change).delete(rest::webhooks::remove))
        .route("/webhooks/{id}/secrets", post(rest::webhooks::rotate))
        .route("/webhooks/{id}/test", post(rest::webhooks::test))
        .route("/webhooks/{id}/deliveries", get(rest::webhooks::deliveries))
        .route("/webhooks/{id}/deliveries/{delivery}/redelivery", post(rest::webhooks::redeliver));
    let programs = rest::contract::over(programs, &web).layer(from_fn_with_state(web.clone(), bearer_only));
    let open =
        Router::new().route("/sign-in", get(rest::sign_in::read)).route("/sign-in", post(rest::sign_in::exchange));
    let open = rest::contract::over_open(open).layer(from_fn_with_state(web.clone(), limits::strangers));
    let document = openapi::document().clone();
    let documents: Router<Web> =
        Router::<Web>::from(SwaggerUi::new("/api/docs").external_url_unchecked("/api/openapi.json", document));
    let api = Router::new()
        .nest("/api/v1", programs.merge(open))
        .route(document::SCHEMA, get(document::schema))
        .route("/api/{*rest}", axum::routing::any(|| async { StatusCode::NOT_FOUND }))
        .layer(from_fn(problem::everywhere));

    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/pkg/{file}", get(site::file))
        .merge(documents.layer(from_fn(openapi::policy)))
        .merge(api)
        .layer(CompressionLayer::new())
        .merge(people)
        .layer(from_fn(in_time))
        .layer(CatchPanicLayer::custom(error::panicked))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .layer(RequestBodyTimeoutLayer::new(web.pause))
        .layer(from_fn_with_state(web.proxies.clone(), proxy::resolve))
        .layer(from_fn(move |request, next| headers::secure(https, request, next)))
        .layer(from_fn(trace::layer))
        .with_state(web)
}

/// Whoever prefers to wait for something may do so for longer.
async fn in_time(request: Request, next: Next) -> Response {
    let longest = LONGEST + rest::prefer::wait(request.headers()).unwrap_or_default();
    let answer = tokio::time::timeout(longest, next.run(request)).await;
    answer.unwrap_or_else(|_| StatusCode::REQUEST_TIMEOUT.into_response())
}

/// `Lax`, because the way back from the identity provider is a navigation from another site.
fn session_layer(sessions: Sessions, https: bool) -> SessionManagerLayer<Sessions> {
    let longest = sessions.longest();
    SessionManagerLayer::new(sessions)
        .with_name(if https { "__Host-keystead" } else { "keystead" })
        .with_secure(https)
        .with_same_site(SameSite::Lax)
        .with_expiry(Expiry::OnInactivity(longest))
}
