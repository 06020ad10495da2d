//! What of a team's quota is used, the answers of a form counted.

use domain::cost::Amount;
use domain::quota::{Quota, Used};
use leptos::prelude::*;

/// Each bounded part: "Cores 24 of 48".
pub fn quota(quota: &Quota) -> AnyView {
    let money = |micros| Amount { micros, currency: quota.currency }.whole();
    let parts = [
        ("Environments", quota.environments, None),
        ("Cores", quota.cores, None),
        ("Cost a month", quota.monthly, Some(money)),
    ];
    let lines = parts.into_iter().filter_map(|(word, used, money)| {
        let used: Used = used?;
        let said = |number: i64| money.map_or_else(|| number.to_string(), |money| money(number));
        let full = used.missing().map(|_| "failed");
        let said = format!("{} of {}", said(used.with_asked()), said(used.of));
        Some(view! { <div data-state=full><dt>{word}</dt><dd>{said}</dd></div> })
    });
    let title = format!("Quota of team {}, with this", quota.team);
    view! {
        <section class="quota" aria-label=title.clone()>
            <p class="quiet small-text">{title.clone()}</p>
            <dl class="lines sums small-text">{lines.collect_view()}</dl>
        </section>
    }
    .into_any()
}
