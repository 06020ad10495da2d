//! The feed: whoever follows it sees each change once, in order, and nothing of other teams.

use crate::support::bed::{Bed, both, number, queued, sql, wish};
use crate::support::portal::Portal;
use crate::support::wire::Wire;
use app::portal::{Environments, Feed, FeedChange, Requests};
use domain::Moment;
use domain::account::{Caller, Role};
use domain::feed::{Event as Happened, Filter, Kind};
use domain::job::{Event, State};
use domain::request::Decision;
use futures::StreamExt;
use keystead::service::feed::FeedPlace;
use keystead::store::event::{self, Journal, Writer};
use keystead::store::{Change, Store, Use, feed, job::Job};
use keystead::timers::Timer;
use serde_json::json;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const JOBS: usize = 12;
const STEPS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

fn filter(after: &str, limit: u32) -> Filter {
    Filter { after: after.to_owned(), limit: Some(limit), ..Filter::default() }
}

async fn jobs(bed: &Bed) -> Vec<Job> {
    let steps: Vec<(&'static str, &[&'static str], bool)> = STEPS.map(|key| (key, &[][..], false)).into();
    let recipe = Wire::new().recipe(&steps);
    let mut jobs = Vec::new();
    for number in 0..JOBS {
        let name = format!("busy-{number}");
        jobs.push(queued(&bed.store, &name, recipe.outline(&wish(&name)), Moment(1_000)).await);
    }
    jobs
}

/// A log written step by step; each writer's clock runs backwards, and some commits come late.
async fn written(store: &Store, job: &Job, late: usize) {
    let mut journal: Journal = event::load(store, &job.id).await.unwrap().unwrap();
    for (number, step) in STEPS.into_iter().enumerate() {
        let at = Moment(900 - number as i64);
        for event in [Event::Started { step: step.into() }, Event::Succeeded { step: step.into(), output: json!({}) }] {
            let mut tx = store.begin().await.unwrap();
            journal.append(&mut tx, Writer::Person, at, &[event], &[]).await.unwrap();
            for _ in 0..late * 7 % 40 {
                tokio::task::yield_now().await;
            }
            tx.commit().await.unwrap();
            journal.announce(store).await;
        }
    }
}

/// What a job's part of the feed has to be.
fn story(events: &[Happened], job: &Job) -> Vec<String> {
    let of_job = events.iter().filter(|event| event.subject == job.id.as_str());
    let said = |event: &Happened| {
        let word = event.detail.step.clone().or_else(|| event.detail.state.clone()).unwrap_or_default();
        format!("{} {word}", event.kind.key())
    };
    of_job.map(said).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_poller_among_many_writers_sees_each_event_once_and_each_subjects_in_order() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let caller = portal.member().await;
        let listening = portal.service.follow_events(&caller, &filter("0", 1)).await.unwrap();
        let jobs = jobs(&bed).await;
        let open = std::sync::Arc::new(AtomicUsize::new(JOBS));
        for (late, job) in jobs.iter().cloned().enumerate() {
            let (store, open) = (bed.store.clone(), open.clone());
            tokio::spawn(async move {
                written(&store, &job, late).await;
                open.fetch_sub(1, Ordering::SeqCst);
            });
        }
        // Each of several reads in pages of another size, and goes on where it was.
        let pollers = [1, 7, 200].map(|limit| {
            let (service, caller, open) = (portal.service.clone(), caller.clone(), open.clone());
            tokio::spawn(async move {
                let (mut seen, mut cursor) = (Vec::new(), String::new());
                loop {
                    let quiet = open.load(Ordering::SeqCst) == 0;
                    let page = service.events(&caller, &filter(&cursor, limit)).await.unwrap();
                    let nothing = page.rows.is_empty();
                    seen.extend(page.rows);
                    cursor = page.cursor;
                    if quiet && nothing {
                        return seen;
                    }
                }
            })
        });
        let mut all = Vec::new();
        for poller in pollers {
            all.push(tokio::time::timeout(Duration::from_secs(120), poller).await.unwrap().unwrap());
        }
        let seen = &all[0];
        assert!(all.iter().all(|other| other == seen), "{}: all see the same in the same order", bed.name);
        assert_eq!(seen.len() as i64, number(&bed.store, "select count(*) from feed").await, "{}", bed.name);
        let expected: Vec<String> = ["job.changed queued".to_owned(), "job.changed running".to_owned()]
            .into_iter()
            .chain(STEPS.iter().map(|step| format!("step.ended {step}")))
            .chain(["job.changed succeeded".to_owned()])
            .collect();
        for job in &jobs {
            assert_eq!(story(seen, job), expected, "{}", bed.name);
            let environment: Vec<&Happened> =
                seen.iter().filter(|event| event.subject == job.environment.as_str()).collect();
            let joined = environment.windows(2).all(|pair| pair[0].detail.state == pair[1].detail.before);
            assert!(joined && environment.len() > 1, "{}: {environment:#?}", bed.name);
        }
        let heard = listening.filter_map(|change| async {
            match change {
                FeedChange::Event(event) => Some(Happened::clone(&event)),
                FeedChange::Begin(_) | FeedChange::End => None,
            }
        });
        let heard = tokio::time::timeout(Duration::from_secs(60), heard.take(seen.len()).collect::<Vec<_>>()).await;
        assert_eq!(&heard.unwrap(), seen, "{}: who listens hears the same", bed.name);
    })
    .await;
}

