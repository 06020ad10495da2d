//! The fence: who may write, and who may not any more.

use super::*;
use crate::support::bed::{both, queued, wish};
use domain::reason::Reason;
use keystead::store::event::Writer;
use keystead::store::{Use, lease};

async fn append(story: &Story, claim: &lease::Claim, key: &str) -> Result<(), Error> {
    let mut journal = story.journal().await;
    let mut tx = story.bed.store.begin().await?;
    let started = [Event::Started { step: key.into() }];
    journal.append(&mut tx, Writer::Worker(claim), story.clock.now(), &started, &[]).await?;
    tx.commit().await
}

#[tokio::test]
async fn who_lost_the_lease_appends_nothing() {
    both(|bed| async move {
        let story = Story::diamond(bed).await;
        let store = &story.bed.store;
        let first = lease::claim(store, "first", START, START.plus(10_000)).await.unwrap().unwrap();
        assert_eq!(lease::claim(store, "second", START.plus(3_600_000), START).await.unwrap(), None, "it is held");
        append(&story, &first, "group").await.unwrap();
        let held = lease::held(store).await.unwrap();
        assert_eq!(held.len(), 1);

        // Whatever the clocks of the two say, a renewal leaves another mark, and only who saw the last may inherit.
        assert!(lease::renew(store, &first, START.plus(-3_600_000)).await.unwrap());
        assert_eq!(lease::inherit(store, "second", &held[0], START.plus(-1)).await.unwrap(), None);
        let held = lease::held(store).await.unwrap();
        let second = lease::inherit(store, "second", &held[0], START.plus(-1)).await.unwrap().unwrap();
        assert_eq!(second.epoch, first.epoch + 1);
        assert_eq!(lease::inherit(store, "third", &held[0], START).await.unwrap(), None, "one of them is enough");

        assert!(!lease::renew(store, &first, START).await.unwrap());
        assert!(matches!(append(&story, &first, "vault").await, Err(Error::Superseded)), "another's");
        lease::release(store, &first, Some((START, None))).await.unwrap();
        append(&story, &second, "vault").await.unwrap();
        lease::release(store, &second, None).await.unwrap();
        assert!(matches!(append(&story, &second, "app").await, Err(Error::Superseded)), "let go");
        assert_eq!(story.journal().await.status.position, 2);
    })
    .await;
}

#[tokio::test]
async fn a_job_that_was_taken_from_its_worker_goes_on_with_another() {
    both(|bed| async move {
        let story = Story::diamond(bed).await;
        let store = &story.bed.store;
        let hangs = lease::claim(store, "hangs", START, START.plus(10_000)).await.unwrap().unwrap();
        append(&story, &hangs, "group").await.unwrap();
        let why = Reason::parse("silent since noon").unwrap();
        story.say(Event::TakenOver { by: MEMBER.into(), why: why.clone() }).await;

        assert!(!lease::renew(store, &hangs, START.plus(20_000)).await.unwrap());
        assert!(matches!(append(&story, &hangs, "vault").await, Err(Error::Superseded)));
        // It may still send what it has decided on until its lease has lapsed, so nobody is quicker than that.
        assert_eq!(lease::claim(store, "other", START.plus(3_600_000), START).await.unwrap(), None);
        let _other = story.worker();
        story.until_taken_over().await;
        let over = story.until_state(State::Succeeded).await;
        assert_eq!(over.status.words.iter().map(|word| word.why.clone()).collect::<Vec<_>>(), [Some(why)]);
        story.made_once().await;
    })
    .await;
}

#[tokio::test]
async fn who_writes_second_is_told_to_read_on() {
    both(|bed| async move {
        let story = Story::diamond(bed).await;
        let store = &story.bed.store;
        let claim = lease::claim(store, "worker", START, START.plus(10_000)).await.unwrap().unwrap();
        let mut journal = story.journal().await;
        story.say(Event::CancelAsked { by: MEMBER.into(), why: None }).await;
        let mut tx = store.begin().await.unwrap();
        let started = [Event::Started { step: "group".into() }];
        let written = journal.append(&mut tx, Writer::Worker(&claim), START, &started, &[]).await;
        assert!(matches!(written, Err(Error::Behind)));
        drop(tx);
        assert_eq!(story.journal().await.status.position, 1);
    })
    .await;
}

#[tokio::test]
async fn a_worker_that_was_stopped_beyond_its_lease_sends_nothing_more() {
    let story = Story::diamond(Bed::sqlite().await).await;
    let mut effects = story.wire.effects();
    let worker = story.worker();
    effects.wait_for(|count| *count >= 1).await.unwrap();
    // The world goes on while the process stands still.
    story.clock.advance(60_000);
    let epoch = number(&story.bed.store, "select epoch from job").await;
    story.until_taken_over().await;
    story.until_state(State::Succeeded).await;
    drop(worker);
    assert!(number(&story.bed.store, "select epoch from job").await > epoch, "it had to claim the job anew");
    story.made_once().await;
}

#[tokio::test]
async fn workers_race_for_many_jobs_and_each_is_done_once() {
    both(|bed| async move {
        let wire = Wire::new();
        let recipe = wire.diamond();
        // An hour apart, as on machines of which one was set wrongly.
        let clock = Clock::system();
        let late = Clock::of(|| Clock::system().now().plus(-3_600_000));
        let names: Vec<String> = (0..8).map(|number| format!("race-{number}")).collect();
        let mut jobs = Vec::new();
        for name in &names {
            jobs.push(queued(&bed.store, name, recipe.outline(&wish(name)), late.now()).await);
        }
        // On PostgreSQL two servers with connections of their own; on SQLite there is only one.
        let second =
            if bed.name == "postgres" { Store::open(&bed.url, Use::Server).await.unwrap() } else { bed.store.clone() };
        let pace = Pace::default();
        let workers: Vec<_> = [(&bed.store, &clock), (&bed.store, &late), (&second, &clock)]
            .map(|(store, clock)| engine(store, clock, &recipe, pace))
            .map(|engine| AbortOnDropHandle::new(tokio::spawn(engine.run(CancellationToken::new()))))
            .into();
        let all_over = reached(&bed.store, || async {
            let over = number(&bed.store, "select count(*) from job where state = 'succeeded'").await;
            (over == 8).then_some(())
        });
        tokio::time::timeout(Duration::from_secs(30), all_over).await.expect("every job is finished");
        drop(workers);
        let made = wire.made();
        assert_eq!(made.len(), 40);
        assert!(made.values().all(|count| *count == 1), "on {}: {made:?}", bed.name);
        assert_eq!(keystead::store::refold::refold(&bed.store, clock.now()).await.unwrap(), 0);
    })
    .await;
}

#[tokio::test]
async fn told_to_stop_a_worker_lets_go_at_once() {
    let story = Story::diamond(Bed::sqlite().await).await;
    let stop = CancellationToken::new();
    let mut effects = story.wire.effects();
    let worker = tokio::spawn(story.engine().run(stop.clone()));
    effects.wait_for(|count| *count >= 1).await.unwrap();
    stop.cancel();
    tokio::time::timeout(Duration::from_secs(5), worker).await.unwrap().unwrap();
    assert_eq!(number(&story.bed.store, "select lease_until from job").await, 0);
    let _next = story.worker();
    story.until_state(State::Succeeded).await;
    story.made_once().await;
}
