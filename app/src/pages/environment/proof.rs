//! What was proved: failures first and open, then what could not be told, then the rest, and earlier runs.

use crate::components::check_row::check_row;
use crate::components::glyph::{RUNNING, of_verdict, state};
use crate::components::time::{clock, moment};
use domain::check::{Verdict, count};
use domain::environment::State;
use domain::moment::duration;
use domain::view::environment::{Validation, Whole};
use leptos::prelude::*;

/// The newest run with its evidence, and the history.
pub(super) fn proof(found: &Whole) -> AnyView {
    match &found.validation {
        Some(run) => view! { {newest(run, found.row.state != State::Released)}{(!found.history.is_empty()).then(|| history(&found.history))} }.into_any(),
        None => nothing(found),
    }
}

fn nothing(found: &Whole) -> AnyView {
    let why = match found.row.state {
        State::Waiting | State::Building => "The checks are the last step of its job.",
        _ => "No check has looked at it yet.",
    };
    view! {
        <section class="card" aria-labelledby="checks">
            <header><h2 id="checks">"Validation"</h2></header>
            <div class="pad"><p class="quiet">{why}</p></div>
        </section>
    }
    .into_any()
}

/// "9 passed, 1 could not tell, 1 failed".
fn summed(run: &Validation) -> String {
    let (failed, unknown, passed) = count(&run.results);
    let parts = [(failed, "failed"), (unknown, "could not tell"), (passed, "passed")];
    let parts: Vec<String> =
        parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
    if parts.is_empty() { "Nothing told yet".to_owned() } else { parts.join(", ") }
}

fn newest(run: &Validation, goes_on: bool) -> AnyView {
    let rank = |verdict: Verdict| match verdict {
        Verdict::Failed => 0,
        Verdict::CouldNotTell => 1,
        Verdict::Passed => 2,
    };
    let mut results: Vec<_> = run.results.iter().collect();
    results.sort_by_key(|result| rank(result.verdict));
    let rows = results.into_iter().map(|result| check_row(result, true)).collect_view();
    let again = run
        .again
        .filter(|_| goes_on)
        .map(|at| view! { <footer>"What could not be told is asked again at "{clock(at)}"."</footer> });
    let now = if run.running {
        state(RUNNING, "Checking")
    } else {
        view! { {moment(run.at)}", took "{duration(run.took_ms)}", by "{run.by.clone()} }.into_any()
    };
    view! {
        <section class="card" aria-labelledby="checks">
            <header>
                <h2 id="checks">"Validation"</h2>
                <span class="small-text">{summed(run)}</span>
                <span class="quiet small-text push" role="status">{now}</span>
            </header>
            <div class="checks">{rows}</div>
            {again}
        </section>
    }
    .into_any()
}

fn history(runs: &[Validation]) -> AnyView {
    let rows = runs.iter().map(|run| {
        let worst = run.results.iter().map(|result| result.verdict).min_by_key(|verdict| match verdict {
            Verdict::Failed => 0,
            Verdict::CouldNotTell => 1,
            Verdict::Passed => 2,
        });
        let look = of_verdict(worst.unwrap_or(Verdict::CouldNotTell));
        view! {
            <tr>
                <th scope="row">{moment(run.at)}</th>
                <td>{state(look, summed(run))}</td>
                <td class="wide quiet">{run.by.clone()}</td>
                <td class="n top quiet">{duration(run.took_ms)}</td>
            </tr>
        }
    });
    view! {
        <section class="card" aria-labelledby="history">
            <header><h2 id="history">"Earlier runs"</h2></header>
            <table class="table folds">
                <thead><tr><th scope="col">"When"</th><th scope="col">"Found"</th><th scope="col">"By"</th><th scope="col" class="n">"Took"</th></tr></thead>
                <tbody>{rows.collect_view()}</tbody>
            </table>
        </section>
    }
    .into_any()
}
