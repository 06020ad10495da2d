//! A password is nowhere to be read between submit and vault: not in the database, not in an answer.

use crate::support::bed::Bed;
use crate::support::portal::{PASSWORD, Portal, submission, submission_with};
use app::portal::{Drafts, Environments, Jobs, Requests};
use domain::request::Decision;
use domain::view::environment::Filter;
use keystead::store::sealed;

const TYPED: &str = "typed-pa55-word-81b2";

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_and_no_byte_of_the_database_holds_a_password() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let (member, manager) = (portal.member().await, portal.manager().await);
    let draft = portal.service.save_draft(&member, None, &crate::support::portal::form("kept"), &[], true).await;
    let from_template = portal.asked(&member, "from-template").await;
    let typed = portal.service.submit(&member, submission_with("typed", TYPED)).await.unwrap();
    let mut said = String::new();
    for id in [&from_template, &typed] {
        let whole = portal.service.request(&manager, id).await.unwrap();
        said.push_str(&serde_json::to_string(&whole).unwrap());
        let approved = portal.service.decide(&manager, id, Decision::Approve, "", &whole.digest, None).await.unwrap();
        said.push_str(&serde_json::to_string(&approved).unwrap());
        let job = approved.job.unwrap();
        said.push_str(&serde_json::to_string(&portal.service.job(&member, &job).await.unwrap()).unwrap());
        assert!(sealed::find(&bed.store, id).await.unwrap().is_some(), "the password waits for its job");
    }
    let list = portal.service.environments(&member, &Filter::default()).await.unwrap();
    said.push_str(&serde_json::to_string(&list).unwrap());
    said.push_str(&serde_json::to_string(&portal.service.draft(&member, &draft.unwrap()).await.unwrap()).unwrap());
    let taken = portal.service.submit(&member, submission_with("typed", TYPED)).await.unwrap_err();
    said.push_str(&format!("{taken:?}"));
    for secret in [PASSWORD, TYPED] {
        assert!(!said.contains(secret));
        for ending in ["", "-wal"] {
            let bytes = std::fs::read(format!("{}{ending}", bed.url)).unwrap_or_default();
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{}{ending}", bed.url);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_request_leaves_no_sealed_password() {
    let bed = Bed::sqlite().await;
    let portal = Portal::over(&bed).await;
    let member = portal.member().await;
    let id = portal.service.submit(&member, submission("gone")).await.unwrap();
    portal.service.withdraw(&member, &id).await.unwrap();
    assert_eq!(sealed::find(&bed.store, &id).await.unwrap(), None);
}
