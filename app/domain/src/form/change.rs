//! The form over an environment that stands: what may become another, and what cannot.

use super::{Choices, Form, PASSWORD};
use crate::field::FieldError;
use crate::wish::Wish;

/// What an environment keeps for as long as it lives; its fields are shown, not asked.
pub const FIXED: [&str; 11] = [
    "name",
    "team",
    "region",
    "template",
    "vault_name",
    "soft_delete_days",
    "vault_deleted",
    "db_server",
    "db_database",
    "db_username",
    PASSWORD,
];

impl Form {
    /// The wish that `former` becomes by these answers, or every wrong one. An empty answer keeps what stands.
    pub fn change(&self, former: &Wish, choices: &Choices) -> Result<Wish, Vec<FieldError>> {
        let wish = self.becomes(former, choices)?;
        if wish.same_but_for_the_reason(former) {
            let said = "Nothing is different from what stands. Change an answer first.";
            return Err(vec![FieldError::new("nodes", said)]);
        }
        Ok(wish)
    }

    /// The same, which may be what stands already.
    pub(super) fn becomes(&self, former: &Wish, choices: &Choices) -> Result<Wish, Vec<FieldError>> {
        let form = self.over(former);
        // The password is the vault's by now; another one is a rotation, which is asked for elsewhere.
        let mut wish = form.parse(&tolerant(choices, former), true)?;
        wish.template = former.template.clone();
        wish.database = former.database.clone();
        let mut errors = Vec::new();
        if former.vault.purge_protection && !wish.vault.purge_protection {
            errors.push(FieldError::new("purge_protection", "Azure never switches purge protection off again."));
        }
        if older(wish.cluster.kubernetes.as_str(), former.cluster.kubernetes.as_str()) {
            let said = format!("Azure takes no cluster back: choose {} or newer.", former.cluster.kubernetes);
            errors.push(FieldError::new("kubernetes", said));
        }
        if errors.is_empty() { Ok(wish) } else { Err(errors) }
    }

    /// These answers where there are any, otherwise those of the wish; what is fixed is always the wish's.
    pub fn over(&self, former: &Wish) -> Form {
        let mut form = Form::of(former);
        let take = |answer: &mut String, new: &String| {
            if !new.trim().is_empty() {
                answer.clone_from(new);
            }
        };
        take(&mut form.node_size, &self.node_size);
        take(&mut form.nodes, &self.nodes);
        take(&mut form.kubernetes, &self.kubernetes);
        take(&mut form.tier, &self.tier);
        take(&mut form.purge_protection, &self.purge_protection);
        take(&mut form.app_identity, &self.app_identity);
        take(&mut form.team_role, &self.team_role);
        take(&mut form.insights, &self.insights);
        take(&mut form.workspace, &self.workspace);
        take(&mut form.kept_days, &self.kept_days);
        take(&mut form.image, &self.image);
        take(&mut form.replicas, &self.replicas);
        take(&mut form.port, &self.port);
        take(&mut form.lifetime_days, &self.lifetime_days);
        take(&mut form.tags, &self.tags);
        form.reason.clone_from(&self.reason);
        form
    }
}

/// What stands may stay, though the configuration does not offer it any more.
fn tolerant(choices: &Choices, former: &Wish) -> Choices {
    let mut choices = choices.clone();
    let kubernetes = former.cluster.kubernetes.to_string();
    if !choices.kubernetes.contains(&kubernetes) {
        choices.kubernetes.push(kubernetes);
    }
    if !choices.node_sizes.iter().any(|size| size.name == former.cluster.node_size) {
        let name = former.cluster.node_size.clone();
        choices.node_sizes.push(super::NodeSizeChoice { name, cores: 0, memory_gib: 0 });
    }
    choices
}

/// Of two versions `MAJOR.MINOR[.PATCH]`, whether the first is the older one.
fn older(version: &str, than: &str) -> bool {
    let parts = |text: &str| text.split('.').map(|part| part.parse().unwrap_or(0)).collect::<Vec<u32>>();
    parts(version) < parts(than)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::tests::{choices, sample};
    use super::*;

    fn changed(answer: impl FnOnce(&mut Form)) -> Result<Wish, Vec<FieldError>> {
        let mut form = Form::default();
        answer(&mut form);
        form.change(&sample(), &choices())
    }

    #[test]
    fn what_is_not_named_stays_as_it_is() {
        let wish = changed(|form| form.nodes = "5".into()).unwrap();
        let mut expected = sample();
        expected.cluster.nodes = 5;
        expected.reason = String::new();
        assert_eq!(wish, expected);
    }

    #[test]
    fn what_is_fixed_cannot_be_renamed() {
        let wish = changed(|form| {
            form.nodes = "5".into();
            form.name = "another".into();
            form.vault_name = "kv-another".into();
            form.db_server = "elsewhere.example".into();
        });
        let wish = wish.unwrap();
        assert_eq!((wish.name, wish.vault.name), (sample().name, sample().vault.name));
        assert_eq!(wish.database, sample().database);
    }

    #[test]
    fn what_azure_cannot_take_back_says_so_beside_its_field() {
        let fields = |wish: Result<Wish, Vec<FieldError>>| {
            wish.unwrap_err().into_iter().map(|error| error.field).collect::<Vec<_>>()
        };
        assert_eq!(fields(changed(|form| form.kubernetes = "1.35".into())), ["kubernetes"]);
        assert_eq!(fields(changed(|form| form.nodes = "11".into())), ["nodes"]);
        assert_eq!(fields(changed(|_| ())), ["nodes"], "nothing is different");
    }
}
