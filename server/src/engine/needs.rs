//! What a step needs, declared by type: the graph is read from it and outputs arrive typed.

use super::reference::Reference;
use super::step::{Step, StepError};
use domain::failure::Failure;
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The outputs of steps as the log keeps them.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Keys of the steps that this job has.
    present: BTreeSet<String>,
    outputs: BTreeMap<String, Value>,
}

impl Ledger {
    /// Of a job with these steps, none of which has an output yet.
    pub fn of<'a>(steps: impl IntoIterator<Item = &'a str>) -> Ledger {
        Ledger { present: steps.into_iter().map(str::to_owned).collect(), outputs: BTreeMap::new() }
    }

    pub fn keep(&mut self, step: &str, output: Value) {
        self.outputs.insert(step.to_owned(), output);
    }

    /// Whether the output of this step is known, or the job has no such step.
    pub(super) fn knows(&self, step: &str) -> bool {
        !self.has(step) || self.outputs.contains_key(step)
    }

    fn has(&self, step: &str) -> bool {
        self.present.contains(step)
    }

    fn output<S: Step>(&self) -> Result<Option<S::Output>, StepError> {
        let Some(stored) = self.outputs.get(S::KEY) else { return Ok(None) };
        S::Output::deserialize(stored).map(Some).map_err(|error| unreadable(S::TITLE, &error.to_string()))
    }
}

fn unreadable(title: &str, why: &str) -> StepError {
    StepError::Fail {
        failure: Failure {
            title: format!("What the step “{title}” left behind does not read"),
            quote: Some(why.to_owned()),
            cause: "The log of this job was written by another version of Keystead.".to_owned(),
            remedy: "Roll back and send the request again.".to_owned(),
            mend: None,
        },
    }
}

/// One need: a step, or a step that may be left out.
pub trait Need {
    type Value: Send + Sync;
    type Reference: Send + Sync;
    const KEY: &'static str;
    /// Whether a job without that step can have this one.
    const OPTIONAL: bool;
    fn value(ledger: &Ledger) -> Result<Self::Value, StepError>;
    /// The value as a reference that is known.
    fn known(value: &Self::Value) -> Self::Reference;
    fn reference(ledger: &Ledger) -> Result<Self::Reference, StepError>;
}

impl<S: Step> Need for S {
    type Value = S::Output;
    type Reference = Reference<S::Output>;
    const KEY: &'static str = S::KEY;
    const OPTIONAL: bool = false;

    fn value(ledger: &Ledger) -> Result<S::Output, StepError> {
        ledger.output::<S>()?.ok_or_else(|| unreadable(S::TITLE, "no output is known"))
    }

    fn known(value: &S::Output) -> Reference<S::Output> {
        Reference::Known(value.clone())
    }

    fn reference(ledger: &Ledger) -> Result<Reference<S::Output>, StepError> {
        Ok(match ledger.output::<S>()? {
            Some(output) => Reference::Known(output),
            None => Reference::After(S::KEY),
        })
    }
}

impl<S: Step> Need for Option<S> {
    type Value = Option<S::Output>;
    type Reference = Option<Reference<S::Output>>;
    const KEY: &'static str = S::KEY;
    const OPTIONAL: bool = true;

    fn value(ledger: &Ledger) -> Result<Option<S::Output>, StepError> {
        if ledger.has(S::KEY) { <S as Need>::value(ledger).map(Some) } else { Ok(None) }
    }

    fn known(value: &Option<S::Output>) -> Option<Reference<S::Output>> {
        value.clone().map(Reference::Known)
    }

    fn reference(ledger: &Ledger) -> Result<Option<Reference<S::Output>>, StepError> {
        if ledger.has(S::KEY) { <S as Need>::reference(ledger).map(Some) } else { Ok(None) }
    }
}

/// All needs of a step: a tuple of up to eight.
pub trait Needs {
    /// The outputs themselves, once every need has succeeded.
    type Values: Send + Sync;
    /// The outputs as far as they are known: for plans, looks and undoing.
    type References: Send + Sync;
    /// Key of each need, and whether it may be left out.
    fn keys() -> Vec<(&'static str, bool)>;
    fn values(ledger: &Ledger) -> Result<Self::Values, StepError>;
    fn references(ledger: &Ledger) -> Result<Self::References, StepError>;
    /// The values as references that are known.
    fn known(values: &Self::Values) -> Self::References;
}

/// What [`Step::run`] of this step is given.
pub type Values<S> = <<S as Step>::Needs as Needs>::Values;
/// What [`Step::wants`], [`Step::look`] and [`Step::undo`] of this step are given.
pub type References<S> = <<S as Step>::Needs as Needs>::References;

macro_rules! needs {
    ($($name:ident),*) => {
        impl<$($name: Need),*> Needs for ($($name,)*) {
            type Values = ($($name::Value,)*);
            type References = ($($name::Reference,)*);
            fn keys() -> Vec<(&'static str, bool)> {
                vec![$(($name::KEY, $name::OPTIONAL)),*]
            }
            fn values(_ledger: &Ledger) -> Result<Self::Values, StepError> {
                Ok(($($name::value(_ledger)?,)*))
            }
            fn references(_ledger: &Ledger) -> Result<Self::References, StepError> {
                Ok(($($name::reference(_ledger)?,)*))
            }
            #[allow(non_snake_case, clippy::unused_unit)] // a step's name is its value's
            fn known(values: &Self::Values) -> Self::References {
                let ($($name,)*) = values;
                ($($name::known($name),)*)
            }
        }
    };
}

needs!();
needs!(A);
needs!(A, B);
needs!(A, B, C);
needs!(A, B, C, D);
needs!(A, B, C, D, E);
needs!(A, B, C, D, E, F);
needs!(A, B, C, D, E, F, G);
needs!(A, B, C, D, E, F, G, H);
