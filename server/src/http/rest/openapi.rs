//! The OpenAPI document, made from the endpoints themselves, and the pages that show it.

use super::links::Links;
use super::pairs::Pairs;
use super::{conventions, examples};
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::middleware::Next;
use axum::response::Response;
use serde_json::Value;
use std::sync::LazyLock;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

/// Everything under `/api/v1`.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Keystead",
        description = "Ask for an Azure environment, approve it, watch it being made.\n\nEvery POST takes an \
                       `Idempotency-Key`, every change of an existing thing asks for `If-Match`, every refusal is a \
                       problem document whose `type` leads to [a page about it](/problems). Unknown fields and query parameters are \
                       refused. `docs/api.md` says why, with examples to copy."
    ),
    paths(
        super::audit::read,
        super::requests::list,
        super::requests::submit,
        super::requests::read,
        super::requests::approve,
        super::requests::reject,
        super::requests::send_back,
        super::requests::withdraw,
        super::requests::comment,
        super::environments::list,
        super::environments::read,
        super::environments::validate,
        super::environments::evidence,
        super::people::list,
        super::people::leave,
        super::people::come_back,
        super::people::take_on,
        super::policies::list,
        super::policies::read,
        super::policies::begin,
        super::policies::write,
        super::policies::switch,
        super::changes::change,
        super::changes::destruction,
        super::changes::destroy,
        super::changes::release,
        super::changes::let_go,
        super::deliveries::list,
        super::deliveries::again,
        super::sign_in::read,
        super::sign_in::exchange,
        super::me::read,
        super::events::list,
        super::events::of_environment,
        super::events::of_job,
        super::notices::list,
        super::jobs::list,
        super::jobs::steps,
        super::jobs::read,
        super::jobs::cancel,
        super::jobs::retry,
        super::jobs::roll_back,
        super::jobs::take_over,
        super::tokens::list,
        super::tokens::create,
        super::tokens::read,
        super::tokens::revoke,
        super::webhooks::list,
        super::webhooks::create,
        super::webhooks::read,
        super::webhooks::change,
        super::webhooks::remove,
        super::webhooks::rotate,
        super::webhooks::test,
        super::webhooks::deliveries,
        super::webhooks::redeliver,
        super::jobs::vault_name,
        super::jobs::plan_again,
        super::plans::make,
        super::plans::read,
        super::wishes::put,
        super::wishes::document,
        super::access::read,
        super::secrets::list,
        super::secrets::read,
        super::secrets::set,
        super::proofs::checks,
        super::proofs::list,
        super::proofs::read,
        super::changes::repair,
        super::changes::look,
        super::approvals::list,
        super::approvals::read,
        super::approvals::hand_over,
        super::approvals::take_back,
        super::teams::templates,
        super::teams::teams,
        super::teams::quotas
    ),
    components(schemas(domain::problem::Problem, domain::problem::WrongField)),
    modifiers(&Token, &Links, &Pairs)
)]
pub struct Document;

/// The document as it is served: made by the endpoints, with the conventions laid over all of them.
pub fn document() -> &'static Value {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
        let mut document = serde_json::to_value(Document::openapi()).unwrap_or_default();
        conventions::lay_over(&mut document);
        examples::lay_over(&mut document);
        document
    });
    &DOCUMENT
}

struct Token;

impl Modify for Token {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("A token of `keystead token create --for ACCOUNT --expires …`."))
            .build();
        let components = document.components.get_or_insert_with(Default::default);
        components.add_security_scheme("token", SecurityScheme::Http(scheme));
    }
}

/// The documentation's pages bring files of their own and set styles from script.
pub async fn policy(request: Request, next: Next) -> Response {
    let mut answer = next.run(request).await;
    let policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
                  connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
    answer.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    answer
}
