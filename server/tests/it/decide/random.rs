//! The same promises over graphs, faults and words that nobody has thought of.

use super::play::{Play, Turn, Way, Word};
use super::{finish, there};
use domain::job::{Aim, Outline, State};
use proptest::prelude::*;
use serde_json::json;

fn step(place: usize, needs: Vec<String>, leaves: bool) -> Outline {
    let key = format!("s{place}");
    let text = json!({ "key": key, "title": key, "resource": key, "needs": needs, "part": null, "leaves": leaves });
    serde_json::from_value(text).unwrap()
}

/// Steps that need any of those before them; now and then one that leaves nothing.
fn created() -> impl Strategy<Value = Vec<Outline>> {
    (1usize..9).prop_flat_map(|size| {
        let edges = prop::collection::vec(prop::collection::vec(any::<bool>(), size), size);
        let leaves = prop::collection::vec(prop::bool::weighted(0.8), size);
        (edges, leaves).prop_map(move |(edges, leaves)| {
            let need = |place: usize, before: usize| edges[place][before].then(|| format!("s{before}"));
            let needs = |place: usize| (0..place).filter_map(|before| need(place, before)).collect();
            (0..size).map(|place| step(place, needs(place), leaves[place])).collect()
        })
    })
}

/// All of it stands and shall be gone.
fn destroyed() -> impl Strategy<Value = Vec<Outline>> {
    created().prop_map(|outline| {
        let kept = outline.into_iter().map(|step| Outline { leaves: true, ..step });
        kept.map(|step| Outline { aim: Aim::Gone, stood: Some(json!({})), ..step }).collect()
    })
}

/// Part of it stands already, and then something that nobody needs any more goes.
fn changed() -> impl Strategy<Value = Vec<Outline>> {
    (created(), prop::collection::vec(any::<bool>(), 9), 0usize..3).prop_map(|(outline, stands, going)| {
        let stood = |place: usize| stands[place].then(|| json!({}));
        let built = outline.into_iter().enumerate();
        let mut outline: Vec<Outline> =
            built.map(|(place, step)| Outline { stood: stood(place).filter(|_| step.leaves), ..step }).collect();
        let after: Vec<String> = outline.iter().filter(|step| step.leaves).map(|step| step.key.clone()).collect();
        for number in 0..going {
            let needs = if number > 0 { vec![format!("s{}", 20 + number - 1)] } else { Vec::new() };
            let left = step(20 + number, needs, true);
            outline.push(Outline { aim: Aim::Gone, stood: Some(json!({})), after: after.clone(), ..left });
        }
        outline
    })
}

fn word() -> impl Strategy<Value = Word> {
    prop::sample::select(Word::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn whatever_befalls_any_job_it_ends_where_it_should(
        outline in prop_oneof![3 => created(), 1 => destroyed(), 2 => changed()],
        turn in prop::sample::select(Turn::BOTH.to_vec()),
        story in prop::collection::vec((0usize..6, prop::option::of((any::<prop::sample::Index>(), prop::sample::select(Way::ALL.to_vec()))), word()), 0..12),
    ) {
        let mut play = Play::new(&outline, turn);
        for (further, fault, word) in &story {
            if let Some((step, way)) = fault {
                play.fault(&outline[step.index(outline.len())].key, *way);
            }
            play.until(play.log.len() + further);
            play.say(*word);
            play.holds("random");
        }
        finish(&mut play, &outline, "random");
        if play.status.state() == State::Succeeded {
            prop_assert_eq!(play.there(), there(&outline));
        }
    }
}
