//! The parts below the four answers: closed, a line says what one gets; one with a wrong answer opens itself.

use super::deleted_vault;
use crate::components::field::{Text, choices, password, select, text};
use crate::components::filling::Filling;
use crate::components::glyph::{FAILED, icon, state, turn};
use domain::form::change::FIXED;
use domain::form::{Form, PASSWORD};
use leptos::prelude::*;

struct Section {
    icon: &'static str,
    title: &'static str,
    fields: &'static [&'static str],
    brief: fn(&Form) -> String,
    inside: fn(Filling) -> AnyView,
}

const SECTIONS: [Section; 7] = [
    Section {
        icon: "boxes",
        title: "Cluster",
        fields: &["node_size", "nodes", "kubernetes", "tier"],
        brief: |form| match form.nodes.as_str() {
            "" => "By the template".to_owned(),
            nodes => format!("{nodes} × {}, Kubernetes {}, {} tier", form.node_size, form.kubernetes, form.tier),
        },
        inside: cluster,
    },
    Section {
        icon: "vault",
        title: "Vault",
        fields: &["vault_name", "vault_deleted", "soft_delete_days", "purge_protection"],
        brief: |form| {
            let name = if form.vault_name.is_empty() { "kv-…" } else { &form.vault_name };
            let purge = if form.purge_protection == "yes" { ", purge protection" } else { "" };
            let deleted = match form.vault_deleted.as_str() {
                "recover" => ", recovered",
                "purge" => ", the deleted one purged",
                _ => "",
            };
            format!("{name}, soft delete {} days{purge}{deleted}", form.soft_delete_days)
        },
        inside: vault,
    },
    Section {
        icon: "key-round",
        title: "Roles",
        fields: &["app_identity", "team_role"],
        brief: |form| {
            let app = if form.app_identity == "agent-pool" {
                "Every pod of the cluster reads secrets"
            } else {
                "Workload identity reads secrets"
            };
            let team = if form.team_role == "secrets-officer" {
                "the team reads and writes them"
            } else {
                "the team sees names only"
            };
            format!("{app}, {team}")
        },
        inside: roles,
    },
    Section {
        icon: "lock-keyhole",
        title: "Secrets",
        fields: &["db_server", "db_database", "db_username", PASSWORD],
        brief: |form| match form.db_server.as_str() {
            "" => "Name a database that is there".to_owned(),
            server => format!("{} on {server} as {}", form.db_database, form.db_username),
        },
        inside: secrets,
    },
    Section {
        icon: "activity",
        title: "Insights",
        fields: &["insights", "workspace", "kept_days"],
        brief: |form| match form.insights.as_str() {
            "no" => "No Container Insights".to_owned(),
            _ if form.workspace == "own" => format!("Container Insights, kept {} days", form.kept_days),
            _ => format!("Container Insights in {}", last(&form.workspace)),
        },
        inside: insights,
    },
    Section {
        icon: "app-window",
        title: "Web app",
        fields: &["image", "replicas", "port"],
        brief: |form| format!("{}, {}, port {}", form.image, replicas(&form.replicas), form.port),
        inside: web_app,
    },
    Section {
        icon: "hourglass",
        title: "Lifetime",
        fields: &["lifetime_days", "tags"],
        brief: |form| {
            let tags = if form.tags.is_empty() { String::new() } else { format!(", {}", form.tags) };
            format!("{} days from the approval{tags}", form.lifetime_days)
        },
        inside: lifetime,
    },
];

fn replicas(count: &str) -> String {
    if count == "1" { "1 replica".to_owned() } else { format!("{count} replicas") }
}

