//! The whole role table: which role may do which action on what, with the reason for a refusal.
//!
//! | action | member | manager | platform engineer | auditor |
//! | --- | --- | --- | --- | --- |
//! | see | the team's | the team's | everything | everything |
//! | request, change, destroy, release, validate | for the team | for the team | for any team | no |
//! | withdraw | own | own | own | no |
//! | decide, level of the managers | no | the team's, never own | where the team has no other manager, never own | no |
//! | decide, level of the platform | no | no | any, never own | no |
//! | decide, level of a group | who is in it, never own | who is in it, never own | who is in it, never own | who is in it, never own |
//! | comment on a request | the team's | the team's | everywhere | no |
//! | set a secret | the team's | the team's | everywhere | no |
//! | cancel, retry, roll back, mend | the team's | the team's | everywhere | no |
//! | take over from a worker that hangs | no | no | everywhere | no |
//! | read the record (audit) | no | the team's | everything | everything |
//! | see what could not be delivered, send it again (deliver) | no | no | everywhere | no |
//! | see who has an account | no | no | yes | yes |
//! | mark who has left, and take that back | no | no | yes | no |
//! | take on what somebody has left behind | no | the team's | everywhere | no |
//! | read policies (see) | the team's, in sentences | the team's, in sentences | everything | everything |
//! | write, try out and switch policies (govern) | no | no | everywhere | no |
//! | the team's service tokens (tokens) and webhooks | no | the team's | everywhere | no |
//!
//! Nobody approves twice, on one level or on two. To whom an approver has handed over sees and decides as that approver
//! could. Who is in the group that a request asks sees that request from then on, decides and comments in their turn,
//! whatever else they are.
//!
//! A program does what its owner may and its token lets it: [`pass`](crate::pass) narrows the answers of the table. One
//! that is nobody's never decides, unless the configuration names it, and then as a manager of its team could.
//!
//! Who may not see a thing is answered as if it were not there.

use crate::account::{AccountId, Caller, Role};
use crate::approval::By;
use crate::name::TeamName;
use crate::pass;
use serde::{Deserialize, Serialize};

/// Everything that can be asked of the portal about a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Read it, its plan, its log, its checks.
    See,
    /// Ask for an environment of this team.
    Request,
    /// Ask that it become another one.
    Change,
    /// Ask that nothing of it stay.
    Destroy,
    /// Ask that Keystead let go of it, while Azure keeps it.
    Release,
    /// Take a request back.
    Withdraw,
    /// Approve a request, reject it, or send it back.
    Decide,
    /// Say something about a request.
    Comment,
    /// Stop a running job.
    Cancel,
    /// Let a stopped job go on, with a new password or vault name where that is the remedy.
    Retry,
    /// Undo what a job made.
    RollBack,
    /// Take a job from a worker that hangs.
    TakeOver,
    /// Put another value into a secret of its vault.
    SetSecret,
    /// Run the checks again.
    Validate,
    /// Read and export what the record says.
    Audit,
    /// See who has an account here.
    People,
    /// Mark somebody as having left, or take that back.
    MarkLeft,
    /// Become the owner of what somebody has left behind.
    TakeOn,
    /// Write policies, try them out, switch them on and off; they are of no team.
    Govern,
    /// See which notices could not be delivered to others, and have them sent again; they are of no team.
    Deliver,
    /// Make, see and revoke the team's service tokens.
    Tokens,
    /// Subscribe programs of the team to what happens, and look after their deliveries.
    Webhooks,
}

impl Action {
    pub const ALL: [Action; 22] = [
        Action::See,
        Action::Request,
        Action::Change,
        Action::Destroy,
        Action::Release,
        Action::Withdraw,
        Action::Decide,
        Action::Comment,
        Action::Cancel,
        Action::Retry,
        Action::RollBack,
        Action::TakeOver,
        Action::SetSecret,
        Action::Validate,
        Action::Audit,
        Action::People,
        Action::MarkLeft,
        Action::TakeOn,
        Action::Govern,
        Action::Deliver,
        Action::Tokens,
        Action::Webhooks,
    ];
}

