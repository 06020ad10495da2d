//! How the parts of an environment hang together: who asks, what runs, whose identity, what it may read.

use super::glyph::{FAILED, Look, QUEUED, RUNNING, SUCCEEDED, UNKNOWN, glyph_at, glyph_only, icon_at};
use domain::view::environment::{Part, PartKind, PartState};
use leptos::prelude::*;

/// Look and word of a part's state.
fn look(state: PartState) -> (Look, &'static str) {
    match state {
        PartState::Stands => (SUCCEEDED, "stands"),
        PartState::Moving => (RUNNING, "at work"),
        PartState::Failed => (FAILED, "failed"),
        PartState::Unknown => (UNKNOWN, "could not tell"),
        PartState::NotThere => (QUEUED, "not there"),
    }
}

fn picture(part: PartKind) -> &'static str {
    match part {
        PartKind::Public => "globe",
        PartKind::Cluster => "boxes",
        PartKind::WebApp => "app-window",
        PartKind::Identity => "id-card",
        PartKind::Vault => "vault",
        PartKind::Secrets => "lock-keyhole",
        PartKind::Database => "database",
        PartKind::Insights => "activity",
    }
}

fn word(part: PartKind) -> &'static str {
    match part {
        PartKind::Public => "Public address",
        PartKind::Cluster => "Cluster",
        PartKind::WebApp => "Web app",
        PartKind::Identity => "Identity of the app",
        PartKind::Vault => "Vault",
        PartKind::Secrets => "Secrets",
        PartKind::Database => "Database",
        PartKind::Insights => "Insights",
    }
}

/// Where a part stands in the drawing: x, y, width, height, and how many letters fit a line.
fn place(part: PartKind) -> (f64, f64, f64, f64, usize) {
    match part {
        PartKind::Public => (2.0, 165.0, 186.0, 62.0, 21),
        PartKind::Cluster => (208.0, 10.0, 396.0, 314.0, 46),
        PartKind::WebApp => (226.0, 152.0, 196.0, 88.0, 22),
        PartKind::Identity => (376.0, 78.0, 212.0, 62.0, 23),
        PartKind::Vault => (772.0, 10.0, 326.0, 148.0, 36),
        PartKind::Secrets => (788.0, 78.0, 294.0, 62.0, 32),
        PartKind::Insights => (772.0, 183.0, 326.0, 62.0, 36),
        PartKind::Database => (772.0, 263.0, 326.0, 62.0, 36),
    }
}

