//! What the script adds to the form: the plan and the draft follow the typing, and sending too early leads to the field.

use crate::components::filling::Filling;
use leptos::ev::MouseEvent;

/// Begins to follow what is typed; does nothing on the server.
pub(super) fn assist(filling: Filling) {
    #[cfg(feature = "hydrate")]
    script::assist(filling);
    #[cfg(not(feature = "hydrate"))]
    let _ = filling;
}

/// Keeps back a form with wrong answers and leads to the first; the server would do the same.
pub(super) fn check(filling: Filling, event: MouseEvent) {
    #[cfg(feature = "hydrate")]
    script::check(filling, &event);
    #[cfg(not(feature = "hydrate"))]
    let _ = (filling, event);
}

#[cfg(feature = "hydrate")]
mod script {
    use crate::ask;
    use crate::components::filling::{Filling, field_named};
    use crate::error::Code;
    use crate::islands::asking::keeping::Keeping;
    use domain::form::PASSWORD;
    use leptos::ev::MouseEvent;
    use leptos::prelude::*;
    use leptos::task::spawn_local;
    use std::time::Duration;
    use wasm_bindgen::JsCast;

    /// After so long without a key the plan is asked for.
    const PAUSE: Duration = Duration::from_millis(400);

    pub(super) fn assist(filling: Filling) {
        let waiting = StoredValue::new(None::<TimeoutHandle>);
        let keeping = Keeping::begin(filling);
        Effect::new(move |before: Option<()>| {
            filling.form.track();
            filling.password_typed();
            if before.is_none() {
                request_animation_frame(move || read(filling));
                return;
            }
            if let Some(handle) = waiting.get_value() {
                handle.clear();
            }
            filling.looking.set(true);
            waiting.set_value(set_timeout_with_handle(move || spawn_local(follow(filling, keeping)), PAUSE).ok());
        });
    }

    /// What was typed before the script was there, or what the browser has kept from an earlier visit.
    fn read(filling: Filling) {
        let Ok(controls) = document().query_selector_all("#ask [name]") else { return };
        for at in 0..controls.length() {
            let Some(control) = controls.item(at).and_then(|node| node.dyn_into::<web_sys::Element>().ok()) else {
                continue;
            };
            let of = |key: &str| js_sys::Reflect::get(&control, &key.into()).ok();
            let text = of("value").and_then(|value| value.as_string()).unwrap_or_default();
            let name = control.get_attribute("name").unwrap_or_default();
            let radio = control.get_attribute("type").as_deref() == Some("radio");
            let checked = of("checked").and_then(|checked| checked.as_bool()).unwrap_or_default();
            if name == PASSWORD && !text.is_empty() {
                filling.type_password(true);
            } else if let Some(field) = field_named(&name) {
                let known = if radio { untrack(|| filling.filled(field)) } else { untrack(|| filling.answer(field)) };
                if known != text && (checked || !radio) {
                    filling.type_in(field, text);
                }
            }
        }
    }

    /// Asks for the plan and keeps the draft; an answer to older words is dropped.
    async fn follow(filling: Filling, keeping: Keeping) {
        if keeping.is_over() {
            return;
        }
        let form = filling.form.get_untracked();
        let typed = untrack(|| filling.password_typed());
        let plan = match filling.stands() {
            Some(stands) => ask::plan_change(stands.environment.clone(), form.clone()).await,
            None => ask::plan(form.clone(), typed).await,
        };
        let newest = || filling.form.with_untracked(|now| *now == form);
        match plan {
            Ok(panel) if newest() => {
                filling.looked(panel);
                filling.looking.set(false);
            }
            Ok(_) => return,
            Err(error) => {
                filling.looking.set(false);
                filling.panel.update(|panel| panel.unreachable = Some(error.message.clone()));
                if error.code == Code::SignedOut {
                    let _ = window().location().reload();
                }
                return;
            }
        }
        if filling.stands().is_none() {
            keeping.keep().await; // what stands is changed by an address that holds the answers
        }
    }

    pub(super) fn check(filling: Filling, event: &MouseEvent) {
        let errors = untrack(|| filling.errors());
        let Some(first) = errors.first() else { return };
        event.prevent_default();
        filling.tried.set(true);
        let field = first.field.clone();
        // The section opens first, then its field can be focused.
        request_animation_frame(move || {
            let found =
                document().get_element_by_id(&field).and_then(|found| found.dyn_into::<web_sys::HtmlElement>().ok());
            if let Some(found) = found {
                // Of several cards, the one that is chosen, or the first.
                let inside = ["input:checked", "input:enabled"]
                    .into_iter()
                    .find_map(|which| found.query_selector(which).ok()??.dyn_into::<web_sys::HtmlElement>().ok());
                let _ = inside.unwrap_or_else(|| found.clone()).focus();
                found.scroll_into_view();
            }
        });
    }
}
