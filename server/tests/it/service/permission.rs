//! Every role meets every action over the service itself; the answers are those of the one table.

use crate::support::bed::{Bed, both};
use crate::support::portal::{Portal, submission};
use app::error::{Code, PortalError};
use app::portal::{
    Audit, Changes, Drafts, Environments, Jobs, Notices, Offers, People, Policies, Requests, Secrets, Tokens, Webhooks,
};
use domain::account::{AccountId, Caller, Role};
use domain::id::{JobId, RequestId};
use domain::naming::PASSWORD;
use domain::permission::{Action, Answer, NO_RECORD, Subject, may};
use domain::request::Decision;
use domain::view::audit::Filter;
use domain::view::{people, token, webhook};
use secrecy::SecretString;

/// The people who matter: each role, of the team and of another.
async fn everybody(portal: &Portal) -> Vec<Caller> {
    let mut all = Vec::new();
    for role in Role::ALL {
        for team in ["payments", "catalogue"] {
            let name = format!("{}-of-{team}", role.word().replace(' ', "-"));
            all.push(portal.caller(&name, role, Some(team)).await);
        }
    }
    all
}

/// What the table says, in the codes of the port; an action that the table allows may still be a conflict.
fn agrees(answer: Answer, told: Result<(), PortalError>) -> bool {
    match (answer, told) {
        (Answer::Allowed, Ok(())) => true,
        (Answer::Allowed, Err(error)) => matches!(error.code, Code::Conflict | Code::Invalid),
        (Answer::Refused(reason), Err(error)) => error.code == Code::Forbidden && error.message == reason,
        (Answer::Hidden, Err(error)) => error.code == Code::NotFound,
        (_, Ok(())) => false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_meets_every_action() {
    both(|bed: Bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let people = everybody(&portal).await;
        portal.caller("leaver", Role::Member, Some("payments")).await;
        let open = portal.asked(&member, "open").await;
        let built = portal.asked(&member, "built").await;
        let digest = portal.service.request(&manager, &built).await.unwrap().digest;
        let job =
            portal.service.decide(&manager, &built, Decision::Approve, "", &digest, None).await.unwrap().job.unwrap();
        let team = domain::name::TeamName::parse("payments").unwrap();
        for caller in &people {
            for action in Action::ALL {
                let requester = match action {
                    Action::Withdraw | Action::Decide | Action::Comment | Action::See => Some(&member.account.id),
                    _ => None,
                };
                let expected = may(caller, action, &Subject { other_manager: true, ..Subject::of(&team, requester) });
                let told = act(&portal, caller, action, &open, &job).await;
                let said = format!("{}: {} may {action:?}? {expected:?}, told {told:?}", bed.name, caller.account.name);
                if matches!(action, Action::Request | Action::Audit) {
                    continue; // asked of the caller's own teams, below
                }
                assert!(agrees(expected, told), "{said}");
            }
            let of_team = Filter { team: team.to_string(), ..Filter::default() };
            let read = portal.service.audit(caller, &of_team).await;
            let may_read = may(caller, Action::Audit, &Subject::of(&team, None));
            let reads = read.as_ref().is_ok_and(|list| !list.rows.is_empty());
            assert_eq!(reads, may_read.allowed(), "{}: {read:?}", caller.account.name);
            if !caller.sees_everything() && !caller.has(Role::Manager) {
                assert_eq!(read.unwrap_err().message, NO_RECORD);
            }
            let asks = portal.service.choices(caller).await.unwrap().teams.iter().any(|known| known.name == team);
            let may_ask = may(caller, Action::Request, &Subject::of(&team, None));
            assert_eq!(asks, may_ask.allowed(), "{}", caller.account.name);
            let sent = portal.service.submit(caller, submission(&unique(caller))).await;
            assert_eq!(sent.is_ok(), may_ask.allowed(), "{}: {sent:?}", caller.account.name);
        }
    })
    .await;
}

/// No two callers ask for the same name.
fn unique(caller: &Caller) -> String {
    let letters: String = caller.account.name.chars().filter(char::is_ascii_lowercase).collect();
    let team = caller.account.teams.first().map(ToString::to_string).unwrap_or_default();
    format!("{}{}", &team[..3], &letters[..10])
}

async fn act(
    portal: &Portal,
    caller: &Caller,
    action: Action,
    open: &RequestId,
    job: &JobId,
) -> Result<(), PortalError> {
    let service = &portal.service;
    match action {
        Action::See => {
            service.job(caller, job).await?;
            service.lines(caller, job, 0).await?;
            service.tail(caller, job, 0, "").await?;
            service.environment(caller, "built").await?;
            drop(service.follow(caller, job, 0).await?);
            service.request(caller, open).await.map(drop)
        }
        Action::Request => Ok(()),
        Action::Change => service.changing(caller, "built").await.map(drop),
        Action::Destroy => service.destruction(caller, "built", false).await.map(drop),
        Action::Release => service.release(caller, "built").await.map(drop),
        Action::Withdraw => service.withdraw(caller, open).await.map(drop),
        // Without the digest of the plan nothing is decided, so that the next in line finds it open.
        Action::Decide => service.decide(caller, open, Decision::Approve, "", "", None).await.map(drop),
        Action::Comment => service.comment(caller, open, "a test").await.map(drop),
        Action::Cancel => service.cancel(caller, job, "a test").await,
        Action::Retry => {
            let renamed = service.change_vault_name(caller, job, "kv-other").await;
            let retried = service.retry(caller, job, None, "").await;
            // Whoever may not retry may not rename either; what is no remedy for the job is another matter.
            let kept_out = |error: &PortalError| matches!(error.code, Code::Forbidden | Code::NotFound);
            assert_eq!(renamed.as_ref().err().is_some_and(kept_out), retried.as_ref().err().is_some_and(kept_out));
            retried
        }
        Action::RollBack => service.roll_back(caller, job, "a test").await,
        Action::TakeOver => service.take_over(caller, job, "a test").await,
        Action::SetSecret => {
            service.set_secret(caller, "built", PASSWORD, None, SecretString::default()).await.map(drop)
        }
        Action::Validate => service.validate(caller, "built").await.map(drop),
        Action::Audit => Ok(()),
        Action::People => service.people(caller, &people::Filter::default()).await.map(drop),
        Action::MarkLeft => {
            let leaver = AccountId("t/leaver".into());
            service.mark_left(caller, &leaver).await?;
            service.mark_back(caller, &leaver).await
        }
        Action::TakeOn => service.take_on(caller, "built").await,
        // What it would write is no policy, so that the next in line finds none of this name.
        Action::Govern => service.write_policy(caller, None, 0, "").await.map(drop),
        Action::Deliver => {
            service.undelivered(caller, "", 1).await?;
            service.repeat_notice(caller, "none").await
        }
        Action::Tokens => {
            let of_team = token::Filter { team: "payments".into(), ..token::Filter::default() };
            service.tokens(caller, &of_team).await.map(drop)
        }
        Action::Webhooks => {
            let of_team = webhook::Filter { team: "payments".into(), ..webhook::Filter::default() };
            service.webhooks(caller, &of_team).await.map(drop)
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_its_owners_alone() {
    both(|bed| async move {
        let portal = Portal::over(&bed).await;
        let (member, manager) = (portal.member().await, portal.manager().await);
        let form = crate::support::portal::form("mine");
        let id = portal.service.save_draft(&member, None, &form, &[], false).await.unwrap();
        assert_eq!(portal.service.draft(&manager, &id).await.unwrap_err().code, Code::NotFound);
        let stolen = portal.service.save_draft(&manager, Some(&id), &form, &[], false).await;
        assert_eq!(stolen.unwrap_err().code, Code::NotFound);
        portal.service.drop_draft(&manager, &id).await.unwrap();
        assert_eq!(portal.service.draft(&member, &id).await.unwrap().form, form);
        assert!(portal.service.drafts(&manager).await.unwrap().is_empty());
    })
    .await;
}
