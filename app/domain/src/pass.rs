//! What a program shows narrows what its owner may: to some actions, to some teams, and away from deciding.

use crate::account::Caller;
use crate::moment::Moment;
use crate::name::TeamName;
use crate::permission::{Action, Answer};
use serde::{Deserialize, Serialize};

/// To a program that is nobody's and that the configuration does not name.
pub const NEVER: &str = "A program never approves, unless the configuration names it under tokens.may_approve.";

/// To a token that is narrowed, of what only a whole one may do.
const NOT_WHOLE: &str = "This token is narrowed to some actions or teams: this needs one that is not.";

/// What a caller showed that is no browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pass {
    /// Of the token; empty where Keystead keeps none.
    pub id: String,
    /// As people know it; older tokens have none.
    pub name: String,
    /// Which actions; `None`: whatever its owner may. Seeing belongs to each, since an answer shows what was done.
    pub scopes: Option<Vec<Action>>,
    /// Which teams; `None`: all of its owner's.
    pub teams: Option<Vec<TeamName>>,
    /// Nobody's: a program under a name of its own.
    pub program: bool,
    /// Of such a program: whether the configuration lets it decide.
    pub approves: bool,
    /// It ends by then.
    pub expires: Moment,
}

impl Pass {
    /// One that narrows nothing.
    pub fn whole(id: &str, name: &str, expires: Moment) -> Pass {
        Pass {
            id: id.to_owned(),
            name: name.to_owned(),
            scopes: None,
            teams: None,
            program: false,
            approves: false,
            expires,
        }
    }

    /// Whether it lets its holder do this at all.
    pub fn has(&self, action: Action) -> bool {
        action == Action::See || self.scopes.as_ref().is_none_or(|scopes| scopes.contains(&action))
    }

    /// For the record: which token it was, and for whom it stood.
    pub fn words(&self, owner: &str) -> Option<String> {
        match (self.name.as_str(), self.program) {
            ("", _) => None,
            (name, true) => Some(name.to_owned()),
            (name, false) => Some(format!("{name}, on behalf of {owner}")),
        }
    }
}

/// The table's answer, as far as what the caller showed lets it stand.
pub fn narrowed(answer: Answer, caller: &Caller, action: Action, team: Option<&TeamName>) -> Answer {
    let Some(pass) = &caller.pass else { return answer };
    if answer == Answer::Hidden {
        return answer;
    }
    match (&pass.teams, team) {
        (Some(teams), Some(team)) if !teams.contains(team) => return Answer::Hidden,
        (Some(_), None) => return refused(answer, NOT_WHOLE),
        _ => {}
    }
    if pass.has(action) { answer } else { refused(answer, lacking(action)) }
}

/// What the role refuses stays refused for that reason.
fn refused(answer: Answer, reason: &'static str) -> Answer {
    if answer == Answer::Allowed { Answer::Refused(reason) } else { answer }
}

/// Of what no scope names: only a token that is not narrowed may do it.
pub fn whole(caller: &Caller) -> Answer {
    match &caller.pass {
        Some(pass) if pass.scopes.is_some() || pass.teams.is_some() => Answer::Refused(NOT_WHOLE),
        _ => Answer::Allowed,
    }
}

/// Why the caller may not do this to anything, where that is for want of a scope.
pub fn lacks(caller: &Caller, action: Action) -> Option<&'static str> {
    caller.pass.as_ref().filter(|pass| !pass.has(action)).map(|_| lacking(action))
}

macro_rules! actions {
    ($($name:ident = $key:literal, $group:ident, $word:literal;)+) => {
        impl Action {
            /// As a scope is written.
            pub fn key(self) -> &'static str {
                match self { $(Action::$name => $key,)+ }
            }

            /// As a page says it, of a token.
            pub fn word(self) -> &'static str {
                match self { $(Action::$name => $word,)+ }
            }

            /// Among which others a page shows it.
            pub fn group(self) -> Group {
                match self { $(Action::$name => Group::$group,)+ }
            }
        }

        fn lacking(action: Action) -> &'static str {
            match action { $(Action::$name => concat!("This token lacks the scope `", $key, "`."),)+ }
        }
    };
}

actions! {
    See = "see", Environments, "See everything its owner sees";
    Request = "request", Environments, "Ask for environments";
    Change = "change", Environments, "Ask for changes and repairs";
    Destroy = "destroy", Environments, "Ask for destruction";
    Release = "release", Environments, "Ask that Keystead lets go";
    SetSecret = "set-secret", Environments, "Set the password in the vault";
    Validate = "validate", Environments, "Run the checks";
    TakeOn = "take-on", Environments, "Take over what somebody left behind";
    Withdraw = "withdraw", Requests, "Withdraw own requests";
    Comment = "comment", Requests, "Comment on requests";
    Decide = "decide", Requests, "Approve, reject and send back";
    Cancel = "cancel", Jobs, "Cancel jobs";
    Retry = "retry", Jobs, "Let stopped jobs go on";
    RollBack = "roll-back", Jobs, "Roll back jobs";
    TakeOver = "take-over", Jobs, "Take jobs from workers that hang";
    Audit = "audit", Keystead, "Read the record";
    People = "people", Keystead, "See who has an account";
    MarkLeft = "mark-left", Keystead, "Mark who has left";
    Govern = "govern", Keystead, "Write and switch policies";
    Deliver = "deliver", Keystead, "See and repeat what was not delivered";
    Tokens = "tokens", Keystead, "Make and revoke tokens";
    Webhooks = "webhooks", Keystead, "Look after webhooks";
}

impl Action {
    pub fn of_key(key: &str) -> Option<Action> {
        Action::ALL.into_iter().find(|action| action.key() == key)
    }
}

/// Scopes that belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    Environments,
    Requests,
    Jobs,
    Keystead,
}

impl Group {
    pub const ALL: [Group; 4] = [Group::Environments, Group::Requests, Group::Jobs, Group::Keystead];

    pub fn word(self) -> &'static str {
        match self {
            Group::Environments => "Environments",
            Group::Requests => "Requests",
            Group::Jobs => "Jobs",
            Group::Keystead => "Keystead itself",
        }
    }
}

#[cfg(test)]
mod tests;
