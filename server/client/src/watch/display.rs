//! What the one who watches sees: a bar for the job and a line for each step at work, or the log alone where it is piped.

use domain::job::StepState;
use domain::view::job::{Line, Step, Whole};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::Duration;

const TURNS: Duration = Duration::from_millis(120);

pub(super) struct Display {
    bars: Option<Bars>,
}

struct Bars {
    all: MultiProgress,
    job: ProgressBar,
    /// Of steps at work, by key.
    steps: BTreeMap<String, ProgressBar>,
}

impl Display {
    pub(super) fn new() -> Display {
        let watched = std::io::stdout().is_terminal() && std::io::stderr().is_terminal();
        Display { bars: watched.then(Bars::new) }
    }

    pub(super) fn now(&mut self, whole: &Whole) {
        if let Some(bars) = &mut self.bars {
            bars.now(whole);
        }
    }

    pub(super) fn line(&mut self, line: &Line) {
        let title = if line.title.is_empty() { "Job" } else { &line.title };
        let text = format!("{}  {title}: {}", line.at.clock(), line.text);
        match &self.bars {
            Some(bars) => bars.all.suspend(|| anstream::println!("{text}")),
            None => anstream::println!("{text}"),
        }
    }

    pub(super) fn end(&mut self) {
        if let Some(bars) = self.bars.take() {
            bars.steps.values().for_each(ProgressBar::finish_and_clear);
            bars.job.finish_and_clear();
        }
    }
}

impl Bars {
    fn new() -> Bars {
        let all = MultiProgress::new();
        let job = all.add(ProgressBar::new(0).with_style(style("{bar:30} {pos}/{len}  {elapsed}  {msg}")));
        Bars { all, job, steps: BTreeMap::new() }
    }

    fn now(&mut self, whole: &Whole) {
        self.job.set_length(whole.row.steps as u64);
        self.job.set_position(whole.row.steps_done as u64);
        self.job.set_message(whole.row.title.clone());
        let at_work = |step: &&Step| matches!(step.state, StepState::Running | StepState::Waiting | StepState::Undoing);
        let working: Vec<&Step> = whole.steps.iter().filter(at_work).collect();
        self.steps.retain(|key, bar| {
            let stays = working.iter().any(|step| step.key == *key);
            if !stays {
                bar.finish_and_clear();
            }
            stays
        });
        for step in working {
            let all = &self.all;
            let bar = self.steps.entry(step.key.clone()).or_insert_with(|| {
                let bar = all.add(ProgressBar::new_spinner().with_style(style("  {spinner} {elapsed}  {msg}")));
                bar.enable_steady_tick(TURNS);
                bar
            });
            bar.set_message(format!("{} {}", step.title, step.note).trim().to_owned());
        }
    }
}

/// A template that does not read is shown as indicatif's own.
fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}
