//! What goes on: operations with how far they are, and the faults that wait for what they hit.
use serde_json::Value;

use crate::arm::{ResourceId, part_after};
use crate::control::page::{empty, section, some_of, state};
use crate::faults::Fault;
use crate::html::escape;
use crate::operations::{OPERATIONS, Operation};
use crate::picture;
use crate::world::World;

const MOST: usize = 40;

/// The operations in flight, the one that ends first at the top.
pub(super) fn operations(world: &World) -> String {
    let all = world.state.list(OPERATIONS).into_iter();
    let mut running: Vec<Operation> =
        all.filter_map(|(_, one)| serde_json::from_value(one).ok()).filter(Operation::running).collect();
    running.sort_by_key(|one| one.due);
    let now = world.clock.now();
    let row = |one: &Operation| {
        let whole = one.due.duration_since(one.started).as_secs_f64();
        let gone = now.duration_since(one.started).as_secs_f64();
        let percent = if whole > 0.0 { (gone / whole * 100.0).clamp(0.0, 100.0) } else { 100.0 };
        let left = one.due.duration_since(now).as_secs_f64().max(0.0);
        format!(
            "<li><span class=\"name\">{}</span><span class=\"kind\">{} {}</span>\
             <progress max=\"100\" value=\"{percent:.0}\">{percent:.0} %</progress>\
             <span class=\"detail number\">{}</span></li>",
            escape(&about(&one.resource)),
            escape(&one.verb),
            escape(one.kind.split_once('/').map_or(one.kind.as_str(), |(_, kind)| kind)),
            match left {
                left if left < 0.05 => "now".to_owned(),
                left if left < 10.0 => format!("{left:.1} s left"),
                left => format!("{left:.0} s left"),
            },
        )
    };
    let body = match running.is_empty() {
        true => empty("No operation is in flight."),
        false => format!("<ul class=\"rows\">{}</ul>", some_of(&running, MOST, row)),
    };
    section("operations", "Operations in flight", running.len(), &body)
}

/// A resource by its own name and its group.
fn about(id: &str) -> String {
    match (ResourceId::parse(id), part_after(id, "resourcegroups")) {
        (Some(id), Some(group)) => format!("{} in {group}", id.names().join("/")),
        _ => picture::short(id),
    }
}

/// The faults that wait; nothing where none do.
pub(super) fn faults(world: &World) -> String {
    let waiting = world.faults.left();
    let random = world.faults.random();
    if waiting.is_empty() && random.is_null() {
        return String::new();
    }
    let row = |fault: &Fault| {
        format!(
            "<li><span class=\"name\">{}</span><span class=\"detail\">{}</span>{}</li>",
            escape(&does(fault)),
            escape(&hits(fault)),
            state("waits", &format!("waits, {} ×", fault.times))
        )
    };
    let mut rows = some_of(&waiting, MOST, row);
    if !random.is_null() {
        rows.push_str(&format!(
            "<li><span class=\"name\">made up from seed {}</span><span class=\"detail\">rate {}</span>{}</li>",
            escape(&random["seed"].to_string()),
            escape(&random["rate"].to_string()),
            state("waits", "goes on")
        ));
    }
    let count = waiting.len() + usize::from(!random.is_null());
    section("faults", "Faults that wait", count, &format!("<ul class=\"rows\">{rows}</ul>"))
}

/// What a fault does, in a few words.
fn does(fault: &Fault) -> String {
    let status = fault.status.map(|status| format!("{status} {}", fault.code).trim().to_owned());
    let fails = fault.fails.as_ref().map(|failure| format!("fails with {}", failure.code));
    let drop = fault
        .drop
        .map(|drop| format!("drops the connection {}", serde_json::to_value(drop).map_or(String::new(), text)));
    let slower = fault.slower.as_ref().map(|slower| match slower.ms {
        Some(ms) => format!("takes {ms} ms"),
        None => format!("takes {} times as long", slower.factor),
    });
    let cut = fault.truncate.map(|most| format!("breaks off after {most} bytes"));
    let lag = fault.lag_ms.map(|lag| format!("is not read for {lag} ms"));
    let node = fault.node_not_ready.then(|| "a node never becomes ready".to_owned());
    let delay = (fault.delay_ms > 0).then(|| format!("waits {} ms", fault.delay_ms));
    let all: Vec<String> = [status, fails, drop, slower, cut, lag, node, delay].into_iter().flatten().collect();
    if all.is_empty() { fault.code.clone() } else { all.join(", ") }
}

/// What a fault hits, in a few words.
fn hits(fault: &Fault) -> String {
    let of = |what: &Option<String>| what.clone();
    let parts =
        [of(&fault.method), of(&fault.verb), of(&fault.kind), of(&fault.host), of(&fault.path), of(&fault.machine)];
    let all: Vec<String> = parts.into_iter().flatten().collect();
    if all.is_empty() { "whatever comes next".to_owned() } else { all.join(" · ") }
}

fn text(value: Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
