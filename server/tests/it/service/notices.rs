//! Who is told of what: the right people, once each, in the transaction of the effect, as they have chosen.

use crate::support::bed::{Bed, both, number, queued, sql, text};
use crate::support::living::small;
use crate::support::portal::{Portal, form, submission};
use app::error::Code;
use app::portal::{Audit, Jobs, Notices, Requests};
use domain::account::{Caller, Role};
use domain::approval::{By, Level, Policy, Rule, Unanswered};
use domain::failure::Failure;
use domain::form::Form;
use domain::id::RequestId;
use domain::job::{Event, Outline};
use domain::notice::Kind;
use domain::request::Decision;
use domain::view::audit::Filter;
use domain::view::notice::{MailWay, Stand};
use keystead::config::{Config, Mail, MailTls};
use keystead::store::event::{self, Writer};
use keystead::store::{lease, notice, request};
use keystead::timers::{RequestExpiry, Timer};
use serde_json::json;

const HOUR: i64 = 3_600_000;
const DAY: i64 = 24 * HOUR;

fn level(by: By) -> Level {
    Level { by, approvers: 1 }
}

fn two_levels() -> Rule {
    Rule { levels: vec![level(By::Managers), level(By::Platform)], ..Rule::default() }
}

pub(super) fn with_mail(config: &mut Config, server: &str) {
    config.mail = Some(Mail {
        server: server.to_owned(),
        tls: MailTls::None,
        user: None,
        password: None,
        password_file: None,
        extra_ca: None,
        from: "Keystead <keystead@contoso.example>".into(),
        reply_to: Some("platform@contoso.example".into()),
    });
}

/// With one rule for everything, and mail that nobody sends in this story.
async fn ruled(bed: &Bed, rule: Rule) -> Portal {
    let policy = Policy { title: "Everything".into(), rule, ..Policy::default() };
    Portal::configured(bed.store.clone(), |config| {
        config.approvals = vec![policy];
        with_mail(config, "127.0.0.1:9");
    })
    .await
}

struct People {
    member: Caller,
    manager: Caller,
    other_manager: Caller,
    engineer: Caller,
    elsewhere: Caller,
    auditor: Caller,
}

impl People {
    async fn of(portal: &Portal) -> People {
        People {
            member: portal.member().await,
            manager: portal.manager().await,
            other_manager: portal.caller("other-manager", Role::Manager, Some("payments")).await,
            engineer: portal.caller("platform-engineer", Role::PlatformEngineer, None).await,
            elsewhere: portal.caller("second-manager", Role::Manager, Some("catalogue")).await,
            auditor: portal.caller("auditor", Role::Auditor, None).await,
        }
    }

    fn all(&self) -> [&Caller; 6] {
        [&self.member, &self.manager, &self.other_manager, &self.engineer, &self.elsewhere, &self.auditor]
    }
}

/// Subjects of what somebody was told, oldest first.
async fn told(portal: &Portal, caller: &Caller) -> Vec<String> {
    let rows = portal.service.notices(caller, "", None).await.unwrap().rows;
    rows.into_iter().rev().map(|row| row.subject).collect()
}

/// What is new to each since it was asked last, by the beginning of the account name.
struct Mailbag(Vec<usize>);

impl Mailbag {
    fn new() -> Mailbag {
        Mailbag(vec![0; 6])
    }

    async fn news(&mut self, portal: &Portal, people: &People) -> Vec<(String, String)> {
        // Twice, as two servers that meet: nobody is told of the same twice.
        portal.service.tell_all(portal.now()).await.unwrap();
        portal.service.tell_all(portal.now()).await.unwrap();
        let mut news = Vec::new();
        for (seen, caller) in self.0.iter_mut().zip(people.all()) {
            let all = told(portal, caller).await;
            let name = caller.account.name.split('@').next().unwrap().to_owned();
            news.extend(all[*seen..].iter().map(|subject| (name.clone(), subject.clone())));
            *seen = all.len();
        }
        news
    }
}

fn news(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(name, subject)| ((*name).to_owned(), (*subject).to_owned())).collect()
}

