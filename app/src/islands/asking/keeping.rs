//! Keeps what is typed as a draft: one request at a time, and none any more once the form is being sent.

use crate::ask;
use crate::components::filling::Filling;
use crate::routes;
use domain::id::DraftId;
use leptos::ev;
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{HtmlElement, HtmlFormElement, SubmitEvent};

#[derive(Clone, Copy)]
pub(super) struct Keeping {
    filling: Filling,
    /// Whether a request is on its way.
    asking: StoredValue<bool>,
    /// Whether more was typed since it was sent.
    behind: StoredValue<bool>,
    /// Whether the form is on its way to the server.
    sent: StoredValue<bool>,
    /// A form that waits for the answer on its way, with the button that was pressed.
    held: StoredValue<Option<(HtmlFormElement, Option<HtmlElement>)>, LocalStorage>,
}

impl Keeping {
    /// Watches for the form being sent, for as long as the document is there.
    pub(super) fn begin(filling: Filling) -> Keeping {
        let no = || StoredValue::new(false);
        let held = StoredValue::new_local(None);
        let keeping = Keeping { filling, asking: no(), behind: no(), sent: no(), held };
        let sending = window_event_listener(ev::submit, move |event| keeping.sending(&event));
        let shown = window_event_listener(ev::pageshow, move |event| {
            // The browser had kept the page as it was and shows it again.
            if event.persisted() {
                keeping.sent.set_value(false);
            }
        });
        std::mem::forget((sending, shown));
        keeping
    }

    /// Whether nothing is to be asked or kept any more.
    pub(super) fn is_over(self) -> bool {
        self.sent.get_value()
    }

    /// Keeps the answers as they are now; two requests at once would begin two drafts.
    pub(super) async fn keep(self) {
        self.behind.set_value(true);
        if self.asking.get_value() {
            return; // whoever waits for that answer goes on with these
        }
        self.asking.set_value(true);
        while self.behind.get_value() && !self.is_over() {
            self.behind.set_value(false);
            let draft = self.filling.draft.get_untracked();
            let kept = ask::save_draft(draft.clone(), self.filling.form.get_untracked()).await;
            if let Ok(kept) = kept
                && kept != draft
            {
                self.named(kept);
            }
        }
        self.asking.set_value(false);
        if let Some((form, button)) = self.held.try_update_value(Option::take).flatten() {
            // The field with the draft's id follows the signal first.
            set_timeout(move || drop(form.request_submit_with_submitter(button.as_ref())), Duration::ZERO);
        }
    }

    /// The address names the draft, so that coming back finds it; of one that is gone neither page nor address knows.
    fn named(self, draft: Option<DraftId>) {
        let address = draft.as_ref().map_or_else(|| routes::new_environment().to_owned(), routes::draft);
        self.filling.draft.set(draft);
        if let Ok(history) = window().history() {
            let _ = history.replace_state_with_url(&JsValue::NULL, "", Some(&address));
        }
    }

    fn sending(self, event: &SubmitEvent) {
        let form = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok());
        let Some(form) = form.filter(|form| form.id() == "ask") else { return };
        self.sent.set_value(true);
        // Behind a request that begins a draft the form would leave without its id, and the draft would be left over.
        if self.asking.get_value() && self.filling.draft.get_untracked().is_none() {
            event.prevent_default();
            self.held.set_value(Some((form, event.submitter())));
        }
    }
}
