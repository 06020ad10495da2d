//! Shows the applications of the directory, and changes what an administrator would: consents, certificates, accounts.
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::offer::written;
use crate::directory::{self, Consents, Principal, PrincipalKind};
use crate::state::StateError;
use crate::world::World;
use crate::{entra, graph};

/// Every service principal: who it is and what it may do in Graph.
pub(super) async fn applications(State(world): State<Arc<World>>) -> Json<Value> {
    let all = directory::all(&world.state);
    let shown = all.iter().filter(|one| one.app_id.is_some()).map(|one| {
        json!({
            "application": one.app_id, "object_id": one.object_id, "name": one.name, "resource": one.resource,
            "consents": one.consents, "certificates": one.certificates.len(),
        })
    });
    Json(shown.collect())
}

/// The permissions of an application (its client id) in Graph, in place of those that it had.
#[derive(Deserialize)]
pub(super) struct Consent {
    application: Uuid,
    consents: Consents,
}

pub(super) async fn consent(State(world): State<Arc<World>>, Json(asked): Json<Consent>) -> Response {
    let named = asked.consents.application.iter().chain(&asked.consents.delegated);
    if let Some(unknown) = named.into_iter().find(|one| !graph::PERMISSIONS.contains(&one.as_str())) {
        let known = graph::PERMISSIONS.join(", ");
        return (StatusCode::BAD_REQUEST, format!("{unknown} is none of the permissions here: {known}\n"))
            .into_response();
    }
    change(&world, asked.application, |found| found.consents = asked.consents).await
}

/// The roles of an application (its client id) at the directory's own applications, in place of those that it had.
#[derive(Deserialize)]
pub(super) struct Assigned {
    application: Uuid,
    roles: Vec<String>,
}

pub(super) async fn assign(State(world): State<Arc<World>>, Json(asked): Json<Assigned>) -> Response {
    change(&world, asked.application, |found| found.app_roles = asked.roles).await
}

/// The certificate (PEM) of an application, added to those that it has.
#[derive(Deserialize)]
pub(super) struct Registered {
    application: Uuid,
    certificate: String,
}

pub(super) async fn register(State(world): State<Arc<World>>, Json(asked): Json<Registered>) -> Response {
    match entra::kept_certificates(&asked.certificate).filter(|found| !found.is_empty()) {
        Some(certificates) => change(&world, asked.application, |found| found.certificates.extend(certificates)).await,
        None => (StatusCode::BAD_REQUEST, "the certificate is no certificate in PEM\n").into_response(),
    }
}

/// Somebody (an account name) who is put into so many more groups, as large companies have them.
#[derive(Deserialize)]
pub(super) struct Joined {
    account: String,
    count: u16,
}

pub(super) async fn join(State(world): State<Arc<World>>, Json(asked): Json<Joined>) -> Response {
    let all = directory::all(&world.state);
    let named =
        |one: &&Principal| one.user_name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(&asked.account));
    let Some(person) = all.iter().find(named).map(|one| one.object_id) else {
        return (StatusCode::NOT_FOUND, "no account bears this name\n").into_response();
    };
    written(async {
        world
            .state
            .change(|draft| {
                for _ in 0..asked.count {
                    let name = format!("group {}", Uuid::new_v4().simple());
                    let mut group = Principal::new(PrincipalKind::Group, &name, world.clock.now());
                    group.members = vec![person];
                    directory::put(draft, &group);
                }
                Ok::<_, StateError>(())
            })
            .await
    })
    .await
}

/// What becomes of somebody's account (an account name).
#[derive(Deserialize)]
pub(super) struct Standing {
    account: String,
    state: AccountState,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum AccountState {
    /// As before; one that was deleted comes back with all that it had.
    Enabled,
    Disabled,
    Deleted,
}

pub(super) async fn stand(State(world): State<Arc<World>>, Json(asked): Json<Standing>) -> Response {
    let all = directory::all(&world.state);
    let named =
        |one: &Principal| one.user_name.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(&asked.account));
    let person = all.into_iter().find(named);
    let mut missing = false;
    let written = written(world.state.change(|draft| {
        let Some(mut person) = person.or_else(|| directory::restore(draft, &asked.account)) else {
            missing = true;
            return Ok(());
        };
        match asked.state {
            AccountState::Deleted => directory::delete_user(draft, &person),
            AccountState::Enabled | AccountState::Disabled => {
                person.disabled = matches!(asked.state, AccountState::Disabled);
                directory::put(draft, &person);
            }
        }
        Ok(())
    }))
    .await;
    if missing { (StatusCode::NOT_FOUND, "no account bears this name\n").into_response() } else { written }
}

pub(super) async fn change(world: &World, application: Uuid, change: impl FnOnce(&mut Principal)) -> Response {
    if world.state.read(|draft| directory::find_by_app(draft, application)).is_none() {
        return (StatusCode::NOT_FOUND, format!("there is no application {application}\n")).into_response();
    }
    written(world.state.change(|draft| {
        if let Some(mut found) = directory::find_by_app(draft, application) {
            change(&mut found);
            directory::put(draft, &found);
        }
        Ok(())
    }))
    .await
}
