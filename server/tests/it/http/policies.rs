//! Policies over HTTP: a text with a mistake comes back whole with its line named, a good one is saved and switched.

use crate::support::bed::both;
use crate::support::browser::Browser;
use crate::support::portal::Portal;
use axum::http::StatusCode;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_typed_comes_back_with_the_line_that_is_wrong() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let mut engineer = Browser::on(&portal.router);
        engineer.sign_in("platform-engineer@contoso.example", "/").await;
        let wrong = "title = \"Small\"\r\n[deny]\r\nnodes = { most = 5 } # <here>\r\n";
        let seen = engineer.post("/policies/new", &[("base", "0"), ("text", wrong)]).await;
        assert_eq!(seen.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", bed.name);
        assert!(seen.body.contains("Line 3: Unknown field `most`"), "{}", seen.body);
        assert!(seen.body.contains("nodes = { most = 5 } # &lt;here&gt;"), "nothing typed is lost");
        assert!(seen.header("content-security-policy").contains("nonce-"));

        let right = "title = \"Small\"\n[deny]\nnodes = { max = 2 }\n";
        let saved = engineer.post("/policies/new", &[("base", "0"), ("text", right)]).await;
        assert_eq!(saved.leads_to(), "/policies/small?version=1");
        let again = engineer.post("/policies/new", &[("base", "0"), ("text", right)]).await;
        assert!(again.body.contains("There is a policy small already"), "{}", again.body);
        let page = engineer.get("/policies/small?version=1").await.body;
        assert!(page.contains("Nothing was asked for in that time.") && page.contains("Switch version 1 on"), "{page}");
        let on = engineer.post("/policies/small/switch?version=1", &[]).await;
        assert_eq!(on.leads_to(), "/policies/small");

        let mut member = Browser::on(&portal.router);
        member.sign_in("member@contoso.example", "/").await;
        let page = member.get("/policies").await.body;
        assert!(page.contains("At most 2 nodes: anything else is denied."), "{page}");
        let refused = member.post("/policies/small", &[("base", "1"), ("text", right)]).await;
        assert_eq!(refused.leads_to(), "/policies/small");
        assert!(member.get("/policies/small").await.body.contains("A platform engineer writes policies"));
    })
    .await;
}