async fn approve(portal: &Portal, caller: &Caller, id: &RequestId) {
    let digest = portal.service.request(caller, id).await.unwrap().digest;
    portal.service.decide(caller, id, Decision::Approve, "", &digest, None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn each_step_of_a_request_tells_those_whose_turn_it_is() {
    both(|bed| async move {
        let portal = ruled(&bed, two_levels()).await;
        let (people, mut bag) = (People::of(&portal).await, Mailbag::new());
        let id = portal.asked(&people.member, "steps").await;
        let asked = "Create steps waits for your decision";
        assert_eq!(bag.news(&portal, &people).await, news(&[("manager", asked), ("other-manager", asked)]));
        approve(&portal, &people.manager, &id).await;
        assert_eq!(bag.news(&portal, &people).await, news(&[("platform-engineer", asked)]));
        approve(&portal, &people.engineer, &id).await;
        assert_eq!(bag.news(&portal, &people).await, news(&[("member", "Create steps: approved")]));

        let id = portal.asked(&people.member, "again").await;
        bag.news(&portal, &people).await;
        portal.service.decide(&people.manager, &id, Decision::Changes, "Smaller.", "", None).await.unwrap();
        let back = news(&[("member", "Create again: sent back for changes")]);
        assert_eq!(bag.news(&portal, &people).await, back);
        let id = portal.asked(&people.member, "never").await;
        portal.service.withdraw(&people.member, &id).await.unwrap();
        assert_eq!(
            bag.news(&portal, &people).await,
            news(&[]),
            "who took it back knows, and nobody need decide any more"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_never_signed_in_is_mailed_by_the_name_in_the_configuration() {
    both(|bed| async move {
        let portal = ruled(&bed, Rule::default()).await;
        let member = portal.member().await;
        let elsewhere = portal.caller("second-manager", Role::Manager, Some("catalogue")).await;
        portal.asked(&member, "unseen").await;
        let day = portal.now().plus(3 * DAY).rfc3339()[..10].to_owned();
        let manager = portal.caller("other-manager", Role::Manager, Some("payments")).await;
        portal.service.hand_over(&manager, &elsewhere.account.name, &day).await.unwrap();
        portal.service.tell_all(portal.now()).await.unwrap();
        let mail = "select count(*) from telling where channel = 'mail' and recipient = 'manager@contoso.example' \
            and address = 'manager@contoso.example'";
        assert_eq!(number(&bed.store, mail).await, 1);
        let to_all = "select count(*) from telling where channel = 'mail'";
        assert_eq!(number(&bed.store, to_all).await, 4, "both managers, and who stands in: of both");
        let told = told(&portal, &elsewhere).await;
        assert_eq!(told.len(), 2);
        assert!(told.contains(&"other-manager@contoso.example hands approvals over to you".to_owned()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_told_of_what_they_may_not_see() {
    both(|bed| async move {
        let portal = ruled(&bed, Rule::default()).await;
        // Named as a manager in the configuration; the directory says something else since.
        let left = portal.caller("manager", Role::Member, Some("catalogue")).await;
        let member = portal.member().await;
        let id = portal.asked(&member, "left").await;
        let engineer = portal.caller("platform-engineer", Role::PlatformEngineer, None).await;
        portal.service.tell_all(portal.now()).await.unwrap();
        assert_eq!(told(&portal, &left).await, [""; 0]);
        // The requester goes to another team before the answer.
        let other = portal.caller("other-manager", Role::Manager, Some("payments")).await;
        portal.caller("member", Role::Member, Some("catalogue")).await;
        approve(&portal, &other, &id).await;
        portal.service.tell_all(portal.now()).await.unwrap();
        assert_eq!(told(&portal, &member).await, [""; 0]);
        assert_eq!(told(&portal, &engineer).await, [""; 0], "{}", bed.name);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_is_there_with_its_effect_and_not_without() {
    both(|bed| async move {
        let portal = ruled(&bed, Rule::default()).await;
        let all = People::of(&portal).await;
        let count = "select count(*) from notice";
        let id = portal.asked(&all.member, "atomic").await;
        assert_eq!(number(&bed.store, count).await, 1);
        let taken = portal.service.submit(&all.member, submission("atomic")).await.unwrap_err();
        assert_eq!((taken.code, number(&bed.store, count).await), (Code::Invalid, 1));
        let row = request::find(&bed.store, &id).await.unwrap().unwrap();
        let mut tx = bed.store.begin().await.unwrap();
        let later = request::Request { round: 7, ..row.clone() };
        notice::events::asked(&mut tx, &later, portal.now()).await.unwrap();
        drop(tx);
        assert_eq!(number(&bed.store, count).await, 1, "what is rolled back was never said");
        let mut tx = bed.store.begin().await.unwrap();
        notice::events::asked(&mut tx, &row, portal.now()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(number(&bed.store, count).await, 1, "the same event is one");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_lapses_is_told_to_those_who_are_asked_anew_and_to_the_requester() {
    both(|bed| async move {
        let portal = ruled(&bed, two_levels()).await;
        let (people, mut bag) = (People::of(&portal).await, Mailbag::new());
        let id = portal.asked(&people.member, "lapse").await;
        approve(&portal, &people.manager, &id).await;
        bag.news(&portal, &people).await;
        let later = Portal::configured(bed.store.clone(), |config| {
            config.templates.iter_mut().for_each(|entry| entry.template.version += 1);
        })
        .await;
        let digest = later.service.request(&people.engineer, &id).await.unwrap().digest;
        later.service.decide(&people.engineer, &id, Decision::Approve, "", &digest, None).await.unwrap_err();
        let lapsed = "Create lapse: the plan has become another one";
        let expected = news(&[("member", lapsed), ("manager", lapsed), ("other-manager", lapsed)]);
        assert_eq!(bag.news(&portal, &people).await, expected);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_not_answered_is_reminded_daily_and_then_the_platform_is_asked() {
    both(|bed| async move {
        let portal = ruled(&bed, Rule { unanswered: Unanswered::Escalates, valid_days: 2, ..Rule::default() }).await;
        let (people, mut bag) = (People::of(&portal).await, Mailbag::new());
        let id = portal.asked(&people.member, "silent").await;
        bag.news(&portal, &people).await;
        portal.clock.advance(23 * HOUR);
        portal.service.remind(portal.now()).await.unwrap();
        assert_eq!(bag.news(&portal, &people).await, news(&[]));
        portal.clock.advance(HOUR);
        let again = "Reminder: Create silent waits for your decision";
        for expected in [news(&[("manager", again), ("other-manager", again)]), vec![]] {
            portal.service.remind(portal.now()).await.unwrap();
            assert_eq!(bag.news(&portal, &people).await, expected);
            portal.clock.advance(HOUR);
        }
        portal.clock.advance(22 * HOUR);
        let expiry = RequestExpiry { store: bed.store.clone() };
        expiry.ring(id.as_str(), portal.now()).await.unwrap();
        let escalated = news(&[("platform-engineer", "Create silent was left unanswered and waits for you")]);
        assert_eq!(bag.news(&portal, &people).await, escalated);
        portal.service.remind(portal.now()).await.unwrap();
        assert_eq!(bag.news(&portal, &people).await, news(&[]), "asked a moment ago");
        portal.clock.advance(DAY);
        portal.service.remind(portal.now()).await.unwrap();
        assert_eq!(bag.news(&portal, &people).await, news(&[("platform-engineer", again)]));
        portal.clock.advance(DAY);
        expiry.ring(id.as_str(), portal.now()).await.unwrap();
        assert_eq!(bag.news(&portal, &people).await, news(&[("member", "Create silent: expired")]));
        portal.service.remind(portal.now()).await.unwrap();
        assert_eq!(bag.news(&portal, &people).await, news(&[]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_becomes_of_an_environment_is_told_to_its_owner() {
    let bed = Bed::sqlite().await;
    let portal = ruled(&bed, Rule::default()).await;
    let (people, mut bag) = (People::of(&portal).await, Mailbag::new());
    let built = portal.built(&people.member, &people.manager, small("owned")).await;
    let told = bag.news(&portal, &people).await;
    let of_member: Vec<_> = told.iter().filter(|(name, _)| name == "member").map(|(_, said)| said.as_str()).collect();
    assert_eq!(of_member, ["Create owned: approved", "owned is ready"]);

    let place = keystead::engine::place::Place::new(portal.azure.subscription(), &built.job.wish);
    let mut workspace = portal.azure.arm().get(&place.workspace()).await.unwrap().unwrap();
    workspace["properties"]["retentionInDays"] = json!(60);
    portal.azure.arm().put(&place.workspace(), &workspace).await.unwrap();
    portal.looked(&built.job.environment).await;
    portal.looked(&built.job.environment).await;
    assert_eq!(bag.news(&portal, &people).await, news(&[("member", "owned is not as it was approved")]));

    portal.clock.advance(26 * DAY);
    portal.service.remind(portal.now()).await.unwrap();
    assert_eq!(bag.news(&portal, &people).await, news(&[]));
    portal.clock.advance(2 * DAY);
    portal.service.remind(portal.now()).await.unwrap();
    portal.service.remind(portal.now()).await.unwrap();
    let ends = bag.news(&portal, &people).await;
    assert!(
        matches!(&ends[..], [(name, said)] if name == "member" && said.starts_with("owned reaches the end")),
        "{ends:?}"
    );

    portal.destroyed(&people.member, &people.manager, "owned", true).await;
    let gone = bag.news(&portal, &people).await;
    assert_eq!(gone.iter().filter(|(_, said)| said == "owned is gone").count(), 1, "{gone:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_stops_is_told_once_to_who_asked_for_it() {
    both(|bed| async move {
        let portal = ruled(&bed, Rule::default()).await;
        let member = portal.member().await;
        let outline = Outline {
            key: "vault".into(),
            title: "Vault".into(),
            resource: "kv-stuck".into(),
            needs: Vec::new(),
            after: Vec::new(),
            aim: Default::default(),
            stood: None,
            keeps: None,
            purge: false,
            part: None,
            leaves: true,
            version: 1,
        };
        let job = queued(&bed.store, "stuck", vec![outline], portal.now()).await;
        let claim = lease::claim(&bed.store, "w", portal.now(), portal.now().plus(DAY)).await.unwrap().unwrap();
        let failure = Failure {
            title: "The vault could not be made: its name is held".into(),
            quote: Some("HTTP 409".into()),
            cause: "Somebody has it".into(),
            remedy: "Take another name".into(),
            mend: None,
        };
        let events = [Event::Started { step: "vault".into() }, Event::Failed { step: "vault".into(), failure }];
        let mut journal = event::load(&bed.store, &job.id).await.unwrap().unwrap();
        for event in events {
            let mut tx = bed.store.begin().await.unwrap();
            journal.append(&mut tx, Writer::Worker(&claim), portal.now(), &[event], &[]).await.unwrap();
            tx.commit().await.unwrap();
        }
        portal.service.tell_all(portal.now()).await.unwrap();
        let kinds = "select count(*) from notice where kind = 'job.stopped'";
        assert_eq!(number(&bed.store, kinds).await, 1);
        assert_eq!(told(&portal, &member).await, ["Create stuck stopped and needs a person"]);
        assert!(text(&bed.store, "select body from notice").await.contains("its name is held"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_somebody_else_cancels_is_told_with_the_reason_and_one_s_own_is_not() {
    both(|bed| async move {
        let portal = ruled(&bed, Rule::default()).await;
        let (people, mut bag) = (People::of(&portal).await, Mailbag::new());
        for (name, by) in [("theirs", &people.manager), ("own", &people.member)] {
            let id = portal.asked(&people.member, name).await;
            approve(&portal, &people.manager, &id).await;
            bag.news(&portal, &people).await;
            let job = portal.service.request(&people.member, &id).await.unwrap().job.unwrap();
            portal.service.cancel(by, &job, "Too early").await.unwrap();
            let said = format!("Create {name} was cancelled");
            let expected = if name == "theirs" { news(&[("member", &said)]) } else { news(&[]) };
            assert_eq!(bag.news(&portal, &people).await, expected, "{}", bed.name);
        }
        let body = text(&bed.store, "select body from notice where kind = 'job.cancelled' order by id limit 1").await;
        assert!(body.contains("Too early") && body.contains("manager@contoso.example"), "{body}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_chooses_what_is_mailed_and_the_list_holds_all_of_it() {
    both(|bed| async move {
        let portal = ruled(&bed, Rule::default()).await;
        let people = People::of(&portal).await;
        let before = portal.service.notices(&people.manager, "", None).await.unwrap();
        assert_eq!(before.mail, MailWay::To("manager@contoso.example".into()));
        assert!(before.choices.iter().all(|(_, mail)| *mail), "everything, unless somebody says otherwise");
        let all_but: Vec<Kind> = Kind::ALL.iter().copied().filter(|kind| *kind != Kind::Waits).collect();
        portal.service.choose_notices(&people.manager, &all_but).await.unwrap();
        portal.accounts.reached_at(&people.other_manager, Some("other@mail.example")).await.unwrap();
        portal.asked(&people.member, "choice").await;
        portal.service.tell_all(portal.now()).await.unwrap();
        let own = portal.service.notices(&people.manager, "", None).await.unwrap();
        assert_eq!((own.rows.len(), own.rows[0].mail.clone()), (1, None));
        assert_eq!(own.choices.iter().filter(|(_, mail)| !mail).count(), 1);
        let other = portal.service.notices(&people.other_manager, "", None).await.unwrap();
        assert_eq!(other.rows[0].mail.as_ref().map(|mail| mail.stand), Some(Stand::Waiting));
        let address = text(&bed.store, "select address from telling where channel = 'mail'").await;
        assert_eq!(address, "other@mail.example", "one mail, to where the directory says");
        portal.service.choose_notices(&people.manager, Kind::ALL).await.unwrap();
        let own = portal.service.notices(&people.manager, "", None).await.unwrap();
        assert!(own.choices.iter().all(|(_, mail)| *mail));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_mail_server_the_page_alone_tells() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let people = People::of(&portal).await;
        portal.asked(&people.member, "quiet").await;
        portal.service.tell_all(portal.now()).await.unwrap();
        let list = portal.service.notices(&people.manager, "", None).await.unwrap();
        assert_eq!((list.mail, list.rows.len(), list.undelivered), (MailWay::None, 1, None));
        assert_eq!(number(&bed.store, "select count(*) from telling where channel <> 'list'").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_platform_engineers_see_and_repeat_what_was_not_delivered() {
    both(|bed| async move {
        let portal = ruled(&bed, Rule::default()).await;
        let people = People::of(&portal).await;
        portal.asked(&people.member, "lost").await;
        portal.service.tell_all(portal.now()).await.unwrap();
        sql(&bed.store, "update telling set state = 'given-up', due_at = null, why = 'x' where channel = 'mail'", &[])
            .await;
        for caller in people.all() {
            let list = portal.service.notices(caller, "", None).await.unwrap();
            let engineer = caller.has(Role::PlatformEngineer);
            assert_eq!(list.undelivered.map(|rows| rows.len()), engineer.then_some(2));
        }
        let first = portal.service.undelivered(&people.engineer, "", 1).await.unwrap();
        let last = portal.service.undelivered(&people.engineer, first.next.as_deref().unwrap(), 1).await.unwrap();
        assert!(first.rows[0].id > last.rows[0].id && last.next.is_none(), "newest first, a page at a time");
        let id = text(&bed.store, "select min(id) from telling where channel = 'mail'").await;
        let refused = portal.service.repeat_notice(&people.manager, &id).await.unwrap_err();
        assert_eq!(refused.code, Code::Forbidden);
        portal.service.repeat_notice(&people.engineer, &id).await.unwrap();
        let due = "select count(*) from telling where state = 'waiting' and due_at is not null";
        assert_eq!(number(&bed.store, due).await, 1);
        let record = portal.service.audit(&people.auditor, &Filter::default()).await.unwrap().rows;
        assert!(record.iter().any(|row| row.act == "Notice sent again"));
        let unknown = portal.service.repeat_notice(&people.engineer, "nothing").await.unwrap_err();
        assert_eq!(unknown.code, Code::Conflict);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_notices_go_and_what_is_still_to_be_sent_stays() {
    both(|bed| async move {
        let portal = ruled(&bed, Rule::default()).await;
        let people = People::of(&portal).await;
        portal
            .service
            .submit(
                &people.member,
                app::portal::Submission {
                    form: Form { reason: "Old".into(), ..form("old") },
                    password: None,
                    draft: None,
                },
            )
            .await
            .unwrap();
        portal.service.tell_all(portal.now()).await.unwrap();
        notice::sweep(&bed.store, portal.now().plus(1)).await.unwrap();
        let left = "select count(*) from telling";
        assert_eq!(number(&bed.store, left).await, 2, "mails that wait");
        sql(&bed.store, "update telling set state = 'sent', due_at = null", &[]).await;
        notice::sweep(&bed.store, portal.now().plus(1)).await.unwrap();
        assert_eq!((number(&bed.store, left).await, number(&bed.store, "select count(*) from notice").await), (0, 0));
    })
    .await;
}
