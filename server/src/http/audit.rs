//! The record as files to be saved: JSON Lines that can be verified, CSV for spreadsheets, evidence of one environment.

use super::Web;
use super::caller::SignedIn;
use super::error::Failed;
use app::portal::Answer;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use domain::account::Caller;
use domain::view::audit::{Filter, Form};

/// `GET /audit/record.jsonl`, narrowed as the page is.
pub async fn lines(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Query(filter): Query<Filter>,
) -> Result<Response, Failed> {
    Ok(file(&web, &caller, &filter, Form::JsonLines).await?)
}

/// `GET /audit/record.csv`, narrowed as the page is.
pub async fn table(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Query(filter): Query<Filter>,
) -> Result<Response, Failed> {
    Ok(file(&web, &caller, &filter, Form::Csv).await?)
}

/// `GET /environments/{name}/evidence.zip`.
pub async fn evidence(
    State(web): State<Web>,
    SignedIn(caller): SignedIn,
    Path(name): Path<String>,
) -> Result<Response, Failed> {
    Ok(archive(&web, &caller, &name).await?)
}

/// The evidence as an answer that is saved.
pub(super) async fn archive(web: &Web, caller: &Caller, environment: &str) -> Answer<Response> {
    let archive = web.portal.evidence(caller, environment).await?;
    let name = "attachment; filename=\"keystead-evidence.zip\"";
    Ok(([(CONTENT_TYPE, "application/zip"), (CONTENT_DISPOSITION, name)], archive).into_response())
}

/// The export as an answer that begins before it is complete.
pub(super) async fn file(web: &Web, caller: &Caller, filter: &Filter, form: Form) -> Answer<Response> {
    let parts = web.portal.audit_export(caller, filter, form).await?;
    let (kind, name) = match form {
        Form::JsonLines => ("application/jsonl; charset=utf-8", "keystead-record.jsonl"),
        Form::Csv => ("text/csv; charset=utf-8", "keystead-record.csv"),
    };
    let name = format!("attachment; filename=\"{name}\"");
    let headers = [(CONTENT_TYPE, kind.to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((headers, Body::from_stream(parts)).into_response())
}
