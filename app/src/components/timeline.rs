//! When each step worked and waited, on the job's own clock of wall time, and what is still expected.

use super::glyph::{glyph, icon, of_step};
use super::graph::spent;
use super::time::moment;
use domain::Moment;
use domain::job::StepState;
use domain::moment::duration;
use domain::view::job::{Step, Whole};
use leptos::prelude::*;

/// The bars' scale: from the start, so many milliseconds wide, with a mark each `tick`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Scale {
    start: Moment,
    width: i64,
    tick: i64,
}

impl Scale {
    /// Wide enough for everything until `end`, in at most eight round ticks.
    fn until(start: Moment, end: Moment) -> Scale {
        const TICKS: [i64; 12] =
            [1_000, 2_000, 5_000, 10_000, 20_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000];
        let span = end.since(start).max(1);
        let tick = TICKS.into_iter().find(|tick| span <= tick * 8).unwrap_or(span / 8 + 1);
        Scale { start, width: (span + tick - 1) / tick * tick, tick }
    }

    /// A moment on the bar's thousand units.
    fn x(&self, at: Moment) -> f64 {
        let share = at.since(self.start) as f64 / self.width as f64;
        (share * 10_000.0).round() / 10.0
    }

    fn marks(&self) -> Vec<String> {
        let (unit, word) = if self.tick < 60_000 { (1_000, "s") } else { (60_000, "min") };
        let count = self.width / self.tick;
        (0..=count)
            .map(|mark| {
                let value = mark * self.tick / unit;
                if mark == count { format!("{value} {word}") } else { value.to_string() }
            })
            .collect()
    }
}

/// Where each step is expected to begin and end: as it did, or after its needs by the median of earlier runs.
fn expected(job: &Whole, now: Moment) -> Vec<Option<(Moment, Moment)>> {
    let mut spans: Vec<Option<(Moment, Moment)>> = Vec::with_capacity(job.steps.len());
    for step in &job.steps {
        let span = match (step.started, step.ended, step.expected_ms) {
            (Some(started), Some(ended), _) => Some((started, ended)),
            (Some(started), None, about) => Some((started, started.plus(about.unwrap_or(0)).max(now))),
            (None, _, Some(about)) => {
                let ends = |key: &String| {
                    let place = job.steps.iter().position(|other| other.key == *key)?;
                    spans.get(place).copied().flatten().map(|(_, end)| end)
                };
                let needs: Option<Vec<Moment>> = step.needs.iter().map(ends).collect();
                needs.map(|needs| needs.into_iter().fold(now, Moment::max)).map(|begin| (begin, begin.plus(about)))
            }
            (None, _, None) => None,
        };
        spans.push(span);
    }
    spans
}

/// The card with one row a step.
pub fn timeline(job: &Whole, now: Moment) -> AnyView {
    let moving = job.row.state.moving();
    let spans = if moving { expected(job, now) } else { vec![None; job.steps.len()] };
    let worked = job.steps.iter().filter_map(|step| step.ended.or(step.started)).max();
    // A job that stopped has no end while other steps are still at work.
    let rest = if moving { now } else { job.row.ended.max(worked).unwrap_or(now) };
    let end = spans.iter().flatten().map(|(_, end)| *end).fold(rest, Moment::max);
    let scale = Scale::until(job.row.started, end);
    let axis = scale.marks().into_iter().map(|mark| view! { <span>{mark}</span> }).collect_view();
    let rows = job
        .steps
        .iter()
        .zip(spans)
        .map(|(step, span)| row(step, span, scale, rest, moving.then_some(now)))
        .collect_view();
    view! {
        <section class="card" aria-labelledby="times">
            <header><h2 id="times">"Timeline"</h2>{key()}</header>
            <div class="timeline-axis" aria-hidden="true">{axis}</div>
            <ol class="timeline">{rows}</ol>
            {words(job)}
        </section>
    }
    .into_any()
}

/// What people said to the job meanwhile, with their reasons.
fn words(job: &Whole) -> Option<AnyView> {
    let said = job.words.iter().map(|word| {
        let why = word.why.as_ref().map(|why| format!("“{why}”"));
        view! {
            <li class="row tight">{icon("user-round")}<span class="name"><b>{word.deed()}</b><small>{why}</small></span><small class="push quiet">{moment(word.at)}</small></li>
        }
    });
    let said = said.collect_view();
    (!job.words.is_empty())
        .then(|| view! { <ol class="rows said" aria-label="What was said to it">{said}</ol> }.into_any())
}

