//! How notices leave: by mail and by webhook, again where that failed, under the same id, for a day.

use super::notices::with_mail;
use crate::support::bed::{Bed, both, number};
use crate::support::portal::Portal;
use crate::support::smtp::{Guard, MailServer, header};
use app::portal::Notices;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::account::{Caller, Role};
use domain::notice::Kind;
use domain::view::notice::{Stand, Undelivered};
use keystead::config::{Config, MailTls, Webhook};
use keystead::notices::{Courier, NoticeSend};
use keystead::store::notice::telling;
use keystead::timers::Timer;
use secrecy::SecretString;
use serde_json::Value;
use std::sync::{Arc, Mutex};
use tokio_util::task::AbortOnDropHandle;
use url::Url;

const HOUR: i64 = 3_600_000;
const PUBLIC: &str = "https://keystead.contoso.example/";
const SECRET: &str = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

struct Story {
    portal: Portal,
    send: NoticeSend,
    manager: Caller,
    engineer: Caller,
}

impl Story {
    /// One request waits for one manager, and everybody was told.
    async fn begin(bed: &Bed, name: &str, change: impl Fn(&mut Config)) -> Story {
        let mut config = tokio::task::spawn_blocking(crate::support::portal::config).await.unwrap();
        change(&mut config);
        let portal = Portal::configured(bed.store.clone(), |own| *own = config.clone()).await;
        let courier = Courier::new(&config, &Url::parse(PUBLIC).unwrap()).unwrap();
        let send = NoticeSend { store: bed.store.clone(), courier: Arc::new(courier) };
        let (member, manager) = (portal.member().await, portal.manager().await);
        let engineer = portal.caller("platform-engineer", Role::PlatformEngineer, None).await;
        portal.asked(&member, name).await;
        portal.service.tell_all(portal.now()).await.unwrap();
        Story { portal, send, manager, engineer }
    }

    async fn ring(&self) {
        self.send.ring("", self.portal.now()).await.unwrap();
    }

    /// After so long.
    async fn ring_after(&self, millis: i64) {
        self.portal.clock.advance(millis);
        self.ring().await;
    }

    async fn stand(&self) -> Option<Stand> {
        let rows = self.portal.service.notices(&self.manager, "", None).await.unwrap().rows;
        rows[0].mail.as_ref().map(|mail| mail.stand)
    }

