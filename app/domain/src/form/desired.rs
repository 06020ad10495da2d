//! The whole wish for an environment, held against what stands: what it would become, and what it can never become.

use super::{Choices, Form};
use crate::field::FieldError;
use crate::wish::Wish;

impl Form {
    /// The wish that these answers want in place of `standing`, which may be the same. An empty answer keeps what stands;
    /// one that cannot become another is told, where `change` passes over it.
    pub fn desired(&self, standing: &Wish, choices: &Choices) -> Result<Wish, Vec<FieldError>> {
        let mut errors = self.unlike(standing);
        match self.becomes(standing, choices) {
            Ok(wish) if errors.is_empty() => Ok(wish),
            Ok(_) => Err(errors),
            Err(more) => {
                errors.extend(more);
                Err(errors)
            }
        }
    }

    /// Answers that are fixed for as long as the environment lives, and given otherwise. What becomes of a deleted vault
    /// is said once, when the new one is made.
    fn unlike(&self, standing: &Wish) -> Vec<FieldError> {
        let stands = Form::of(standing);
        let fixed = [
            ("name", &self.name, &stands.name),
            ("team", &self.team, &stands.team),
            ("region", &self.region, &stands.region),
            ("template", &self.template, &stands.template),
            ("vault_name", &self.vault_name, &stands.vault_name),
            ("soft_delete_days", &self.soft_delete_days, &stands.soft_delete_days),
            ("db_server", &self.db_server, &stands.db_server),
            ("db_database", &self.db_database, &stands.db_database),
            ("db_username", &self.db_username, &stands.db_username),
        ];
        let differs =
            fixed.into_iter().filter(|(_, given, stands)| !given.trim().is_empty() && given.trim() != *stands);
        let error = |(field, _, stands): (&str, &String, &String)| {
            FieldError::new(field, format!("It is {stands} for as long as the environment lives. Leave it as it is."))
        };
        differs.map(error).collect()
    }
}

/// What two wishes ask otherwise, answer by answer: `nodes: 5 instead of 3`.
pub fn differences(was: &Wish, is: &Wish) -> Vec<String> {
    let answers = |wish: &Wish| match serde_json::to_value(Form::of(wish)) {
        Ok(serde_json::Value::Object(answers)) => answers,
        _ => serde_json::Map::new(),
    };
    let (was, is) = (answers(was), answers(is));
    let differs = is.iter().filter(|(field, answer)| field.as_str() != "reason" && was.get(*field) != Some(*answer));
    let said = |answer: Option<&serde_json::Value>| match answer.and_then(serde_json::Value::as_str) {
        Some("") | None => "nothing".to_owned(),
        Some(text) => text.to_owned(),
    };
    differs
        .map(|(field, answer)| format!("{field}: {} instead of {}", said(Some(answer)), said(was.get(field))))
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::super::tests::{choices, sample};
    use super::*;

    #[test]
    fn the_answers_of_what_stands_want_what_stands() {
        let standing = sample();
        let wanted = Form::of(&standing).desired(&standing, &choices()).unwrap();
        assert_eq!(wanted, standing);
        let unsaid = Form::default().desired(&standing, &choices()).unwrap();
        assert!(unsaid.same_but_for_the_reason(&standing));
    }

    #[test]
    fn what_is_fixed_is_told_and_what_differs_is_wanted() {
        let standing = sample();
        let form = Form { nodes: "5".into(), ..Form::of(&standing) };
        let wanted = form.desired(&standing, &choices()).unwrap();
        assert_eq!(differences(&standing, &wanted), ["nodes: 5 instead of 3"]);
        let other = Form { region: "northeurope".into(), nodes: "11".into(), ..Form::of(&standing) };
        let told = other.desired(&standing, &choices()).unwrap_err();
        let fields: Vec<&str> = told.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["region", "nodes"]);
    }
}