fn key() -> AnyView {
    view! {
        <span class="key push">
            <span data-state="running"><svg class="swatch" viewBox="0 0 24 10" aria-hidden="true"><rect class="run" width="24" height="10" rx="2"></rect></svg>"works"</span>
            <span data-state="waiting"><svg class="swatch" viewBox="0 0 24 10" aria-hidden="true"><rect class="wait" x=".75" y=".75" width="22.5" height="8.5" rx="2"></rect></svg>"waits for Azure"</span>
            <span><svg class="swatch" viewBox="0 0 24 10" aria-hidden="true"><rect class="planned" x=".75" y=".75" width="22.5" height="8.5" rx="2"></rect></svg>"expected"</span>
        </span>
    }
    .into_any()
}

fn row(step: &Step, span: Option<(Moment, Moment)>, scale: Scale, rest: Moment, now: Option<Moment>) -> AnyView {
    let look = of_step(step.state);
    let id = format!("step-{}", step.key);
    let state = format!(": {}", step.state.word());
    let took = match (step.state, step.expected_ms) {
        (StepState::Queued, Some(about)) if now.is_some() => format!("about {}", duration(about)),
        (StepState::Queued, _) => String::new(),
        _ => spent(step, rest).map(duration).unwrap_or_default(),
    };
    let under = match (step.note.as_str(), step.tries) {
        ("", 0 | 1) => step.resource.clone(),
        ("", tries) => format!("{}, tried {tries} times", step.resource),
        (note, _) => note.to_owned(),
    };
    let said = under.clone();
    view! {
        <li id=id data-state=look.state>
            {glyph(look)}
            <span class="name"><b>{step.title.clone()}<span class="hidden-text">{state}</span></b><small class="cutoff" title=under>{said}</small></span>
            <svg class="bar" viewBox="0 0 1000 14" preserveAspectRatio="none" aria-hidden="true" inner_html=bar(step, span, scale, rest, now)></svg>
            <span class="n">{took}</span>
        </li>
    }
    .into_any()
}

/// Rail, now, and the spans: numbers only, so nothing here needs escaping.
fn bar(step: &Step, span: Option<(Moment, Moment)>, scale: Scale, rest: Moment, now: Option<Moment>) -> String {
    let mut drawn = String::from(r#"<path class="rail" d="M0 7H1000"/>"#);
    let mut rect = |class: &str, from: Moment, to: Moment| {
        let (x, end) = (scale.x(from), scale.x(to));
        let width = ((end - x).max(5.0) * 10.0).round() / 10.0;
        let (y, height) = if class == "run" { ("0", "14") } else { ("1", "12") };
        drawn.push_str(&format!(r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{height}" rx="2"/>"#));
    };
    if let Some(now) = now {
        let begin = step.started.map(|_| now);
        if let Some((from, to)) = span.filter(|(_, to)| step.ended.is_none() && *to > now) {
            rect("planned", begin.unwrap_or(from), to);
        }
    }
    if let Some(started) = step.started {
        let ended = step.ended.unwrap_or(rest);
        let mut from = started;
        for (begin, end) in &step.waits {
            let (begin, end) = ((*begin).max(from), (*end).min(ended));
            if end <= begin {
                continue;
            }
            if begin > from {
                rect("run", from, begin);
            }
            rect("wait", begin, end);
            from = end;
        }
        if ended > from || from == started {
            rect(if step.state == StepState::Waiting && from < ended { "wait" } else { "run" }, from, ended);
        }
    }
    if let Some(now) = now {
        let x = scale.x(now);
        drawn.push_str(&format!(r#"<path class="now" d="M{x} -20V34"/>"#));
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_ends_at_a_round_mark_with_its_unit() {
        let scale = Scale::until(Moment(0), Moment(337_000));
        assert_eq!(scale.marks(), ["0", "1", "2", "3", "4", "5", "6 min"]);
        assert_eq!(scale.x(Moment(180_000)), 500.0);
        assert_eq!(Scale::until(Moment(0), Moment(11_000)).marks(), ["0", "2", "4", "6", "8", "10", "12 s"]);
        assert_eq!(Scale::until(Moment(5), Moment(5)).marks(), ["0", "1 s"]);
    }
}