/// A line between two parts, with what it is for.
struct Way {
    from: PartKind,
    to: PartKind,
    path: &'static str,
    /// Middle of the words, and their breadth.
    said: Option<(f64, f64, f64, &'static str)>,
}

const WAYS: [Way; 5] = [
    Way { from: PartKind::Public, to: PartKind::WebApp, path: "M188 196H226", said: None },
    Way { from: PartKind::WebApp, to: PartKind::Identity, path: "M422 178H486Q496 178 496 168V140", said: None },
    Way {
        from: PartKind::Identity,
        to: PartKind::Secrets,
        path: "M588 109H788",
        said: Some((680.0, 109.0, 94.0, "reads secrets")),
    },
    Way {
        from: PartKind::WebApp,
        to: PartKind::Insights,
        path: "M422 214H772",
        said: Some((688.0, 214.0, 96.0, "logs, inventory")),
    },
    Way {
        from: PartKind::WebApp,
        to: PartKind::Database,
        path: "M324 240V284Q324 294 334 294H772",
        said: Some((688.0, 294.0, 60.0, "logs in")),
    },
];

/// The drawing, and the same as a list where it would not be read.
pub fn topology(parts: &[Part]) -> AnyView {
    view! {
        <section class="card" aria-labelledby="parts">
            <header><h2 id="parts">"How it hangs together"</h2></header>
            <div class="pad drawn scroll" tabindex="0" role="region" aria-label="Topology">{drawing(parts)}</div>
            <ul class="rows topology-list">{parts.iter().map(item).collect_view()}</ul>
        </section>
    }
    .into_any()
}

fn drawing(parts: &[Part]) -> AnyView {
    let found = |kind: PartKind| parts.iter().find(|part| part.part == kind);
    let summary =
        parts.iter().map(|part| format!("{} {}", word(part.part), look(part.state).1)).collect::<Vec<_>>().join(", ");
    let zones = [PartKind::Cluster, PartKind::Vault].into_iter().filter_map(found).map(zone).collect_view();
    let ways = WAYS.iter().filter_map(|way| Some(edge(way, found(way.from)?, found(way.to)?))).collect_view();
    let boxes =
        parts.iter().filter(|part| !matches!(part.part, PartKind::Cluster | PartKind::Vault)).map(boxed).collect_view();
    view! {
        <svg class="graph" viewBox="0 0 1100 334" role="group" aria-label=summary>{zones}{ways}{boxes}</svg>
    }
    .into_any()
}

/// The line ends in the part that breaks it; it is drawn when both ends are there.
fn edge(way: &Way, from: &Part, to: &Part) -> AnyView {
    let class = match (from.state, to.state) {
        (PartState::Failed, _) | (_, PartState::Failed) => "edge broken",
        (PartState::NotThere, _) | (_, PartState::NotThere) => "edge",
        (PartState::Moving, _) | (_, PartState::Moving) => "edge now",
        _ => "edge live",
    };
    let said = way.said.map(|(x, y, breadth, words)| {
        view! {
            <rect class="back" x=x - breadth / 2.0 y=y - 10.0 width=breadth height="20" rx="4"></rect>
            <text class="t2" x=x y=y + 4.0 text-anchor="middle">{words}</text>
        }
    });
    view! { <path class=class d=way.path></path>{said} }.into_any()
}

fn zone(part: &Part) -> AnyView {
    let (x, y, width, height, letters) = place(part.part);
    let (look, said) = look(part.state);
    view! {
        <rect class="zone" x=x y=y width=width height=height rx="13"></rect>
        <g data-state=look.state>
            {icon_at(picture(part.part), x + 18.0, y + 16.0)}
            <text class="strong" x=x + 44.0 y=y + 29.0>{cut(&part.name, letters)}<tspan class="hidden-text">", "{said}</tspan></text>
            <text class="t2" x=x + 44.0 y=y + 47.0>{cut(&part.detail, letters)}</text>
            {glyph_at(look, x + width - 32.0, y + 16.0)}
        </g>
    }
    .into_any()
}

fn boxed(part: &Part) -> AnyView {
    let (x, y, width, height, letters) = place(part.part);
    let (look, said) = look(part.state);
    view! {
        <g data-state=look.state>
            <rect class="box" x=x y=y width=width height=height rx="9"></rect>
            {icon_at(picture(part.part), x + 14.0, y + 14.0)}
            <text class="strong" x=x + 40.0 y=y + 27.0>{cut(part.name.trim_start_matches("http://"), beside_glyph(width))}<tspan class="hidden-text">", "{said}</tspan></text>
            <text class="t2" x=x + 40.0 y=y + 45.0>{cut(&part.detail, letters)}</text>
            {glyph_at(look, x + width - 28.0, y + 14.0)}
        </g>
    }
    .into_any()
}

/// How many bold letters fit beside icon and glyph, in the widest of the faces.
fn beside_glyph(width: f64) -> usize {
    ((width - 70.0) / 7.6) as usize
}

fn item(part: &Part) -> AnyView {
    let (look, said) = look(part.state);
    let detail = if part.detail.is_empty() {
        word(part.part).to_owned()
    } else {
        format!("{}, {}", word(part.part), part.detail)
    };
    view! { <li class="row tight">{glyph_only(look, said)}<span class="name"><b>{part.name.clone()}</b><small>{detail}</small></span></li> }.into_any()
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}
