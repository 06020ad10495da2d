//! Every role with every kind of token: what a token lets through, and what it never adds.

use super::*;
use crate::account::{Account, AccountId, Role};
use crate::permission::{Subject, may};

fn team(name: &str) -> TeamName {
    TeamName::parse(name).expect("a team")
}

fn account(role: Role) -> Account {
    let name = "somebody@contoso.example".to_owned();
    Account {
        id: AccountId("t/somebody".into()),
        name,
        roles: vec![role],
        teams: vec![team("payments")],
        groups: vec![],
    }
}

fn pass(scopes: Option<Vec<Action>>, teams: Option<Vec<TeamName>>) -> Pass {
    Pass { scopes, teams, ..Pass::whole("0193", "ci", Moment(1)) }
}

/// Of every role, team and action: with a token nothing is allowed that is not allowed without, and exactly what the
/// token names is left of it.
#[test]
fn a_token_takes_away_and_never_adds() {
    for role in Role::ALL {
        let person = Caller::person(account(role), None);
        for of in ["payments", "catalogue"] {
            let of = team(of);
            let subject = Subject::of(&of, None);
            for action in Action::ALL {
                let own = may(&person, action, &subject);
                let with = |pass: Pass| may(&Caller::program(account(role), pass, None), action, &subject);
                assert_eq!(with(pass(None, None)), own, "{role:?} {action:?}: a whole token");
                let all_but = Action::ALL.into_iter().filter(|other| *other != action).collect();
                let lacking = with(pass(Some(all_but), None));
                match (own, action) {
                    (Answer::Allowed, Action::See) => assert_eq!(lacking, Answer::Allowed, "seeing is in every token"),
                    (Answer::Allowed, _) => {
                        assert!(lacking.reason().is_some_and(|said| said.contains(action.key())), "{lacking:?}");
                    }
                    _ => assert_eq!(lacking, own),
                }
                assert_eq!(with(pass(Some(vec![action]), None)), own, "{role:?} {action:?}: the scope alone");
                let elsewhere = with(pass(None, Some(vec![team("catalogue")])));
                let left = if of.as_str() == "catalogue" { own } else { Answer::Hidden };
                assert_eq!(elsewhere, left, "{role:?} {action:?} of {of}: narrowed to catalogue");
            }
        }
    }
}

#[test]
fn what_is_of_no_team_needs_a_token_that_is_not_narrowed_to_one() {
    let engineer = |pass| Caller::program(account(Role::PlatformEngineer), pass, None);
    let narrow = engineer(pass(None, Some(vec![team("payments")])));
    for action in [Action::People, Action::MarkLeft, Action::Govern] {
        assert_eq!(may(&narrow, action, &Subject::everybody()), Answer::Refused(NOT_WHOLE));
        assert_eq!(may(&engineer(pass(None, None)), action, &Subject::everybody()), Answer::Allowed);
    }
    assert_eq!(narrow.visible_teams(), Some([team("payments")].as_slice()));
    assert!(!narrow.sees_everything() && engineer(pass(None, None)).sees_everything());
    // A team that the owner is not in is not given by naming it.
    let member = Caller::program(account(Role::Member), pass(None, Some(vec![team("catalogue")])), None);
    assert_eq!(member.visible_teams(), Some([].as_slice()));
}

#[test]
fn a_program_decides_only_where_the_configuration_names_it_and_never_on_its_own_request() {
    let program = |role, approves| {
        let pass = Pass { program: true, approves, ..pass(None, None) };
        Caller::program(account(role), pass, None)
    };
    let (payments, else_) = (team("payments"), AccountId("else".into()));
    let theirs = Subject { other_manager: true, ..Subject::of(&payments, Some(&else_)) };
    for role in [Role::Member, Role::Manager, Role::PlatformEngineer] {
        assert_eq!(may(&program(role, false), Action::Decide, &theirs), Answer::Refused(NEVER), "{role:?}");
    }
    let named = program(Role::Member, true);
    assert_eq!(may(&named, Action::Decide, &theirs), Answer::Allowed);
    let own = AccountId("t/somebody".into());
    let own = Subject { other_manager: true, ..Subject::of(&payments, Some(&own)) };
    assert!(matches!(may(&named, Action::Decide, &own), Answer::Refused(_)));
    let platform = Subject { level: &crate::approval::By::Platform, ..theirs };
    assert!(matches!(may(&named, Action::Decide, &platform), Answer::Refused(_)));
    // And nothing else of a manager's comes with it.
    assert!(matches!(may(&named, Action::Audit, &theirs), Answer::Refused(_)));
}

#[test]
fn a_scope_is_written_as_its_action_is() {
    for action in Action::ALL {
        assert_eq!(serde_json::to_value(action).expect("a word"), action.key());
        assert_eq!(Action::of_key(action.key()), Some(action));
    }
    assert_eq!(Action::of_key("everything"), None);
}
