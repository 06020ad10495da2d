//! Asking: the plan of a form that is being filled, and the request that it becomes, with a frozen plan and held names.

use super::search;
use crate::service::Service;
use crate::service::choices::NAME_HELD;
use crate::service::error::{failed, internal};
use crate::service::quota::Wanting;
use crate::service::sending::{Premade, Sending, new_id, refuse_denied};
use crate::service::warnings::Age;
use crate::store::{self, Change, once, timer};
use app::error::{Code, PortalError};
use app::portal::{Answer, Submission};
use domain::account::Caller;
use domain::audit::Actor;
use domain::cost::Costing;
use domain::field::FieldError;
use domain::form::{Choices, Form, PASSWORD};
use domain::id::{DraftId, EnvironmentId, RequestId};
use domain::plan::{Finding, Plan};
use domain::request::Kind;
use domain::view::request::{DeletedVault, PlanPanel};
use domain::wish::{Database, PasswordFrom, Wish};
use secrecy::SecretString;

/// Of a plan that somebody was quicker to send.
pub(in crate::service) const SENT_ALREADY: &str = "This plan was sent already. Make another one.";

/// What is asked for as a new environment.
pub(in crate::service) struct New<'a> {
    pub environment: EnvironmentId,
    pub request: RequestId,
    pub wish: Wish,
    pub plan: Plan,
    /// The draft that is done with, or the plan that was made before.
    pub draft: Option<DraftId>,
    pub made: Option<Premade<'a>>,
}

impl Service {
    pub(super) async fn plan_panel(&self, caller: &Caller, form: &Form, password_typed: bool) -> Answer<PlanPanel> {
        let choices = self.asking(caller).await?;
        let mut panel = PlanPanel { errors: wrong_answers(form, &choices, password_typed), ..PlanPanel::default() };
        // The password changes nothing of the plan, so that a plan without it can be shown.
        let Ok(mut wish) = form.parse(&choices, true) else { return Ok(panel) };
        let held = store::environment::held(&self.store, wish.name.as_str()).await;
        if held.map_err(failed("looking for a name"))? {
            panel.errors.push(FieldError::new("name", NAME_HELD));
        }
        let environment = EnvironmentId::new("new");
        if let Ok(deleted) = self.deleted_vault(&wish, &environment, Age::Picture).await {
            wish.vault.deleted = wish.vault.deleted.filter(|_| deleted.is_some());
            panel.deleted_vault = deleted;
        }
        panel.cost_centre.clone_from(&wish.cost_centre);
        match self.costing(Kind::Create, &wish, None).await {
            Ok(cost) => panel.cost = cost,
            Err(why) => panel.unpriced = Some(why),
        }
        let asked = (Kind::Create, &wish, None);
        match self.plan_of(&wish, &environment).await {
            Ok(mut plan) => {
                self.warn(&mut plan, asked, &environment, Age::Picture).await?;
                self.show_standing(&mut plan, &wish, &environment).await?;
                self.foretell(&mut plan, &self.recipe.outline(&wish)).await?;
                match (&panel.deleted_vault, wish.vault.deleted) {
                    (_, Some(_)) => {} // its own warning says what stands in the way
                    (Some(deleted), None) => plan.findings.push(denial(undecided(deleted))),
                    (None, None) => match self.vault_taken(&wish.vault.name).await {
                        Ok(sentence) => plan.findings.extend(sentence.map(taken).map(denial)),
                        Err(error) => panel.unreachable = Some(error.message),
                    },
                }
                let (by, cost) = (&caller.account.id, panel.cost.as_ref());
                let wanting = Wanting { by, wish: &wish, cost, environment: None };
                if let Some((quota, full)) = self.quota_shown(&wanting).await? {
                    plan.findings.extend(full);
                    panel.quota = Some(quota);
                }
                panel.plan = Some(plan);
            }
            Err(error) => panel.unreachable = Some(error.message),
        }
        let found = panel.plan.as_ref().map(|plan| plan.findings.as_slice()).unwrap_or_default();
        panel.decider = self.decider(caller, Kind::Create, &wish, panel.cost.as_ref(), found).await?;
        panel.looked = panel.unreachable.is_none().then(|| self.clock.now());
        Ok(panel)
    }

    pub(super) async fn send(&self, caller: &Caller, submission: Submission) -> Answer<RequestId> {
        let choices = self.asking(caller).await?;
        if let Some(request) = once::done() {
            return Ok(request);
        }
        let mut wish = submission.form.parse(&choices, submission.password.is_some()).map_err(PortalError::invalid)?;
        let (environment, request) = (EnvironmentId::new(new_id()), RequestId::new(new_id()));
        self.free_names(&mut wish, &environment).await?;
        // Before anything is looked at: of a name that stands on Azure the sentence beside its field says more.
        let mut foreseen = self.plan_of(&wish, &environment).await?;
        self.warn(&mut foreseen, (Kind::Create, &wish, None), &environment, Age::Fresh).await?;
        refuse_denied(&foreseen)?;
        let mut plan = self.plan_looked(&wish, &environment, &self.recipe.outline(&wish), None).await?;
        plan.findings = foreseen.findings;
        let new = New { environment, request, wish, plan, draft: submission.draft, made: None };
        self.send_new(caller, new, submission.password).await
    }

