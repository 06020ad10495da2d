//! The form: answers as they were typed, and the one function that makes a wish of them or says what would be right.
//!
//! The page, its plain post, the draft and the REST API hold the same fields under the same names.

pub mod accept;
pub mod change;
mod choices;
pub mod desired;

use crate::field::FieldError;
use crate::name::*;
use crate::tags::{COST_CENTRE, Tags};
use crate::template::Template;
use crate::wish::*;
use serde::{Deserialize, Serialize};

pub use choices::{Choices, DefaultLifetime, NodeSizeChoice, RegionChoice};

/// Every answer as text, so that nothing typed is ever lost. An empty answer below the four means the template's default.
/// The password is not among them: it travels apart and is never kept in a draft.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(example = json!({"nodes": "5", "reason": "More load"})))]
#[serde(default)]
pub struct Form {
    pub name: String,
    pub team: String,
    pub region: String,
    pub template: String,
    pub node_size: String,
    pub nodes: String,
    pub kubernetes: String,
    /// `free` or `standard`.
    pub tier: String,
    pub vault_name: String,
    pub soft_delete_days: String,
    /// `yes` or `no`.
    pub purge_protection: String,
    /// Of a deleted vault that holds the name: `recover`, `purge`, or empty.
    pub vault_deleted: String,
    /// `workload` or `agent-pool`.
    pub app_identity: String,
    /// `reader` or `secrets-officer`.
    pub team_role: String,
    pub db_server: String,
    pub db_database: String,
    pub db_username: String,
    /// `yes` or `no`.
    pub insights: String,
    /// ARM id of a shared workspace, `own`, or empty.
    pub workspace: String,
    pub kept_days: String,
    pub image: String,
    pub replicas: String,
    pub port: String,
    pub lifetime_days: String,
    /// `cost-centre=4711, owner=payments`.
    pub tags: String,
    pub reason: String,
}

/// The name of the password's field, in the form and in errors.
pub const PASSWORD: &str = "db_password";

impl Form {
    /// The answers with every empty one below the four replaced by the template's default, as the page shows them.
    pub fn filled(&self, choices: &Choices) -> Form {
        let mut form = self.clone();
        let Some(template) = choices.template(&self.template) else { return form };
        let fill = |answer: &mut String, default: String| {
            if answer.trim().is_empty() {
                *answer = default;
            }
        };
        fill(&mut form.node_size, template.node_size.clone());
        fill(&mut form.nodes, template.nodes.to_string());
        fill(&mut form.kubernetes, template.kubernetes.clone());
        fill(&mut form.tier, template.tier.word().to_lowercase());
        fill(&mut form.soft_delete_days, template.soft_delete_days.to_string());
        fill(&mut form.purge_protection, yes(template.purge_protection).to_owned());
        fill(&mut form.app_identity, app_identity_word(template.app_identity).to_owned());
        fill(&mut form.team_role, team_role_word(template.team_role).to_owned());
        fill(&mut form.insights, yes(template.insights).to_owned());
        fill(&mut form.workspace, template.workspace.clone().unwrap_or_else(|| "own".to_owned()));
        fill(&mut form.kept_days, template.kept_days.to_string());
        fill(&mut form.image, template.image.clone());
        fill(&mut form.replicas, template.replicas.to_string());
        fill(&mut form.port, template.port.to_string());
        fill(&mut form.lifetime_days, choices.lifetime(&self.team, template).to_string());
        if let Some(database) = &template.database {
            fill(&mut form.db_server, database.server.clone());
            fill(&mut form.db_database, database.database.clone());
            fill(&mut form.db_username, database.username.clone());
        }
        if form.vault_name.trim().is_empty() {
            form.vault_name = form.vault();
        }
        form
    }

    /// What the vault is called by these answers: after the environment where it is given no name of its own.
    pub fn vault(&self) -> String {
        match self.vault_name.trim() {
            "" if EnvironmentName::parse(&self.name).is_ok() => format!("kv-{}", self.name.trim()),
            named => named.to_owned(),
        }
    }

    /// Whether the answers about the database are the template's own, so that its password serves.
    pub fn uses_database_of(&self, template: &Template) -> bool {
        template.database.as_ref().is_some_and(|database| {
            self.db_server.trim() == database.server
                && self.db_database.trim() == database.database
                && self.db_username.trim() == database.username
        })
    }

