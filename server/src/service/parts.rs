//! The parts of an environment's drawing with their states: from the arch, the newest job, and what the checks found.

use crate::store::environment::Environment;
use domain::check::Verdict;
use domain::environment::{Part as Stoned, Stone};
use domain::view::environment::{Part, PartKind, PartState, Validation};
use domain::wish::{AppIdentity, Database, Workspace};
use domain::{job, naming};

/// Which checks speak about which part; a check that nobody is listed for speaks about none.
const PROVED_BY: [(PartKind, &[&str]); 8] = [
    (PartKind::Public, &["public-address"]),
    (PartKind::Cluster, &["cluster-identity", "node-identities"]),
    (PartKind::WebApp, &["rollout"]),
    (PartKind::Identity, &["federated-credential", "app-role"]),
    (PartKind::Vault, &["vault-mode"]),
    (PartKind::Secrets, &["four-secrets", "secrets-read"]),
    (PartKind::Database, &["database"]),
    (PartKind::Insights, &["inventory"]),
];

/// In the order of the list that stands for the drawing.
pub(super) fn of(environment: &Environment, job: Option<job::State>, checks: Option<&Validation>) -> Vec<Part> {
    let wish = &environment.wish;
    let Database::Named { server, database, .. } = &wish.database;
    let made = job == Some(job::State::Succeeded);
    let stone = |part: Stoned| {
        let place = Stoned::ALL.iter().position(|known| *known == part);
        place.and_then(|place| environment.arch.0.get(place)).copied().unwrap_or(Stone::NotThere)
    };
    // What is no stone stands once everything does, and moves while the job does.
    let beside = match (made, job) {
        (true, _) => PartState::Stands,
        (false, Some(state)) if state.moving() => PartState::Moving,
        _ => PartState::NotThere,
    };
    let identity = match wish.roles.app_identity {
        AppIdentity::Workload => (naming::app_identity(wish), "Workload identity of the web app".to_owned()),
        AppIdentity::AgentPool => ("Kubelet identity".to_owned(), "Every pod of the cluster can use it".to_owned()),
    };
    let mut parts = vec![
        part(
            PartKind::Public,
            environment.address.clone().unwrap_or_else(|| "No address yet".to_owned()),
            format!("Port {}", wish.web_app.port),
            match (&environment.address, beside) {
                (Some(_), _) => PartState::Stands,
                (None, PartState::Stands) => PartState::NotThere,
                (None, moving) => moving,
            },
        ),
        part(
            PartKind::Cluster,
            naming::cluster(wish),
            format!("{} × {}, Kubernetes {}", wish.cluster.nodes, wish.cluster.node_size, wish.cluster.kubernetes),
            of_stone(stone(Stoned::Cluster)),
        ),
        part(
            PartKind::WebApp,
            naming::WEB_APP.to_owned(),
            format!("{}, {} replicas", wish.web_app.image, wish.web_app.replicas),
            beside,
        ),
        part(PartKind::Identity, identity.0, identity.1, of_stone(stone(Stoned::Roles))),
        part(
            PartKind::Vault,
            wish.vault.name.to_string(),
            format!("RBAC mode, soft delete {} days", wish.vault.soft_delete_days),
            of_stone(stone(Stoned::Vault)),
        ),
        part(
            PartKind::Secrets,
            format!("{} secrets", naming::SECRETS.len()),
            naming::SECRETS.join(", "),
            of_stone(stone(Stoned::Secrets)),
        ),
        part(PartKind::Database, server.to_string(), database.to_string(), beside),
    ];
    if let Some(insights) = &wish.insights {
        let shared = matches!(insights.workspace, Workspace::Shared { .. });
        let detail = if shared { "Shared workspace".to_owned() } else { format!("Kept {} days", insights.kept_days) };
        parts.push(part(PartKind::Insights, naming::workspace(wish), detail, of_stone(stone(Stoned::Insights))));
    }
    if let Some(checks) = checks {
        parts.iter_mut().for_each(|part| part.state = proved(part.part, part.state, checks));
    }
    parts
}

fn part(part: PartKind, name: String, detail: String, state: PartState) -> Part {
    Part { part, name, detail, state }
}

fn of_stone(stone: Stone) -> PartState {
    match stone {
        Stone::Stands => PartState::Stands,
        Stone::Moving => PartState::Moving,
        Stone::Loose => PartState::Failed,
        Stone::NotThere => PartState::NotThere,
    }
}

/// A check that fails disproves what stands; one that could not tell leaves it open.
fn proved(kind: PartKind, state: PartState, checks: &Validation) -> PartState {
    let speaks = |check: &str| PROVED_BY.iter().any(|(part, checks)| *part == kind && checks.contains(&check));
    let verdicts: Vec<Verdict> =
        checks.results.iter().filter(|result| speaks(&result.check)).map(|result| result.verdict).collect();
    match state {
        PartState::Stands if verdicts.contains(&Verdict::Failed) => PartState::Failed,
        PartState::Stands if verdicts.contains(&Verdict::CouldNotTell) => PartState::Unknown,
        state => state,
    }
}
