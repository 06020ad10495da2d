//! What a version would have done to past requests, beside the one that is on.

use crate::components::glyph::{Look, QUEUED, SUCCEEDED, glyph, icon, state};
use crate::components::policy_says::look_of;
use crate::components::time::moment;
use crate::routes;
use domain::account::short;
use domain::policy::Effect;
use domain::view::policy::{Trial, Tried, Whole};
use leptos::prelude::*;

pub(super) fn trial(policy: &Whole, trial: &Trial) -> AnyView {
    let beside = match policy.row.on {
        Some(on) => format!("Version {} beside version {on}, which is on.", policy.shown),
        None => format!("Version {}, as if it had been on.", policy.shown),
    };
    view! {
        <section class="card" id="trial" aria-labelledby="trial-title">
            <header><h2 id="trial-title">"Tried out against past requests"</h2><p>{beside}</p></header>
            <div class="pad stack small">
                {period(policy, trial)}
                <p>{summed(trial)}</p>
            </div>
            {(!trial.otherwise.is_empty()).then(|| table(trial))}
        </section>
    }
    .into_any()
}

fn period(policy: &Whole, trial: &Trial) -> AnyView {
    let mut offered = vec![7, 30, 90, 365];
    if !offered.contains(&trial.days) {
        offered.push(trial.days);
    }
    let options = offered.into_iter().map(|days| {
        let word = if days == 1 { "Last day".to_owned() } else { format!("Last {days} days") };
        view! { <option value=days selected=days == trial.days>{word}</option> }
    });
    view! {
        <form class="row" action=routes::policy(&policy.row.name)>
            <input type="hidden" name="version" value=policy.shown/>
            <label class="hidden-text" for="days">"Requests of the"</label>
            <select id="days" name="days" class="short">{options.collect_view()}</select>
            <button class="button">{icon("rotate-ccw")}"Try out"</button>
        </form>
    }
    .into_any()
}

/// "2 requests: 1 would have been denied."
fn summed(trial: &Trial) -> String {
    let looked = match trial.tried {
        0 => return "Nothing was asked for in that time.".to_owned(),
        1 => "1 request".to_owned(),
        many => format!("{many} requests"),
    };
    let cut = if trial.more { ", the newest of more" } else { "" };
    let said = trial.effects.iter().filter(|(_, count)| *count > 0).map(|(effect, count)| match effect {
        Effect::Deny => format!("{count} would have been denied"),
        Effect::Approval => format!("{count} would have needed a further approval"),
        Effect::Warn => format!("{count} would have been warned of"),
    });
    let freed = (trial.freed > 0).then(|| format!("of {} nothing would be said any more", trial.freed));
    let said: Vec<String> = said.chain(freed).collect();
    match said.is_empty() {
        true => format!("{looked}{cut}: nothing would have been otherwise."),
        false => format!("{looked}{cut}: {}.", said.join(", ")),
    }
}

fn table(trial: &Trial) -> AnyView {
    view! {
        <table class="table folds">
            <thead><tr><th scope="col">"Request"</th><th scope="col">"Now"</th><th scope="col">"With this version"</th><th scope="col" class="n">"Sent"</th></tr></thead>
            <tbody>{trial.otherwise.iter().map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

fn row(tried: &Tried) -> AnyView {
    let says = tried.says.iter().map(|said| view! { <small>{said.clone()}</small> }).collect_view();
    let who = short(&tried.requester).to_owned();
    view! {
        <tr>
            <th scope="row" class="full"><span class="name"><a href=routes::request(&tried.request) rel="external">{tried.kind.title(&tried.environment)}</a><small>{who}</small>{says}</span></th>
            <td class="wide quiet">{effect(tried.before, QUEUED)}</td>
            <td>{effect(tried.after, SUCCEEDED)}</td>
            <td class="n quiet">{moment(tried.sent)}</td>
        </tr>
    }
    .into_any()
}

fn effect(effect: Option<Effect>, none: Look) -> AnyView {
    match effect {
        Some(effect) => state(look_of(effect), effect.word()),
        None if none == SUCCEEDED => state(none, "Passes"),
        None => view! { <span class="state" data-state=none.state>{glyph(none)}"Nothing said"</span> }.into_any(),
    }
}
