//! A step without its types, as recipes hold it and the worker calls it: outputs are JSON.

use super::compare::{Difference, differences};
use super::context::{Context, Subject};
use super::needs::{Ledger, Needs, References, Values};
use super::step::{Found, Progress, Step, StepError, Undo};
use async_trait::async_trait;
use domain::environment::Part;
use domain::failure::Failure;
use domain::job::Keeps;
use domain::plan;
use domain::wish::Wish;
use serde_json::Value;
use std::time::Duration;

/// What a look found, held against what is wanted.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    Absent,
    Moving {
        operation: Value,
        after: Duration,
    },
    /// What is there, held against what is wanted, and what it is to later steps as it is.
    Differs {
        differences: Vec<Difference>,
        output: Value,
    },
    AsWanted(Value),
}

#[async_trait]
pub trait AnyStep: Send + Sync {
    fn key(&self) -> &'static str;
    fn title(&self) -> &'static str;
    fn part(&self) -> Option<Part>;
    fn leaves(&self) -> bool;
    fn version(&self) -> u32;
    /// Key of each need, and whether it may be left out.
    fn needs(&self) -> Vec<(&'static str, bool)>;
    fn applies(&self, wish: &Wish) -> bool;
    fn resource(&self, wish: &Wish) -> String;
    fn lies_in(&self, wish: &Wish) -> Option<&'static str>;
    fn plan(&self, subject: &Subject<'_>) -> Vec<plan::Line>;
    fn permits(&self, subject: &Subject<'_>) -> Vec<String>;
    fn warns(&self, subject: &Subject<'_>) -> Vec<plan::Finding>;
    fn keeps(&self, wish: &Wish) -> Option<Keeps>;
    fn leaves_former(&self, former: &Wish, wish: &Wish) -> bool;
    fn in_place(&self, differences: &[Difference]) -> bool;
    async fn plan_removal(&self, cx: &Context<'_>) -> Result<Vec<plan::Line>, StepError>;
    async fn look(&self, cx: &Context<'_>, ledger: &Ledger) -> Result<Verdict, StepError>;
    async fn run(&self, cx: &Context<'_>, ledger: &Ledger) -> Result<Progress<Value>, StepError>;
    async fn follow(&self, cx: &Context<'_>, ledger: &Ledger, operation: &Value) -> Result<Progress<Value>, StepError>;
    async fn undo(&self, cx: &Context<'_>, ledger: &Ledger) -> Result<Undo, StepError>;
    async fn follow_undo(&self, cx: &Context<'_>, ledger: &Ledger, operation: &Value) -> Result<Undo, StepError>;
}

#[async_trait]
impl<S: Step> AnyStep for S {
    fn key(&self) -> &'static str {
        S::KEY
    }

    fn title(&self) -> &'static str {
        S::TITLE
    }

    fn part(&self) -> Option<Part> {
        S::PART
    }

    fn leaves(&self) -> bool {
        S::LEAVES
    }

    fn version(&self) -> u32 {
        S::VERSION
    }

    fn needs(&self) -> Vec<(&'static str, bool)> {
        S::Needs::keys()
    }

    fn applies(&self, wish: &Wish) -> bool {
        Step::applies(self, wish)
    }

    fn resource(&self, wish: &Wish) -> String {
        Step::resource(self, wish)
    }

    fn lies_in(&self, wish: &Wish) -> Option<&'static str> {
        Step::lies_in(self, wish)
    }

    fn plan(&self, subject: &Subject<'_>) -> Vec<plan::Line> {
        Step::plan(self, subject)
    }

    fn permits(&self, subject: &Subject<'_>) -> Vec<String> {
        Step::permits(self, subject)
    }

    fn warns(&self, subject: &Subject<'_>) -> Vec<plan::Finding> {
        Step::warns(self, subject)
    }

    fn keeps(&self, wish: &Wish) -> Option<Keeps> {
        Step::keeps(self, wish)
    }

    fn leaves_former(&self, former: &Wish, wish: &Wish) -> bool {
        Step::leaves_former(self, former, wish)
    }

    fn in_place(&self, differences: &[Difference]) -> bool {
        Step::in_place(self, differences)
    }

    async fn plan_removal(&self, cx: &Context<'_>) -> Result<Vec<plan::Line>, StepError> {
        Step::plan_removal(self, cx).await.map_err(titled::<S>)
    }

    async fn look(&self, cx: &Context<'_>, ledger: &Ledger) -> Result<Verdict, StepError> {
        let needs: References<S> = S::Needs::references(ledger)?;
        Ok(match Step::look(self, cx, &needs).await.map_err(titled::<S>)? {
            Found::Absent => Verdict::Absent,
            Found::Moving { operation, after } => Verdict::Moving { operation, after },
            Found::There { document, output } => {
                let differences = differences(&self.wants(&cx.subject, &needs), &document);
                let output = json(&output)?;
                match differences.is_empty() {
                    true => Verdict::AsWanted(output),
                    false => Verdict::Differs { differences, output },
                }
            }
        })
    }

    async fn run(&self, cx: &Context<'_>, ledger: &Ledger) -> Result<Progress<Value>, StepError> {
        let wants = self.wants(&cx.subject, &S::Needs::references(ledger)?);
        let needs: Values<S> = S::Needs::values(ledger)?;
        progress(Step::run(self, cx, &needs, &wants).await.map_err(titled::<S>)?)
    }

    async fn follow(&self, cx: &Context<'_>, ledger: &Ledger, operation: &Value) -> Result<Progress<Value>, StepError> {
        let needs: Values<S> = S::Needs::values(ledger)?;
        progress(Step::follow(self, cx, &needs, operation).await.map_err(titled::<S>)?)
    }

    async fn undo(&self, cx: &Context<'_>, ledger: &Ledger) -> Result<Undo, StepError> {
        let needs: References<S> = S::Needs::references(ledger)?;
        Step::undo(self, cx, &needs).await.map_err(titled::<S>)
    }

    async fn follow_undo(&self, cx: &Context<'_>, ledger: &Ledger, operation: &Value) -> Result<Undo, StepError> {
        let needs: References<S> = S::Needs::references(ledger)?;
        Step::follow_undo(self, cx, &needs, operation).await.map_err(titled::<S>)
    }
}

/// Puts the step's own title before its failure's: "Vault: its name is held".
fn titled<S: Step>(error: StepError) -> StepError {
    let title = |mut failure: Failure| {
        failure.title = format!("{}: {}", S::TITLE, failure.title);
        failure
    };
    match error {
        StepError::Person { failure } => StepError::Person { failure: title(failure) },
        StepError::Fail { failure } => StepError::Fail { failure: title(failure) },
        retry @ StepError::Retry { .. } => retry,
    }
}

fn progress<T: serde::Serialize>(progress: Progress<T>) -> Result<Progress<Value>, StepError> {
    Ok(match progress {
        Progress::Made(output) => Progress::Made(json(&output)?),
        Progress::Asked { operation, after } => Progress::Asked { operation, after },
    })
}

fn json<T: serde::Serialize>(output: &T) -> Result<Value, StepError> {
    serde_json::to_value(output).map_err(|error| StepError::later(format!("an output does not serialize: {error}")))
}
