//! What `decide` promises, over every recipe there is: each step failing in each way, and at each position of the log a
//! lost worker, a cancel, a retry or a roll back, alone and together.

mod play;
mod random;

use crate::support::bed::wish;
use domain::job::{Aim, Outline, Purpose, State};
use domain::wish::{AppIdentity, TeamRole, Wish};
use keystead::recipes::provision;
use play::{Play, Turn, Way, Word};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Every shape that a job of the recipe can have, by what it is for.
fn outlines() -> Vec<(&'static str, Vec<Outline>)> {
    let recipe = provision().unwrap();
    let whole = wish("checkout-loadtest");
    let nodes = with(&whole, |wish| wish.roles.app_identity = AppIdentity::AgentPool);
    let bare = with(&whole, |wish| wish.insights = None);
    let other = with(&nodes, |wish| {
        wish.insights = None;
        wish.roles.team_role = TeamRole::SecretsOfficer;
    });
    let standing = |wish: &Wish| -> BTreeMap<String, Value> {
        let leaves = recipe.steps(wish).filter(|step| step.leaves());
        leaves.map(|step| (step.key().to_owned(), json!({ "id": step.key() }))).collect()
    };
    vec![
        ("provision", recipe.outline(&whole)),
        ("provision on the nodes' identity", recipe.outline(&nodes)),
        ("provision without insights", recipe.outline(&bare)),
        ("change that takes away", recipe.outline_of_change(&whole, &other, &standing(&whole))),
        ("change that adds", recipe.outline_of_change(&other, &whole, &standing(&other))),
        ("destroy", recipe.outline_of_destruction(&whole, &standing(&whole), false)),
    ]
}

fn with(wish: &Wish, change: impl Fn(&mut Wish)) -> Wish {
    let mut wish = wish.clone();
    change(&mut wish);
    wish
}

/// Positions of the log of a job that nothing befalls.
fn length(outline: &[Outline]) -> usize {
    let mut play = Play::new(outline, Turn::First);
    play.rest();
    play.log.len()
}

fn there(outline: &[Outline]) -> Vec<&str> {
    let stand = outline.iter().filter(|step| step.leaves && step.aim == Aim::There);
    stand.map(|step| step.key.as_str()).collect()
}

/// A person mends the cause and says to go on until the job is over; the world is then as was asked.
fn finish(play: &mut Play, outline: &[Outline], story: &str) {
    for _ in 0..200 {
        play.rest();
        play.holds(story);
        let state = play.status.state();
        if state.over() {
            let wanted = if state == State::Succeeded { there(outline) } else { Vec::new() };
            assert_eq!(play.there(), wanted, "{story}: {state:?}");
            return;
        }
        assert!(play.say(Word::Retry), "{story}: stuck in {state:?}");
    }
    panic!("{story}: never over");
}

#[test]
fn each_step_failing_in_each_way_ends_where_it_should() {
    for (name, outline) in outlines() {
        for (step, way) in faults(&outline) {
            for turn in Turn::BOTH {
                let story = format!("{name}: {step} {way:?} {turn:?}");
                let mut play = Play::new(&outline, turn);
                play.fault(step, way);
                finish(&mut play, &outline, &story);
                assert!(play.struck(), "{story}: never struck");
                assert_eq!(play.status.state(), State::Succeeded, "{story}");
            }
        }
    }
}

#[test]
fn at_each_position_whatever_befalls_the_job_ends_where_it_should() {
    for (name, outline) in outlines() {
        for position in 0..=length(&outline) {
            for word in Word::ALL {
                for turn in Turn::BOTH {
                    let story = format!("{name}: {word:?} at {position} {turn:?}");
                    let mut play = Play::new(&outline, turn);
                    play.until(position);
                    play.say(word);
                    play.holds(&story);
                    finish(&mut play, &outline, &story);
                    let back = word == Word::RollBack && Purpose::of(&outline) == Purpose::Create;
                    let ended = if back && position < length(&outline) { State::RolledBack } else { State::Succeeded };
                    assert_eq!(play.status.state(), ended, "{story}");
                }
            }
        }
    }
}

/// Two words at two positions: a cancel and then a roll back, a roll back and then a lost worker, and so on.
#[test]
fn at_each_position_two_things_in_a_row_end_where_they_should() {
    for (name, outline) in outlines() {
        for position in 0..=length(&outline) {
            for (first, second) in Word::ALL.iter().flat_map(|first| Word::ALL.map(|second| (*first, second))) {
                for apart in [0, 1, 3] {
                    let story = format!("{name}: {first:?} at {position}, {second:?} {apart} later");
                    let turn = Turn::BOTH[(position + apart) % 2];
                    let mut play = Play::new(&outline, turn);
                    play.until(position);
                    play.say(first);
                    play.until(position + apart);
                    play.say(second);
                    finish(&mut play, &outline, &story);
                }
            }
        }
    }
}

/// A step that fails, and a word at each position after the failure: nothing is begun out of order, whichever way out a
/// person takes.
#[test]
fn after_each_failure_each_word_at_each_position_ends_where_it_should() {
    let outlines = outlines();
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for part in 0..threads {
            let outlines = &outlines;
            scope.spawn(move || {
                let all = outlines
                    .iter()
                    .flat_map(|(name, outline)| faults(outline).into_iter().map(move |fault| (*name, outline, fault)));
                for (name, outline, fault) in all.skip(part).step_by(threads) {
                    after_failure(name, outline, fault);
                }
            });
        }
    });
}

fn after_failure(name: &str, outline: &[Outline], (step, way): (&str, Way)) {
    let mut struck_at = Play::new(outline, Turn::First);
    struck_at.fault(step, way);
    let first = struck_at.until_struck();
    for position in first..first + 8 {
        for word in Word::ALL {
            let story = format!("{name}: {step} {way:?}, {word:?} at {position}");
            let turn = Turn::BOTH[position % 2];
            let mut play = Play::new(outline, turn);
            play.fault(step, way);
            play.until(position);
            play.say(word);
            finish(&mut play, outline, &story);
        }
    }
}

fn faults(outline: &[Outline]) -> Vec<(&str, Way)> {
    outline.iter().flat_map(|step| Way::ALL.map(|way| (step.key.as_str(), way))).collect()
}