/// What an action is done to: a team's, perhaps asked for by somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject<'a> {
    /// `None` where it is of no team: everybody's accounts.
    pub team: Option<&'a TeamName>,
    /// Who asked for it; `None` where nobody did yet.
    pub requester: Option<&'a AccountId>,
    /// Whether the team has a manager who is not the requester.
    pub other_manager: bool,
    /// Of a request: who answers on the level that is asked.
    pub level: &'a By,
    /// Of a request: whether that is a group, and the caller is in it.
    pub in_group: bool,
    /// Of a request: whether a group that the caller is in was asked on an earlier level.
    pub was_asked: bool,
    /// Of a request: whether the caller has approved it already, or another for them.
    pub answered: bool,
    /// Of a request: whether somebody who could decide has handed over to the caller.
    pub stands_in: bool,
}

impl<'a> Subject<'a> {
    /// Everybody who has an account.
    pub fn everybody() -> Subject<'a> {
        Subject {
            team: None,
            requester: None,
            other_manager: false,
            level: &By::Managers,
            in_group: false,
            was_asked: false,
            answered: false,
            stands_in: false,
        }
    }

    /// Something of a team's that is no request on its way.
    pub fn of(team: &'a TeamName, requester: Option<&'a AccountId>) -> Subject<'a> {
        Subject {
            team: Some(team),
            requester,
            other_manager: false,
            level: &By::Managers,
            in_group: false,
            was_asked: false,
            answered: false,
            stands_in: false,
        }
    }
}

/// The table's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Allowed,
    /// The caller sees the thing, but may not do this; the reason is a sentence for people.
    Refused(&'static str),
    /// The caller must not learn whether the thing exists.
    Hidden,
}

impl Answer {
    pub fn allowed(self) -> bool {
        self == Answer::Allowed
    }

    /// Why not, for a page that explains itself.
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Answer::Allowed => None,
            Answer::Refused(reason) => Some(reason),
            Answer::Hidden => Some("There is nothing here by this name."),
        }
    }
}

/// May this caller do this to that?
pub fn may(caller: &Caller, action: Action, subject: &Subject<'_>) -> Answer {
    pass::narrowed(by_role(caller, action, subject), caller, action, subject.team)
}

fn by_role(caller: &Caller, action: Action, subject: &Subject<'_>) -> Answer {
    if matches!(action, Action::People | Action::MarkLeft) {
        return people(caller, action);
    }
    match action {
        Action::Govern => return governs(caller),
        Action::Deliver => return deliver(caller),
        _ => {}
    }
    let of_team = subject.team.is_some_and(|team| caller.in_team(team));
    let grouped = subject.in_group || subject.was_asked;
    let involved = subject.stands_in || grouped || subject.answered;
    if !of_team && !caller.is_everywhere() && !involved {
        return Answer::Hidden;
    }
    if action == Action::See {
        return Answer::Allowed;
    }
    if action == Action::Audit {
        return audit(caller, of_team);
    }
    let platform = caller.has(Role::PlatformEngineer);
    let asked = (subject.stands_in || subject.in_group) && matches!(action, Action::Decide | Action::Comment);
    let works = platform || asked || (of_team && (caller.has(Role::Member) || caller.has(Role::Manager)));
    if !works && !of_team && !caller.is_everywhere() {
        return Answer::Refused(match grouped {
            true => "Only decisions are asked of the group that approves here.",
            false => "Who stands in for an approver decides, and does nothing else.",
        });
    }
    if !works {
        return Answer::Refused("An auditor sees everything and changes nothing.");
    }
    let own = subject.requester == Some(&caller.account.id);
    match action {
        Action::See
        | Action::Audit
        | Action::People
        | Action::MarkLeft
        | Action::Govern
        | Action::Deliver
        | Action::Request
        | Action::Change
        | Action::Destroy
        | Action::Release
        | Action::Comment
        | Action::Cancel
        | Action::Retry
        | Action::RollBack
        | Action::SetSecret
        | Action::Validate => Answer::Allowed,
        Action::TakeOver if platform => Answer::Allowed,
        Action::TakeOver => Answer::Refused("A platform engineer takes a job from a worker that hangs."),
        Action::TakeOn if platform || (of_team && caller.has(Role::Manager)) => Answer::Allowed,
        Action::TakeOn => Answer::Refused("A manager of the team takes on what somebody has left behind."),
        Action::Tokens | Action::Webhooks if platform || (of_team && caller.has(Role::Manager)) => Answer::Allowed,
        Action::Tokens => Answer::Refused("A manager of the team looks after its service tokens."),
        Action::Webhooks => Answer::Refused("A manager of the team looks after its webhooks."),
        Action::Withdraw if own => Answer::Allowed,
        Action::Withdraw => Answer::Refused("Only the one who asked can withdraw a request."),
        Action::Decide => decide(caller, subject, own, platform, of_team),
    }
}

