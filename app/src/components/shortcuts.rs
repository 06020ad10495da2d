//! Keyboard shortcuts: each stands for a control that is also there to be seen, and all are listed under `?`.

use leptos::prelude::*;

const KEYS: [(&str, &str); 9] = [
    ("/", "Find"),
    ("g e", "Environments"),
    ("g r", "Requests"),
    ("g a", "Approvals"),
    ("g j", "Jobs"),
    ("n", "New environment"),
    ("j, k", "Next and previous row"),
    ("f", "Follow the log"),
    ("?", "This list"),
];

/// The list of shortcuts, as a dialog.
pub fn sheet() -> AnyView {
    let lines = KEYS.map(|(key, what)| view! { <div><dt><kbd>{key}</kbd></dt><dd>{what}</dd></div> }).collect_view();
    view! {
        <dialog id="keys" aria-labelledby="keys-title">
            <form method="dialog">
                <h2 id="keys-title">"Keyboard shortcuts"</h2>
                <dl class="lines">{lines}</dl>
                <div class="row"><button class="button">"Close"</button></div>
            </form>
        </dialog>
    }
    .into_any()
}

#[cfg(feature = "hydrate")]
pub use keys::listen;

#[cfg(feature = "hydrate")]
mod keys {
    use crate::routes;
    use leptos::prelude::*;
    use std::cell::Cell;
    use wasm_bindgen::JsCast;
    use web_sys::{Element, EventTarget, HtmlDialogElement, HtmlElement, KeyboardEvent};

    /// Listens from now on.
    pub fn listen() {
        let after_g = Cell::new(false);
        let handle = window_event_listener(leptos::ev::keydown, move |event: KeyboardEvent| {
            if event.ctrl_key() || event.meta_key() || event.alt_key() || typing(&event) {
                return;
            }
            let went = after_g.replace(event.key() == "g");
            let done = match (event.key().as_str(), went) {
                ("e", true) => go(routes::environments()),
                ("r", true) => go(routes::requests()),
                ("a", true) => go(routes::approvals()),
                ("j", true) => go(routes::jobs()),
                ("n", _) => go(routes::new_environment()),
                ("/", _) => focus("input[type=search]"),
                ("f", _) => click("input[name=follow]"),
                ("?", _) => open_sheet(),
                ("j", _) => row(1),
                ("k", _) => row(-1),
                _ => false,
            };
            if done {
                event.prevent_default();
            }
        });
        let opened = window_event_listener(leptos::ev::click, |event| open_dialog(event.target()));
        // For as long as the document is there.
        std::mem::forget((handle, opened));
    }

    /// For browsers that do not know `command` yet.
    fn open_dialog(target: Option<EventTarget>) {
        let button = target.and_then(|target| target.dyn_into::<Element>().ok());
        let button = button.and_then(|element| element.closest("button[command=show-modal]").ok().flatten());
        let id = button.and_then(|button| button.get_attribute("commandfor")).unwrap_or_default();
        let dialog = document().get_element_by_id(&id).and_then(|found| found.dyn_into::<HtmlDialogElement>().ok());
        if let Some(dialog) = dialog.filter(|dialog| !dialog.open()) {
            let _ = dialog.show_modal();
        }
    }

    fn typing(event: &KeyboardEvent) -> bool {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        target.is_some_and(|element| {
            element.closest("input:not([type=checkbox]), textarea, select, dialog[open]").ok().flatten().is_some()
        })
    }

    fn go(path: &str) -> bool {
        window().location().set_href(path).is_ok()
    }

    fn found(selector: &str) -> Option<HtmlElement> {
        document().query_selector(selector).ok().flatten().and_then(|element| element.dyn_into().ok())
    }

    fn focus(selector: &str) -> bool {
        found(selector).is_some_and(|element| element.focus().is_ok())
    }

    fn click(selector: &str) -> bool {
        found(selector).map(|element| element.click()).is_some()
    }

    fn open_sheet() -> bool {
        found("button[commandfor=keys]").map(|button| button.click()).is_some()
    }

    /// Moves the focus among the links of a list's rows.
    fn row(step: i32) -> bool {
        let Ok(links) = document().query_selector_all("[data-row]") else { return false };
        let length = links.length() as i32;
        let now = document().active_element();
        let at = (0..length).find(|at| {
            let link = links.item(*at as u32).and_then(|node| node.dyn_into::<Element>().ok());
            link.is_some() && link == now
        });
        let next = at.map_or(if step > 0 { 0 } else { length - 1 }, |at| at + step);
        if !(0..length).contains(&next) {
            return false;
        }
        let link = links.item(next as u32).and_then(|node| node.dyn_into::<HtmlElement>().ok());
        link.is_some_and(|link| link.focus().is_ok())
    }
}
