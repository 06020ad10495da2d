//! A job carried out by a worker of a few lines, in a world of names: it does what `decide` says, and holds it against
//! what may be done now.

use domain::Moment;
use domain::failure::Failure;
use domain::job::{Aim, Decision, Deed, Entry, Event, Goal, Outline, Phase, Status, Verb, decide, due};
use serde_json::json;
use std::collections::BTreeMap;

/// How the first call of a step goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It comes again by itself.
    Retry,
    /// Done, but the answer was lost.
    AnswerLost,
    /// A person is needed.
    Person,
    /// Taken on, and the operation ends badly.
    Broken,
}

impl Way {
    pub const ALL: [Way; 4] = [Way::Retry, Way::AnswerLost, Way::Person, Way::Broken];
}

/// What comes from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// The worker is lost with what it had in hand, before any of it reached the world.
    LostBefore,
    /// The same, after all of it had.
    LostAfter,
    Cancel,
    Retry,
    RollBack,
}

impl Word {
    pub const ALL: [Word; 5] = [Word::LostBefore, Word::LostAfter, Word::Cancel, Word::Retry, Word::RollBack];
}

/// Which of the steps in hand comes back next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    First,
    Last,
}

impl Turn {
    pub const BOTH: [Turn; 2] = [Turn::First, Turn::Last];
}

/// How something stands in the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Thing {
    /// So many polls until it is ready.
    Coming(u8),
    Ready,
    Broken,
    Going(u8),
}

pub struct Play<'o> {
    outline: &'o [Outline],
    pub status: Status,
    pub log: Vec<Entry>,
    now: Moment,
    turn: Turn,
    hands: Vec<Deed>,
    world: BTreeMap<String, Thing>,
    /// How often each was made since it was last gone.
    made: BTreeMap<String, u32>,
    fault: Option<(String, Way)>,
    struck: bool,
}

impl<'o> Play<'o> {
    /// Begins with what the outline says that earlier jobs left.
    pub fn new(outline: &'o [Outline], turn: Turn) -> Play<'o> {
        let stood = outline.iter().filter(|step| step.stood.is_some());
        Play {
            outline,
            status: Status::new(outline),
            log: Vec::new(),
            now: Moment(1_000),
            turn,
            hands: Vec::new(),
            world: stood.map(|step| (step.key.clone(), Thing::Ready)).collect(),
            made: BTreeMap::new(),
            fault: None,
            struck: false,
        }
    }

    /// The first call of this step goes wrong.
    pub fn fault(&mut self, step: &str, way: Way) {
        self.fault = Some((step.to_owned(), way));
    }

    pub fn struck(&self) -> bool {
        self.struck
    }

    /// What is there, in the order of the outline.
    pub fn there(&self) -> Vec<&'o str> {
        self.outline.iter().map(|step| step.key.as_str()).filter(|key| self.world.contains_key(*key)).collect()
    }

    /// Goes on until nothing goes on by itself.
    pub fn rest(&mut self) {
        for _ in 0..3_000 {
            if !self.go_on() {
                return;
            }
        }
        panic!("never at rest: {:#?}", self.status);
    }

    /// Until the log has this position, or to rest.
    pub fn until(&mut self, position: usize) {
        while self.log.len() < position && self.go_on() {}
    }

    /// Until the fault has struck; answers the position of the log then.
    pub fn until_struck(&mut self) -> usize {
        while !self.struck && self.go_on() {}
        self.log.len()
    }

    /// Says it, where the job's state lets it be said.
    pub fn say(&mut self, word: Word) -> bool {
        let by = "member@contoso.example".to_owned();
        match word {
            Word::LostBefore => self.hands.clear(),
            Word::LostAfter => {
                for deed in std::mem::take(&mut self.hands) {
                    let _ = self.carry_out(&deed);
                }
            }
            Word::Cancel if self.status.can_cancel().allowed => self.tell(Event::CancelAsked { by, why: None }),
            Word::Retry if self.status.can_retry().allowed => self.tell(Event::RetryAsked { by, why: None }),
            Word::RollBack if self.status.can_roll_back(self.outline).allowed => {
                self.tell(Event::RollBackAsked { by, why: None })
            }
            _ => return false,
        }
        true
    }

    /// What holds at every moment: the fold of the log is the status, whoever comes next begins where it says, nothing
    /// that is there was forgotten, and nothing was made twice.
    pub fn holds(&self, story: &str) {
        assert_eq!(Status::of(self.outline, &self.log), self.status, "{story}");
        assert_eq!(self.status.position, self.log.len() as i64, "{story}");
        let state = self.status.state();
        assert!(!state.moving() || due(self.outline, &self.status, self.now).is_some(), "{story}: nobody goes on");
        assert!(!state.over() || due(self.outline, &self.status, self.now).is_none(), "{story}: over, and yet due");
        let ledger = self.status.ledger(self.outline);
        let forgotten: Vec<&String> = self.world.keys().filter(|key| !ledger.contains_key(*key)).collect();
        assert!(forgotten.is_empty(), "{story}: {forgotten:?} are there, and no ledger says so");
        let twice: Vec<_> = self.made.iter().filter(|(_, count)| **count > 1).collect();
        assert!(twice.is_empty(), "{story}: {twice:?} were made twice");
    }