/// The reason for whom there is nothing of the record to read.
pub const NO_RECORD: &str = "The team's managers, platform engineers and auditors read the record.";

fn audit(caller: &Caller, of_team: bool) -> Answer {
    if caller.is_everywhere() || (of_team && caller.has(Role::Manager)) {
        return Answer::Allowed;
    }
    Answer::Refused(NO_RECORD)
}

/// The accounts are of no team, so that nothing of them is hidden but what they say.
fn people(caller: &Caller, action: Action) -> Answer {
    match action {
        _ if caller.has(Role::PlatformEngineer) => Answer::Allowed,
        Action::People if caller.has(Role::Auditor) => Answer::Allowed,
        Action::People => Answer::Refused("Platform engineers and auditors see who has an account."),
        _ => Answer::Refused("A platform engineer marks who has left."),
    }
}

/// Whose team it is asked of is no matter.
pub fn govern(caller: &Caller) -> Answer {
    may(caller, Action::Govern, &Subject::everybody())
}

fn governs(caller: &Caller) -> Answer {
    match caller.has(Role::PlatformEngineer) {
        true => Answer::Allowed,
        false => Answer::Refused("A platform engineer writes policies and switches them on and off."),
    }
}

/// A notice is somebody else's, and its text may be of any team.
fn deliver(caller: &Caller) -> Answer {
    match caller.has(Role::PlatformEngineer) {
        true => Answer::Allowed,
        false => Answer::Refused("A platform engineer looks after what could not be delivered."),
    }
}

fn decide(caller: &Caller, subject: &Subject<'_>, own: bool, platform: bool, of_team: bool) -> Answer {
    let program = caller.pass.as_ref().filter(|pass| pass.program);
    if program.is_some_and(|pass| !pass.approves) {
        return Answer::Refused(pass::NEVER);
    }
    if own && subject.other_manager {
        return Answer::Refused("Nobody decides on an own request: another manager of the team does.");
    }
    if own {
        return Answer::Refused("Nobody decides on an own request: a platform engineer does.");
    }
    if subject.answered {
        return Answer::Refused("Nobody approves twice: somebody else decides now.");
    }
    if subject.stands_in {
        return Answer::Allowed;
    }
    match subject.level {
        By::Managers => {}
        By::Platform if platform => return Answer::Allowed,
        By::Platform => return Answer::Refused("A platform engineer decides on this level."),
        By::Group(_) if subject.in_group => return Answer::Allowed,
        By::Group(_) => return Answer::Refused("Only the group that is asked decides on this level."),
    }
    if of_team && (caller.has(Role::Manager) || program.is_some()) {
        return Answer::Allowed;
    }
    if platform && !subject.other_manager {
        return Answer::Allowed;
    }
    if platform {
        return Answer::Refused("The team's managers decide on this request.");
    }
    Answer::Refused("A manager of the team decides on requests.")
}

#[cfg(test)]
mod tests;
