//! The OpenAPI document, made from the endpoints themselves, and the pages that show it.

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_SECURITY_POLICY;
use axum::middleware::Next;
use axum::response::Response;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

/// Everything under `/api/v1`.
#[derive(OpenApi)]
#[openapi(
    info(title = "Keystead", description = "Ask for an Azure environment, approve it, watch it being made."),
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
        super::jobs::read,
        super::jobs::cancel,
        super::jobs::retry,
        super::jobs::roll_back,
        super::jobs::take_over,
        super::jobs::vault_name,
        super::jobs::plan_again,
        super::plans::make,
        super::plans::read,
        super::wishes::put,
        super::wishes::document,
        super::proofs::secrets,
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
        super::teams::quotas,
        super::again::again
    ),
    components(schemas(domain::problem::Problem)),
    modifiers(&Token)
)]
pub struct Document;

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
