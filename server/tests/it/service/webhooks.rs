//! Webhooks that teams subscribe: told of their own events, signed, with secrets that change, deliveries that are kept and
//! sent again, and no address inside.

use super::delivering::{Receiver, verified};
use crate::support::bed::{Bed, both, number, text};
use crate::support::portal::Portal;
use app::error::Code;
use app::portal::Webhooks;
use domain::account::{Caller, Role};
use domain::view::webhook::{Change, Deliveries, Delivery, Filter, Made, New, State};
use keystead::notices::{Courier, WebhookSend};
use keystead::store::reseal::{self, Lost};
use keystead::timers::Timer;
use std::sync::Arc;
use url::Url;

const HOUR: i64 = 3_600_000;

struct Story {
    portal: Portal,
    send: WebhookSend,
    member: Caller,
    manager: Caller,
}

impl Story {
    async fn begin(bed: &Bed, inside: bool) -> Story {
        let config = tokio::task::spawn_blocking(crate::support::portal::config).await.unwrap();
        let portal = Portal::configured(bed.store.clone(), |own| own.notices.allow_inside = inside).await;
        let courier = Courier::new(&config, &Url::parse("https://keystead.contoso.example/").unwrap()).unwrap();
        let (store, seal) = (bed.store.clone(), portal.seal.clone());
        let send = WebhookSend { store, courier: Arc::new(courier), seal, allow_inside: inside };
        let (member, manager) = (portal.member().await, portal.manager().await);
        Story { portal, send, member, manager }
    }

    async fn subscribed(&self, name: &str, url: &Url, events: &[&str]) -> Made {
        let events = events.iter().map(|event| (*event).to_owned()).collect();
        let new = New { team: "payments".into(), name: name.into(), url: url.to_string(), events };
        self.portal.service.create_webhook(&self.manager, &new).await.unwrap()
    }

    /// A request waits, and everybody is told.
    async fn happened(&self, name: &str) {
        self.portal.asked(&self.member, name).await;
        self.portal.service.tell_all(self.portal.now()).await.unwrap();
        self.ring().await;
    }

    async fn ring(&self) {
        self.send.ring("", self.portal.now()).await.unwrap();
    }

