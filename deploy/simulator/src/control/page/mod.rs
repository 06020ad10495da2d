//! The page at the simulator's root: what exists, what goes on, what goes wrong on purpose, what was asked.
mod exists;
mod goes_on;
mod requests;

use std::sync::Arc;

use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};

use crate::html::escape;
use crate::settings::Settings;
use crate::world::World;

/// The whole page, which asks for itself again every second; without a script every five.
pub(super) async fn show(State(world): State<Arc<World>>) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Azure, simulated</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" href=\"data:,\">\
         <link rel=\"stylesheet\" href=\"/style.css\"><script src=\"/page.js\" defer></script>\
         <noscript><meta http-equiv=\"refresh\" content=\"5\"></noscript></head>\
         <body>{GLYPHS}<main>{}{}{}{}{}</main></body></html>",
        head(&world),
        goes_on::operations(&world),
        goes_on::faults(&world),
        requests::last(&world),
        exists::groups(&world),
    );
    let policy = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let headers = [
        ("content-security-policy", policy),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
    ];
    (headers, Html(html)).into_response()
}

/// The style sheet.
pub(super) async fn style() -> Response {
    ([("content-type", "text/css; charset=utf-8"), ("cache-control", "no-cache")], include_str!("style.css"))
        .into_response()
}

/// The script.
pub(super) async fn script() -> Response {
    ([("content-type", "text/javascript; charset=utf-8"), ("cache-control", "no-cache")], include_str!("page.js"))
        .into_response()
}

/// A shape for each state, so that none is told by colour alone.
const GLYPHS: &str = "<svg width=\"0\" height=\"0\" aria-hidden=\"true\"><defs>\
    <symbol id=\"stands\" viewBox=\"0 0 16 16\"><circle cx=\"8\" cy=\"8\" r=\"6.5\"/><path d=\"M5 8.2l2.1 2.1L11 6.2\" class=\"sign\"/></symbol>\
    <symbol id=\"moves\" viewBox=\"0 0 16 16\"><circle cx=\"8\" cy=\"8\" r=\"6\" class=\"ring\"/><path d=\"M8 2a6 6 0 0 1 6 6\" class=\"arc\"/><circle cx=\"8\" cy=\"8\" r=\"2\"/></symbol>\
    <symbol id=\"failed\" viewBox=\"0 0 16 16\"><path d=\"M5.2 1.5h5.6l3.7 3.7v5.6l-3.7 3.7H5.2l-3.7-3.7V5.2z\"/><path d=\"M5.7 5.7l4.6 4.6m0-4.6l-4.6 4.6\" class=\"sign\"/></symbol>\
    <symbol id=\"waits\" viewBox=\"0 0 16 16\"><path d=\"M8 1.5l6.8 12.3H1.2z\"/><path d=\"M8 6v4m0 1.6v.4\" class=\"sign\"/></symbol>\
    </defs></svg>";

/// A shape and a word: `stands`, `moves`, `failed`, `waits`.
fn state(shape: &str, word: &str) -> String {
    format!(
        "<span class=\"state\" data-state=\"{shape}\"><svg aria-hidden=\"true\"><use href=\"#{shape}\"/></svg>{}</span>",
        escape(word)
    )
}

fn head(world: &World) -> String {
    let clock = &world.clock;
    let speed = match clock.speed() {
        1.0 => "as long as on Azure".to_owned(),
        speed => format!("{speed} times shorter than on Azure"),
    };
    let settings = world.state.read(Settings::read);
    let limits = if settings.rate_limits { "on" } else { "off" };
    let subscription = serde_json::to_value(&settings).unwrap_or_default();
    format!(
        "<header><p class=\"brand\"><span class=\"mark\" aria-hidden=\"true\"></span>Azure, simulated</p>\
         <h1>What is there, and what goes on</h1>\
         <dl class=\"facts\"><div><dt>Clock</dt><dd><time datetime=\"{now}\">{}</time></dd></div>\
         <div><dt>Waits</dt><dd>{speed}</dd></div>\
         <div><dt>Subscription</dt><dd>{}</dd></div>\
         <div><dt>Rate limits</dt><dd>{limits}</dd></div></dl></header>",
        clock.now().strftime("%Y-%m-%d %H:%M:%S UTC"),
        escape(subscription["subscription"].as_str().unwrap_or_default()),
        now = clock.now(),
    )
}

/// A section with a title and how many there are.
fn section(id: &str, title: &str, count: usize, body: &str) -> String {
    format!("<section id=\"{id}\"><h2>{title} <span class=\"count\">{count}</span></h2>{body}</section>")
}

/// Says what would stand here.
fn empty(text: &str) -> String {
    format!("<p class=\"empty\">{text}</p>")
}

/// At most so many, and how many more there are.
fn some_of<T>(all: &[T], most: usize, one: impl FnMut(&T) -> String) -> String {
    let mut shown: String = all.iter().take(most).map(one).collect();
    if all.len() > most {
        shown.push_str(&format!("<li class=\"more\">and {} more</li>", all.len() - most));
    }
    shown
}