    /// One turn; false at rest.
    fn go_on(&mut self) -> bool {
        let hands = &self.hands;
        let decision = decide(self.outline, &self.status, self.now, |key| hands.iter().any(|deed| deed.step == key));
        match decision {
            Decision::Act(deeds) => self.begin(deeds),
            _ if !self.hands.is_empty() => {
                let deed = self.hands.remove(if self.turn == Turn::First { 0 } else { self.hands.len() - 1 });
                let event = self.carry_out(&deed);
                self.tell(event);
            }
            Decision::Wait(until) => self.now = until,
            Decision::InHand => panic!("nothing is in hand"),
            Decision::Finished | Decision::NeedsAPerson => return false,
        }
        true
    }

    /// As the driver does it: a note for each, where the log does not say so already.
    fn begin(&mut self, deeds: Vec<Deed>) {
        for deed in deeds {
            let phase = self.status.step(&deed.step).unwrap().phase.clone();
            self.allowed(&deed);
            let step = deed.step.clone();
            match (deed.verb, phase) {
                (Verb::Run, Phase::Idle) => self.tell(Event::Started { step }),
                (Verb::Undo, Phase::Undoing | Phase::UndoWaits { .. }) => {}
                (Verb::Undo, _) => self.tell(Event::UndoStarted { step }),
                _ => {}
            }
            self.hands.push(deed);
        }
    }

    /// Whether this may begin now, by the rules as a person would say them.
    fn allowed(&self, deed: &Deed) {
        let step = self.outline.iter().find(|step| step.key == deed.step).unwrap();
        let standing = self.status.step(&deed.step).unwrap();
        let settled = |key: &String| self.status.step(key).unwrap().settled();
        let begins = standing.phase == Phase::Idle && self.status.goal == Goal::Build;
        assert!(!begins || step.after.iter().all(settled), "{} begins before its time", step.key);
        assert!(!begins || !self.status.failed(), "{} begins though something has failed", step.key);
        match deed.verb {
            Verb::Run => {
                assert_eq!((self.status.goal, step.aim), (Goal::Build, Aim::There), "{} is run", step.key);
                assert!(step.needs.iter().all(settled), "{} is run before its needs stand", step.key);
            }
            Verb::Settle => assert_eq!(self.status.goal, Goal::Stop, "{} is settled", step.key),
            Verb::Follow | Verb::FollowUndo => assert!(standing.operation.is_some(), "{} is followed", step.key),
            Verb::Undo => assert!(
                self.status.goal == Goal::RollBack || step.aim == Aim::Gone,
                "{} is undone though it is wished",
                step.key
            ),
        }
    }

    fn tell(&mut self, event: Event) {
        self.now = self.now.plus(1);
        let entry = Entry { position: self.status.position + 1, at: self.now, event };
        self.status.take(&entry);
        self.log.push(entry);
    }

    fn carry_out(&mut self, deed: &Deed) -> Event {
        let step = self.outline.iter().find(|step| step.key == deed.step).unwrap();
        let fault = self.fault.take_if(|(key, _)| *key == step.key).map(|(_, way)| way);
        self.struck |= fault.is_some();
        match deed.verb {
            Verb::Run => self.run(step, fault),
            Verb::Follow => self.follow(step, fault),
            Verb::Settle => self.settle(step),
            Verb::Undo => self.undo(step, fault),
            Verb::FollowUndo => self.follow_undo(step, fault),
        }
    }

    /// Every other step is taken on and takes two polls; what leaves nothing is over at once.
    fn slow(&self, step: &Outline) -> bool {
        step.leaves && self.outline.iter().position(|other| other.key == step.key).unwrap() % 2 == 1
    }

    fn run(&mut self, step: &Outline, fault: Option<Way>) -> Event {
        for need in step.needs.iter().filter(|need| self.leaves(need)) {
            assert_eq!(self.world.get(need.as_str()), Some(&Thing::Ready), "{} needs {need}", step.key);
        }
        match (fault, self.world.get(&step.key).copied()) {
            (Some(Way::Retry), _) => self.waits(step),
            (Some(Way::Person), _) => failed(step),
            (_, Some(Thing::Coming(_))) => self.asked(step),
            (_, Some(Thing::Going(_))) => panic!("{} is run while it goes", step.key),
            (_, Some(Thing::Ready)) => succeeded(step),
            (fault, there) if step.leaves => {
                if there.is_none() {
                    *self.made.entry(step.key.clone()).or_default() += 1;
                }
                let slow = self.slow(step) || fault == Some(Way::Broken);
                let thing = if slow { Thing::Coming(2) } else { Thing::Ready };
                self.world.insert(step.key.clone(), thing);
                match fault {
                    Some(Way::AnswerLost) => self.waits(step),
                    Some(Way::Broken) => {
                        self.fault = Some((step.key.clone(), Way::Broken));
                        self.asked(step)
                    }
                    _ if slow => self.asked(step),
                    _ => succeeded(step),
                }
            }
            (Some(Way::AnswerLost), _) => self.waits(step),
            (Some(Way::Broken), _) => failed(step),
            (None, _) => succeeded(step),
        }
    }