/// The last part of an ARM id.
fn last(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// All of them, in one card.
pub(super) fn sections(filling: Filling) -> AnyView {
    let asked =
        |section: &Section| filling.stands().is_none() || section.fields.iter().any(|field| !FIXED.contains(field));
    let all = SECTIONS.into_iter().filter(asked).map(|section| one(filling, section)).collect_view();
    view! {
        <section class="card" aria-labelledby="parts">
            <header><h2 id="parts">"Parts"</h2><p>"Open one to change it. What a line says is what you get."</p></header>
            <div class="sections">{all}</div>
        </section>
    }
    .into_any()
}

fn one(filling: Filling, section: Section) -> AnyView {
    let Section { icon: picture, title, fields, brief, inside } = section;
    let wrong = Memo::new(move |_| fields.iter().any(|field| filling.error(field).is_some()));
    // Something is to be decided there that nobody could know of before.
    let held = deleted_vault::held(filling);
    let asks = move || fields.contains(&"vault_deleted") && held.with(Option::is_some);
    view! {
        <details open=move || wrong.get() || asks()>
            <summary>
                {icon(picture)}<b>{title}</b>
                <span class="brief">{move || filling.filled.with(brief)}</span>
                <span>{move || {
                    let undecided = asks() && filling.answer("vault_deleted").is_empty();
                    let said = if undecided { "Name is held" } else { "Needs a change" };
                    (wrong.get() || undecided).then(|| state(FAILED, said))
                }}</span>
                {turn()}
            </summary>
            <div class="inside">{inside(filling)}</div>
        </details>
    }
    .into_any()
}

fn pairs(options: &[&str], words: impl Fn(&str) -> String) -> Vec<(String, String)> {
    options.iter().map(|value| ((*value).to_owned(), words(value))).collect()
}

fn cluster(filling: Filling) -> AnyView {
    let offered = filling.choices.get_value();
    let sizes = offered
        .node_sizes
        .iter()
        .map(|size| (size.name.to_string(), format!("{}: {} vCPU, {} GiB", size.name, size.cores, size.memory_gib)))
        .collect();
    let versions = offered.kubernetes.iter().map(|version| (version.clone(), version.clone())).collect();
    let tiers = pairs(&["standard", "free"], |tier| match tier {
        "free" => "Free: no service level".to_owned(),
        _ => "Standard: 99.95 % with zones".to_owned(),
    });
    let nodes = Text { hint: "1 to 10.", number: true, most: Some(2), ..Text::default() };
    view! {
        <div class="pair">
            {select(filling, "node_size", "Node size", sizes, None, "")}
            {text(filling, "nodes", "Nodes", nodes)}
            {select(filling, "kubernetes", "Kubernetes version", versions, None, "")}
            {select(filling, "tier", "Tier", tiers, None, "")}
        </div>
    }
    .into_any()
}

fn vault(filling: Filling) -> AnyView {
    let name = Text {
        hint: "Unique on all of Azure. 3 to 24 letters, digits and single hyphens.",
        suffix: ".vault.azure.net",
        most: Some(24),
        good: Some(|filling| {
            let held = filling.panel.with(|panel| panel.deleted_vault.is_some());
            let free = filling.free("vault_name") && !held;
            free.then(|| format!("{} is free on Azure.", filling.filled("vault_name")))
        }),
        ..Text::default()
    };
    let days =
        Text { hint: "7 to 90 days. Fixed once the vault is there.", number: true, most: Some(2), ..Text::default() };
    let fixed = filling.stands().is_some();
    view! {
        {(!fixed).then(|| view! {
            <div class="pair">
                {text(filling, "vault_name", "Vault name", name)}
                {text(filling, "soft_delete_days", "Soft delete, in days", days)}
            </div>
            {deleted_vault::choice(filling)}
        })}
        {choices(filling, "purge_protection", "Purge protection", [
            ("no", "Off", "A deleted vault can be purged, and its name taken again."),
            ("yes", "On", "Nobody can purge the vault before its days are over, not even you. Cannot be switched off later."),
        ])}
    }
    .into_any()
}

fn roles(filling: Filling) -> AnyView {
    view! {
        {choices(filling, "app_identity", "How the web app proves who it is", [
            ("workload", "Workload identity", "The app has an identity of its own. Other identities on the nodes cannot get in its way."),
            ("agent-pool", "Agent pool identity", "Every pod of the cluster may read the secrets. Stops working when an add-on brings a second identity."),
        ])}
        {choices(filling, "team_role", "What the team may do with the vault", [
            ("reader", "Key Vault Reader", "Sees names and versions, no value."),
            ("secrets-officer", "Key Vault Secrets Officer", "Reads and writes values: every member can read the password."),
        ])}
    }
    .into_any()
}

fn secrets(filling: Filling) -> AnyView {
    let server = Text { hint: "A host, with its port behind a colon where it is not 5432.", ..Text::default() };
    let hint = Signal::derive(move || {
        let brought = filling.form.with(|form| {
            let choices = filling.choices.get_value();
            choices.template(&form.template).is_some_and(|template| form.filled(&choices).uses_database_of(template))
        });
        if brought {
            "The template brings this database with its password. Leave this empty."
        } else {
            "Sealed when you send, written to the vault once, shown to nobody."
        }
    });
    view! {
        <div class="pair">
            {text(filling, "db_server", "Webapp-DB-Server-Name", server)}
            {text(filling, "db_database", "Webapp-DB-Server-Database", Text::default())}
            {text(filling, "db_username", "Webapp-DB-Server-Username", Text::default())}
            {password(filling, PASSWORD, "Webapp-DB-Server-UserPassword", hint)}
        </div>
    }
    .into_any()
}

fn insights(filling: Filling) -> AnyView {
    let shared = filling.choices.get_value();
    let own = ("own".to_owned(), "A new one, named after the environment".to_owned());
    let workspaces =
        std::iter::once(own).chain(shared.workspaces.iter().map(|id| (id.clone(), last(id).to_owned()))).collect();
    let days = Text {
        hint: "30 to 730 days. A shared workspace keeps its own.",
        number: true,
        most: Some(3),
        ..Text::default()
    };
    view! {
        {choices(filling, "insights", "Container Insights", [
            ("yes", "On", "Switched on after the cluster and its roles stand, so that it cannot change which identity the app gets."),
            ("no", "Off", "No logs, no inventory; the check of the inventory is left out."),
        ])}
        <div class="pair">
            {select(filling, "workspace", "Log Analytics workspace", workspaces, None, "")}
            {text(filling, "kept_days", "Logs kept, in days", days)}
        </div>
    }
    .into_any()
}

fn web_app(filling: Filling) -> AnyView {
    let image = Text { hint: "The app is told KEY_VAULT_NAME and nothing else.", ..Text::default() };
    let replicas = Text { hint: "1 to 10.", number: true, most: Some(2), ..Text::default() };
    let port = Text { hint: "Of the public address.", number: true, most: Some(5), ..Text::default() };
    view! {
        {text(filling, "image", "Image", image)}
        <div class="pair">
            {text(filling, "replicas", "Replicas", replicas)}
            {text(filling, "port", "Port", port)}
        </div>
    }
    .into_any()
}

fn lifetime(filling: Filling) -> AnyView {
    let days =
        Text { hint: "1 to 365 days, counted from the approval.", number: true, most: Some(3), ..Text::default() };
    let tags =
        Text { hint: "On every resource, beside Keystead's own: cost-centre=4711, owner=payments.", ..Text::default() };
    view! { <div class="pair">{text(filling, "lifetime_days", "Days", days)}{text(filling, "tags", "Tags", tags)}</div> }
        .into_any()
}
