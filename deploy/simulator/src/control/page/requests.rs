//! The last requests: when, who, what, how it was answered and how long that took.
use uuid::Uuid;

use crate::control::page::{empty, section};
use crate::directory;
use crate::html::escape;
use crate::requests::{Told, Who};
use crate::world::World;

/// How many are shown; the rest is kept for those who scroll.
const AT_ONCE: usize = 200;

/// The section.
pub(super) fn last(world: &World) -> String {
    let all = world.requests.newest();
    if all.is_empty() {
        return section("requests", "Last requests", 0, &empty("Nobody has asked anything yet."));
    }
    let rows: String = all.iter().take(AT_ONCE).map(|told| row(world, told)).collect();
    let table = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Last requests\"><table><thead><tr>\
         <th>Time</th><th>Status</th><th>Method</th><th>Host and path</th><th>Who</th><th class=\"number\">Took</th>\
         </tr></thead><tbody>{rows}</tbody></table></div>"
    );
    section("requests", "Last requests", all.len(), &table)
}

fn row(world: &World, told: &Told) -> String {
    let (status, shape) = match told.status {
        Some(status) => (status.as_str().to_owned(), status.as_u16() / 100),
        None => ("closed".to_owned(), 0),
    };
    format!(
        "<tr data-status=\"{shape}\"><td class=\"time\">{}</td><td class=\"status\">{status}</td><td class=\"method\">{}</td>\
         <td class=\"where\"><b>{}</b>{}</td><td class=\"who\">{}</td><td class=\"number took\">{}</td></tr>",
        told.at.strftime("%H:%M:%S"),
        escape(&told.method),
        escape(&told.host),
        escape(&short(world, &told.path)),
        escape(&who(world, &told.who)),
        match told.took.as_secs_f64() * 1000.0 {
            ms if ms < 10.0 => format!("{ms:.1} ms"),
            ms => format!("{ms:.0} ms"),
        },
    )
}

/// The path without the ids that are the same in all of them.
fn short(world: &World, path: &str) -> String {
    path.replace(&world.subscription.to_string(), "…").replace(&world.tenant.to_string(), "…")
}

/// A principal by its name, and the machine that it asks from.
fn who(world: &World, who: &Who) -> String {
    let named = |principal: &str| {
        let id = Uuid::parse_str(principal).ok()?;
        world.state.read(|draft| directory::find(draft, id)).map(|found| found.name)
    };
    let principal = who.principal.as_deref().map(|it| named(it).unwrap_or_else(|| it.to_owned()));
    match (principal, who.machine.as_deref()) {
        (Some(principal), Some(machine)) => format!("{principal} on {machine}"),
        (Some(one), None) => one,
        (None, Some(one)) => one.to_owned(),
        (None, None) => "not known".to_owned(),
    }
}
