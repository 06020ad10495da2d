//! What somebody is told, over HTTP: read, chosen by a plain form, and nothing decided by a link.

use crate::support::bed::both;
use crate::support::browser::Browser;
use crate::support::portal::Portal;
use app::portal::Requests;
use axum::http::StatusCode;
use domain::request::State;

#[tokio::test(flavor = "multi_thread")]
async fn a_person_reads_what_they_are_told_and_chooses_what_is_mailed() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let member = portal.member().await;
        let mut browser = Browser::on(&portal.router);
        browser.sign_in("manager@contoso.example", "/").await;
        let id = portal.asked(&member, "read").await;
        portal.service.tell_all(portal.now()).await.unwrap();
        let page = browser.get("/notices").await;
        assert_eq!(page.status, StatusCode::OK);
        let link = app::routes::request(&id);
        assert!(page.body.contains(&format!("href=\"{link}\"")), "{}", page.body);

        let opened = browser.get(&link).await;
        assert_eq!(opened.status, StatusCode::OK, "{}", opened.body);
        let whole = portal.service.request(&member, &id).await.unwrap();
        assert_eq!((whole.row.state, whole.record.len()), (State::Waiting, 0), "opening decides nothing");

        let kept = browser.post("/notices/choices", &[("request.waits", "on"), ("nonsense", "on")]).await;
        assert_eq!(kept.leads_to(), "/notices");
        let page = browser.get("/notices").await.body;
        let checked = |name: &str| {
            let input = page.split("<input").find(|input| input.contains(&format!("name=\"{name}\""))).unwrap();
            input.split('>').next().unwrap().contains("checked")
        };
        assert_eq!((checked("request.waits"), checked("request.decided")), (true, false));
        let refused = browser.post("/notices/some/again", &[]).await;
        assert_eq!(refused.leads_to(), "/notices");
        assert!(browser.get("/notices").await.body.contains("A platform engineer looks after"));
    })
    .await;
}
