//! The whole wish of an environment as one document: read as it is, and put as it shall be.

use super::Service;
use super::changeable::ANOTHER_WAITS;
use super::error::failed;
use super::permit;
use crate::store;
use crate::store::environment::Environment;
use app::error::{Code, PortalError};
use app::portal::{Answer, Changes, Put, Requests, Submission, Wishes};
use async_trait::async_trait;
use domain::account::Caller;
use domain::environment::State;
use domain::field::FieldError;
use domain::form::Form;
use domain::id::RequestId;
use domain::permission::{Action, Subject};
use secrecy::SecretString;

#[async_trait]
impl Wishes for Service {
    async fn wish(&self, caller: &Caller, environment: &str) -> Answer<Form> {
        let environment = self.seen_environment(caller, environment).await?;
        Ok(Form::of(&environment.wish))
    }

    async fn put(
        &self,
        caller: &Caller,
        environment: &str,
        form: &Form,
        password: Option<SecretString>,
    ) -> Answer<Put> {
        let mut form = form.clone();
        if form.name.trim().is_empty() {
            environment.clone_into(&mut form.name);
        }
        if form.name.trim() != environment {
            let said = format!("The document is of {}, its address of {environment}.", form.name.trim());
            return Err(PortalError::invalid(vec![FieldError::new("name", said)]));
        }
        match self.put_once(caller, environment, &form, password).await {
            // Somebody may have put the same at this moment.
            Err(error) if matches!(error.code, Code::Conflict | Code::Invalid) => {
                let living = self.living(caller, environment).await?;
                match self.waits_for_the_same(living.as_ref(), &form).await? {
                    Some(request) => Ok(Put::Waits(request)),
                    None => Err(error),
                }
            }
            put => put,
        }
    }
}

impl Service {
    async fn put_once(&self, caller: &Caller, name: &str, form: &Form, password: Option<SecretString>) -> Answer<Put> {
        let Some(environment) = self.living(caller, name).await? else {
            let submission = Submission { form: form.clone(), password, draft: None };
            return self.submit(caller, submission).await.map(Put::Sent);
        };
        if let Some(request) = self.waits_for_the_same(Some(&environment), form).await? {
            return Ok(Put::Waits(request));
        }
        let wanted = form.desired(&environment.wish, &self.choices);
        if environment.state == State::Waiting {
            return Err(PortalError::conflict(ANOTHER_WAITS));
        }
        if wanted.map_err(PortalError::invalid)?.same_but_for_the_reason(&environment.wish) {
            return Ok(Put::Stands);
        }
        self.submit_change(caller, name, form).await.map(Put::Sent)
    }

    /// What bears the name now, if the caller may ask that it become another one.
    async fn living(&self, caller: &Caller, name: &str) -> Answer<Option<Environment>> {
        let found = store::environment::named(&self.store, name).await.map_err(failed("reading an environment"))?;
        let living = found.filter(|found| !matches!(found.state, State::Gone | State::Released));
        if let Some(living) = &living {
            permit(caller, Action::Change, &Subject::of(&living.team, Some(&living.owner)))?;
        }
        Ok(living)
    }

    /// The request that waits, where it asks for what these answers want.
    async fn waits_for_the_same(&self, living: Option<&Environment>, form: &Form) -> Answer<Option<RequestId>> {
        let Some(environment) = living else { return Ok(None) };
        let failed = failed("looking for a request");
        let waits = store::request::waiting_for(&self.store, &environment.id).await.map_err(&failed)?;
        let Some(id) = waits else { return Ok(None) };
        let request = store::request::find(&self.store, &id).await.map_err(&failed)?;
        let Ok(wanted) = form.desired(&environment.wish, &self.choices) else { return Ok(None) };
        let same = |waiting: &store::request::Request| {
            use domain::request::Kind;
            matches!(waiting.kind, Kind::Create | Kind::Change) && waiting.wish.same_but_for_the_reason(&wanted)
        };
        Ok(request.filter(same).map(|_| id))
    }
}
