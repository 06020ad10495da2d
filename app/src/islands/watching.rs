//! A job, live: what it does and did, where it stopped and why, and the ways on.

use crate::components::confirm::{Asks, Confirm, confirm, why_perhaps};
use crate::components::glyph::{FAILED, WAITING, WARNING, icon, of_job, pill};
use crate::components::graph::{arrange, graph};
use crate::components::live::{Link, Live};
use crate::components::log::{Log, log};
use crate::components::notice::{notice, slim};
use crate::components::time::{Zone, moment};
use crate::components::timeline::timeline;
use crate::routes;
use domain::Moment;
use domain::account::short;
use domain::failure::{Failure, Mend};
use domain::job::State;
use domain::moment::duration;
use domain::view::job::{Tail, Whole};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

pub const NAME: &str = "watching";

/// A job with its log so far, and how its log is read.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Watched {
    pub job: Whole,
    pub said: Tail,
    /// Key of the one step whose lines are shown, or empty.
    pub step: String,
    /// Whether the log is shown to its end; what lies further up does not change.
    pub newest: bool,
    /// Whether nothing of the log is missing.
    pub whole: bool,
    /// Whether the newest line stays in view.
    pub follow: bool,
}

pub fn watching(found: Watched) -> AnyView {
    Zone::begin();
    let Watched { job, said, step, newest, whole, follow } = found;
    let id = job.row.id.clone();
    let arranged = arrange(&job.steps);
    let live = Live::new(job.clone(), said.lines);
    let said = Log {
        earlier: said.earlier,
        newest,
        whole,
        lines: live.lines,
        step: RwSignal::new(step),
        follow: RwSignal::new(follow),
        live: Signal::derive(move || live.link.get() == Link::Stands),
    };
    if newest && !job.row.state.over() {
        Effect::new(move |_| live.listen(id.clone()));
    }
    view! {
        {move || live.job.with(|job| head(job, live.now()))}
        <div class="stack">
            {move || (live.link.get() == Link::Cut).then(cut_off)}
            {move || live.job.with(stopped)}
            {move || live.job.with(|job| progress(job, live.now()))}
            {move || live.job.with(hangs)}
            {move || live.job.with(|job| graph(job, &arranged, live.now()))}
            {move || live.job.with(|job| timeline(job, live.now()))}
            {log(&job, said)}
        </div>
    }
    .into_any()
}

fn took(job: &Whole, now: Moment) -> i64 {
    if job.row.state.moving() { job.took_ms + now.since(job.now) } else { job.took_ms }
}

fn head(job: &Whole, now: Moment) -> AnyView {
    let row = &job.row;
    let steps = format!("{} of {} steps", row.steps_done, row.steps);
    let took = took(job, now);
    let to_go =
        job.expected_ms.filter(|_| matches!(row.state, State::Running | State::Waiting)).map(|whole| whole - took);
    let time = match to_go {
        Some(left) if left >= 1_000 => format!("{}, about {} to go", duration(took), duration(left)),
        _ if row.state == State::Queued => "Not begun yet".to_owned(),
        _ if took < 1_000 && row.state.moving() => "Just begun".to_owned(),
        _ => duration(took),
    };
    let turn = job.turn.map(|turn| view! { <span>{icon("hourglass")}{turn.sentence()}</span> });
    let (asked, approved) = (short(&job.asked_by).to_owned(), short(&job.approved_by).to_owned());
    view! {
        <div class="pagehead">
            <div>
                <h1>{row.title.clone()}" "{pill(of_job(row.state), row.state.word())}</h1>
                <p class="meta">
                    <span>{icon("circle-check")}{steps}</span>
                    <span>{icon("timer")}{time}</span>
                    {turn}
                    <span>{icon("user-round")}{asked}" asked, "{approved}" approved "{moment(job.approved_at)}</span>
                    <span>{icon("fingerprint")}<a href=routes::request(&job.request) rel="external">"The request"</a></span>
                </p>
            </div>
            <div class="row">{deeds(job)}</div>
        </div>
    }
    .into_any()
}

/// What can be done now that is not a way out of a failure.
fn deeds(job: &Whole) -> AnyView {
    let cancelling = job.cancel.allowed.then(|| {
        confirm(Confirm {
            id: "cancel",
            icon: "circle-stop",
            deed: "Cancel the job",
            title: "Cancel this job?".to_owned(),
            says: format!(
                "Steps at work finish first. {} Retry goes on from there, roll back removes it.",
                stays(&job.stands)
            ),
            keep: "Keep running",
            action: routes::cancel(&job.row.id),
            danger: false,
            asks: Asks::Why,
        })
    });
    let resting = job.failure.is_none();
    let going_on = (resting && job.retry.allowed).then(|| {
        view! {
            <form class="row" method="post" action=routes::retry(&job.row.id)>
                {why_perhaps()}
                <button class="button primary">{icon("rotate-ccw")}"Go on"</button>
            </form>
        }
    });
    let back = (resting && job.roll_back.allowed).then(|| roll_back(job));
    view! { {taking_over(job)}{cancelling}{going_on}{back} }.into_any()
}

/// To who may take it over: why one would.
fn hangs(job: &Whole) -> Option<AnyView> {
    let said = view! {
        <p><b>"Its worker is silent."</b>" It holds the job and writes nothing. Taken over, another one goes on from the log."</p>
    };
    job.take_over.allowed.then(|| slim(WARNING, said.into_any()))
}