    async fn undelivered(&self) -> Vec<Undelivered> {
        self.portal.service.notices(&self.engineer, "", None).await.unwrap().undelivered.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_arrives_once_with_one_link_to_the_page() {
    both(|bed| async move {
        let server = MailServer::start().await;
        let story = Story::begin(&bed, "told", |config| with_mail(config, &server.place)).await;
        story.ring().await;
        story.ring_after(HOUR).await;
        let messages = server.messages();
        assert_eq!(messages.len(), 1, "{messages:#?}");
        let mail = &messages[0];
        assert_eq!(header(mail, "To"), "manager@contoso.example");
        assert_eq!(header(mail, "From"), "Keystead <keystead@contoso.example>");
        assert_eq!(header(mail, "Reply-To"), "platform@contoso.example");
        assert_eq!(header(mail, "Auto-Submitted"), "auto-generated");
        assert!(header(mail, "Subject").contains("Create told waits"));
        assert!(header(mail, "Message-ID").ends_with("@contoso.example>"));
        let body = mail.replace("=\n", "").replace("=E2=82=AC", "€");
        assert_eq!(body.matches("https://keystead.contoso.example/").count(), 1, "{body}");
        assert!(body.contains("https://keystead.contoso.example/requests/") && body.contains("a month"), "{body}");
        assert!(body.contains("Team: Payments"), "{body}");
        assert_eq!((story.stand().await, story.undelivered().await.len()), (Some(Stand::Sent), 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_for_now_is_tried_again_later_each_time_under_the_same_id() {
    both(|bed| async move {
        let server = MailServer::start().await;
        let story = Story::begin(&bed, "told", |config| with_mail(config, &server.place)).await;
        server.refuses(&["451 greylisted", "452 no room"]);
        story.ring().await;
        assert_eq!(story.stand().await, Some(Stand::Waiting));
        assert!(story.undelivered().await[0].why.contains("greylisted"));
        story.ring_after(9_000).await;
        assert_eq!(story.undelivered().await[0].tries, 1, "not before ten seconds");
        story.ring_after(1_000).await;
        assert_eq!((story.undelivered().await[0].tries, server.messages().len()), (2, 0));
        story.ring_after(20_000).await;
        assert_eq!((story.stand().await, server.messages().len()), (Some(Stand::Sent), 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_for_good_is_shown_and_repeated_by_hand_alone() {
    both(|bed| async move {
        let server = MailServer::start().await;
        let story = Story::begin(&bed, "told", |config| with_mail(config, &server.place)).await;
        server.refuses(&["550 no such user"]);
        story.ring().await;
        story.ring_after(2 * HOUR).await;
        assert_eq!((story.stand().await, server.messages().len()), (Some(Stand::GivenUp), 0));
        let failed = story.undelivered().await;
        assert_eq!((failed.len(), failed[0].stand, failed[0].tries), (1, Stand::GivenUp, 1));
        assert!(failed[0].why.contains("no such user"), "{failed:?}");
        story.portal.service.repeat_notice(&story.engineer, &failed[0].id).await.unwrap();
        story.ring().await;
        assert_eq!((story.stand().await, server.messages().len()), (Some(Stand::Sent), 1));
        let again = story.portal.service.repeat_notice(&story.engineer, &failed[0].id).await;
        assert!(again.is_err(), "what has arrived is not sent twice");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_not_there_is_waited_for_a_day() {
    both(|bed| async move {
        let down = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let place = down.local_addr().unwrap().to_string();
        drop(down);
        let story = Story::begin(&bed, "told", |config| with_mail(config, &place)).await;
        for _ in 0..23 {
            story.ring_after(HOUR).await;
            assert_eq!(story.stand().await, Some(Stand::Waiting));
        }
        story.ring_after(HOUR).await;
        assert_eq!(story.stand().await, Some(Stand::GivenUp));
        assert!(story.undelivered().await[0].why.starts_with("For a day in vain"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_lost_between_sending_and_marking_is_followed_by_the_same_id() {
    both(|bed| async move {
        let server = MailServer::start().await;
        let story = Story::begin(&bed, "told", |config| with_mail(config, &server.place)).await;
        let due = telling::due(&bed.store, story.portal.now(), 10).await.unwrap();
        assert_eq!(due.len(), 1);
        story.send.courier.deliver(&due[0], story.portal.now()).await;
        // Nothing is written: the process is gone. Another one rings.
        story.ring().await;
        let messages = server.messages();
        assert_eq!(messages.len(), 2);
        assert_eq!(header(&messages[0], "Message-ID"), header(&messages[1], "Message-ID"));
        assert_eq!(header(&messages[0], "Date"), header(&messages[1], "Date"));
    })
    .await;
}

type Posts = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// A receiver that keeps what is posted and answers what the story says.
pub(super) struct Receiver {
    pub(super) url: Url,
    posts: Posts,
    answers: Arc<Mutex<Vec<u16>>>,
    _serving: AbortOnDropHandle<()>,
}

impl Receiver {
    pub(super) async fn start(host: &str, answers: &[u16]) -> Receiver {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{host}:{}/hook", listener.local_addr().unwrap().port())).unwrap();
        let (posts, answers) = (Posts::default(), Arc::new(Mutex::new(answers.to_vec())));
        let (kept, next) = (posts.clone(), answers.clone());
        let router = axum::Router::new().fallback(move |headers: HeaderMap, body: Bytes| async move {
            kept.lock().unwrap().push((headers, body));
            let mut next = next.lock().unwrap();
            let status = if next.is_empty() { 204 } else { next.remove(0) };
            (StatusCode::from_u16(status).unwrap(), [("location", "/elsewhere")])
        });
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Receiver { url, posts, answers, _serving: AbortOnDropHandle::new(serving) }
    }

    pub(super) fn posts(&self) -> Vec<(HeaderMap, Bytes)> {
        self.posts.lock().unwrap().clone()
    }

    /// From now on.
    pub(super) fn answers(&self, answers: &[u16]) {
        *self.answers.lock().unwrap() = answers.to_vec();
    }

    fn hook(&self, name: &str) -> Webhook {
        Webhook {
            name: name.into(),
            url: self.url.clone(),
            secret: SecretString::from(format!("whsec_{SECRET}")),
            teams: Vec::new(),
            events: Vec::new(),
            allow_inside: true,
        }
    }
}

/// What was posted, signed by each of these secrets in this order and by nothing else.
pub(super) fn verified((headers, body): &(HeaderMap, Bytes), secrets: &[&str]) -> Value {
    let of = |name: &str| headers[name].to_str().unwrap();
    let signed = format!("{}.{}.{}", of("webhook-id"), of("webhook-timestamp"), String::from_utf8_lossy(body));
    let by = |secret: &&str| {
        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &key);
        format!("v1,{}", STANDARD.encode(ring::hmac::sign(&key, signed.as_bytes())))
    };
    assert_eq!(of("webhook-signature"), secrets.iter().map(by).collect::<Vec<_>>().join(" "));
    serde_json::from_slice(body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_signed_so_that_its_receiver_can_tell() {
    both(|bed| async move {
        let receiver = Receiver::start("127.0.0.1", &[500, 302]).await;
        let story = Story::begin(&bed, "told", |config| config.webhooks = vec![receiver.hook("chat")]).await;
        story.ring().await;
        story.ring_after(10_000).await;
        assert!(story.undelivered().await[0].why.contains("not followed"));
        story.ring_after(20_000).await;
        story.ring_after(HOUR).await;
        let posts = receiver.posts();
        assert_eq!(posts.len(), 3, "two in vain, one taken, and none at the place that it was sent on to");
        let of = |post: usize, name: &str| posts[post].0[name].to_str().unwrap().to_owned();
        assert_eq!(of(0, "webhook-id"), of(2, "webhook-id"));
        assert_ne!(of(0, "webhook-timestamp"), of(2, "webhook-timestamp"));
        for (at, (_, body)) in posts.iter().enumerate() {
            let signed =
                [of(at, "webhook-id").as_bytes(), of(at, "webhook-timestamp").as_bytes(), body].join(&b"."[..]);
            let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &STANDARD.decode(SECRET).unwrap());
            let signature = of(at, "webhook-signature");
            let tag = STANDARD.decode(signature.strip_prefix("v1,").unwrap()).unwrap();
            ring::hmac::verify(&key, &signed, &tag).unwrap();
        }
        let body: Value = serde_json::from_slice(&posts[2].1).unwrap();
        assert_eq!((body["type"].as_str(), body["data"]["team"].as_str()), (Some("request.waits"), Some("payments")));
        assert!(body["data"]["link"].as_str().unwrap().starts_with("https://keystead.contoso.example/requests/"));
        assert!(body["timestamp"].as_str().unwrap().ends_with('Z'));
        assert_eq!(story.undelivered().await.len(), 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_gone_for_good_ends_it() {
    both(|bed| async move {
        let receiver = Receiver::start("127.0.0.1", &[410]).await;
        let story = Story::begin(&bed, "told", |config| config.webhooks = vec![receiver.hook("chat")]).await;
        story.ring().await;
        story.ring_after(HOUR).await;
        assert_eq!((receiver.posts().len(), story.undelivered().await[0].stand), (1, Stand::GivenUp));
        assert!(receiver.answers.lock().unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_points_inside_is_never_reached() {
    both(|bed| async move {
        for (host, name) in [("127.0.0.1", "number"), ("localhost", "word")] {
            let receiver = Receiver::start(host, &[]).await;
            let story = Story::begin(&bed, name, |config| {
                config.webhooks = vec![Webhook { allow_inside: false, ..receiver.hook(host) }];
            })
            .await;
            story.ring().await;
            assert_eq!(receiver.posts().len(), 0, "{host}");
            let failed = story.undelivered().await;
            assert!(failed[0].why.contains("points inside"), "{failed:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_webhook_hears_of_its_teams_and_events_alone() {
    both(|bed| async move {
        let receiver = Receiver::start("127.0.0.1", &[]).await;
        let payments = domain::name::TeamName::parse("payments").unwrap();
        let catalogue = domain::name::TeamName::parse("catalogue").unwrap();
        let story = Story::begin(&bed, "told", |config| {
            config.webhooks = vec![
                Webhook { teams: vec![catalogue.clone()], ..receiver.hook("of-others") },
                Webhook { events: vec![Kind::Decided], ..receiver.hook("of-answers") },
                Webhook { teams: vec![payments.clone()], events: vec![Kind::Waits], ..receiver.hook("of-ours") },
            ];
        })
        .await;
        story.ring().await;
        let hears = "select count(*) from telling where channel = 'webhook' and recipient = 'of-ours'";
        assert_eq!((receiver.posts().len(), number(&bed.store, hears).await), (1, 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mail_leaves_protected_or_not_at_all() {
    let bed = Bed::sqlite().await;
    let ways = [
        ("starttls", Guard::Starttls, MailTls::Starttls, true),
        ("implicit", Guard::Implicit, MailTls::Implicit, true),
        ("stranger", Guard::Implicit, MailTls::Implicit, false),
        ("bare", Guard::None, MailTls::Starttls, true),
    ];
    for (name, guard, tls, known) in ways {
        let server = MailServer::guarded(guard).await;
        let story = Story::begin(&bed, name, |config| {
            with_mail(config, &server.named());
            let mail = config.mail.as_mut().unwrap();
            mail.tls = tls;
            mail.extra_ca = known.then(|| server.authority());
        })
        .await;
        story.ring().await;
        let protected = known && guard != Guard::None;
        let expected = (if protected { Stand::Sent } else { Stand::Waiting }, usize::from(protected));
        let undelivered = story.undelivered().await;
        assert_eq!((story.stand().await.unwrap(), server.messages().len()), expected, "{name}: {undelivered:?}");
        if !protected {
            story.ring_after(25 * HOUR).await; // given up: the next story is about its own
        }
    }
}
