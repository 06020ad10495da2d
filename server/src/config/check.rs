//! Says in sentences what a configuration would need to be right, beyond what its types already hold.

use super::Config;
use domain::form::Form;
use domain::name::{KubernetesVersion, PolicyName};
use domain::tags::{COST_CENTRE, Tags};
use std::collections::BTreeSet;

/// Empty where everything fits together.
pub(super) fn sentences(config: &Config) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut say = |fits: bool, sentence: String| {
        if !fits {
            wrong.push(sentence);
        }
    };
    say(!config.azure.subscription_id.trim().is_empty(), "azure.subscription_id names no subscription.".to_owned());
    say(!config.teams.is_empty(), "teams needs at least one team with name, title and group.".to_owned());
    say(!config.templates.is_empty(), "templates needs at least one template.".to_owned());
    say(!config.regions.is_empty(), "regions needs at least one region.".to_owned());
    say(!config.node_sizes.is_empty(), "node_sizes needs at least one size.".to_owned());
    say(
        config.kubernetes.iter().all(|version| KubernetesVersion::parse(version).is_ok()),
        "kubernetes holds versions as 1.36.".to_owned(),
    );
    say(
        config.public.as_ref().is_none_or(|url| matches!(url.scheme(), "http" | "https") && url.path() == "/"),
        "public is an address without a path: https://keystead.contoso.example.".to_owned(),
    );
    say(
        config.tls.is_none() || config.public.as_ref().is_none_or(|url| url.scheme() == "https"),
        "public begins with https:// where tls names a certificate.".to_owned(),
    );
    say(
        config.limits.head_seconds > 0 && config.limits.body_seconds > 0,
        "limits.head_seconds and limits.body_seconds are at least 1.".to_owned(),
    );
    say(
        config.database.as_ref().is_none_or(|url| url.starts_with("sqlite:") || url.starts_with("postgres")),
        "database is sqlite:PATH or postgres://USER@HOST/DATABASE.".to_owned(),
    );
    say(
        config.sign_in.idle_hours > 0 && config.sign_in.longest_hours > 0,
        "Sessions last at least one hour.".to_owned(),
    );
    say(config.sign_in.device.days > 0, "sign_in.device.days is at least 1.".to_owned());
    say(
        (1..=1440).contains(&config.cost.every_minutes),
        "cost.every_minutes is 1 to 1440; Azure's own figures come every few hours.".to_owned(),
    );
    let proofs = [
        config.sign_in.secret().is_some(),
        config.sign_in.client_certificate.is_some(),
        config.sign_in.client_assertion_file.is_some(),
    ];
    say(
        proofs.iter().filter(|proof| **proof).count() == 1,
        "sign_in needs exactly one of client_secret, client_certificate and client_assertion_file.".to_owned(),
    );
    let mut seen = BTreeSet::new();
    for team in &config.teams {
        say(seen.insert(team.name.to_string()), format!("The team {} stands twice.", team.name));
        say(!team.group.trim().is_empty(), format!("The team {} needs the object id of its group.", team.name));
        let fits = |centre: &String| Tags::parse(&format!("{COST_CENTRE}={centre}")).is_ok_and(|tags| !tags.is_empty());
        say(
            team.cost_centre.as_ref().is_none_or(fits),
            format!("The cost centre of team {} is 1 to 256 characters without a comma: it becomes a tag.", team.name),
        );
    }
    let mut seen = BTreeSet::new();
    for entry in &config.templates {
        let name = &entry.template.name;
        say(seen.insert(name.to_string()), format!("The template {name} stands twice."));
        say(
            entry.template.database.is_none() || entry.password_file.is_some(),
            format!("The template {name} names a database, but no password_file."),
        );
        for (field, message) in template_errors(config, name.as_str()) {
            say(false, format!("The template {name} has an unfit {field}: {message}"));
        }
    }
    for policy in &config.approvals {
        let (title, rule) = (&policy.title, &policy.rule);
        let named = |name: &String| config.templates.iter().any(|entry| entry.template.name.to_string() == *name);
        say(!title.trim().is_empty(), "Each of approvals needs a title.".to_owned());
        say(
            !rule.levels.is_empty() && rule.levels.iter().all(|level| level.approvers > 0),
            format!("The approval {title} needs levels with at least one approver each."),
        );
        say((1..=90).contains(&rule.valid_days), format!("The approval {title} is valid for 1 to 90 days."));
        say(policy.templates.iter().all(named), format!("The approval {title} names an unknown template."));
        say(
            policy.teams.iter().all(|team| config.teams.iter().any(|known| known.name == *team)),
            format!("The approval {title} names an unknown team."),
        );
    }
    let mut seen = BTreeSet::new();
    for policy in &config.policies {
        let (title, name) = (&policy.title, PolicyName::of_title(&policy.title));
        say(name.is_ok_and(|name| seen.insert(name)), format!("The policy {title} needs a title of its own."));
        for complaint in policy.wrong(&config.choices()) {
            say(false, format!("The policy {title} cannot be followed. {}", complaint.sentence));
        }
    }
    wrong.extend(super::groups::sentences(config));
    wrong.extend(super::notices::sentences(config));
    wrong.extend(super::callers::sentences(config));
    wrong
}

/// A template is right when a form of nothing but the four fields makes a wish with it.
fn template_errors(config: &Config, template: &str) -> Vec<(String, String)> {
    let choices = config.choices();
    let (Some(team), Some(region)) = (choices.teams.first(), choices.regions.first()) else { return Vec::new() };
    let form = Form {
        name: "abc".to_owned(),
        team: team.name.to_string(),
        region: region.name.to_string(),
        template: template.to_owned(),
        ..Form::default()
    };
    let asked_of_the_person = ["db_server", "db_database", "db_username"];
    let errors = form.parse(&choices, true).err().unwrap_or_default().into_iter();
    errors
        .map(|error| (error.field, error.message))
        .filter(|(field, _)| !asked_of_the_person.contains(&field.as_str()))
        .collect()
}
