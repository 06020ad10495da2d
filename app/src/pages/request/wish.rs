//! A wish as label and value, as an approver reads it.

use domain::wish::{AppIdentity, Database, DeletedVault, PasswordFrom, TeamRole, Wish, Workspace};
use leptos::prelude::*;

/// Said where there is one, or where there becomes another.
const COST_CENTRE: &str = "Cost centre";

/// Everything that was asked for, in the order of the form.
pub(super) fn lines(wish: &Wish) -> AnyView {
    let told = said(wish).into_iter().filter(|(label, _)| *label != COST_CENTRE || wish.cost_centre.is_some());
    let lines = told.map(|(label, value)| view! { <div><dt>{label}</dt><dd>{value}</dd></div> });
    view! { <dl class="lines">{lines.collect_view()}</dl> }.into_any()
}

/// What becomes another, in the order of the form: the old value, then the new one.
pub(super) fn changes(former: &Wish, wish: &Wish) -> AnyView {
    // What was to become of a deleted vault was the business of the job that made this one.
    let pairs =
        said(&former.standing()).into_iter().zip(said(&wish.standing())).filter(|((_, was), (_, is))| was != is);
    let lines = pairs.map(|((label, was), (_, is))| {
        view! { <div><dt>{label}</dt><dd><span class="was"><s>{was}</s></span>" → "{is}</dd></div> }
    });
    view! { <dl class="lines">{lines.collect_view()}</dl> }.into_any()
}

fn said(wish: &Wish) -> Vec<(&'static str, String)> {
    let purge = if wish.vault.purge_protection { ", purge protection on" } else { "" };
    let deleted = match wish.vault.deleted {
        None => "",
        Some(DeletedVault::Recover) => ", recovered from soft delete",
        Some(DeletedVault::Purge) => ", made anew after the deleted one of this name is purged",
    };
    let app = match wish.roles.app_identity {
        AppIdentity::Workload => "Workload identity of its own",
        AppIdentity::AgentPool => "Agent pool identity: every pod of the cluster can read this vault",
    };
    let team = match wish.roles.team_role {
        TeamRole::Reader => "Key Vault Reader: names and versions, no value",
        TeamRole::SecretsOfficer => "Key Vault Secrets Officer: every member can read the password",
    };
    let Database::Named { server, database, username, password_from } = &wish.database;
    let password = match password_from {
        PasswordFrom::Typed => "password sealed with the request",
        PasswordFrom::Template => "password brought by the template",
    };
    let insights = match wish.insights.as_ref().map(|insights| (&insights.workspace, insights.kept_days)) {
        None => "None".to_owned(),
        Some((Workspace::Own, days)) => format!("Container Insights in a workspace of its own, kept {days} days"),
        Some((Workspace::Shared { id }, _)) => {
            format!("Container Insights in {}", id.rsplit('/').next().unwrap_or(id))
        }
    };
    let replicas =
        if wish.web_app.replicas == 1 { "1 replica".to_owned() } else { format!("{} replicas", wish.web_app.replicas) };
    vec![
        ("Region", wish.region.to_string()),
        ("Template", format!("{}, version {}", wish.template.name, wish.template.version)),
        (
            "Cluster",
            format!(
                "{} × {}, Kubernetes {}, {} tier",
                wish.cluster.nodes,
                wish.cluster.node_size,
                wish.cluster.kubernetes,
                wish.cluster.tier.word()
            ),
        ),
        ("Vault", format!("{}, soft delete {} days{purge}{deleted}", wish.vault.name, wish.vault.soft_delete_days)),
        ("Identity of the app", app.to_owned()),
        ("Role of the team", team.to_owned()),
        ("Database", format!("{database} on {server} as {username}, {password}")),
        ("Insights", insights),
        ("Web app", format!("{}, {replicas}, port {}", wish.web_app.image, wish.web_app.port)),
        ("Lifetime", format!("{} days from the approval", wish.lifetime.days)),
        (COST_CENTRE, wish.cost_centre.clone().unwrap_or_else(|| "None".to_owned())),
        ("Tags", if wish.tags.is_empty() { "None but Keystead's own".to_owned() } else { wish.tags.to_string() }),
    ]
}