/// The clock stands still, so that nobody looks by himself: what is heard, another replica has told.
#[tokio::test(flavor = "multi_thread")]
async fn a_listener_on_another_replica_hears_the_same() {
    let bed = Bed::postgres().await;
    let [here, there] = [Use::Server, Use::Server].map(|purpose| Store::open(&bed.url, purpose));
    let (here, there) = (Portal::on(here.await.unwrap()).await, Portal::on(there.await.unwrap()).await);
    let member = here.member().await;
    let listening = there.service.follow_events(&member, &Filter::default()).await.unwrap();
    let request = here.asked(&member, "heard-afar").await;
    let heard = listening.take(3).collect::<Vec<_>>();
    let heard = tokio::time::timeout(Duration::from_secs(30), heard).await.unwrap();
    let subjects: Vec<&str> = heard
        .iter()
        .filter_map(|change| match change {
            FeedChange::Event(event) => Some(event.subject.as_str()),
            FeedChange::Begin(_) | FeedChange::End => None,
        })
        .collect();
    assert!(subjects.contains(&request.as_str()), "{heard:#?}");
}

async fn kinds(portal: &Portal, caller: &Caller, filter: Filter) -> Vec<(Kind, String)> {
    let page = portal.service.events(caller, &filter).await.unwrap();
    page.rows.into_iter().map(|event| (event.kind, event.detail.state.unwrap_or_default())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_decided_and_what_follows_stands_in_the_feed_of_those_who_may_see_it() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let other = portal.caller("second-member", Role::Member, Some("catalogue")).await;
        let auditor = portal.caller("auditor", Role::Auditor, None).await;
        let taken_back = portal.asked(&member, "taken-back").await;
        portal.service.withdraw(&member, &taken_back).await.unwrap();
        let refused = portal.asked(&member, "refused").await;
        portal.service.decide(&manager, &refused, Decision::Reject, "Too large", "", None).await.unwrap();
        let built = portal.asked(&member, "built").await;
        let job = portal.approved(&manager, &built).await.unwrap();

        let of = |name: &str| Filter { environment: name.to_owned(), ..Filter::default() };
        let gone = |decided: Kind, state: &str| {
            vec![
                (Kind::EnvironmentChanged, "waiting".to_owned()),
                (Kind::RequestSent, "waiting".to_owned()),
                (decided, state.to_owned()),
                (Kind::EnvironmentChanged, "gone".to_owned()),
            ]
        };
        let seen = kinds(&portal, &member, of("taken-back")).await;
        assert_eq!(seen, gone(Kind::RequestWithdrawn, "withdrawn"), "{}", bed.name);
        assert_eq!(kinds(&portal, &auditor, of("refused")).await, gone(Kind::RequestDecided, "rejected"));
        let page = portal.service.events(&member, &of("built")).await.unwrap();
        let decided = page.rows.iter().find(|event| event.kind == Kind::RequestDecided).unwrap();
        assert_eq!(
            (decided.detail.by.as_deref(), &decided.detail.job),
            (Some("manager@contoso.example"), &Some(job.clone()))
        );
        assert!(page.rows.iter().any(|event| event.kind == Kind::JobChanged && event.subject == job.as_str()));

        assert_eq!(kinds(&portal, &other, Filter::default()).await, []);
        assert_eq!(kinds(&portal, &other, Filter { team: "payments".into(), ..Filter::default() }).await, []);
        assert!(portal.service.events_of(&other, "built", &Filter::default()).await.is_err());
        let wrong = portal.service.events(&member, &Filter { kind: "job.none".into(), ..Filter::default() }).await;
        assert_eq!(wrong.unwrap_err().fields[0].field, "kind");
        let jobs = Filter { kind: "job.changed,step.ended".into(), ..Filter::default() };
        assert_eq!(kinds(&portal, &auditor, jobs).await, [(Kind::JobChanged, State::Queued.key().to_owned())]);

        // In another team from now on: exactly what is that team's.
        let moved = portal.caller("member", Role::Member, Some("catalogue")).await;
        assert_eq!(kinds(&portal, &moved, Filter::default()).await, []);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_heard_of_an_environment_ends_with_it() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let member = portal.member().await;
        let request = portal.asked(&member, "short").await;
        let from = Filter { after: "0".into(), ..Filter::default() };
        let early = portal.service.follow_events_of(&member, "short", &from).await.unwrap();
        portal.service.withdraw(&member, &request).await.unwrap();
        let late = portal.service.follow_events_of(&member, "short", &from).await.unwrap();
        for listening in [early, late] {
            let heard = tokio::time::timeout(Duration::from_secs(30), listening.collect::<Vec<_>>()).await.unwrap();
            assert_eq!(heard.len(), 6, "{}: begin, four events, end: {heard:#?}", bed.name);
            assert!(matches!(heard.last(), Some(FeedChange::End)));
        }
        assert_eq!(portal.service.environment(&member, "short").await.unwrap().row.name, "short");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_have_places_where_nobody_reads_and_go_after_ninety_days() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let member = portal.member().await;
        portal.asked(&member, "old").await;
        assert!(feed::any_unplaced(&bed.store).await.unwrap());
        let timer = FeedPlace(portal.service.clone());
        timer.ring("", portal.now()).await.unwrap();
        assert!(!feed::any_unplaced(&bed.store).await.unwrap());
        let cursor = portal.service.events(&member, &Filter::default()).await.unwrap().cursor;
        portal.clock.advance(91 * 86_400_000);
        sql(&bed.store, "update environment set held = 0 where name = 'old'", &[]).await;
        bed.store.announce(Change::Any).await;
        timer.ring("", portal.now()).await.unwrap();
        assert_eq!(number(&bed.store, "select count(*) from feed").await, 0);
        let page = portal.service.events(&member, &filter(&cursor, 50)).await.unwrap();
        assert_eq!((page.rows.len(), page.cursor), (0, cursor), "{}: who was there goes on from there", bed.name);
    })
    .await;
}