    async fn log(&self, made: &Made) -> Vec<Delivery> {
        let page = Deliveries::default();
        self.portal.service.deliveries(&self.manager, &made.row.id, &page).await.unwrap().rows
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_team_is_told_of_its_own_events_signed_with_a_secret_that_is_shown_once() {
    both(|bed| async move {
        let story = Story::begin(&bed, true).await;
        let receiver = Receiver::start("127.0.0.1", &[]).await;
        let all = story.subscribed("all", &receiver.url, &[]).await;
        let never = story.subscribed("never", &receiver.url, &["job.finished"]).await;
        let off = story.subscribed("off", &receiver.url, &[]).await;
        let change = Change { enabled: Some(false), ..Change::default() };
        story.portal.service.change_webhook(&story.manager, &off.row.id, &change).await.unwrap();
        let second = story.portal.caller("second-manager", Role::Manager, Some("catalogue")).await;
        let new =
            New { team: "catalogue".into(), name: "theirs".into(), url: receiver.url.to_string(), events: vec![] };
        story.portal.service.create_webhook(&second, &new).await.unwrap();
        story.happened("told").await;
        let posts = receiver.posts();
        assert_eq!(posts.len(), 1, "one webhook wants it");
        let event = verified(&posts[0], &[&all.secret]);
        assert_eq!((&event["type"], &event["data"]["team"]), (&"request.waits".into(), &"payments".into()), "{event}");
        let log = story.log(&all).await;
        assert_eq!((log.len(), log[0].state, log[0].last_status, log[0].tries), (1, State::Sent, Some(204), 1));
        assert_eq!(log[0].id, posts[0].0["webhook-id"].to_str().unwrap());
        assert!(story.log(&never).await.is_empty() && story.log(&off).await.is_empty());
        let kept = text(&bed.store, "select secret from webhook where name = 'all'").await;
        assert!(!kept.contains(&all.secret[6..20]), "sealed");
        // Another team's is not there, and a member has none to look after.
        let theirs = story.portal.service.webhook(&second, &all.row.id).await.unwrap_err();
        assert_eq!(theirs.code, Code::NotFound);
        let refused = story.portal.service.webhook(&story.member, &all.row.id).await.unwrap_err();
        assert_eq!(
            (refused.code, refused.message.as_str()),
            (Code::Forbidden, "A manager of the team looks after its webhooks.")
        );
        let rows = story.portal.service.webhooks(&second, &Filter::default()).await.unwrap().rows;
        assert_eq!(rows.iter().map(|row| row.name.as_str()).collect::<Vec<_>>(), ["theirs"]);
        story.portal.service.remove_webhook(&story.manager, &all.row.id).await.unwrap();
        assert_eq!(number(&bed.store, "select count(*) from delivery").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn for_a_day_the_secret_before_signs_too_and_a_change_of_the_sealing_key_loses_neither() {
    both(|bed| async move {
        let story = Story::begin(&bed, true).await;
        let receiver = Receiver::start("127.0.0.1", &[]).await;
        let first = story.subscribed("chat", &receiver.url, &[]).await;
        let second = story.portal.service.rotate_secret(&story.manager, &first.row.id).await.unwrap();
        assert_ne!(first.secret, second.secret);
        assert_eq!(second.row.former_secret_until, Some(story.portal.now().plus(24 * HOUR)));
        story.happened("both").await;
        verified(&receiver.posts()[0], &[&second.secret, &first.secret]);
        let grown = story.portal.seal.grow().await.unwrap();
        let changed = reseal::change(&bed.store, &story.portal.seal, &grown, Lost::Refuse, story.portal.now()).await;
        assert!(changed.unwrap().sealed_anew >= 2);
        let others = format!("select count(*) from webhook where key_id <> '{grown}' or former_key_id <> '{grown}'");
        assert_eq!(number(&bed.store, others.leak()).await, 0);
        story.portal.clock.advance(23 * HOUR);
        story.happened("both-still").await;
        verified(&receiver.posts()[1], &[&second.secret, &first.secret]);
        story.portal.clock.advance(2 * HOUR);
        story.happened("one").await;
        verified(receiver.posts().last().unwrap(), &[&second.secret]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_arrive_is_tried_for_a_day_told_and_sent_again_by_hand_under_the_same_id() {
    both(|bed| async move {
        let story = Story::begin(&bed, true).await;
        let receiver = Receiver::start("127.0.0.1", &[503; 40]).await;
        let made = story.subscribed("chat", &receiver.url, &[]).await;
        story.happened("in-vain").await;
        let begun = story.portal.now();
        let first = story.log(&made).await.remove(0);
        assert_eq!((first.state, first.last_status), (State::Waiting, Some(503)));
        assert_eq!(first.next_try_at, Some(begun.plus(10_000)), "later each time");
        let on_its_way = story.portal.service.redeliver(&story.manager, &made.row.id, &first.id).await.unwrap_err();
        assert_eq!(on_its_way.code, Code::Conflict);
        let row = story.portal.service.webhook(&story.manager, &made.row.id).await.unwrap();
        assert_eq!(row.failing_since, Some(begun));
        while story.log(&made).await[0].state == State::Waiting {
            story.portal.clock.advance(HOUR);
            story.ring().await;
            assert!(story.portal.now().since(begun) < 30 * HOUR);
        }
        let given_up = story.log(&made).await.remove(0);
        assert!(given_up.why.unwrap().starts_with("For a day in vain."), "it was tried {} times", given_up.tries);
        let vain = receiver.posts().len();
        receiver.answers(&[]);
        let again = story.portal.service.redeliver(&story.manager, &made.row.id, &first.id).await.unwrap();
        assert_eq!((again.state, again.tries), (State::Waiting, 0));
        story.ring().await;
        let posts = receiver.posts();
        assert_eq!((posts.len(), story.log(&made).await[0].state), (vain + 1, State::Sent));
        assert_eq!(posts[0].0["webhook-id"], posts[vain].0["webhook-id"]);
        let row = story.portal.service.webhook(&story.manager, &made.row.id).await.unwrap();
        assert!(row.enabled && row.failing_since.is_none());
        // One that was delivered can be asked for once more, and a ping says that it is reached.
        story.portal.service.redeliver(&story.manager, &made.row.id, &first.id).await.unwrap();
        let ping = story.portal.service.test_webhook(&story.manager, &made.row.id).await.unwrap();
        story.ring().await;
        let posts = receiver.posts();
        let pinged = posts.iter().find(|post| post.0["webhook-id"].to_str().unwrap() == ping.id).unwrap();
        assert_eq!(verified(pinged, &[&made.secret])["type"], "ping");
        assert_eq!(posts.len(), vain + 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_webhook_leads_inside_when_it_is_made_nor_when_it_is_sent() {
    both(|bed| async move {
        let story = Story::begin(&bed, false).await;
        for url in [
            "https://127.0.0.1/hook",
            "https://localhost/hook",
            "https://[::1]/hook",
            "https://10.1.2.3/hook",
            "https://169.254.169.254/metadata",
            "https://[::ffff:127.0.0.1]/hook",
            "https://2130706433/hook",
            "http://203.0.114.1/hook",
            "https://user:word@203.0.114.1/hook",
            "ftp://203.0.114.1/hook",
            "hook",
            "",
        ] {
            let new = New { team: "payments".into(), name: "chat".into(), url: url.into(), events: vec![] };
            let refused = story.portal.service.create_webhook(&story.manager, &new).await.err().expect(url);
            assert_eq!((refused.code, refused.fields[0].field.as_str()), (Code::Invalid, "url"), "{url}");
        }
        let new = New {
            team: "payments".into(),
            name: " ".into(),
            url: "https://203.0.114.1/h".into(),
            events: vec!["x".into()],
        };
        let refused = story.portal.service.create_webhook(&story.manager, &new).await.err().unwrap();
        assert_eq!(refused.fields.iter().map(|error| error.field.as_str()).collect::<Vec<_>>(), ["name", "events"]);
        // What was let in while the configuration allowed it is not reached when it does no more.
        let mut allowed = Story::begin(&bed, true).await;
        let receiver = Receiver::start("localhost", &[]).await;
        let made = allowed.subscribed("chat", &receiver.url, &[]).await;
        allowed.send.allow_inside = false;
        allowed.happened("inside").await;
        assert_eq!(receiver.posts().len(), 0);
        let log = allowed.log(&made).await;
        assert_eq!(log[0].state, State::GivenUp);
        assert!(log[0].why.as_ref().unwrap().contains("points inside"), "{log:?}");
    })
    .await;
}
