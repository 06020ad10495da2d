//! What an error of the REST API means: for anybody, in the frame of whoever reads it.

use super::{keeps_the_policy, text};
use crate::fake::{Fake, page};
use axum::http::StatusCode;
use domain::problem::KINDS;

#[tokio::test]
async fn a_stranger_reads_what_every_error_means_and_what_to_do() {
    let stranger = || Fake { caller: None, ..Fake::default() };
    let (status, html) = page(stranger(), "/problems").await;
    assert_eq!(status, StatusCode::OK);
    keeps_the_policy(&html);
    for kind in &KINDS {
        assert!(html.contains(&format!("href=\"{}\"", kind.address())), "{}", kind.name);
        let (status, html) = page(stranger(), &kind.address()).await;
        assert_eq!(status, StatusCode::OK);
        keeps_the_policy(&html);
        let said = text(&html);
        assert!(
            said.contains(kind.title)
                && said.contains(kind.next[0].split('`').next().unwrap().trim())
                && said.contains("Sign in"),
            "{said}"
        );
        assert!(said.contains(&format!("\"type\": \"{}\"", kind.address())), "{said}");
    }
}

#[tokio::test]
async fn whoever_is_signed_in_stays_in_their_frame() {
    let (_, html) = page(Fake::default(), "/problems/conflict").await;
    assert!(text(&html).contains("Environments") && html.contains("manager@contoso.example"));
    let (status, _) = page(Fake::default(), "/problems/none").await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}
