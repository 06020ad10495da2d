//! What something costs a month: the figure, what it is made of, and what it rests on.

use super::glyph::turn;
use super::time::date;
use domain::cost::{Costing, Estimate};
use leptos::prelude::*;

/// Of a request: the sum by resource, or for what stands the difference with what it comes to.
pub fn costing(cost: &Costing) -> AnyView {
    let (monthly, lines) = (cost.monthly(), lines(cost));
    let basis = cost.after().or_else(|| cost.now()).map(basis);
    view! {
        <p class="figure-big">{monthly.figure()}" "<small>{if monthly.difference.is_some() { "a month" } else { "a month, estimated" }}</small></p>
        {lines}
        {basis}
    }
    .into_any()
}

/// Who bears it, where the team has a cost centre.
pub fn borne(cost_centre: Option<&str>) -> Option<AnyView> {
    let said = format!("Borne by cost centre {}", cost_centre?);
    Some(view! { <p class="quiet small-text">{said}</p> }.into_any())
}

/// The same as a card of its own.
pub fn card(cost: &Costing, cost_centre: Option<&str>) -> AnyView {
    view! {
        <section class="card" aria-labelledby="cost">
            <header><h2 id="cost">"Cost"</h2></header>
            <div class="pad stack small">{costing(cost)}{borne(cost_centre)}</div>
        </section>
    }
    .into_any()
}

fn lines(cost: &Costing) -> AnyView {
    let Some(now) = cost.now() else { return cost.after().map_or_else(|| ().into_any(), items) };
    let monthly = cost.monthly();
    let differs = cost.differences().into_iter().map(|(what, amount)| (what, amount.signed()));
    let differs = differs.map(|(what, amount)| view! { <div><dt>{what}</dt><dd>{amount}</dd></div> });
    view! {
        <dl class="lines sums small-text">
            <div><dt>"Now"</dt><dd>{now.total().said()}</dd></div>
            {differs.collect_view()}
            <div class="total"><dt>"After"</dt><dd>{monthly.amount.said()}</dd></div>
        </dl>
    }
    .into_any()
}

/// Each resource with what it costs.
pub fn items(estimate: &Estimate) -> AnyView {
    let lines = estimate.items.iter().map(|item| {
        let said = estimate.amount(item.monthly).said();
        view! { <div><dt>{item.what.clone()}</dt><dd>{said}</dd></div> }
    });
    view! { <dl class="lines sums small-text">{lines.collect_view()}</dl> }.into_any()
}

/// The date of the prices, what is taken for granted and what is not counted.
pub fn basis(estimate: &Estimate) -> AnyView {
    let list =
        |sentences: &[String]| sentences.iter().map(|sentence| view! { <li>{sentence.clone()}</li> }).collect_view();
    view! {
        <details class="more">
            <summary>{turn()}<span>"List prices of "{date(estimate.since)}</span></summary>
            <div class="stack small small-text quiet">
                <p>"Azure’s public list in "{estimate.currency.code()}", read "{date(estimate.read)}". An estimate, no bill."</p>
                <p><b>"Taken for granted"</b></p>
                <ul class="plain-list">{list(&estimate.assumes)}</ul>
                <p><b>"Not counted"</b></p>
                <ul class="plain-list">{list(&estimate.leaves_out)}</ul>
            </div>
        </details>
    }
    .into_any()
}
