//! Listens to a job: its stream of events, closed while the tab is hidden and resumed at the last line.

use domain::id::JobId;
use domain::view::job::{Line, Whole};
use leptos::prelude::*;

/// What is known of a job in this browser.
#[derive(Clone, Copy)]
pub struct Live {
    pub job: RwSignal<Whole>,
    pub lines: RwSignal<Vec<Line>>,
    pub link: RwSignal<Link>,
    /// Milliseconds since the job was told, so that durations run on between events.
    pub ahead: RwSignal<i64>,
}

/// How the stream of events stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// Not asked for (yet).
    None,
    Stands,
    /// Cut; the browser tries again by itself.
    Cut,
    Ended,
}

impl Live {
    pub fn new(job: Whole, lines: Vec<Line>) -> Live {
        Live {
            job: RwSignal::new(job),
            lines: RwSignal::new(lines),
            link: RwSignal::new(Link::None),
            ahead: RwSignal::new(0),
        }
    }

    /// The moment that durations are counted to.
    pub fn now(self) -> domain::Moment {
        self.job.with(|job| job.now).plus(self.ahead.get())
    }

    /// Begins to listen; does nothing on the server.
    pub fn listen(self, id: JobId) {
        #[cfg(feature = "hydrate")]
        stream::listen(self, id);
        #[cfg(not(feature = "hydrate"))]
        let _ = id;
    }
}

#[cfg(feature = "hydrate")]
mod stream {
    use super::{Link, Live};
    use crate::routes;
    use domain::id::JobId;
    use domain::view::job::{Line, Whole};
    use leptos::prelude::*;
    use std::cell::RefCell;
    use std::rc::Rc;
    use std::time::Duration;
    use wasm_bindgen::JsCast;
    use wasm_bindgen::prelude::Closure;
    use web_sys::{EventSource, MessageEvent};

    pub(super) fn listen(live: Live, id: JobId) {
        let source: Rc<RefCell<Option<EventSource>>> = Rc::default();
        open(live, &id, &source);
        let told = Rc::new(RefCell::new(js_sys::Date::now()));
        Effect::new({
            let told = told.clone();
            move |_| {
                live.job.with(|_| ());
                *told.borrow_mut() = js_sys::Date::now();
                live.ahead.set(0);
            }
        });
        // Both live as long as the document.
        let tick = move || {
            if live.job.with_untracked(|job| job.row.state.moving()) {
                live.ahead.set((js_sys::Date::now() - *told.borrow()) as i64);
            }
        };
        let _ = set_interval_with_handle(tick, Duration::from_secs(1));
        let hidden = Closure::<dyn FnMut()>::new(move || {
            if document().hidden() {
                close(&source);
            } else if source.borrow().is_none() {
                open(live, &id, &source);
            }
        });
        let _ = document().add_event_listener_with_callback("visibilitychange", hidden.as_ref().unchecked_ref());
        hidden.forget();
    }

    fn close(source: &Rc<RefCell<Option<EventSource>>>) {
        if let Some(open) = source.borrow_mut().take() {
            open.close();
        }
    }

    fn open(live: Live, id: &JobId, source: &Rc<RefCell<Option<EventSource>>>) {
        if live.link.get_untracked() == Link::Ended {
            return;
        }
        let after = live.lines.with_untracked(|lines| lines.last().map_or(0, |line| line.number));
        let Ok(opened) = EventSource::new(&routes::events(id, after)) else { return };
        on(&opened, "open", move |_| live.link.set(Link::Stands));
        on(&opened, "error", move |_| live.link.set(Link::Cut));
        on(&opened, "now", move |text| {
            if let Ok(job) = serde_json::from_str::<Whole>(&text) {
                live.job.set(job);
            }
        });
        on(&opened, "line", move |text| {
            if let Ok(line) = serde_json::from_str::<Line>(&text) {
                live.lines.update(|lines| {
                    // After a cut the server may repeat what this browser has.
                    if lines.last().is_none_or(|last| last.number < line.number) {
                        lines.push(line);
                    }
                });
            }
        });
        let held = source.clone();
        on(&opened, "end", move |_| {
            live.link.set(Link::Ended);
            close(&held);
        });
        *source.borrow_mut() = Some(opened);
    }

    fn on(source: &EventSource, name: &str, mut act: impl FnMut(String) + 'static) {
        let closure = Closure::<dyn FnMut(web_sys::Event)>::new(move |event: web_sys::Event| {
            let text = event.dyn_ref::<MessageEvent>().and_then(|message| message.data().as_string());
            act(text.unwrap_or_default());
        });
        let _ = source.add_event_listener_with_callback(name, closure.as_ref().unchecked_ref());
        closure.forget();
    }
}
