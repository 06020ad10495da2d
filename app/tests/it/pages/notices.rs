//! What somebody is told, as a page.

use super::{keeps_the_policy, text};
use crate::fake::{Fake, ago, page};
use axum::http::StatusCode;
use domain::id::{JobId, RequestId};
use domain::notice::{About, Kind};
use domain::view::notice::{List, MailWay, Mailed, Row, Stand, Undelivered};

fn row(number: i64, subject: &str, about: About, mail: Option<(Stand, Option<&str>)>) -> Row {
    let mail = mail.map(|(stand, why)| Mailed { stand, why: why.map(str::to_owned) });
    Row { id: format!("t{number}"), at: ago(number * 900), subject: subject.into(), about, mail }
}

fn choices(mail: bool) -> Vec<(Kind, bool)> {
    Kind::ALL.iter().map(|kind| (*kind, mail || *kind != Kind::Finished)).collect()
}

pub(crate) fn several() -> Fake {
    let rows = vec![
        row(
            1,
            "Create checkout-loadtest waits for your decision",
            About::Request(RequestId::new("r1")),
            Some((Stand::Waiting, Some("The mail server answered 451: greylisted"))),
        ),
        row(2, "Create search-dev: approved", About::Request(RequestId::new("r2")), Some((Stand::Sent, None))),
        row(
            3,
            "Create search-dev stopped and needs a person",
            About::Job(JobId::new("118")),
            Some((Stand::GivenUp, Some("The mail server answered 550: no such user"))),
        ),
        row(4, "payments-staging is not as it was approved", About::Environment("payments-staging".into()), None),
        row(
            5,
            "second-manager@contoso.example hands approvals over to you",
            About::Approvals,
            Some((Stand::Sent, None)),
        ),
    ];
    let undelivered = vec![Undelivered {
        id: "t9".into(),
        at: ago(4_000),
        subject: "Create checkout-loadtest waits for your decision".into(),
        channel: "Webhook".into(),
        recipient: "chat".into(),
        stand: Stand::GivenUp,
        why: "For a day in vain. The receiver answered 503.".into(),
        tries: 31,
    }];
    let list = List {
        rows,
        next: Some("t5".into()),
        mail: MailWay::To("manager@contoso.example".into()),
        choices: choices(false),
        undelivered: Some(undelivered),
    };
    Fake { notices: Ok(list), ..Fake::default() }
}

pub(crate) fn none() -> Fake {
    let list = List { rows: vec![], next: None, mail: MailWay::None, choices: choices(true), undelivered: None };
    Fake { notices: Ok(list), ..Fake::default() }
}

#[tokio::test]
async fn each_notice_leads_to_what_it_is_about_and_says_what_became_of_its_mail() {
    let (status, html) = page(several(), "/notices").await;
    assert_eq!(status, StatusCode::OK);
    keeps_the_policy(&html);
    for href in ["/requests/r1", "/jobs/118", "/environments/payments-staging", "/approvals", "/notices?after=t5"] {
        assert!(html.contains(&format!("href=\"{href}\"")), "{href}");
    }
    let said = text(&html);
    for words in ["Mail goes to manager@contoso.example.", "Mailed", "Mail waits", "greylisted", "no such user"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let unchecked = html.split("<input").find(|input| input.contains("name=\"job.finished\"")).unwrap();
    assert!(!unchecked.split('>').next().unwrap().contains("checked"), "{unchecked}");
    assert!(html.contains("action=\"/notices/choices\""));
}

#[tokio::test]
async fn what_was_not_delivered_is_shown_with_the_way_to_send_it_again() {
    let (_, html) = page(several(), "/notices").await;
    assert!(text(&html).contains("Webhook to chat") && text(&html).contains("The receiver answered 503"));
    assert!(html.contains("action=\"/notices/t9/again\""));
    let (_, html) = page(none(), "/notices").await;
    assert!(!text(&html).contains("Not delivered"));
}

#[tokio::test]
async fn nothing_told_and_no_mail_server_are_said() {
    let (_, html) = page(none(), "/notices").await;
    let said = text(&html);
    assert!(said.contains("You were told nothing yet") && said.contains("No mail server is configured"), "{said}");
}
