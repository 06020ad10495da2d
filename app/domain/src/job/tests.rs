//! The rules of a job, told as what becomes of it: small recipes in every detail, random graphs in their promises.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::environment::Stone;
use crate::failure::Failure;
use crate::id::RequestId;
use crate::moment::Moment;
use proptest::prelude::*;
use serde_json::json;

/// One of an outline, that makes something.
pub(crate) fn step(key: &str, needs: &[&str]) -> Outline {
    Outline {
        key: key.to_owned(),
        title: key.to_owned(),
        resource: format!("the-{key}"),
        needs: needs.iter().map(|need| (*need).to_owned()).collect(),
        after: Vec::new(),
        aim: Aim::There,
        stood: None,
        keeps: None,
        purge: false,
        part: None,
        leaves: true,
        version: 1,
    }
}

/// Group, then cluster and vault side by side, then the secrets in the vault, then the app over all.
fn diamond() -> Vec<Outline> {
    vec![
        step("group", &[]),
        step("cluster", &["group"]),
        step("vault", &["group"]),
        step("secrets", &["vault"]),
        step("app", &["cluster", "secrets"]),
    ]
}

fn failure(title: &str) -> Failure {
    Failure { title: title.into(), quote: None, cause: "it broke".into(), remedy: "mend it".into(), mend: None }
}

/// A job in the hand of a test: a log that grows by one second an entry.
struct Told {
    outline: Vec<Outline>,
    log: Vec<Entry>,
    status: Status,
}

impl Told {
    fn new(outline: Vec<Outline>) -> Told {
        let status = Status::new(&outline);
        Told { outline, log: Vec::new(), status }
    }

    fn now(&self) -> Moment {
        Moment(self.log.len() as i64 * 1000)
    }

    fn tell(&mut self, event: Event) -> &mut Told {
        let entry = Entry { position: self.status.position + 1, at: self.now().plus(1000), event };
        self.status.take(&entry);
        self.log.push(entry);
        self
    }

    fn started(&mut self, key: &str) -> &mut Told {
        self.tell(Event::Started { step: key.into() })
    }

    fn made(&mut self, key: &str) -> &mut Told {
        self.tell(Event::Started { step: key.into() });
        self.tell(Event::Succeeded { step: key.into(), output: json!({ "id": key }) })
    }

    fn asked(&mut self, key: &str, seconds: i64) -> &mut Told {
        let look_again = self.now().plus(1000 + seconds * 1000);
        self.tell(Event::Asked { step: key.into(), operation: json!("op"), look_again })
    }

    fn waits(&mut self, key: &str, seconds: i64) -> &mut Told {
        let until = self.now().plus(1000 + seconds * 1000);
        self.tell(Event::Waits { step: key.into(), until, why: "not yet".into() })
    }

    fn failed(&mut self, key: &str) -> &mut Told {
        self.tell(Event::Failed { step: key.into(), failure: failure(key) })
    }

    fn decided(&self) -> Decision {
        decide(&self.outline, &self.status, self.now(), |_| false)
    }

    /// "run cluster, run vault".
    fn next(&self) -> String {
        match self.decided() {
            Decision::Act(deeds) => {
                let said: Vec<String> =
                    deeds.iter().map(|deed| format!("{:?} {}", deed.verb, deed.step).to_lowercase()).collect();
                said.join(", ")
            }
            other => format!("{other:?}").to_lowercase(),
        }
    }
}

fn by() -> String {
    "member@contoso.example".to_owned()
}

#[test]
fn steps_begin_when_their_needs_stand_and_side_by_side() {
    let mut job = Told::new(diamond());
    assert_eq!(job.status.state(), State::Queued);
    assert_eq!(job.next(), "run group");
    job.made("group");
    assert_eq!(job.next(), "run cluster, run vault");
    job.started("cluster").asked("cluster", 30);
    assert_eq!(job.next(), "run vault");
    job.made("vault");
    assert_eq!(job.next(), "run secrets");
    job.made("secrets");
    assert_eq!(job.status.state(), State::Waiting);
    assert_eq!(job.next(), "wait(moment(34000))", "the cluster asked at 4 s for a look 30 s later");
    job.tell(Event::Succeeded { step: "cluster".into(), output: json!({}) });
    assert_eq!(job.next(), "run app");
    job.made("app");
    assert_eq!((job.status.state(), job.decided()), (State::Succeeded, Decision::Finished));
    assert_eq!(due(&job.outline, &job.status, job.now()), None);
}

