//! Lists principals with `$filter`, `$select` and `$top`, in pages; and those that are named by id.
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::refusal::GraphRefusal;
use super::{Granted, Wish, document, needed};
use crate::arm::Filter;
use crate::directory::{self, Principal, PrincipalKind};

/// How many are on a page unless `$top` says otherwise, and at most.
const PAGE: usize = 100;
const MOST: usize = 999;
/// How many ids may be asked at once.
const MOST_IDS: usize = 1000;

/// All of a kind that pass the filter.
pub(super) fn of_kind(wish: &Wish<'_>, kind: PrincipalKind) -> Granted {
    wish.caller.need(needed(Some(kind)))?;
    let text = wish.query.get("$filter").map_or("", String::as_str);
    let filter =
        Filter::read(text).map_err(|why| GraphRefusal::bad("BadRequest", format!("Invalid filter clause: {why}.")))?;
    let mut found = directory::all(&wish.world.state);
    found.retain(|one| one.kind == kind);
    check(&filter, wish, kind)?;
    found.retain(|one| passes(&filter, &document::whole(wish.world, one)));
    let name = match kind {
        PrincipalKind::User => "users",
        PrincipalKind::Group => "groups",
        PrincipalKind::ServicePrincipal => "servicePrincipals",
    };
    page(wish, name, &found, false)
}

/// `directoryObjects/getByIds`: those that there are, whatever they are.
pub(super) fn by_ids(wish: &Wish<'_>) -> Granted {
    wish.caller.need(super::caller::DIRECTORY)?;
    let bad = |message: String| GraphRefusal::bad("Request_BadRequest", message);
    let ids = wish.body["ids"].as_array().ok_or_else(|| bad("The parameter 'ids' is required.".to_owned()))?;
    if ids.len() > MOST_IDS {
        return Err(bad(format!("Too many ids: at most {MOST_IDS} may be asked at once.")));
    }
    let kinds: Vec<&str> = wish.body["types"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut found = Vec::new();
    for id in ids {
        let text = id.as_str().unwrap_or_default();
        let id = Uuid::parse_str(text).map_err(|_| bad(format!("Invalid GUID:{text}")))?;
        found.extend(wish.world.state.read(|draft| directory::find(draft, id)));
    }
    let wanted = |one: &Principal| {
        let name = document::type_of(one.kind).trim_start_matches("#microsoft.graph.");
        kinds.is_empty() || kinds.iter().any(|kind| kind.eq_ignore_ascii_case(name) || *kind == "directoryObject")
    };
    found.retain(wanted);
    page(wish, "directoryObjects", &found, true)
}

/// One page of a list. `typed` says of each what it is, where that may differ.
pub(super) fn page(wish: &Wish<'_>, name: &str, found: &[Principal], typed: bool) -> Granted {
    let number = |name: &str| wish.query.get(name).map(|text| text.parse::<usize>());
    let top = match number("$top") {
        None => PAGE,
        Some(Ok(top)) if (1..=MOST).contains(&top) => top,
        Some(_) => {
            return Err(GraphRefusal::bad(
                "Request_BadRequest",
                "Invalid page size specified. Must be between 1 and 999 inclusive.",
            ));
        }
    };
    let from = number("$skiptoken").and_then(Result::ok).unwrap_or(0);
    let mut value = Vec::new();
    for one in found.iter().skip(from).take(top) {
        let mut shown = Map::new();
        if typed {
            shown.insert("@odata.type".to_owned(), json!(document::type_of(one.kind)));
        }
        shown.extend(document::shown(wish, one)?);
        value.push(Value::Object(shown));
    }
    let mut answer = json!({"@odata.context": wish.context(name), "value": value});
    if wish.query.get("$count").is_some_and(|count| count == "true") {
        answer["@odata.count"] = json!(found.len());
    }
    if found.len() > from.saturating_add(top) {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(wish.query.iter().filter(|(name, _)| *name != "$skiptoken"));
        query.append_pair("$skiptoken", &(from + top).to_string());
        let address = format!("https://graph.microsoft.com/{}/{name}?{}", wish.version, query.finish());
        answer["@odata.nextLink"] = json!(address);
    }
    Ok(answer)
}

/// Refuses properties and operators that this Graph does not answer by.
fn check(filter: &Filter, wish: &Wish<'_>, kind: PrincipalKind) -> Result<(), GraphRefusal> {
    let example = Principal::new(kind, "", wish.world.clock.now());
    let document = document::whole(wish.world, &example);
    let known = |name: &str| document.keys().any(|key| key.eq_ignore_ascii_case(name));
    let answered = |(name, operator): &(&str, &str)| match *operator {
        "()" => name.eq_ignore_ascii_case("startswith") || name.strip_suffix("/any").is_some_and(known),
        "eq" | "ne" => known(name),
        _ => false,
    };
    match filter.parts().iter().find(|part| !answered(part)) {
        None => Ok(()),
        Some((name, _)) => Err(GraphRefusal::bad(
            "Request_UnsupportedQuery",
            format!(
                "Unsupported or invalid query filter clause specified for property '{name}' of resource '{}'.",
                document::type_of(kind).trim_start_matches("#microsoft.graph.")
            ),
        )),
    }
}

fn passes(filter: &Filter, document: &Map<String, Value>) -> bool {
    let value = |name: &str| document.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value);
    let same = |value: &Value, wanted: &str| match value {
        Value::String(text) => text.eq_ignore_ascii_case(wanted),
        Value::Bool(yes) => wanted.parse() == Ok(*yes),
        Value::Null => wanted == "null",
        _ => false,
    };
    let holds = |name: &str, operator: &str, wanted: &str| {
        value(name).is_some_and(|value| same(value, wanted)) == (operator == "eq")
    };
    // `startswith(displayName,'a')` and `servicePrincipalNames/any(c:c eq 'x')`
    let is = |function: &str, arguments: &[String]| match (function.strip_suffix("/any"), arguments) {
        (Some(name), [_, operator, wanted]) if operator == "eq" => {
            value(name).and_then(Value::as_array).is_some_and(|all| all.iter().any(|one| same(one, wanted)))
        }
        (None, [name, wanted]) => value(name)
            .and_then(Value::as_str)
            .is_some_and(|text| text.to_lowercase().starts_with(&wanted.to_lowercase())),
        _ => false,
    };
    filter.passes(&holds, &is)
}
