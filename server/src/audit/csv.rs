//! Entries as lines of a table for spreadsheets, in which nothing that a person typed becomes a formula.

use domain::audit::Recorded;
use domain::audit::chain::canonical;
use serde_json::Value;

/// The first line.
pub(super) const HEAD: &str = "number,time,action,person,account,way,on behalf of,address,kind,subject,subject id,\
    environment,team,plan digest,detail,hash\r\n";

pub(super) fn line(recorded: &Recorded) -> String {
    let entry = &recorded.entry;
    let (by, subject) = (&entry.by, &entry.subject);
    let number = recorded.link.as_ref().map(|link| link.seq.to_string()).unwrap_or_default();
    let time = entry.at.rfc3339();
    let detail = canonical(&Value::Object(entry.detail.clone()));
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let cells = [
        number,
        time,
        entry.act.key().to_owned(),
        by.name.clone(),
        by.account.as_ref().map(|account| account.0.clone()).unwrap_or_default(),
        by.way.key().to_owned(),
        text(&by.on_behalf_of),
        text(&by.from),
        subject.kind.clone(),
        subject.name.clone(),
        subject.id.clone(),
        entry.environment.as_ref().map(|(_, name)| name.clone()).unwrap_or_default(),
        entry.team.as_ref().map(ToString::to_string).unwrap_or_default(),
        text(&entry.digest),
        detail,
        recorded.link.as_ref().map(|link| link.hash.clone()).unwrap_or_default(),
    ];
    format!("{}\r\n", cells.map(|cell| quoted(&cell)).join(","))
}

/// As RFC 4180 quotes; a cell that a spreadsheet would take for a formula begins with an apostrophe.
fn quoted(cell: &str) -> String {
    let formula = cell.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        || cell.starts_with(['\t', '\r', '\n']);
    let sign = if formula { "'" } else { "" };
    format!("\"{sign}{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn nothing_that_was_typed_becomes_a_formula_or_another_cell() {
        assert_eq!(quoted("payments"), "\"payments\"");
        assert_eq!(quoted("a \"b\", c"), "\"a \"\"b\"\", c\"");
        for evil in ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r=1", "＝1"] {
            assert!(quoted(evil).starts_with("\"'"), "{evil:?}");
        }
    }
}
