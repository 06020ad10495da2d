//! How answers are shown: as tables for people, as JSON or YAML for programs.

use crate::exit::{Exit, Failure};
use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, TableStyle};
use domain::Moment;
use serde::de::DeserializeOwned;
use serde_json::Value;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    #[default]
    Table,
    Json,
    Yaml,
}

impl Output {
    /// Shows the portal's own answer, or what `table` makes of it for people.
    pub(crate) fn show(self, answer: &Value, table: impl FnOnce() -> Result<String, Failure>) -> Result<(), Failure> {
        let text = match self {
            Output::Table => table()?,
            Output::Json => serde_json::to_string_pretty(answer).map_err(|error| unshown(&error))?,
            Output::Yaml => serde_saphyr::to_string(answer).map_err(|error| unshown(&error))?,
        };
        anstream::println!("{}", text.trim_end());
        Ok(())
    }
}

fn unshown(error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, format!("showing the answer: {error}"))
}

/// The answer as the type that it is.
pub(crate) fn read<T: DeserializeOwned>(answer: &Value) -> Result<T, Failure> {
    T::deserialize(answer).map_err(|error| {
        let said = format!("the portal's answer is not understood, it may be of another version: {error}");
        Failure::new(Exit::Failed, said)
    })
}

/// Rows under their headings, without lines.
pub(crate) fn table(headings: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(TableStyle::new()).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(headings.iter().copied());
    rows.into_iter().for_each(|row| {
        table.add_row(row);
    });
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

/// Names beside what they stand for; what is empty is left out.
pub(crate) fn facts(facts: &[(&str, String)]) -> String {
    let said: Vec<&(&str, String)> = facts.iter().filter(|(_, value)| !value.is_empty()).collect();
    let width = said.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    said.iter().map(|(name, value)| format!("{name:width$}  {value}\n")).collect()
}

/// As a table shows a time.
pub(crate) fn at(moment: Moment) -> String {
    moment.rfc3339()
}

/// As the API writes a word: `needs-person`.
pub(crate) fn word<T: serde::Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}
