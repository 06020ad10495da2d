//! Turns: whose job a worker takes next when many are due, and the place that each is shown until then.

use super::*;
use crate::support::bed::{both, queued_of};
use domain::id::JobId;
use domain::view::job::Turn;
use keystead::store::lease::{self, Claim};
use keystead::store::queue;

const TEAMS: [&str; 3] = ["billing", "catalogue", "payments"];
const LATER: Moment = Moment(START.0 + 60_000);

async fn claimed(store: &Store) -> Option<Claim> {
    lease::claim(store, "worker", LATER, LATER.plus(10_000)).await.unwrap()
}

#[tokio::test]
async fn a_team_with_many_jobs_does_not_keep_another_from_its_first() {
    both(|bed| async move {
        let store = &bed.store;
        for number in 0..20 {
            queued_of(store, "payments", &format!("many-{number}"), Vec::new(), START.plus(number)).await;
        }
        for _ in 0..3 {
            claimed(store).await.unwrap();
        }
        let only = queued_of(store, "catalogue", "only-one", Vec::new(), LATER).await;
        assert_eq!(queue::turn(store, &only.id, LATER).await.unwrap(), Some(Turn { place: 1, teams: 0 }));
        assert_eq!(claimed(store).await.unwrap().job, only.id, "it begins with the next hand that is free");
        let next = queued_of(store, "catalogue", "another", Vec::new(), LATER).await;
        let turn = queue::turn(store, &next.id, LATER).await.unwrap();
        assert_eq!(turn, Some(Turn { place: 1, teams: 0 }), "three of payments run, one of catalogue");
        assert_eq!(queue::turn(store, &next.id, START).await.unwrap(), None, "not due yet");
        claimed(store).await.unwrap();
        assert_eq!(queue::turn(store, &next.id, LATER).await.unwrap(), None, "it has a worker");
    })
    .await;
}

/// Numbers that are the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }
}

/// Who waits, in the order of the places that they are shown.
async fn shown(store: &Store, waiting: &[JobId]) -> Vec<JobId> {
    let mut places = Vec::new();
    for job in waiting {
        let turn = queue::turn(store, job, LATER).await.unwrap().unwrap();
        assert!((turn.teams as usize) < TEAMS.len() && turn.teams < turn.place, "{turn:?}");
        places.push((turn.place, job.clone()));
    }
    places.sort();
    let numbers: Vec<u32> = places.iter().map(|(place, _)| *place).collect();
    assert_eq!(numbers, (1..=numbers.len() as u32).collect::<Vec<_>>(), "every place is somebody's");
    places.into_iter().map(|(_, job)| job).collect()
}

#[tokio::test]
async fn jobs_are_claimed_in_the_order_that_is_shown_whoever_comes_and_goes_meanwhile() {
    both(|bed| async move {
        let store = &bed.store;
        let mut dice = Dice(7);
        let mut waiting = Vec::new();
        for number in 0..14 {
            let team = TEAMS[usize::try_from(dice.below(5).saturating_sub(2)).unwrap()];
            // Several are due in the same moment.
            let due = START.plus(i64::try_from(dice.below(4)).unwrap());
            waiting.push(queued_of(store, team, &format!("job-{number}"), Vec::new(), due).await.id);
        }
        // As long as none ends, the whole order holds.
        let mut held = Vec::new();
        let order = shown(store, &waiting).await;
        for expected in &order[..5] {
            let claim = claimed(store).await.unwrap();
            assert_eq!(claim.job, *expected);
            waiting.retain(|job| job != expected);
            held.push(claim);
        }
        // When some do, whoever is shown first is claimed next.
        while !waiting.is_empty() {
            if !held.is_empty() && dice.below(2) == 0 {
                let ended = held.swap_remove(usize::try_from(dice.below(held.len() as u64)).unwrap());
                lease::release(store, &ended, Some((LATER.plus(1_000_000), None))).await.unwrap();
            }
            let order = shown(store, &waiting).await;
            let claim = claimed(store).await.unwrap();
            assert_eq!(claim.job, order[0], "on {}", bed.name);
            waiting.retain(|job| *job != claim.job);
            held.push(claim);
        }
        assert_eq!(claimed(store).await, None);
    })
    .await;
}
