//! The whole table as text, so that whoever changes it sees what becomes another.

use super::*;
use crate::account::{Account, Way};

fn caller(id: &str, role: Role, team: Option<&str>) -> Caller {
    let teams = team.iter().filter_map(|team| TeamName::parse(team).ok()).collect();
    let account = Account {
        id: AccountId(id.into()),
        name: format!("{id}@contoso.example"),
        roles: vec![role],
        teams,
        groups: Vec::new(),
    };
    Caller { account, way: Way::Browser, from: None, pass: None }
}

fn told(answer: Answer) -> String {
    match answer {
        Answer::Allowed => "yes".to_owned(),
        Answer::Hidden => "not there".to_owned(),
        Answer::Refused(reason) => format!("no: {reason}"),
    }
}

/// Every role on a request of each level: as themselves, after an own approval, and for somebody.
#[test]
fn the_table_of_decisions() {
    let team = TeamName::parse("payments").expect("a team");
    let requester = AccountId("else".into());
    let mut table = String::new();
    for role in Role::ALL {
        for home in [Some("payments"), Some("catalogue")] {
            let caller = caller("caller", role, home);
            let group = By::group("1", "Security");
            for (said, level, in_group) in [
                ("Managers", &By::Managers, false),
                ("Platform", &By::Platform, false),
                ("Group", &group, false),
                ("Group of theirs", &group, true),
            ] {
                for (how, answered, stands_in) in [
                    ("as themselves", false, false),
                    ("again", true, false),
                    ("for somebody", false, true),
                    ("for somebody, again", true, true),
                ] {
                    let subject = Subject {
                        other_manager: true,
                        level,
                        in_group,
                        answered,
                        stands_in,
                        ..Subject::of(&team, Some(&requester))
                    };
                    let of = home.unwrap_or("no team");
                    let decide = told(may(&caller, Action::Decide, &subject));
                    let see = told(may(&caller, Action::See, &subject));
                    table.push_str(&format!("{} of {of}, {said}, {how}: decide {decide}; see {see}\n", role.word()));
                }
            }
        }
    }
    insta::assert_snapshot!(table);
}

/// Every role, of the team and of another, on every action, on an own request and on another's: the table as text.
#[test]
fn the_whole_table() {
    let team = TeamName::parse("payments").expect("a team");
    let mut table = String::new();
    for role in Role::ALL {
        for home in [Some("payments"), Some("catalogue"), None] {
            let caller = caller("caller", role, home);
            for action in Action::ALL {
                for (whose, requester) in [("own", AccountId("caller".into())), ("another's", AccountId("else".into()))]
                {
                    for other_manager in [true, false] {
                        let subject = Subject { other_manager, ..Subject::of(&team, Some(&requester)) };
                        let answer = told(may(&caller, action, &subject));
                        let of = home.unwrap_or("no team");
                        let managed = if other_manager { "managed" } else { "unmanaged" };
                        table.push_str(&format!("{} of {of}, {action:?} {whose}, {managed}: {answer}\n", role.word()));
                    }
                }
            }
        }
    }
    insta::assert_snapshot!(table);
}
