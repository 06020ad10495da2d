//! What of a team's quota is used, the answers of a form counted.

use domain::cost::Amount;
use domain::quota::{Quota, Used};
use leptos::prelude::*;

/// Each bounded part with what is asked for: "Cores 24 of 48".
pub fn quota(quota: &Quota) -> AnyView {
    let lines = lines(quota, Used::with_asked, |used| used.missing().is_some());
    let title = format!("Quota of team {}, with this", quota.team);
    view! {
        <section class="quota" aria-label=title.clone()>
            <p class="quiet small-text">{title.clone()}</p>
            <dl class="lines sums small-text">{lines}</dl>
        </section>
    }
    .into_any()
}

/// The same of what is used now; a part of which nothing is left stands out.
pub fn used(quota: &Quota) -> AnyView {
    view! { <dl class="lines sums">{lines(quota, |used| used.held, |used| used.held >= used.of)}</dl> }.into_any()
}

fn lines(quota: &Quota, number: fn(Used) -> i64, full: fn(Used) -> bool) -> AnyView {
    let money = |micros| Amount { micros, currency: quota.currency }.whole();
    let parts = [
        ("Environments", quota.environments, None),
        ("Cores", quota.cores, None),
        ("Cost a month", quota.monthly, Some(money)),
    ];
    let lines = parts.into_iter().filter_map(|(word, used, money)| {
        let used: Used = used?;
        let said = |number: i64| money.map_or_else(|| number.to_string(), |money| money(number));
        let full = full(used).then_some("failed");
        let said = format!("{} of {}", said(number(used)), said(used.of));
        Some(view! { <div data-state=full><dt>{word}</dt><dd>{said}</dd></div> })
    });
    lines.collect_view().into_any()
}
