//! The parts of pages that live on in the browser: a job that is watched, a form that is filled.
//!
//! Everything else of a page is made once, by the server. An island is rendered by the server with its page; beside it
//! stand the values that it was made from, and from the same values the browser makes it its own.

pub mod asking;
pub mod watching;

/// An island in its page: what it was made from, then what the server made of it.
#[cfg(feature = "ssr")]
pub fn island<T: serde::Serialize>(
    name: &'static str,
    from: T,
    make: fn(T) -> leptos::prelude::AnyView,
) -> leptos::prelude::AnyView {
    use leptos::prelude::*;
    // Inside a script element nothing is markup but its own end.
    let values = serde_json::to_string(&from).unwrap_or_default().replace('<', "\\u003c");
    view! {
        <script type="application/json" inner_html=values></script>
        <div data-island=name>{make(from)}</div>
    }
    .into_any()
}

/// Takes over the islands of this document, its times, and its keys.
#[cfg(feature = "hydrate")]
pub fn hydrate() {
    use leptos::prelude::*;
    use wasm_bindgen::JsCast;
    use web_sys::HtmlElement;

    let found = document().query_selector_all("[data-island]").ok();
    for at in 0..found.as_ref().map_or(0, |found| found.length()) {
        let island =
            found.as_ref().and_then(|found| found.item(at)).and_then(|node| node.dyn_into::<HtmlElement>().ok());
        let Some(island) = island else { continue };
        let values = island.previous_element_sibling().and_then(|script| script.text_content()).unwrap_or_default();
        match island.get_attribute("data-island").as_deref() {
            Some(watching::NAME) => take_over(island, &values, watching::watching),
            Some(asking::NAME) => take_over(island, &values, asking::asking),
            _ => {}
        }
    }
    crate::components::time::localise();
    crate::components::shortcuts::listen();
    if let Some(root) = document().document_element() {
        // What follows works live.
        let _ = root.set_attribute("data-hydrated", "");
    }
}

#[cfg(feature = "hydrate")]
fn take_over<T: serde::de::DeserializeOwned + 'static>(
    island: web_sys::HtmlElement,
    values: &str,
    make: fn(T) -> leptos::prelude::AnyView,
) {
    match serde_json::from_str::<T>(values) {
        // It lives as long as the document.
        Ok(from) => leptos::mount::hydrate_from(island, move || make(from)).forget(),
        // An older script met a newer page: the page works without it.
        Err(error) => leptos::logging::warn!("an island cannot be taken over: {error}"),
    }
}
