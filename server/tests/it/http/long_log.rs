//! A log that is too long for one page: its newest lines come first, and everything before them is a link away.

use crate::support::bed::both;
use crate::support::browser::Browser;
use crate::support::portal::Portal;
use app::portal::Requests;
use domain::job::told::Said;
use domain::request::Decision;
use domain::view::job::Tone;
use keystead::store::event::{self, Writer};

#[tokio::test(flavor = "multi_thread")]
async fn a_long_log_is_read_from_its_end() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (service, member, manager) = (&portal.service, portal.member().await, portal.manager().await);
        let request = portal.asked(&member, "talkative").await;
        let digest = service.request(&manager, &request).await.unwrap().digest;
        let job = service.decide(&manager, &request, Decision::Approve, "", &digest, None).await.unwrap().job.unwrap();
        let said: Vec<Said> = (0..1_100)
            .map(|number| {
                let step = if number % 550 == 0 { "vault" } else { "cluster" };
                Said { step: step.to_owned(), tone: Tone::Plain, text: format!("sentence {number}.") }
            })
            .collect();
        let mut journal = event::load(&portal.store, &job).await.unwrap().unwrap();
        let mut tx = portal.store.begin().await.unwrap();
        journal.append(&mut tx, Writer::Person, portal.now(), &[], &said).await.unwrap();
        tx.commit().await.unwrap();

        let mut browser = Browser::on(&portal.router);
        browser.sign_in("member@contoso.example", "/").await;
        let mut page = browser.get(&format!("/jobs/{job}")).await.body;
        let shown = |page: &str, number: usize| page.contains(&format!("<span>sentence {number}.</span>"));
        assert!(shown(&page, 1_099) && shown(&page, 600) && !shown(&page, 599), "{page}");

        let mut seen = 500;
        for left in ["600 earlier lines", "100 earlier lines"] {
            let (before, _) = page.split_once(&format!(">{left}</a>")).unwrap_or_else(|| panic!("{left}: {page}"));
            let (_, way) = before.rsplit_once("href=\"").unwrap();
            let (way, _) = way.split_once('"').unwrap();
            page = browser.get(&way.replace("&amp;", "&")).await.body;
            seen += 500;
            assert!(shown(&page, 1_100_usize.saturating_sub(seen)), "{seen}: {page}");
            assert!(page.contains("To the newest lines"));
        }
        assert!(shown(&page, 0) && !page.contains("earlier line"), "{page}");

        let vault = browser.get(&format!("/jobs/{job}?shown=1&step=vault")).await.body;
        assert!(shown(&vault, 0) && shown(&vault, 550) && !shown(&vault, 549), "{vault}");
        let saved = browser.get(&format!("/jobs/{job}/log.txt")).await.body;
        assert_eq!(saved.lines().count(), 1_100);
    })
    .await;
}
