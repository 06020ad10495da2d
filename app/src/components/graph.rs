//! What needs what: the steps of a job as a drawing, each a link to its row of the timeline.

pub mod layout;

use super::glyph::{glyph_at, of_step};
use domain::Moment;
use domain::job::StepState;
use domain::moment::duration;
use domain::view::job::{Step, Whole};
use layout::{BOX_HEIGHT, BOX_WIDTH, Layout};
use leptos::prelude::*;

/// Where the steps stand; made once, because a job's steps do not change while it is watched.
pub fn arrange(steps: &[Step]) -> Layout {
    let place = |key: &String| steps.iter().position(|step| step.key == *key);
    let needs = steps.iter().map(|step| step.needs.iter().filter_map(place).collect()).collect();
    layout::layout(&needs)
}

/// The drawing as the job stands at `now`.
pub fn graph(job: &Whole, arranged: &Layout, now: Moment) -> AnyView {
    let edges = arranged.edges.iter().map(|edge| {
        let class = edge_class(job.steps.get(edge.from), job.steps.get(edge.to));
        view! { <path class=class d=edge.path.clone()></path> }
    });
    let nodes = job.steps.iter().zip(&arranged.boxes).map(|(step, (x, y))| node(step, *x, *y, now));
    let label = format!("{} steps and what each needs", job.steps.len());
    let view_box = format!("0 0 {} {}", arranged.width, arranged.height);
    view! {
        <section class="card drawn" aria-labelledby="graph">
            <header>
                <h2 id="graph">"Steps"</h2>
                <span class="quiet small-text">"Left to right, side by side where nothing forbids it"</span>
            </header>
            <div class="pad scroll" tabindex="0" role="region" aria-label="Graph of steps">
                <svg class="graph" viewBox=view_box role="group" aria-label=label>
                    {edges.collect_view()}
                    {nodes.collect_view()}
                </svg>
            </div>
        </section>
    }
    .into_any()
}

/// Made, at work now, or for later.
fn edge_class(from: Option<&Step>, to: Option<&Step>) -> &'static str {
    let made = from.is_some_and(|step| matches!(step.state, StepState::Succeeded | StepState::Gone));
    match to.map(|step| step.state) {
        Some(StepState::Running | StepState::Waiting | StepState::Undoing) if made => "edge now",
        Some(StepState::Succeeded | StepState::Gone | StepState::Failed) if made => "edge live",
        _ => "edge",
    }
}

fn node(step: &Step, x: f64, y: f64, now: Moment) -> AnyView {
    let look = of_step(step.state);
    let href = format!("#step-{}", step.key);
    let word = format!(", {}", step.state.word());
    view! {
        <a href=href rel="external" data-state=look.state>
            <rect class="box" x=x y=y width=BOX_WIDTH height=BOX_HEIGHT rx="8"></rect>
            {glyph_at(look, x + 13.0, y + 17.0)}
            <text class="strong" x=x + 40.0 y=y + 22.0>{cut(&step.title, 16)}<tspan class="hidden-text">{word}</tspan></text>
            <text class="t2" x=x + 40.0 y=y + 38.0>{cut(&said(step, now), 19)}</text>
        </a>
    }
    .into_any()
}

/// What the second line of a box has room for.
fn said(step: &Step, now: Moment) -> String {
    let spent = spent(step, now).map(duration);
    match (step.state, spent) {
        (StepState::Queued, _) => {
            step.expected_ms.map(|about| format!("about {}", duration(about))).unwrap_or_default()
        }
        (StepState::Waiting, Some(spent)) => format!("waits, {spent}"),
        (_, Some(spent)) => spent,
        (_, None) => String::new(),
    }
}

/// How long a step took, or has taken so far.
pub fn spent(step: &Step, now: Moment) -> Option<i64> {
    let started = step.started?;
    Some(step.ended.unwrap_or(now).since(started))
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most - 1).collect();
    short.push('…');
    short
}
