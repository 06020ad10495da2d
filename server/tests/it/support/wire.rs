//! A wire at which steps end: things that are made, polled, refused and removed, counted by whoever tells the story.

use async_trait::async_trait;
use domain::environment::Part;
use domain::failure::Failure;
use domain::job::Keeps;
use domain::plan;
use domain::view::job::Tone;
use domain::wish::Wish;
use keystead::clock::Clock;
use keystead::engine::compare::Difference;
use keystead::engine::{
    AnyStep, Context, Engine, Installation, Ledger, Pace, Parts, Progress, Recipe, StepError, Subject, Undo, Verdict,
};
use keystead::seal::Seal;
use keystead::store::Store;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tokio::sync::watch;

/// What happens to the next call of a step, instead of its success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Comes again by itself.
    Retry,
    /// A person is needed.
    Person,
    Fail,
    /// The step itself breaks.
    Panic,
    /// It was done, but the answer was lost on the way.
    AnswerLost,
}

#[derive(Default)]
struct Things {
    /// Polls that are left until it is ready, by key.
    there: BTreeMap<String, u32>,
    made: BTreeMap<String, u32>,
    removed: Vec<String>,
    faults: BTreeMap<String, VecDeque<Fault>>,
    at_once: usize,
    most_at_once: usize,
    /// The trace that each thing was asked for in.
    traces: Vec<Option<String>>,
}

/// Where a worker's thread stands still, as SIGSTOP would have it, until the story lets it go on.
struct Stop {
    /// Calls, and answers, that go through before.
    left: u32,
    stands_still: UnboundedSender<()>,
    go_on: std::sync::mpsc::Receiver<()>,
}

/// Shared by every worker of a story, as Azure is.
#[derive(Clone)]
pub struct Wire {
    things: Arc<Mutex<Things>>,
    stop: Arc<Mutex<Option<Stop>>>,
    /// Counts what was changed at the wire, so that a story can strike right after.
    effects: watch::Sender<u32>,
}

impl Wire {
    pub fn new() -> Wire {
        Wire { things: Arc::default(), stop: Arc::default(), effects: watch::Sender::new(0) }
    }

    pub fn fault(&self, key: &str, faults: &[Fault]) {
        self.things.lock().unwrap().faults.entry(key.to_owned()).or_default().extend(faults);
    }

    /// Whoever comes through after so many others stands still with its whole thread: the receiver hears of it, the
    /// sender lets it go on.
    pub fn stop_after(&self, left: u32) -> (UnboundedReceiver<()>, std::sync::mpsc::Sender<()>) {
        let (stands_still, stopped) = tokio::sync::mpsc::unbounded_channel();
        let (lets, go_on) = std::sync::mpsc::channel();
        *self.stop.lock().unwrap() = Some(Stop { left, stands_still, go_on });
        (stopped, lets)
    }

    /// Each call on its way out, and each answer on its way back.
    async fn passage(&self) {
        let stop = {
            let mut waiting = self.stop.lock().unwrap();
            match waiting.as_mut() {
                Some(stop) if stop.left > 0 => {
                    stop.left -= 1;
                    None
                }
                _ => waiting.take(),
            }
        };
        if let Some(stop) = stop {
            stop.stands_still.send(()).unwrap();
            // The story may be over by then.
            let _ = stop.go_on.recv();
        }
        // Nothing leaves in the very turn in which it was decided: a socket is written to in another.
        tokio::task::yield_now().await;
    }

    pub fn made(&self) -> BTreeMap<String, u32> {
        self.things.lock().unwrap().made.clone()
    }

    pub fn there(&self) -> Vec<String> {
        self.things.lock().unwrap().there.keys().cloned().collect()
    }

    /// In the order of their removal.
    pub fn removed(&self) -> Vec<String> {
        self.things.lock().unwrap().removed.clone()
    }

    pub fn most_at_once(&self) -> usize {
        self.things.lock().unwrap().most_at_once
    }

    pub fn traces(&self) -> Vec<Option<String>> {
        self.things.lock().unwrap().traces.clone()
    }

    pub fn effects(&self) -> watch::Receiver<u32> {
        self.effects.subscribe()
    }

