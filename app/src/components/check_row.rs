//! A check's verdict that opens on its evidence, cause and remedy.

use super::glyph::{glyph_only, of_verdict, turn};
use domain::check::{Result, Verdict};
use domain::moment::duration;
use leptos::prelude::*;

/// One row; what failed is open.
pub fn check_row(result: &Result, open: bool) -> AnyView {
    let look = of_verdict(result.verdict);
    let id = format!("check-{}", result.check);
    let took = duration(result.took_ms);
    let evidence = result
        .evidence
        .iter()
        .map(|(label, value)| (label.clone(), value.clone()))
        .chain(result.cause.clone().map(|cause| ("Cause".to_owned(), cause)))
        .chain(result.remedy.clone().map(|remedy| ("Remedy".to_owned(), remedy)))
        .map(|(label, value)| view! { <div><dt>{label}</dt><dd>{value}</dd></div> })
        .collect_view();
    view! {
        <details class="check-row" id=id data-state=look.state open=open && result.verdict == Verdict::Failed>
            <summary>
                {glyph_only(look, result.verdict.word())}
                <b>{result.title.clone()}</b>
                <span class="quiet small-text wide">{result.summary.clone()}</span>
                <span class="quiet small-text num">{took}</span>
                {turn()}
            </summary>
            <div class="inside">
                {result.quote.clone().map(|quote| view! { <p class="quote">{quote}</p> })}
                <dl class="lines evidence">{evidence}</dl>
            </div>
        </details>
    }
    .into_any()
}
