//! What was found on Azure as answers of the form that changes an environment, so that drift can become the new wish.

use super::{Choices, Form};
use crate::plan::{FieldChange, Line, Verb};
use crate::wish::Wish;
use serde::{Deserialize, Serialize};

/// Answers as they were found, and what of the drift no answer can say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Accept {
    /// Name of the form's field, and the answer that makes what was found the wish.
    pub answers: Vec<(String, String)>,
    /// The same in words: "nodes 3 instead of 2".
    pub said: Vec<String>,
    /// What cannot be accepted, with the reason, in sentences.
    pub refused: Vec<String>,
}

/// Steps and fields of theirs, in Azure's words, that an answer of the form decides: its name, and how people call it.
const HELD: [(&str, &str, &str, &str); 7] = [
    ("cluster", "agentPoolProfiles.count", "nodes", "nodes"),
    ("cluster", "kubernetesVersion", "kubernetes", "Kubernetes"),
    ("cluster", "sku.tier", "tier", "tier"),
    ("workspace", "retentionInDays", "kept_days", "days for which logs are kept"),
    ("web-app", "deployment.spec.replicas", "replicas", "replicas"),
    ("web-app", "deployment.spec.template.spec.containers.image", "image", "image"),
    ("web-app", "service.spec.ports.port", "port", "port"),
];

/// A field that follows from another one of the same step: accepted with it, refused alone.
const FOLLOWS: [(&str, &str, &str); 1] = [("cluster", "agentPoolProfiles.orchestratorVersion", "kubernetesVersion")];

impl Accept {
    /// Of lines that say what a repair would do: what of it the form over `wish` can hold instead.
    pub fn of<'a>(lines: impl Iterator<Item = &'a Line>, wish: &Wish, choices: &Choices) -> Accept {
        let mut accept = Accept::default();
        let mut form = Form::default();
        for line in lines {
            if line.changes.is_empty() {
                let why = match line.verb {
                    Verb::Create => "it is not there, and only a repair makes it again",
                    _ => "no answer of the form decides it",
                };
                accept.refused.push(format!("{}: {why}.", line.name));
            }
            for change in &line.changes {
                accept.take(line, change, &mut form, wish, choices);
            }
        }
        accept
    }

    fn take(&mut self, line: &Line, change: &FieldChange, form: &mut Form, wish: &Wish, choices: &Choices) {
        let followed = FOLLOWS.iter().find(|(step, field, _)| line.step == *step && change.field == *field);
        if let Some((_, _, leader)) = followed {
            let leads = |other: &&FieldChange| other.field == *leader && other.from == change.from;
            if line.changes.iter().any(|other| leads(&other)) {
                return;
            }
        }
        let held = HELD.iter().find(|(step, field, _, _)| line.step == *step && change.field == *field);
        let Some((_, _, field, word)) = held else {
            self.refused.push(format!("{}: no answer of the form decides {}.", line.name, change.field));
            return;
        };
        let answer = if *field == "tier" { change.from.to_lowercase() } else { change.from.clone() };
        let mut tried = form.clone();
        set(&mut tried, field, &answer);
        let errors = tried.change(wish, choices).err().unwrap_or_default();
        match errors.into_iter().find(|error| error.field == *field) {
            Some(error) => self.refused.push(format!("{}, {word} {}: {}", line.name, change.from, error.message)),
            None => {
                *form = tried;
                self.answers.push(((*field).to_owned(), answer));
                self.said.push(format!("{word} {} instead of {}", change.from, change.to));
            }
        }
    }

    /// What the approver reads first.
    pub fn reason(&self) -> String {
        format!("As it was found on Azure: {}.", self.said.join(", "))
    }
}

fn set(form: &mut Form, field: &str, answer: &str) {
    let place = match field {
        "nodes" => &mut form.nodes,
        "kubernetes" => &mut form.kubernetes,
        "tier" => &mut form.tier,
        "kept_days" => &mut form.kept_days,
        "replicas" => &mut form.replicas,
        "image" => &mut form.image,
        "port" => &mut form.port,
        _ => return,
    };
    answer.clone_into(place);
}

#[cfg(test)]
mod tests {
    use super::super::tests::{choices, sample};
    use super::*;

    fn line(step: &str, name: &str, changes: &[(&str, &str, &str)]) -> Line {
        let change = |(field, from, to): &(&str, &str, &str)| FieldChange {
            field: (*field).to_owned(),
            from: (*from).to_owned(),
            to: (*to).to_owned(),
        };
        Line {
            step: step.to_owned(),
            verb: if changes.is_empty() { Verb::Create } else { Verb::Change },
            name: name.to_owned(),
            kind: "Thing".to_owned(),
            detail: String::new(),
            changes: changes.iter().map(change).collect(),
            known_after: Vec::new(),
            expected: None,
        }
    }

    fn accept(lines: &[Line]) -> Accept {
        Accept::of(lines.iter(), &sample(), &choices())
    }

    #[test]
    fn every_field_that_is_held_is_an_answer_that_the_form_takes() {
        let found = [
            ("nodes", "5"),
            ("kubernetes", "1.36"),
            ("tier", "Free"),
            ("kept_days", "60"),
            ("replicas", "4"),
            ("image", "registry.contoso.example/webapp:2.0.0"),
            ("port", "80"),
        ];
        for (step, azure, field, word) in HELD {
            let value = found.iter().find(|(name, _)| *name == field).map(|(_, value)| *value).unwrap_or_default();
            let accepted = accept(&[line(step, "thing", &[(azure, value, "other")])]);
            assert_eq!(accepted.refused, Vec::<String>::new(), "{field}");
            assert_eq!(accepted.answers[0].0, field);
            assert_eq!(accepted.said, [format!("{word} {value} instead of other")]);
        }
    }

    #[test]
    fn what_no_answer_can_say_says_so() {
        let accepted = accept(&[
            line("cluster", "aks-shop", &[("agentPoolProfiles.count", "5", "3"), ("enableRBAC", "false", "true")]),
            line("cluster", "aks-shop", &[("agentPoolProfiles.count", "11", "3")]),
            line("app-vault-role", "Key Vault Secrets User", &[]),
        ]);
        assert_eq!(accepted.answers, [("nodes".to_owned(), "5".to_owned())]);
        assert_eq!(
            accepted.refused,
            [
                "aks-shop: no answer of the form decides enableRBAC.",
                "aks-shop, nodes 11: A whole number from 1 to 10 nodes.",
                "Key Vault Secrets User: it is not there, and only a repair makes it again.",
            ]
        );
        assert_eq!(accepted.reason(), "As it was found on Azure: nodes 5 instead of 3.");
    }

    #[test]
    fn the_nodes_follow_the_version_of_their_cluster() {
        let both = [("kubernetesVersion", "1.36", "1.35"), ("agentPoolProfiles.orchestratorVersion", "1.36", "1.35")];
        assert_eq!(accept(&[line("cluster", "aks-shop", &both)]).refused, Vec::<String>::new());
        assert_eq!(accept(&[line("cluster", "aks-shop", &both[1..])]).refused.len(), 1);
    }
}