    /// The wish, or every wrong answer with what would be right, in the order of the fields.
    /// `password_typed` says whether a password came along; its text is no business of the rules.
    pub fn parse(&self, choices: &Choices, password_typed: bool) -> Result<Wish, Vec<FieldError>> {
        let form = self.filled(choices);
        let mut errors = Vec::new();
        let name = take(&mut errors, "name", EnvironmentName::parse(&form.name));
        let team = take(
            &mut errors,
            "team",
            one_of(&form.team, choices.teams.iter().map(|t| &t.name), "Choose one of your teams"),
        );
        let region = take(
            &mut errors,
            "region",
            one_of(&form.region, choices.regions.iter().map(|r| &r.name), "Choose one of the regions"),
        );
        let template = match choices.template(&form.template) {
            Some(template) => Some(template),
            None => {
                let names: Vec<&str> = choices.templates.iter().map(|t| t.name.as_str()).collect();
                errors.push(FieldError::new("template", format!("Choose one of the templates: {}.", names.join(", "))));
                None
            }
        };
        // Without a template the fields below have no defaults: their emptiness is no fault of the person.
        let Some(template) = template else { return Err(errors) };

        let sizes = choices.node_sizes.iter().map(|size| &size.name);
        let node_size = take(&mut errors, "node_size", one_of(&form.node_size, sizes, "Choose one of the node sizes"));
        let nodes = take(&mut errors, "nodes", number(&form.nodes, 1, 10, "nodes"));
        let kubernetes = take(
            &mut errors,
            "kubernetes",
            KubernetesVersion::parse(&form.kubernetes).and_then(|version| {
                let known = choices.kubernetes.iter().any(|choice| choice == version.as_str());
                known
                    .then_some(version)
                    .ok_or_else(|| format!("Choose one of the versions: {}.", choices.kubernetes.join(", ")))
            }),
        );
        let tier = take(
            &mut errors,
            "tier",
            match form.tier.trim() {
                "free" => Ok(Tier::Free),
                "standard" => Ok(Tier::Standard),
                _ => Err("The tier is free or standard.".to_owned()),
            },
        );
        let vault_name = if form.vault_name.trim().is_empty() && name.is_none() {
            None // follows from the environment's name, which is already complained of
        } else {
            take(&mut errors, "vault_name", VaultName::parse(&form.vault_name))
        };
        let soft_delete_days = take(&mut errors, "soft_delete_days", number(&form.soft_delete_days, 7, 90, "days"));
        let purge_protection = take(&mut errors, "purge_protection", yes_or_no(&form.purge_protection));
        let vault_deleted = take(
            &mut errors,
            "vault_deleted",
            match form.vault_deleted.trim() {
                "" => Ok(None),
                "recover" => Ok(Some(DeletedVault::Recover)),
                "purge" => Ok(Some(DeletedVault::Purge)),
                _ => Err("Recover or purge it, or leave this empty and take another name.".to_owned()),
            },
        );
        let app_identity = take(
            &mut errors,
            "app_identity",
            match form.app_identity.trim() {
                "workload" => Ok(AppIdentity::Workload),
                "agent-pool" => Ok(AppIdentity::AgentPool),
                _ => Err("The app's identity is workload or agent-pool.".to_owned()),
            },
        );
        let team_role = take(
            &mut errors,
            "team_role",
            match form.team_role.trim() {
                "reader" => Ok(TeamRole::Reader),
                "secrets-officer" => Ok(TeamRole::SecretsOfficer),
                _ => Err("The team's role is reader or secrets-officer.".to_owned()),
            },
        );
        let server = take(&mut errors, "db_server", DatabaseServer::parse(&form.db_server));
        let database = take(&mut errors, "db_database", DatabaseWord::parse(&form.db_database));
        let username = take(&mut errors, "db_username", DatabaseWord::parse(&form.db_username));
        let password_from = match (password_typed, form.uses_database_of(template)) {
            (true, _) => Some(PasswordFrom::Typed),
            (false, true) => Some(PasswordFrom::Template),
            (false, false) => {
                errors.push(FieldError::new(
                    PASSWORD,
                    "Type the password of this database user; it is sealed at once and shown to nobody.",
                ));
                None
            }
        };
        let insights = take(&mut errors, "insights", yes_or_no(&form.insights));
        let workspace = take(
            &mut errors,
            "workspace",
            match form.workspace.trim() {
                "own" => Ok(Workspace::Own),
                id if choices.workspaces.iter().any(|choice| choice == id) => {
                    Ok(Workspace::Shared { id: id.to_owned() })
                }
                _ => Err("Choose a workspace of its own, or one that may be shared.".to_owned()),
            },
        );
        let kept_days = take(&mut errors, "kept_days", number(&form.kept_days, 30, 730, "days"));
        let image = take(&mut errors, "image", Image::parse(&form.image));
        let replicas = take(&mut errors, "replicas", number(&form.replicas, 1, 10, "replicas"));
        let port = take(&mut errors, "port", number(&form.port, 1, 65_535, "as a port"));
        let lifetime_days = take(&mut errors, "lifetime_days", number(&form.lifetime_days, 1, 365, "days"));
        let cost_centre = choices.team(&form.team).and_then(|team| team.cost_centre.clone());
        let tags =
            take(&mut errors, "tags", Tags::parse(&form.tags).and_then(|tags| beside(tags, cost_centre.as_deref())));
        if form.reason.chars().count() > 2000 {
            errors.push(FieldError::new("reason", "At most 2,000 characters."));
        }

        let wish = (|| {
            Some(Wish {
                name: name?,
                team: team?,
                region: region?,
                template: TemplateUsed { name: template.name.clone(), version: template.version },
                cluster: Cluster { node_size: node_size?, nodes: nodes?, kubernetes: kubernetes?, tier: tier? },
                vault: Vault {
                    name: vault_name?,
                    soft_delete_days: soft_delete_days?,
                    purge_protection: purge_protection?,
                    deleted: vault_deleted?,
                },
                roles: Roles { app_identity: app_identity?, team_role: team_role? },
                database: Database::Named {
                    server: server?,
                    database: database?,
                    username: username?,
                    password_from: password_from?,
                },
                insights: match insights? {
                    true => Some(Insights { workspace: workspace?, kept_days: kept_days? }),
                    false => None,
                },
                web_app: WebApp { image: image?, replicas: replicas?, port: u16::try_from(port?).ok()? },
                lifetime: Lifetime { days: lifetime_days? },
                tags: tags?,
                cost_centre,
                reason: form.reason.trim().to_owned(),
            })
        })();
        match wish {
            Some(wish) if errors.is_empty() => Ok(wish),
            _ => Err(errors),
        }
    }