    fn follow(&mut self, step: &Outline, fault: Option<Way>) -> Event {
        let thing = self.world.get_mut(&step.key).unwrap();
        match (fault, *thing) {
            (Some(Way::Broken), _) | (None, Thing::Broken) => {
                *thing = Thing::Broken;
                failed(step)
            }
            (Some(Way::Person), _) => failed(step),
            (Some(_), _) => self.waits(step),
            (None, Thing::Coming(left)) if left > 1 => {
                *thing = Thing::Coming(left - 1);
                self.asked(step)
            }
            _ => {
                *thing = Thing::Ready;
                succeeded(step)
            }
        }
    }

    fn settle(&mut self, step: &Outline) -> Event {
        match self.world.get(&step.key) {
            Some(Thing::Ready) => succeeded(step),
            Some(Thing::Coming(_)) => self.asked(step),
            _ => self.waits(step),
        }
    }

    fn undo(&mut self, step: &Outline, fault: Option<Way>) -> Event {
        let needing = self.outline.iter().filter(|other| other.needs.contains(&step.key));
        for other in needing.filter(|other| other.aim == step.aim) {
            assert!(!self.world.contains_key(&other.key), "{} is undone under {}", step.key, other.key);
        }
        match fault {
            Some(Way::Retry) => return self.undo_waits(step),
            Some(Way::Person) => return undo_failed(step),
            Some(Way::Broken) if !self.world.contains_key(&step.key) => return undo_failed(step),
            _ => {}
        }
        match self.world.get(&step.key) {
            None => gone(step),
            Some(Thing::Going(_)) => self.undo_asked(step),
            Some(_) if self.slow(step) || fault == Some(Way::Broken) => {
                self.world.insert(step.key.clone(), Thing::Going(2));
                match fault {
                    Some(Way::AnswerLost) => self.undo_waits(step),
                    Some(way) => {
                        self.fault = Some((step.key.clone(), way));
                        self.undo_asked(step)
                    }
                    None => self.undo_asked(step),
                }
            }
            Some(_) => {
                self.remove(step);
                if fault == Some(Way::AnswerLost) { self.undo_waits(step) } else { gone(step) }
            }
        }
    }

    fn follow_undo(&mut self, step: &Outline, fault: Option<Way>) -> Event {
        match (fault, self.world.get(&step.key).copied()) {
            (Some(Way::Broken | Way::Person), _) => {
                self.world.insert(step.key.clone(), Thing::Ready);
                undo_failed(step)
            }
            (Some(_), _) => self.undo_waits(step),
            (None, Some(Thing::Going(left))) if left > 1 => {
                self.world.insert(step.key.clone(), Thing::Going(left - 1));
                self.undo_asked(step)
            }
            (None, _) => {
                self.remove(step);
                gone(step)
            }
        }
    }

    fn remove(&mut self, step: &Outline) {
        self.world.remove(&step.key);
        self.made.remove(&step.key);
    }

    fn leaves(&self, key: &str) -> bool {
        self.outline.iter().any(|step| step.key == key && step.leaves)
    }

    fn asked(&self, step: &Outline) -> Event {
        Event::Asked { step: step.key.clone(), operation: json!(1), look_again: self.now.plus(100) }
    }

    fn waits(&self, step: &Outline) -> Event {
        Event::Waits { step: step.key.clone(), until: self.now.plus(100), why: "later".into() }
    }

    fn undo_asked(&self, step: &Outline) -> Event {
        Event::UndoAsked { step: step.key.clone(), operation: json!(1), look_again: self.now.plus(100) }
    }

    fn undo_waits(&self, step: &Outline) -> Event {
        Event::UndoWaits { step: step.key.clone(), until: self.now.plus(100), why: "later".into() }
    }
}

fn succeeded(step: &Outline) -> Event {
    Event::Succeeded { step: step.key.clone(), output: json!({ "id": step.key }) }
}

fn gone(step: &Outline) -> Event {
    Event::Undone { step: step.key.clone() }
}

fn failure() -> Failure {
    Failure { title: "no".into(), quote: None, cause: "it broke".into(), remedy: "mend it".into(), mend: None }
}

fn failed(step: &Outline) -> Event {
    Event::Failed { step: step.key.clone(), failure: failure() }
}

fn undo_failed(step: &Outline) -> Event {
    Event::UndoFailed { step: step.key.clone(), failure: failure() }
}
