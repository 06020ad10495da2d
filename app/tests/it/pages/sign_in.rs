//! Sign-in: one button, sample accounts where there are some, the way back kept.

use super::{keeps_the_policy, text};
use crate::fake::{Fake, page};

#[tokio::test]
async fn a_stranger_sees_one_button_and_the_accounts_to_try() {
    let (status, html) = page(Fake { caller: None, ..Fake::default() }, "/sign-in?back=/jobs/7").await;
    assert!(status.is_success());
    let said = text(&html);
    assert!(said.contains("Continue with contoso.example"), "{said}");
    assert!(said.contains("platform-engineer@contoso.example runs Keystead"), "{said}");
    assert!(html.contains(r#"name="back" value="/jobs/7""#));
    keeps_the_policy(&html);
}

#[tokio::test]
async fn a_refusal_repeats_the_providers_words_harmlessly() {
    let (_, html) = page(Fake { caller: None, ..Fake::default() }, "/sign-in?refused=%3Cb%3Eno%3C/b%3E").await;
    assert!(text(&html).contains("contoso.example did not let you in"));
    assert!(!html.contains("<b>no</b>"));
}
