//! Sign-in: what Keystead is in a sentence, the one button, and sample accounts where the installation has some.

use crate::components::frame::mark;
use crate::components::glyph::{FAILED, icon};
use crate::components::notice;
use crate::context::{Flash, Installation, Sample};
use crate::routes;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

#[component]
pub fn SignIn() -> impl IntoView {
    let query = use_query_map().get_untracked();
    let back = query.get("back").unwrap_or_default();
    let refused = query.get("refused");
    let installation = use_context::<Installation>().unwrap_or_default();
    let said = use_context::<Flash>().and_then(|flash| flash.0).map(|said| notice::of_post(&said));
    view! { <Title text="Sign in"/> {door(installation, said, back, refused)} }
}

fn door(installation: Installation, said: Option<AnyView>, back: String, refused: Option<String>) -> AnyView {
    let Installation { provider, samples, .. } = installation;
    let button = format!("Continue with {provider}");
    let refused = refused.map(|said| {
        let title = format!("{provider} did not let you in");
        notice::notice(
            FAILED,
            title,
            view! { <p class="quote">{said}</p><p>"Try again, or ask your platform team."</p> }.into_any(),
        )
    });
    view! {
        <div class="door">
            <main class="stack" id="main">
                <div>
                    <span class="brand">{mark()}"Keystead"</span>
                    <h1>"Environments that prove themselves"</h1>
                </div>
                <p class="lede">"Ask for an Azure environment in one form. A manager approves what will really happen. Keystead builds it, deploys your web app into it, and keeps checking that it works."</p>
                {said}
                {refused}
                <form method="post" action=routes::sign_in() class="stack small">
                    <input type="hidden" name="back" value=back.clone()/>
                    <button class="button primary block">{icon("log-in")}{button}</button>
                    <p class="hint">"You sign in at your organisation. Keystead never sees your password."</p>
                </form>
                {(!samples.is_empty()).then(|| sample_accounts(samples, back))}
            </main>
            <aside>{idea()}</aside>
        </div>
    }
    .into_any()
}

fn sample_accounts(samples: Vec<Sample>, back: String) -> AnyView {
    let rows = samples.into_iter().map(|Sample { account, note }| {
        let initial = account.chars().next().unwrap_or('?').to_uppercase().to_string();
        let value = account.clone();
        view! {
            <li><button name="account" value=value>
                <span class="avatar small" aria-hidden="true">{initial}</span>{account}
                <span class="quiet push">{note}</span>
            </button></li>
        }
    });
    view! {
        <section class="stack small" aria-labelledby="sample">
            <h2 id="sample">"Or try a sample account"</h2>
            <p class="hint">"This installation came with its own directory. Sign in as the member, ask for something, then decide on it as the manager."</p>
            <form class="card accounts" method="post" action=routes::sign_in()>
                <input type="hidden" name="back" value=back/>
                <ul>{rows.collect_view()}</ul>
            </form>
        </section>
    }
    .into_any()
}

/// Request and approval are the piers, roles the keystone, the web app passes under the arch.
fn idea() -> AnyView {
    const DRAWING: &str = r#"<path d="M50.0 300.0A250 250 0 0 1 94.0 158.4L194.5 227.5A128 128 0 0 0 172.0 300.0z"/><path d="M97.7 153.1A250 250 0 0 1 226.9 60.9L262.6 177.6A128 128 0 0 0 196.4 224.8z"/><path class="key-stone" d="M227.3 37.9L372.7 37.9L331.0 188.2L269.0 188.2z"/><path d="M373.1 60.9A250 250 0 0 1 502.3 153.1L403.6 224.8A128 128 0 0 0 337.4 177.6z"/><path d="M506.0 158.4A250 250 0 0 1 550.0 300.0L428.0 300.0A128 128 0 0 0 405.5 227.5z"/><path d="M50 304h122v112H50zM428 304h122v112H428z"/><text x="120.3" y="245.6">cluster</text><text x="188.9" y="151.1">vault</text><text class="on-key" x="300" y="110.0">roles</text><text x="411.1" y="151.1">secrets</text><text x="479.7" y="245.6">insights</text><text x="111" y="364">request</text><text x="489" y="364">approval</text><path d="M212 330h176v86H212z"/><text x="300" y="370">web app</text><text x="300" y="390" class="quiet">KEY_VAULT_NAME</text><path d="M30 416.500h540"/>"#;
    view! {
        <svg class="portalarch" viewBox="30 12 540 430" role="img" inner_html=DRAWING
            aria-label="An arch of five stones: cluster, vault, roles, secrets and insights. Roles is the keystone. The web app stands under the arch."></svg>
    }
    .into_any()
}
