//! Several questions in one request (`POST /$batch`): each is answered by itself, with its own status.
use http::{HeaderMap, Method};
use serde_json::{Value, json};

use super::refusal::GraphRefusal;
use super::{Asked, Granted, ask, caller};
use crate::world::World;

/// How many questions one batch holds.
const MOST: usize = 20;

/// The answers, under the ids of their questions; `dependsOn` is not looked at, for nothing here is written.
pub(super) fn answer(world: &World, headers: &HeaderMap, version: &str, body: &Value) -> Granted {
    let bad = |message: &str| GraphRefusal::bad("BadRequest", message);
    let requests = body["requests"].as_array().ok_or_else(|| bad("Invalid batch payload format."))?;
    if requests.len() > MOST {
        return Err(bad("Number of batch request steps exceeds the maximum value of 20."));
    }
    let mut responses = Vec::new();
    for one in requests {
        let id = one["id"].as_str().ok_or_else(|| bad("Missing batch request step identifier."))?;
        let url = one["url"].as_str().ok_or_else(|| bad("Missing url of a batch request step."))?;
        let method = one["method"].as_str().and_then(|method| method.to_uppercase().parse::<Method>().ok());
        let method = method.ok_or_else(|| bad("Missing http method of a batch request step."))?;
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let asked = Asked { version, method: &method, path: path.trim_start_matches('/'), query };
        let answered = caller::authenticate(world, headers)
            .and_then(|caller| ask(world, caller, &asked, one.get("body").cloned().unwrap_or_default()));
        let (status, body) = match answered {
            Ok(document) => (200, document),
            Err(refusal) => (refusal.status.as_u16(), refusal.body(world, headers)),
        };
        responses.push(json!({
            "id": id, "status": status, "headers": {"Content-Type": "application/json"}, "body": body,
        }));
    }
    Ok(json!({ "responses": responses }))
}
