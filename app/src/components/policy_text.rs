//! The text of a policy as it is written: a field with a sentence for each wrong line, and what can be demanded.

use super::field::{escaped, says};
use super::glyph::{FAILED, icon, turn};
use crate::context::Typed;
use domain::field::FieldError;
use leptos::prelude::*;

/// A form that posts `text`, with the version that it began from.
pub struct PolicyText {
    pub action: String,
    pub base: u32,
    pub text: String,
    /// The deed, as the button says it.
    pub deed: String,
    pub typed: Typed,
}

pub fn policy_text(shown: PolicyText) -> AnyView {
    let PolicyText { action, base, text, deed, typed } = shown;
    let (text, errors) = typed.0.unwrap_or((text, Vec::new()));
    let invalid = (!errors.is_empty()).then_some("true");
    let lines = text.lines().count().clamp(12, 40) + 1;
    view! {
        <form class="card" id="write" method="post" action=action aria-labelledby="write-title">
            <header><h2 id="write-title">"Text"</h2></header>
            <div class="pad stack small">
                <input type="hidden" name="base" value=base/>
                <div class="field">
                    <label for="text">"Policy as TOML"</label>
                    <textarea id="text" name="text" class="document" rows=lines spellcheck="false" autocomplete="off"
                        aria-invalid=invalid aria-describedby="text-says" inner_html=escaped(&text)></textarea>
                    {told(&errors)}
                </div>
                {demands()}
                <div class="row"><button class="button">{icon("check")}{deed}</button></div>
            </div>
        </form>
    }
    .into_any()
}

fn told(errors: &[FieldError]) -> AnyView {
    if errors.is_empty() {
        let hint = "Saving switches nothing: a version is tried out first, then switched on.";
        return view! { <p class="hint" id="text-says">{hint}</p> }.into_any();
    }
    let line = |error: &FieldError| says(FAILED, String::new(), error.message.clone());
    view! { <div id="text-says" role="alert">{errors.iter().map(line).collect_view()}</div> }.into_any()
}

/// What a part can demand, as one writes it.
const DEMANDS: [(&str, &str); 10] = [
    ("regions = [\"westeurope\"]", "The region is one of these."),
    ("node_sizes = [\"Standard_D2s_v5\"]", "The nodes are of one of these sizes."),
    ("nodes = { min = 1, max = 5 }", "So many nodes; either end may be left out."),
    ("tiers = [\"standard\"]", "The cluster's tier: free, standard."),
    ("identities = [\"workload\"]", "Whose identity the web app has: workload, agent-pool."),
    ("registries = [\"registry.contoso.example\"]", "The image comes from one of these, with a path if need be."),
    ("insights = true", "Insights are on."),
    ("purge_protection = true", "The vault is protected against purging."),
    (
        "lifetime_days = { max = 90, default = 14 }",
        "The environment lives so long; a form begins with the default, where there is one.",
    ),
    ("tags = [\"cost-centre\"]", "Tags of these names are given, whatever their values."),
];

fn demands() -> AnyView {
    let lines = DEMANDS.iter().map(|(example, says)| {
        view! { <div><dt><code>{*example}</code></dt><dd>{*says}</dd></div> }
    });
    view! {
        <details class="more">
            <summary>{turn()}<span>"What can be demanded"</span></summary>
            <div class="stack small">
                <p class="hint">"Under [deny] what is otherwise cannot be sent, under [approval] a platform engineer approves it too, under [warn] whoever approves it is told. Above them, title is needed; teams, templates and kinds (create, change, repair) narrow whom it is for."</p>
                <dl class="lines demands">{lines.collect_view()}</dl>
            </div>
        </details>
    }
    .into_any()
}
