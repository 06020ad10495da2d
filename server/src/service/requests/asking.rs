//! Asking: the plan of a form that is being filled, and the request that it becomes, with a frozen plan and held names.

use super::search;
use crate::service::Service;
use crate::service::choices::NAME_HELD;
use crate::service::error::{failed, internal};
use crate::service::sending::{Sending, new_id, refuse_denied};
use crate::service::warnings::Age;
use crate::store::{self, Change, timer};
use app::error::{Code, PortalError};
use app::portal::{Answer, Submission};
use domain::account::Caller;
use domain::field::FieldError;
use domain::form::{Choices, Form, PASSWORD};
use domain::id::{EnvironmentId, RequestId};
use domain::plan::{Finding, Weight};
use domain::request::Kind;
use domain::view::request::PlanPanel;
use domain::wish::{Database, PasswordFrom, Wish};
use secrecy::SecretString;

impl Service {
    pub(super) async fn plan_panel(&self, caller: &Caller, form: &Form, password_typed: bool) -> Answer<PlanPanel> {
        let choices = self.may_ask(caller)?;
        let mut panel = PlanPanel { errors: wrong_answers(form, &choices, password_typed), ..PlanPanel::default() };
        // The password changes nothing of the plan, so that a plan without it can be shown.
        let Ok(wish) = form.parse(&choices, true) else { return Ok(panel) };
        let team = self.team(&wish.team);
        let words = self.deciders().await?.words(&wish.team, &team.title, &caller.account.name);
        panel.decider = format!("{words} decides.");
        let held = store::environment::held(&self.store, wish.name.as_str()).await;
        if held.map_err(failed("looking for a name"))? {
            panel.errors.push(FieldError::new("name", NAME_HELD));
        }
        let unreachable = |error: PortalError| error.message;
        match self.plan_of(&wish, &EnvironmentId::new("new")).await {
            Ok(mut plan) => {
                self.warn(&mut plan, &wish, &EnvironmentId::new("new"), Age::Picture).await?;
                match self.vault_taken(&wish.vault.name).await {
                    Ok(sentence) => plan.findings.extend(sentence.map(vault_finding)),
                    Err(error) => panel.unreachable = Some(error.message),
                }
                panel.plan = Some(plan);
            }
            Err(error) => panel.unreachable = Some(unreachable(error)),
        }
        panel.looked = panel.unreachable.is_none().then(|| self.clock.now());
        Ok(panel)
    }

    pub(super) async fn send(&self, caller: &Caller, submission: Submission) -> Answer<RequestId> {
        let choices = self.may_ask(caller)?;
        let wish = submission.form.parse(&choices, submission.password.is_some()).map_err(PortalError::invalid)?;
        self.free_names(&wish).await?;
        let (environment, request) = (EnvironmentId::new(new_id()), RequestId::new(new_id()));
        // Before anything is looked at: of a name that stands on Azure the sentence beside its field says more.
        let mut foreseen = self.plan_of(&wish, &environment).await?;
        self.warn(&mut foreseen, &wish, &environment, Age::Fresh).await?;
        refuse_denied(&foreseen)?;
        let mut plan = self.plan_looked(&wish, &environment, &self.recipe.outline(&wish), None).await?;
        plan.findings = foreseen.findings;
        let password = self.password(&wish, submission.password).await?;
        let sealed = self.seal.seal(&request, &password).map_err(|error| internal("sealing a password", &error))?;
        let now = self.clock.now();
        let sending = Sending { kind: Kind::Create, wish: &wish, former: None, purge: false, plan, job: None };
        let row = self.sent(caller, &request, &environment, sending, now);
        let write = async {
            let mut tx = self.store.begin().await?;
            let owner = (&caller.account.id, caller.account.name.as_str());
            store::environment::add(&mut tx, &environment, owner, &wish, &search(&wish, owner.1), now).await?;
            store::request::add(&mut tx, &row).await?;
            store::sealed::keep(&mut tx, &request, &sealed, now).await?;
            timer::set(&mut tx, timer::REQUEST, request.as_str(), row.lapses_at).await?;
            if let Some(draft) = &submission.draft {
                store::draft::drop_one(&mut tx, &caller.account.id, draft).await?;
            }
            tx.commit().await
        };
        match write.await {
            Ok(()) => {
                self.store.announce(Change::Environment(environment)).await;
                Ok(request)
            }
            Err(store::Error::Taken(_)) => Err(PortalError::invalid(vec![FieldError::new("name", NAME_HELD)])),
            Err(error) => Err(internal("sending a request", &error)),
        }
    }

    /// Both names that must be free. Azure that does not answer stops nobody: the step that makes the vault asks again.
    async fn free_names(&self, wish: &Wish) -> Answer<()> {
        let mut errors = Vec::new();
        let failed = failed("looking for a name");
        if store::environment::held(&self.store, wish.name.as_str()).await.map_err(&failed)? {
            errors.push(FieldError::new("name", NAME_HELD));
        }
        errors.extend(self.vault_error(wish.vault.name.as_str()).await?);
        match self.vault_taken(&wish.vault.name).await {
            Ok(Some(sentence)) => errors.push(FieldError::new("vault_name", sentence)),
            Ok(None) => {}
            Err(error) if error.code == Code::Unavailable => {}
            Err(error) => return Err(error),
        }
        if errors.is_empty() { Ok(()) } else { Err(PortalError::invalid(errors)) }
    }

    /// Another environment here was promised the same vault name.
    pub(in crate::service) async fn vault_error(&self, vault: &str) -> Answer<Option<FieldError>> {
        let held = store::environment::vault_held(&self.store, vault).await.map_err(failed("looking for a name"))?;
        Ok(held
            .then(|| FieldError::new("vault_name", "Another environment here has this vault name. Take another one.")))
    }

    /// Typed, or read from the file that the configuration names for the template.
    async fn password(&self, wish: &Wish, typed: Option<SecretString>) -> Answer<SecretString> {
        let Database::Named { password_from, .. } = &wish.database;
        let missing = || {
            let said = "Type the password of this database user; it is sealed at once and shown to nobody.";
            PortalError::invalid(vec![FieldError::new(PASSWORD, said)])
        };
        match password_from {
            PasswordFrom::Typed => typed.ok_or_else(missing),
            PasswordFrom::Template => {
                let path = self.password_files.get(&wish.template.name).ok_or_else(missing)?;
                let text = tokio::fs::read_to_string(path).await.map_err(|error| {
                    let what = format!("reading the password file of template {}", wish.template.name);
                    let mut told = internal(&what, &error);
                    told.code = Code::Unavailable;
                    told.message =
                        "The template's database password cannot be read; tell whoever runs Keystead.".into();
                    told
                })?;
                Ok(SecretString::from(text.trim_end_matches(['\r', '\n']).to_owned()))
            }
        }
    }
}

fn wrong_answers(form: &Form, choices: &Choices, password_typed: bool) -> Vec<FieldError> {
    form.parse(choices, password_typed).err().unwrap_or_default()
}

fn vault_finding(sentence: String) -> Finding {
    Finding { weight: Weight::Deny, field: Some("vault_name".to_owned()), sentence }
}