    /// The answers of a wish, for a form that changes it.
    pub fn of(wish: &Wish) -> Form {
        let Database::Named { server, database, username, .. } = &wish.database;
        let insights = wish.insights.as_ref();
        Form {
            name: wish.name.to_string(),
            team: wish.team.to_string(),
            region: wish.region.to_string(),
            template: wish.template.name.to_string(),
            node_size: wish.cluster.node_size.to_string(),
            nodes: wish.cluster.nodes.to_string(),
            kubernetes: wish.cluster.kubernetes.to_string(),
            tier: wish.cluster.tier.word().to_lowercase(),
            vault_name: wish.vault.name.to_string(),
            soft_delete_days: wish.vault.soft_delete_days.to_string(),
            purge_protection: yes(wish.vault.purge_protection).to_owned(),
            vault_deleted: wish.vault.deleted.map(deleted_word).unwrap_or_default().to_owned(),
            app_identity: app_identity_word(wish.roles.app_identity).to_owned(),
            team_role: team_role_word(wish.roles.team_role).to_owned(),
            db_server: server.to_string(),
            db_database: database.to_string(),
            db_username: username.to_string(),
            insights: yes(insights.is_some()).to_owned(),
            workspace: match insights.map(|insights| &insights.workspace) {
                Some(Workspace::Shared { id }) => id.clone(),
                _ => "own".to_owned(),
            },
            kept_days: insights.map(|insights| insights.kept_days.to_string()).unwrap_or_default(),
            image: wish.web_app.image.to_string(),
            replicas: wish.web_app.replicas.to_string(),
            port: wish.web_app.port.to_string(),
            lifetime_days: wish.lifetime.days.to_string(),
            tags: wish.tags.to_string(),
            reason: wish.reason.clone(),
        }
    }
}

/// The tags beside a team's cost centre: nobody gives an environment another one.
fn beside(tags: Tags, cost_centre: Option<&str>) -> Result<Tags, String> {
    match cost_centre {
        Some(centre) if tags.contradicts(COST_CENTRE, centre) => {
            Err(format!("The team's cost centre is {centre}, and is tagged by itself: leave {COST_CENTRE} out."))
        }
        Some(_) => Ok(tags.without(COST_CENTRE)),
        None => Ok(tags),
    }
}

fn take<T>(errors: &mut Vec<FieldError>, field: &str, answer: Result<T, String>) -> Option<T> {
    answer.map_err(|message| errors.push(FieldError::new(field, message))).ok()
}

fn one_of<'a, T: ToString + Clone + 'a>(
    text: &str,
    choices: impl Iterator<Item = &'a T>,
    ask: &str,
) -> Result<T, String> {
    let choices: Vec<&T> = choices.collect();
    let found = choices.iter().find(|choice| choice.to_string() == text.trim()).map(|choice| (*choice).clone());
    let names: Vec<String> = choices.iter().map(|choice| choice.to_string()).collect();
    found.ok_or_else(|| format!("{ask}: {}.", names.join(", ")))
}

fn number(text: &str, least: u32, most: u32, unit: &str) -> Result<u32, String> {
    let fits = text.trim().parse::<u32>().ok().filter(|number| (least..=most).contains(number));
    fits.ok_or_else(|| format!("A whole number from {least} to {most} {unit}."))
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text.trim() {
        "yes" | "on" | "true" => Ok(true),
        "no" | "off" | "false" => Ok(false),
        _ => Err("Yes or no.".to_owned()),
    }
}

fn yes(answer: bool) -> &'static str {
    if answer { "yes" } else { "no" }
}

fn app_identity_word(identity: AppIdentity) -> &'static str {
    match identity {
        AppIdentity::Workload => "workload",
        AppIdentity::AgentPool => "agent-pool",
    }
}

fn deleted_word(deleted: DeletedVault) -> &'static str {
    match deleted {
        DeletedVault::Recover => "recover",
        DeletedVault::Purge => "purge",
    }
}

fn team_role_word(role: TeamRole) -> &'static str {
    match role {
        TeamRole::Reader => "reader",
        TeamRole::SecretsOfficer => "secrets-officer",
    }
}

#[cfg(test)]
pub(crate) mod tests;
