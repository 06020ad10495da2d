//! A form while it is filled: answers as typed, what is wrong with them by the domain's rules, and the plan they make.

use domain::field::{FieldError, error_of};
use domain::form::{Choices, Form, PASSWORD};
use domain::id::DraftId;
use domain::view::request::PlanPanel;
use domain::wish::Wish;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The form with everything that it offers and what is known of its answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    pub choices: Choices,
    pub form: Form,
    pub draft: Option<DraftId>,
    /// Whether it was tried to send it: then every wrong answer is shown.
    pub tried: bool,
    /// What the last attempt was told beyond the rules.
    pub errors: Vec<FieldError>,
    pub plan: PlanPanel,
    /// What is to become another one; a new environment where there is none.
    pub stands: Option<Stands>,
}

/// An environment that stands, over which the answers are given: an empty one keeps what is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stands {
    pub environment: String,
    pub wish: Wish,
}

#[derive(Clone, Copy)]
pub struct Filling {
    pub choices: StoredValue<Arc<Choices>>,
    stands: StoredValue<Option<Arc<Stands>>>,
    pub form: RwSignal<Form>,
    /// The answers with the template's defaults in place of empty ones.
    pub filled: Memo<Form>,
    pub draft: RwSignal<Option<DraftId>>,
    pub panel: RwSignal<PlanPanel>,
    /// Whether the plan of the newest answers is being asked for.
    pub looking: RwSignal<bool>,
    /// Whether it was tried to send it: then every wrong answer is shown.
    pub tried: RwSignal<bool>,
    /// Whether there is something in the password's field; its text is read by nobody here.
    password: RwSignal<bool>,
    /// Answers that were left, so that a wrong one is told of.
    touched: RwSignal<Vec<&'static str>>,
    /// What the server said beyond the rules: a name that is taken.
    said: RwSignal<Vec<FieldError>>,
    wrong: Memo<Vec<FieldError>>,
}

impl Filling {
    pub fn new(opened: Opened) -> Filling {
        let choices = StoredValue::new(Arc::new(opened.choices));
        let stands = StoredValue::new(opened.stands.map(Arc::new));
        let form = RwSignal::new(opened.form);
        let password = RwSignal::new(false);
        let mut beyond = opened.errors;
        for error in &opened.plan.errors {
            if !beyond.contains(error) {
                beyond.push(error.clone());
            }
        }
        let said = RwSignal::new(beyond);
        let filled = Memo::new(move |_| form.with(|form| filled(form, choices, stands)));
        let wrong = Memo::new(move |_| {
            let rules = form.with(|form| match stands.get_value() {
                Some(stands) => form.change(&stands.wish, &choices.get_value()).err(),
                None => form.parse(&choices.get_value(), password.get()).err(),
            });
            let rules = rules.unwrap_or_default();
            let beyond = said.with(|said| {
                said.iter().filter(|error| error_of(&rules, &error.field).is_none()).cloned().collect::<Vec<_>>()
            });
            rules.into_iter().chain(beyond.into_iter().filter(|error| error.field != PASSWORD)).collect()
        });
        Filling {
            choices,
            stands,
            form,
            filled,
            draft: RwSignal::new(opened.draft),
            panel: RwSignal::new(opened.plan),
            looking: RwSignal::new(false),
            tried: RwSignal::new(opened.tried),
            password,
            touched: RwSignal::new(Vec::new()),
            said,
            wrong,
        }
    }

    /// The answer as it was typed.
    pub fn answer(self, field: &'static str) -> String {
        self.form.with(|form| answer(form, field).to_owned())
    }

    /// The answer or the template's default for it.
    pub fn filled(self, field: &'static str) -> String {
        self.filled.with(|form| answer(form, field).to_owned())
    }

    /// What the template would give in place of an answer.
    pub fn default_of(self, field: &'static str) -> String {
        let mut form = self.form.get();
        if let Some(answer) = answer_mut(&mut form, field) {
            answer.clear();
        }
        answer(&filled(&form, self.choices, self.stands), field).to_owned()
    }

    /// What is to become another one, where this is no form for a new environment.
    pub fn stands(self) -> Option<Arc<Stands>> {
        self.stands.get_value()
    }