    /// Steps over this wire; `slow` ones take three polls.
    pub fn recipe(&self, steps: &[(&'static str, &[&'static str], bool)]) -> Recipe {
        let step = |(key, needs, slow): &(&'static str, &[&'static str], bool)| {
            let version = 1;
            Arc::new(WireStep { key, version, needs: needs.to_vec(), slow: *slow, wire: self.clone() })
                as Arc<dyn AnyStep>
        };
        Recipe::new("provision", steps.iter().map(step).collect()).unwrap()
    }

    /// As a later version would have it.
    pub fn newer_diamond(&self) -> Recipe {
        let step = |(key, needs, slow): (&'static str, &[&'static str], bool)| {
            let version = if key == "app" { 2 } else { 1 };
            Arc::new(WireStep { key, version, needs: needs.to_vec(), slow, wire: self.clone() }) as Arc<dyn AnyStep>
        };
        Recipe::new("provision", DIAMOND.into_iter().map(step).collect()).unwrap()
    }

    /// Group; cluster (slow) and vault side by side; secrets; app over all.
    pub fn diamond(&self) -> Recipe {
        self.recipe(&DIAMOND)
    }
}

/// Key, needs, and whether it takes three polls.
const DIAMOND: [(&str, &[&str], bool); 5] = [
    ("group", &[], false),
    ("cluster", &["group"], true),
    ("vault", &["group"], false),
    ("secrets", &["vault"], false),
    ("app", &["cluster", "secrets"], true),
];

/// A worker over this wire, on a clock of the story's.
pub fn engine(store: &Store, clock: &Clock, recipe: &Recipe, pace: Pace) -> Arc<Engine> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let azure = azure::Azure::connect(azure::Config { subscription_id: "s-1".into(), ..azure::Config::default() });
    Arc::new(Engine::new(Parts {
        store: store.clone(),
        clock: clock.clone(),
        azure: azure.unwrap(),
        seal: seal(),
        recipes: vec![recipe.clone()],
        teams: vec![super::bed::payments()],
        pace,
        at_once: 8,
        installation: Some(Installation {
            tenant: "t-1".into(),
            subscription: "s-1".into(),
            identity: "i-1".into(),
            identity_kind: azure::roles::PrincipalType::ServicePrincipal,
        }),
    }))
}

pub fn seal() -> Seal {
    Seal::of_text(&SecretString::from("MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")).unwrap()
}

struct WireStep {
    key: &'static str,
    version: u32,
    needs: Vec<&'static str>,
    slow: bool,
    wire: Wire,
}

impl WireStep {
    /// The fault of this call, if one is due.
    fn fault(&self) -> Option<Fault> {
        self.wire.things.lock().unwrap().faults.get_mut(self.key).and_then(VecDeque::pop_front)
    }

    fn error(&self, fault: Fault) -> StepError {
        let failure = Failure {
            title: format!("{} was refused", self.key),
            quote: Some("HTTP 409 Conflict: no".into()),
            cause: "the story wants it so".into(),
            remedy: "retry".into(),
            mend: None,
        };
        match fault {
            Fault::Retry | Fault::AnswerLost => StepError::after(Duration::ZERO, "503: later"),
            Fault::Person => StepError::Person { failure },
            Fault::Fail => StepError::Fail { failure },
            Fault::Panic => panic!("{} breaks as the story wants", self.key),
        }
    }

    /// Whoever watches the wire gets their turn between the effect and its answer.
    async fn effect(&self) {
        self.wire.effects.send_modify(|count| *count += 1);
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
    }
}

#[async_trait]
impl AnyStep for WireStep {
    fn leaves(&self) -> bool {
        true
    }
    fn version(&self) -> u32 {
        self.version
    }

