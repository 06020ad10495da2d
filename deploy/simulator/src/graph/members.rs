//! Tells who is in a group, and in which groups somebody is.
use serde_json::{Value, json};
use uuid::Uuid;

use super::caller::{GROUPS, MEMBERSHIP};
use super::refusal::GraphRefusal;
use super::{Granted, Wish, list, unknown};
use crate::directory::{self, Principal, PrincipalKind};

/// The groups that somebody is in, as objects.
pub(super) fn groups(wish: &Wish<'_>, of: &Principal) -> Granted {
    may_read(wish, of)?;
    let found = wish.world.state.read(|draft| {
        let ids = directory::groups_of(draft, of.object_id);
        ids.into_iter().filter_map(|id| directory::find(draft, id)).collect::<Vec<_>>()
    });
    list::page(wish, "directoryObjects", &found, true)
}

/// The members of a group, as objects.
pub(super) fn of_group(wish: &Wish<'_>, group: &Principal) -> Granted {
    if group.kind != PrincipalKind::Group {
        return Err(unknown("members"));
    }
    wish.caller.need(GROUPS)?;
    let found = wish
        .world
        .state
        .read(|draft| group.members.iter().filter_map(|id| directory::find(draft, *id)).collect::<Vec<_>>());
    list::page(wish, "directoryObjects", &found, true)
}

/// `getMemberObjects`, `getMemberGroups` and `checkMemberGroups`: ids alone.
pub(super) fn asked(wish: &Wish<'_>, of: &Principal, question: &str) -> Granted {
    let groups = || wish.world.state.read(|draft| directory::groups_of(draft, of.object_id));
    let found: Vec<Uuid> = match question {
        "getmemberobjects" | "getmembergroups" => {
            may_read(wish, of)?;
            if !wish.body["securityEnabledOnly"].is_boolean() {
                return Err(missing("securityEnabledOnly"));
            }
            groups()
        }
        "checkmembergroups" | "checkmemberobjects" => {
            may_read(wish, of)?;
            let name = if question == "checkmembergroups" { "groupIds" } else { "ids" };
            let wanted = wish.body[name].as_array().ok_or_else(|| missing(name))?;
            let wanted: Vec<&str> = wanted.iter().filter_map(Value::as_str).collect();
            groups().into_iter().filter(|group| wanted.contains(&group.to_string().as_str())).collect()
        }
        other => return Err(unknown(other)),
    };
    Ok(json!({"@odata.context": wish.context("Collection(Edm.String)"), "value": found}))
}

/// Of oneself everybody may know it who may read one's own profile.
fn may_read(wish: &Wish<'_>, of: &Principal) -> Result<(), GraphRefusal> {
    if wish.caller.delegated && wish.caller.object_id == of.object_id {
        return Ok(());
    }
    wish.caller.need(MEMBERSHIP)
}

fn missing(parameter: &str) -> GraphRefusal {
    GraphRefusal::bad("Request_BadRequest", format!("The parameter '{parameter}' is required."))
}