    /// Somebody types: what was said of the old answer no longer holds.
    pub fn type_in(self, field: &'static str, text: String) {
        let mut renamed = false;
        self.form.update(|form| {
            let vault = form.vault();
            set_answer(form, field, text);
            // A vault's name follows from the environment's where none is given; what was to become of a deleted vault
            // is no answer about another one.
            renamed = form.vault() != vault;
            if renamed {
                form.vault_deleted.clear();
            }
        });
        // Of what stands, the server says nothing beyond the rules: its "nothing is different" is over with any key.
        let stands = self.stands.with_value(Option::is_some);
        let over = |said: &str| stands || said == field || renamed && ["vault_name", "vault_deleted"].contains(&said);
        self.said.update(|said| said.retain(|error| !over(&error.field)));
    }

    pub fn type_password(self, there: bool) {
        self.password.set(there);
    }

    pub fn password_typed(self) -> bool {
        self.password.get()
    }

    /// Somebody left the field: what is wrong with it may now be said.
    pub fn leave(self, field: &'static str) {
        if !self.touched.with_untracked(|touched| touched.contains(&field)) {
            self.touched.update(|touched| touched.push(field));
        }
    }

    /// The server looked at the answers.
    pub fn looked(self, panel: PlanPanel) {
        self.said.set(panel.errors.clone());
        self.panel.set(panel);
    }

    /// The sentence that stands beside a field now.
    pub fn error(self, field: &'static str) -> Option<String> {
        let told = self.tried.get() || self.touched.with(|touched| touched.contains(&field));
        told.then(|| self.wrong.with(|wrong| error_of(wrong, field).map(str::to_owned))).flatten()
    }

    /// Everything that is wrong, in the order of the fields.
    pub fn errors(self) -> Vec<FieldError> {
        self.wrong.get()
    }

    /// Whether the server was asked about this answer as it is now and has nothing against it.
    pub fn free(self, field: &'static str) -> bool {
        !self.looking.get()
            && self.panel.with(|panel| panel.looked.is_some() && !panel.denies(field))
            && !self.filled(field).is_empty()
            && self.wrong.with(|wrong| error_of(wrong, field).is_none())
    }
}

/// The answers with what they mean where they are empty: the template's defaults, or what stands.
fn filled(form: &Form, choices: StoredValue<Arc<Choices>>, stands: StoredValue<Option<Arc<Stands>>>) -> Form {
    match stands.get_value() {
        Some(stands) => form.over(&stands.wish),
        None => form.filled(&choices.get_value()),
    }
}

macro_rules! answers {
    ($($field:ident),+ $(,)?) => {
        /// The answer of a field by the name that the form gives it; empty for a name that is none.
        pub fn answer<'a>(form: &'a Form, field: &str) -> &'a str {
            match field {
                $(stringify!($field) => &form.$field,)+
                _ => "",
            }
        }

        /// The field of this name, for as long as the program runs; `None` for a name that is none.
        pub fn field_named(name: &str) -> Option<&'static str> {
            [$(stringify!($field)),+].into_iter().find(|field| *field == name)
        }

        /// Sets the answer of a field; a name that is none sets nothing.
        pub fn set_answer(form: &mut Form, field: &str, text: String) {
            if let Some(answer) = answer_mut(form, field) {
                *answer = text;
            }
        }

        fn answer_mut<'a>(form: &'a mut Form, field: &str) -> Option<&'a mut String> {
            match field {
                $(stringify!($field) => Some(&mut form.$field),)+
                _ => None,
            }
        }
    };
}

answers!(
    name,
    team,
    region,
    template,
    node_size,
    nodes,
    kubernetes,
    tier,
    vault_name,
    soft_delete_days,
    purge_protection,
    vault_deleted,
    app_identity,
    team_role,
    db_server,
    db_database,
    db_username,
    insights,
    workspace,
    kept_days,
    image,
    replicas,
    port,
    lifetime_days,
    tags,
    reason,
);

#[cfg(test)]
mod tests {
    use super::*;

    /// The form's fields are known to serde; none may be missing here.
    #[test]
    fn every_answer_is_found_by_its_name() {
        let serde_json::Value::Object(fields) = serde_json::to_value(Form::default()).expect("a form") else {
            panic!("not an object")
        };
        for field in fields.keys() {
            let mut form = Form::default();
            *answer_mut(&mut form, field).expect(field) = "x".to_owned();
            assert_eq!(answer(&form, field), "x", "{field}");
        }
    }
}