#[test]
fn a_lost_worker_leaves_steps_that_are_run_again_and_operations_that_are_followed() {
    let mut job = Told::new(diamond());
    job.made("group").started("cluster").started("vault").asked("cluster", 0);
    assert_eq!(job.next(), "follow cluster, run vault");
    let in_hand = decide(&job.outline, &job.status, job.now(), |key| key == "vault" || key == "cluster");
    assert_eq!(in_hand, Decision::InHand);
}

#[test]
fn a_try_waits_for_its_time_and_keeps_what_azure_took_on() {
    let mut job = Told::new(diamond());
    job.started("group").waits("group", 5);
    assert_eq!(job.next(), "wait(moment(7000))");
    assert_eq!(job.status.steps[0].tries, 1);
    job.waits("group", 0);
    assert_eq!(job.next(), "run group");
    assert_eq!(job.status.steps[0].waiting_since, Some(Moment(2000)));
    job.asked("group", 0).waits("group", 0);
    assert_eq!(job.next(), "follow group", "a poll that got no answer is a poll to repeat, not an ask");
    job.tell(Event::Succeeded { step: "group".into(), output: json!({}) });
    assert_eq!(job.status.steps[0].waits, [(Moment(2000), Moment(6000))]);
}

#[test]
fn a_failure_lets_what_is_at_work_finish_and_begins_nothing() {
    let mut job = Told::new(diamond());
    job.made("group").started("cluster").asked("cluster", 0).started("vault").failed("vault");
    assert_eq!(job.status.state(), State::NeedsPerson);
    assert_eq!(job.next(), "follow cluster");
    job.tell(Event::Succeeded { step: "cluster".into(), output: json!({}) });
    assert_eq!(job.next(), "needsaperson");
    assert_eq!(job.status.line(&job.outline), "Step “vault” stopped");
    assert!(job.status.can_retry().allowed && job.status.can_roll_back(&diamond()).allowed);
    assert!(!job.status.can_cancel().allowed);

    job.tell(Event::RetryAsked { by: by(), why: None });
    assert_eq!(job.next(), "run vault", "what stands is kept, the failed step begins anew");
    assert_eq!(job.status.state(), State::Running);
}

#[test]
fn a_cancelled_job_finishes_what_is_at_work_and_can_go_on_later() {
    let mut job = Told::new(diamond());
    job.made("group").started("cluster").asked("cluster", 0).started("vault").waits("vault", 9);
    job.tell(Event::CancelAsked { by: by(), why: None });
    assert_eq!(job.status.state(), State::Waiting);
    assert!(!job.status.can_cancel().allowed);
    assert_eq!(job.next(), "follow cluster", "the vault's tries are given up");
    job.tell(Event::Succeeded { step: "cluster".into(), output: json!({}) });
    assert_eq!((job.status.state(), job.decided()), (State::Cancelled, Decision::NeedsAPerson));
    assert_eq!(job.status.stands(&job.outline), ["the-group", "the-cluster"]);
    job.tell(Event::RetryAsked { by: by(), why: None });
    assert_eq!(job.next(), "run vault");
}

#[test]
fn what_a_lost_worker_left_of_a_cancelled_job_is_looked_at_and_not_run() {
    let mut job = Told::new(diamond());
    job.made("group").started("vault").tell(Event::CancelAsked { by: by(), why: None });
    assert_eq!(job.next(), "settle vault");
    job.waits("vault", 0);
    assert_eq!(job.status.state(), State::Cancelled);
    job.tell(Event::RollBackAsked { by: by(), why: None });
    assert_eq!(job.next(), "undo vault", "it was begun, so it may be there");
}