    fn key(&self) -> &'static str {
        self.key
    }
    fn title(&self) -> &'static str {
        self.key
    }
    fn part(&self) -> Option<Part> {
        match self.key {
            "cluster" => Some(Part::Cluster),
            "vault" => Some(Part::Vault),
            "secrets" => Some(Part::Secrets),
            _ => None,
        }
    }
    fn needs(&self) -> Vec<(&'static str, bool)> {
        self.needs.iter().map(|need| (*need, false)).collect()
    }
    fn applies(&self, _: &Wish) -> bool {
        true
    }
    fn resource(&self, wish: &Wish) -> String {
        format!("{}-{}", self.key, wish.name)
    }
    fn lies_in(&self, _: &Wish) -> Option<&'static str> {
        None
    }
    fn plan(&self, _: &Subject<'_>) -> Vec<plan::Line> {
        Vec::new()
    }
    fn permits(&self, _: &Subject<'_>) -> Vec<String> {
        Vec::new()
    }
    fn warns(&self, _: &Subject<'_>) -> Vec<plan::Finding> {
        Vec::new()
    }

    fn keeps(&self, wish: &Wish) -> Option<Keeps> {
        let name = self.resource(wish);
        (self.key == "vault").then(|| Keeps { kind: "Key Vault".into(), name, days: 7, holds_name: true })
    }
    fn leaves_former(&self, _: &Wish, _: &Wish) -> bool {
        false
    }
    fn in_place(&self, _: &[Difference]) -> bool {
        true
    }
    async fn plan_removal(&self, _: &Context<'_>) -> Result<Vec<plan::Line>, StepError> {
        Ok(Vec::new())
    }

    async fn look(&self, cx: &Context<'_>, _: &Ledger) -> Result<Verdict, StepError> {
        self.wire.passage().await;
        let resource = self.resource(cx.subject.wish);
        Ok(match self.wire.things.lock().unwrap().there.get(&resource) {
            None => Verdict::Absent,
            Some(0) => Verdict::AsWanted(json!({ "id": resource })),
            Some(_) => Verdict::Moving { operation: json!(resource), after: Duration::ZERO },
        })
    }

    async fn run(&self, cx: &Context<'_>, ledger: &Ledger) -> Result<Progress<Value>, StepError> {
        self.wire.passage().await;
        let fault = self.fault();
        if let Some(fault) = fault.filter(|fault| *fault != Fault::AnswerLost) {
            return Err(self.error(fault));
        }
        drop(ledger.clone());
        let resource = self.resource(cx.subject.wish);
        {
            let mut things = self.wire.things.lock().unwrap();
            things.traces.push(azure::trace::current_text());
            things.at_once += 1;
            things.most_at_once = things.most_at_once.max(things.at_once);
            *things.made.entry(resource.clone()).or_default() += 1;
            things.there.insert(resource.clone(), if self.slow { 3 } else { 0 });
        }
        cx.say(Tone::Plain, format!("asked for {resource}"));
        self.effect().await;
        self.wire.things.lock().unwrap().at_once -= 1;
        self.wire.passage().await;
        match fault {
            Some(fault) => Err(self.error(fault)),
            None if self.slow => Ok(Progress::Asked { operation: json!(resource), after: Duration::ZERO }),
            None => Ok(Progress::Made(json!({ "id": resource }))),
        }
    }

    async fn follow(&self, _: &Context<'_>, _: &Ledger, operation: &Value) -> Result<Progress<Value>, StepError> {
        self.wire.passage().await;
        if let Some(fault) = self.fault() {
            return Err(self.error(fault));
        }
        let resource = operation.as_str().unwrap();
        let mut things = self.wire.things.lock().unwrap();
        let left = things.there.get_mut(resource).unwrap();
        *left = left.saturating_sub(1);
        Ok(match *left {
            0 => Progress::Made(json!({ "id": resource })),
            _ => Progress::Asked { operation: operation.clone(), after: Duration::ZERO },
        })
    }

    async fn undo(&self, cx: &Context<'_>, _: &Ledger) -> Result<Undo, StepError> {
        self.wire.passage().await;
        if let Some(fault) = self.fault() {
            return Err(self.error(fault));
        }
        let resource = self.resource(cx.subject.wish);
        let was_there = {
            let mut things = self.wire.things.lock().unwrap();
            let was_there = things.there.remove(&resource).is_some();
            if was_there {
                things.removed.push(resource.clone());
            }
            was_there
        };
        if was_there {
            self.effect().await;
            self.wire.passage().await;
            if self.slow {
                return Ok(Undo::Asked { operation: json!(resource), after: Duration::ZERO });
            }
        }
        Ok(Undo::Gone)
    }

    async fn follow_undo(&self, _: &Context<'_>, _: &Ledger, _: &Value) -> Result<Undo, StepError> {
        Ok(Undo::Gone)
    }
}
