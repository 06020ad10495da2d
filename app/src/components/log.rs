//! What a job said, line by line: followed while it runs, narrowed to a step, saved as a file.

use super::glyph::{RUNNING, icon, state};
use super::time::clock;
use crate::routes;
use domain::view::job::{Line, Tone, Whole};
use leptos::prelude::*;

/// What the log's card needs to know and may change.
#[derive(Clone, Copy)]
pub struct Log {
    /// How many lines come before these.
    pub earlier: i64,
    /// Whether nothing comes after these.
    pub newest: bool,
    /// Whether these are all.
    pub whole: bool,
    pub lines: RwSignal<Vec<Line>>,
    /// Key of the one step that is shown, or empty.
    pub step: RwSignal<String>,
    /// Whether the newest line stays in view.
    pub follow: RwSignal<bool>,
    /// Whether the stream of events stands.
    pub live: Signal<bool>,
}

/// The card.
pub fn log(job: &Whole, log: Log) -> AnyView {
    let Log { earlier, newest, whole, lines, step, follow, live } = log;
    let id = job.row.id.clone();
    let first = lines.with_untracked(|lines| lines.first().map_or(0, |line| line.number));
    let shown = move || {
        let only = step.get();
        lines
            .with(|lines| lines.iter().filter(|line| only.is_empty() || line.step == only).cloned().collect::<Vec<_>>())
    };
    let options = job
        .steps
        .iter()
        .map(|found| {
            let chosen = step.with_untracked(|only| *only == found.key);
            view! { <option value=found.key.clone() selected=chosen>{found.title.clone()}</option> }
        })
        .collect_view();
    let (container, form) = (NodeRef::new(), NodeRef::new());
    Effect::new(move |_| {
        lines.with(Vec::len);
        if follow.get() {
            to_the_end(container);
        }
    });
    view! {
        <section class="card" aria-labelledby="log">
            <header>
                <h2 id="log">"Log"</h2>
                {move || live.get().then(|| view! { <span class="small-text quiet">{state(RUNNING, "Live")}</span> })}
                <form class="row push" role="search" aria-label="Log" node_ref=form>
                    <input type="hidden" name="shown" value="1"/>
                    <label class="check small-text">
                        <input type="checkbox" name="follow" value="1" checked=follow.get_untracked()
                            on:change=move |event| follow.set(event_target_checked(&event))/>
                        " Follow"
                    </label>
                    <label>
                        <span class="hidden-text">"Step"</span>
                        <select name="step" on:change=move |event| {
                            step.set(event_target_value(&event));
                            if !whole {
                                submit(form);
                            }
                        }>
                            <option value="">"Every step"</option>
                            {options}
                        </select>
                    </label>
                    <button class="button small unscripted">"Show"</button>
                    <a class="button small" href=routes::log(&job.row.id) rel="external" download="">{icon("download")}"Download"</a>
                </form>
            </header>
            <div class="log" role="log" aria-label="Log of the job" aria-live="off" tabindex="0" node_ref=container>
                {further_up(earlier, routes::log_before(&id, first, &step.get_untracked()))}
                <ol><For each=shown key=|line| line.number children=row/></ol>
                {(!newest).then(|| view! { <p class="more"><a href=routes::job(&id) rel="external">"To the newest lines"</a></p> })}
                {move || lines.with(Vec::is_empty).then(|| view! { <p class="quiet pad">"Nothing was said yet."</p> })}
            </div>
        </section>
    }
    .into_any()
}

/// The way to what was said before, where it is not here.
fn further_up(earlier: i64, way: String) -> Option<AnyView> {
    let count = match earlier {
        0 => return None,
        1 => "One earlier line".to_owned(),
        many => format!("{many} earlier lines"),
    };
    Some(
        view! { <p class="more"><a href=way rel="external">{count}</a>" are kept. The download has all of them."</p> }
            .into_any(),
    )
}

/// A log that is not here as a whole is narrowed where it is kept.
fn submit(form: NodeRef<leptos::html::Form>) {
    #[cfg(feature = "hydrate")]
    if let Some(form) = form.get_untracked() {
        let _ = form.request_submit();
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = form;
}

fn row(line: Line) -> AnyView {
    let tone = match line.tone {
        Tone::Plain => None,
        Tone::Done => Some("succeeded"),
        Tone::Waiting => Some("waiting"),
        Tone::Failed => Some("failed"),
        Tone::Person => Some("person"),
    };
    let id = format!("log-{}", line.number);
    view! { <li id=id data-state=tone>{clock(line.at)}<span class="who">{line.title}</span><span>{line.text}</span></li> }.into_any()
}

fn to_the_end(container: NodeRef<leptos::html::Div>) {
    #[cfg(feature = "hydrate")]
    if let Some(log) = container.get_untracked() {
        request_animation_frame(move || log.set_scroll_top(log.scroll_height()));
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = container;
}