    /// Freezes what was planned for a new environment, takes a place in the team's quota, and holds the name.
    pub(in crate::service) async fn send_new(
        &self,
        caller: &Caller,
        new: New<'_>,
        password: Option<SecretString>,
    ) -> Answer<RequestId> {
        let New { environment, request, wish, plan, draft, made } = new;
        let password = self.password(&wish, password).await?;
        let sealed = self.sealed(&request, &password).await?;
        let now = self.clock.now();
        let sending = Sending { kind: Kind::Create, wish: &wish, former: None, purge: false, plan, job: None };
        let row = match made.as_ref().and_then(|made| made.cost.clone()) {
            None => self.sent(caller, &request, &environment, sending, now).await,
            cost => self.sent_at(caller, &request, &environment, sending, cost, now),
        };
        let cost = row.cost.as_ref();
        let write = async {
            let mut tx = self.store.begin().await?;
            let owner = (&caller.account.id, caller.account.name.as_str());
            let full =
                self.reserve(&mut tx, &Wanting { by: owner.0, wish: &wish, cost, environment: None }, now).await?;
            if !full.is_empty() {
                return Ok(full);
            }
            store::environment::add(&mut tx, &environment, owner, &wish, &search(&wish, owner.1), now).await?;
            if let Some(estimate) = cost.and_then(Costing::after) {
                store::cost::keep(&mut tx, &environment, estimate).await?;
            }
            store::request::add(&mut tx, &row).await?;
            store::audit::asked(&mut tx, &Actor::of(caller), &row, now).await?;
            store::notice::events::asked(&mut tx, &row, now).await?;
            store::sealed::keep(&mut tx, &request, &sealed, now).await?;
            timer::set(&mut tx, timer::REQUEST, request.as_str(), row.lapses_at).await?;
            if let Some(draft) = &draft {
                store::draft::drop_one(&mut tx, &caller.account.id, draft).await?;
            }
            once::made(&request);
            if let Some(made) = &made {
                store::made_plan::sent(&mut tx, made.id, &request).await?;
            }
            tx.commit().await.map(|()| Vec::new())
        };
        match write.await {
            Ok(full) if !full.is_empty() => Err(PortalError::invalid(full)),
            Ok(_) => {
                self.store.announce(Change::Environment(environment)).await;
                Ok(request)
            }
            Err(store::Error::Taken("plan")) => Err(PortalError::conflict(SENT_ALREADY)),
            Err(store::Error::Taken(_)) => Err(PortalError::invalid(vec![FieldError::new("name", NAME_HELD)])),
            Err(error) => Err(internal("sending a request", &error)),
        }
    }

    /// Both names that must be free, or chosen to become so; where nothing deleted holds the vault's, nothing becomes of
    /// it. Azure that does not answer stops nobody: the step that makes the vault asks again.
    pub(in crate::service) async fn free_names(&self, wish: &mut Wish, environment: &EnvironmentId) -> Answer<()> {
        let mut errors = Vec::new();
        let failed = failed("looking for a name");
        if store::environment::held(&self.store, wish.name.as_str()).await.map_err(&failed)? {
            errors.push(FieldError::new("name", NAME_HELD));
        }
        errors.extend(self.vault_error(wish.vault.name.as_str()).await?);
        let deleted = match self.deleted_vault(wish, environment, Age::Fresh).await {
            Ok(deleted) => {
                wish.vault.deleted = wish.vault.deleted.filter(|_| deleted.is_some());
                deleted
            }
            Err(error) if error.code == Code::Unavailable => None,
            Err(error) => return Err(error),
        };
        match (deleted, wish.vault.deleted) {
            (_, Some(_)) => {}
            (Some(deleted), None) => errors.push(undecided(&deleted)),
            (None, None) => match self.vault_taken(&wish.vault.name).await {
                Ok(sentence) => errors.extend(sentence.map(taken)),
                Err(error) if error.code == Code::Unavailable => {}
                Err(error) => return Err(error),
            },
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

/// Of a deleted vault of which it has not been said what becomes of it: beside the choice, or beside the name where there
/// is nothing to choose.
fn undecided(deleted: &DeletedVault) -> FieldError {
    let (name, until) = (&deleted.name, deleted.until.as_ref().map(|until| format!(" until {until}")));
    let held = format!("A deleted vault holds the name {name}{}", until.unwrap_or_default());
    if deleted.recover.allowed || deleted.purge.allowed {
        FieldError::new("vault_deleted", format!("{held}: choose what becomes of it, or take another name."))
    } else {
        FieldError::new("vault_name", format!("{held}, and can be neither recovered nor purged: take another name."))
    }
}

fn taken(sentence: String) -> FieldError {
    FieldError::new("vault_name", sentence)
}

fn denial(error: FieldError) -> Finding {
    Finding::deny(error.field, error.message)
}