/// Offered only while the worker that holds the job hangs.
fn taking_over(job: &Whole) -> Option<AnyView> {
    job.take_over.allowed.then(|| {
        confirm(Confirm {
            id: "take-over",
            icon: "refresh-cw",
            deed: "Take over",
            title: "Take this job from its worker?".to_owned(),
            says:
                "The worker that has it is silent. It writes nothing more, and another goes on from the log in about \
                   ten seconds; what Azure has taken on is followed, not asked again."
                    .to_owned(),
            keep: "Leave it",
            action: routes::take_over(&job.row.id),
            danger: false,
            asks: Asks::Why,
        })
    })
}

fn stays(stands: &[String]) -> String {
    match stands {
        [] => "Nothing was made yet.".to_owned(),
        [one] => format!("{one} stays."),
        many => format!("{} parts stay: {}.", many.len(), many.join(", ")),
    }
}

fn roll_back(job: &Whole) -> AnyView {
    let goes = match job.stands.as_slice() {
        [] => "Nothing stands, so nothing is removed.".to_owned(),
        [one] => format!("Removes {one}."),
        many => format!("Removes {}.", many.join(", ")),
    };
    confirm(Confirm {
        id: "roll-back",
        icon: "undo-2",
        deed: "Roll back",
        title: format!("Roll back {}?", job.row.environment),
        says: format!("{goes} The request stays as a record, and the name is free again."),
        keep: "Keep what stands",
        action: routes::roll_back(&job.row.id),
        danger: true,
        asks: Asks::Why,
    })
}

fn cut_off() -> AnyView {
    slim(WAITING, view! { <p role="status"><b>"The line is cut; what is shown stays."</b>" Trying again by itself; nothing will be missed."</p> }.into_any())
}

fn progress(job: &Whole, now: Moment) -> Option<AnyView> {
    let moving = job.row.state.moving();
    moving.then(|| {
        let took = took(job, now);
        let (max, value, said) = match job.expected_ms {
            Some(whole) => (whole.max(took), took, format!("{} of about {}", duration(took), duration(whole))),
            None => (
                job.row.steps as i64,
                job.row.steps_done as i64,
                format!("{} of {} steps", job.row.steps_done, job.row.steps),
            ),
        };
        view! { <progress class="wide-progress" max=max value=value aria-label="Job">{said}</progress> }.into_any()
    })
}

/// Azure's words, cause, remedy, and the ways out come first.
fn stopped(job: &Whole) -> Option<AnyView> {
    if let Some(request) = &job.held_by {
        let inside = view! {
            <p>"The job goes on with the changed plan as soon as it is approved."</p>
            <div class="row"><a class="button small" href=routes::request(request) rel="external">"Look at the request"</a></div>
        };
        return Some(notice(WAITING, "A changed plan waits for its approver", inside.into_any()));
    }
    let failure = job.failure.as_ref()?;
    let inside = view! {
        {failure.quote.clone().map(|quote| view! { <p class="quote">{quote}</p> })}
        <p><b>"Cause. "</b>{failure.cause.clone()}</p>
        <p><b>"Remedy. "</b>{failure.remedy.clone()}</p>
        {ways_out(job, failure)}
    };
    Some(notice(FAILED, failure.title.clone(), inside.into_any()))
}

fn ways_out(job: &Whole, failure: &Failure) -> AnyView {
    let back = job.roll_back.allowed.then(|| roll_back(job));
    if !job.retry.allowed {
        let reason = job.retry.reason.clone().unwrap_or_default();
        return view! { <p class="hint">{reason}</p><div class="row">{back}</div> }.into_any();
    }
    let retry = |class: &'static str| view! { {why_perhaps()}<button class=class>{icon("rotate-ccw")}"Retry from this step"</button> };
    let action = routes::retry(&job.row.id);
    match failure.mend {
        Some(Mend::Password) => view! {
            <form class="mend" method="post" action=action>
                <div class="field">
                    <label for="password">"Password of the database user"</label>
                    <input id="password" name="password" type="password" autocomplete="new-password" aria-describedby="password-hint" required/>
                    <p class="hint" id="password-hint">"Sealed at once, written to the vault by the retried step, shown to nobody."</p>
                </div>
                <div class="row">{retry("button primary")}</div>
            </form>
            <div class="row">{back}</div>
        }
        .into_any(),
        Some(Mend::VaultName) => view! {
            <form class="mend" method="post" action=routes::vault_name(&job.row.id)>
                <div class="field">
                    <label for="vault_name">"Another vault name"</label>
                    <span class="suffix"><input id="vault_name" name="vault_name" autocomplete="off" spellcheck="false" maxlength="24" aria-describedby="vault-hint" required/><span>".vault.azure.net"</span></span>
                    <p class="hint" id="vault-hint">"The plan changes, so its approver is asked again. Everything that stands is kept."</p>
                </div>
                <div class="row"><button class="button primary">{icon("pencil")}"Change the name"</button></div>
            </form>
            <div class="row"><form class="row" method="post" action=action>{retry("button")}</form>{back}</div>
        }
        .into_any(),
        Some(Mend::Plan) => view! {
            <div class="row">
                <form method="post" action=routes::plan_again(&job.row.id)>
                    <button class="button primary">{icon("fingerprint")}"Ask again with the new plan"</button>
                </form>
                <form class="row" method="post" action=action>{retry("button")}</form>
                {back}
            </div>
        }
        .into_any(),
        None => view! { <div class="row"><form class="row" method="post" action=action>{retry("button primary")}</form>{back}</div> }.into_any(),
    }
}