#[test]
fn rolling_back_walks_backwards_and_follows_what_azure_is_at() {
    let mut job = Told::new(diamond());
    job.made("group").made("vault").made("secrets").started("cluster").asked("cluster", 0);
    job.tell(Event::RollBackAsked { by: by(), why: None });
    assert_eq!(job.status.state(), State::RollingBack);
    assert_eq!(job.next(), "follow cluster, undo secrets");
    job.failed("cluster");
    assert_eq!(job.status.state(), State::RollingBack, "a failure of the building no longer matters");
    for key in ["secrets", "cluster"] {
        job.tell(Event::UndoStarted { step: key.into() }).tell(Event::Undone { step: key.into() });
    }
    assert_eq!(job.next(), "undo vault");
    job.tell(Event::UndoStarted { step: "vault".into() });
    job.tell(Event::UndoFailed { step: "vault".into(), failure: failure("locked") });
    assert_eq!((job.status.state(), job.decided()), (State::NeedsPerson, Decision::NeedsAPerson));
    job.tell(Event::RetryAsked { by: by(), why: None });
    assert_eq!(job.next(), "undo vault");
    job.tell(Event::UndoAsked { step: "vault".into(), operation: json!(1), look_again: job.now() });
    assert_eq!(job.next(), "followundo vault");
    job.tell(Event::Undone { step: "vault".into() });
    job.tell(Event::UndoStarted { step: "group".into() }).tell(Event::Undone { step: "group".into() });
    assert_eq!((job.status.state(), job.decided()), (State::RolledBack, Decision::Finished));
    assert_eq!(job.status.line(&job.outline), "4 of 4 undone");
}

#[test]
fn a_changed_plan_waits_for_its_approver() {
    let mut job = Told::new(diamond());
    let held = Event::Held { request: RequestId::new("r-2"), by: by(), why: "another vault name".into() };
    job.made("group").started("vault").failed("vault").tell(held.clone());
    assert_eq!((job.status.state(), job.decided()), (State::NeedsPerson, Decision::NeedsAPerson));
    assert!(!job.status.can_retry().allowed);
    job.tell(Event::Refused { by: by(), why: "no".into() });
    assert!(job.status.can_retry().allowed);
    assert_eq!(job.decided(), Decision::NeedsAPerson);
    job.tell(held).tell(Event::Released { by: by() });
    assert_eq!(job.next(), "run cluster, run vault");
}

#[test]
fn time_counts_while_something_goes_on_and_stands_while_a_person_is_awaited() {
    let mut job = Told::new(vec![step("group", &[])]);
    job.started("group").failed("group");
    let rested = Moment(1_000_000);
    assert_eq!(job.status.took_ms(rested), 1000);
    assert_eq!(job.status.ended, Some(Moment(2000)));
    job.status.take(&Entry { position: 3, at: rested, event: Event::RetryAsked { by: by(), why: None } });
    assert_eq!(job.status.ended, None);
    assert_eq!(job.status.took_ms(rested.plus(500)), 1500);
}

/// What may happen to a deed, drawn at random.
#[derive(Clone, Copy, Debug)]
enum Luck {
    Made,
    Asked,
    Again,
    Failed,
    /// The worker is lost: after its note that it begins, or before anything was written.
    Lost,
}

#[derive(Clone, Copy, Debug)]
enum Word {
    Nothing,
    Cancel,
    Retry,
    RollBack,
}

fn graph() -> impl Strategy<Value = Vec<Outline>> {
    (1usize..8).prop_flat_map(|size| {
        prop::collection::vec(prop::collection::vec(any::<bool>(), size), size).prop_map(move |edges| {
            (0..size)
                .map(|place| {
                    let needs: Vec<String> =
                        (0..place).filter(|before| edges[place][*before]).map(|before| format!("s{before}")).collect();
                    let needs: Vec<&str> = needs.iter().map(String::as_str).collect();
                    step(&format!("s{place}"), &needs)
                })
                .collect()
        })
    })
}

fn luck() -> impl Strategy<Value = Luck> {
    prop_oneof![4 => Just(Luck::Made), 2 => Just(Luck::Asked), 2 => Just(Luck::Again), 1 => Just(Luck::Failed), 1 => Just(Luck::Lost)]
}

fn word() -> impl Strategy<Value = Word> {
    prop_oneof![12 => Just(Word::Nothing), 1 => Just(Word::Cancel), 2 => Just(Word::Retry), 1 => Just(Word::RollBack)]
}

proptest! {
    /// Whatever befalls the steps and whatever people say: needs come first, undoing goes backwards, a stopped job
    /// begins nothing, the fold of a part and the rest is the fold of the whole, and the job comes to rest.
    #[test]
    fn promises_hold_over_random_graphs(
        outline in graph(),
        fates in prop::collection::vec((luck(), word()), 0..120),
    ) {
        let mut job = Told::new(outline);
        for (luck, word) in fates {
            match word {
                Word::Cancel if job.status.can_cancel().allowed => { job.tell(Event::CancelAsked { by: by(), why: None }); }
                Word::Retry if job.status.can_retry().allowed => { job.tell(Event::RetryAsked { by: by(), why: None }); }
                Word::RollBack if job.status.can_roll_back(&diamond()).allowed => { job.tell(Event::RollBackAsked { by: by(), why: None }); }
                _ => {}
            }
            carry_out(&mut job, luck)?;
        }
        prop_assert_eq!(&Status::of(&job.outline, &job.log), &job.status);
        for cut in 0..job.log.len() {
            let mut status = Status::of(&job.outline, &job.log[..cut]);
            job.log[cut..].iter().for_each(|entry| status.take(entry));
            prop_assert_eq!(&status, &job.status);
        }
        // With luck from now on, and a person who says yes, every job comes to its end.
        for _ in 0..200 {
            if job.status.state().over() { break; }
            if !job.status.state().moving() && job.decided() == Decision::NeedsAPerson {
                job.tell(Event::RetryAsked { by: by(), why: None });
            }
            carry_out(&mut job, Luck::Made)?;
        }
        prop_assert!(job.status.state().over(), "stuck: {:?}", job.status);
        prop_assert_eq!(job.decided(), Decision::Finished);
    }
}

fn carry_out(job: &mut Told, luck: Luck) -> Result<(), TestCaseError> {
    // Far enough in the future that every wait is over.
    let decision = decide(&job.outline, &job.status, Moment(i64::MAX), |_| false);
    let Decision::Act(deeds) = decision else { return Ok(()) };
    let goal = job.status.goal;
    for deed in deeds {
        let place = job.outline.iter().position(|step| step.key == deed.step).unwrap();
        let before = job.status.steps[place].clone();
        let step = deed.step.clone();
        let at = job.now();
        match deed.verb {
            Verb::Run => {
                prop_assert_eq!(goal, Goal::Build);
                prop_assert!(job.status.held.is_none());
                for need in &job.outline[place].needs {
                    prop_assert_eq!(&job.status.step(need).unwrap().phase, &Phase::Succeeded);
                }
                if before.phase == Phase::Idle {
                    job.started(&step);
                }
                end(job, &step, luck);
            }
            Verb::Follow => {
                prop_assert!(before.operation.is_some());
                end(job, &step, luck);
            }
            Verb::Settle => {
                prop_assert_eq!(goal, Goal::Stop);
                end(job, &step, if matches!(luck, Luck::Made | Luck::Lost) { luck } else { Luck::Again });
            }
            Verb::Undo | Verb::FollowUndo => {
                prop_assert_eq!(goal, Goal::RollBack);
                prop_assert!(before.touched);
                for (other, standing) in job.outline.iter().zip(&job.status.steps) {
                    prop_assert!(!other.needs.contains(&step) || !standing.touched, "{} is still needed", step);
                }
                if !matches!(before.phase, Phase::Undoing | Phase::UndoAsked { .. } | Phase::UndoWaits { .. }) {
                    job.tell(Event::UndoStarted { step: step.clone() });
                }
                match luck {
                    Luck::Made => job.tell(Event::Undone { step }),
                    Luck::Asked => job.tell(Event::UndoAsked { step, operation: json!(1), look_again: at }),
                    Luck::Again => job.tell(Event::UndoWaits { step, until: at, why: "later".into() }),
                    Luck::Failed => job.tell(Event::UndoFailed { step, failure: failure("undo") }),
                    Luck::Lost => job,
                };
            }
        }
    }
    Ok(())
}

fn end(job: &mut Told, step: &str, luck: Luck) {
    match luck {
        Luck::Made => job.tell(Event::Succeeded { step: step.into(), output: json!({}) }),
        Luck::Asked => job.asked(step, 1),
        Luck::Again => job.waits(step, 1),
        Luck::Failed => job.failed(step),
        Luck::Lost => job,
    };
}

/// A step that an earlier job has left.
fn left(key: &str, needs: &[&str], aim: Aim) -> Outline {
    Outline { aim, stood: Some(json!({ "id": key })), ..step(key, needs) }
}

fn gone(job: &mut Told, key: &str) {
    job.tell(Event::UndoStarted { step: key.into() });
    job.tell(Event::Undone { step: key.into() });
}

#[test]
fn a_destruction_goes_backwards_and_ends_with_nothing() {
    let outline: Vec<Outline> =
        diamond().into_iter().map(|step| left(&step.key, &needs_of(&step), Aim::Gone)).collect();
    assert_eq!(Purpose::of(&outline), Purpose::Destroy);
    let mut job = Told::new(outline.clone());
    assert_eq!(job.next(), "undo app");
    assert!(!job.status.can_roll_back(&outline).allowed, "what is gone cannot be brought back");
    gone(&mut job, "app");
    assert_eq!(job.next(), "undo cluster, undo secrets");
    job.tell(Event::UndoStarted { step: "cluster".into() });
    job.tell(Event::UndoFailed { step: "cluster".into(), failure: failure("cluster") });
    assert_eq!(job.status.state(), State::NeedsPerson);
    job.tell(Event::RetryAsked { by: by(), why: None });
    assert_eq!(job.next(), "undo cluster, undo secrets");
    for key in ["cluster", "secrets", "vault"] {
        gone(&mut job, key);
    }
    assert_eq!(job.next(), "undo group");
    gone(&mut job, "group");
    assert_eq!(job.status.state(), State::Succeeded);
    assert!(job.status.ledger(&outline).is_empty());
}

fn needs_of(step: &Outline) -> Vec<&str> {
    step.needs.iter().map(String::as_str).collect()
}

#[test]
fn a_change_builds_first_then_removes_and_proves_last() {
    let outline = vec![
        left("cluster", &[], Aim::There),
        Outline { after: vec!["cluster".into()], ..left("insights", &["cluster"], Aim::Gone) },
        Outline { leaves: false, after: vec!["insights".into()], ..step("checks", &["cluster"]) },
    ];
    assert_eq!(Purpose::of(&outline), Purpose::Change);
    let mut job = Told::new(outline.clone());
    assert_eq!(job.next(), "run cluster");
    job.made("cluster");
    assert_eq!(job.next(), "undo insights");
    job.tell(Event::UndoStarted { step: "insights".into() });
    job.tell(Event::CancelAsked { by: by(), why: None });
    job.tell(Event::UndoWaits { step: "insights".into(), until: Moment(9_000_000), why: "busy".into() });
    assert_eq!(job.status.state(), State::Cancelled, "tries are given up when somebody cancels");
    job.tell(Event::RetryAsked { by: by(), why: None });
    assert_eq!(job.next(), "undo insights");
    gone(&mut job, "insights");
    assert_eq!(job.next(), "run checks");
    job.made("checks");
    assert_eq!(job.status.state(), State::Succeeded);
    assert_eq!(job.status.ledger(&outline).keys().collect::<Vec<_>>(), ["cluster"]);
}

#[test]
fn a_part_of_which_something_was_to_go_stands_whole_once_it_is_gone() {
    let roles = |step: Outline| Outline { part: Some(Part::Roles), ..step };
    let outline = vec![
        roles(left("app-role", &[], Aim::There)),
        roles(step("team-role", &[])),
        roles(Outline { after: vec!["team-role".into()], ..left("team-role~former", &[], Aim::Gone) }),
    ];
    let stone = |job: &Told| job.status.arch(&outline).0[2];
    let mut job = Told::new(outline.clone());
    job.made("app-role").made("team-role");
    assert_eq!(stone(&job), Stone::Stands, "the former role still does");
    job.tell(Event::UndoStarted { step: "team-role~former".into() });
    assert_eq!(stone(&job), Stone::Moving);
    gone(&mut job, "team-role~former");
    assert_eq!(stone(&job), Stone::Stands);
}

#[test]
fn what_a_later_job_took_over_is_let_alone() {
    let mut job = Told::new(diamond());
    job.made("group").started("vault").failed("vault");
    job.tell(Event::Replaced { by: by() });
    assert_eq!(job.status.state(), State::Cancelled);
    assert_eq!(job.next(), "needsaperson");
    assert!(!job.status.can_retry().allowed && !job.status.can_roll_back(&diamond()).allowed);
    assert_eq!(job.status.ledger(&diamond()).len(), 2, "the vault was begun, so something of it may be there");
}

#[test]
fn a_job_that_stopped_comes_to_rest_with_the_last_step_at_work() {
    let mut job = Told::new(diamond());
    job.made("group").started("cluster").asked("cluster", 60).started("vault").failed("vault");
    assert_eq!(job.status.state(), State::NeedsPerson);
    assert_eq!(job.status.ended, None, "Azure is still at the cluster");
    let stopped = job.now();
    job.asked("cluster", 60).tell(Event::Succeeded { step: "cluster".into(), output: json!(1) });
    let rest = job.now();
    assert_eq!(job.status.ended, Some(rest));
    assert!(rest > stopped);
    assert_eq!(job.status.took_ms(rest.plus(60_000)), rest.since(Moment(1000)), "waiting for a person is no work");
}
