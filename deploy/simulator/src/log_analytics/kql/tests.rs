//! Asks small tables what the portal asks large ones, and what nobody should be answered.
#![allow(clippy::unwrap_used)]
use super::*;

fn now() -> Timestamp {
    "2026-01-31T12:00:00Z".parse().unwrap()
}

/// Three pods, the first of them seen twice.
fn pods() -> Table {
    let column = |name: &str, kind| Column { name: name.to_owned(), kind };
    let row = |minutes: i64, name: &str, status: &str, restarts: Option<i64>, labels: &str| {
        vec![
            Value::Time(now() - jiff::SignedDuration::from_mins(minutes)),
            Value::Text(name.to_owned()),
            Value::Text(status.to_owned()),
            restarts.map_or(Value::Null, Value::Whole),
            Value::Dynamic(serde_json::from_str(labels).unwrap()),
        ]
    };
    Table {
        columns: vec![
            column("TimeGenerated", Kind::Time),
            column("Name", Kind::Text),
            column("PodStatus", Kind::Text),
            column("Restarts", Kind::Whole),
            column("Labels", Kind::Dynamic),
        ],
        rows: vec![
            row(30, "web-1", "Pending", Some(0), r#"{"app":"web"}"#),
            row(2, "web-1", "Running", Some(1), r#"{"app":"web"}"#),
            row(2, "web-2", "Failed", None, r#"{"app":"web"}"#),
            row(1, "Job-1", "Succeeded", Some(4), r#"{"app":"job","of":[7,8]}"#),
        ],
    }
}

/// Answers over all rows; over those alone that have what is needed of every row the answer is the same.
fn ask(query: &str) -> Result<Table, Refusal> {
    let answer = run(query, |name, _| (name == "Pods").then(pods), now());
    let fewer = run(query, |name, needed| (name == "Pods").then(|| without(pods(), needed)), now());
    match (&answer, &fewer) {
        (Ok(all), Ok(fewer)) => assert_eq!(all, fewer, "{query}"),
        _ => assert_eq!(answer.is_err(), fewer.is_err(), "{query}"),
    }
    answer
}

fn without(mut table: Table, needed: &[Needed]) -> Table {
    for one in needed {
        let at = table.columns.iter().position(|column| column.name == one.column() && column.kind == Kind::Text);
        let Some(at) = at else { continue };
        table.rows.retain(|row| matches!(&row[at], Value::Text(text) if one.may_be(text)));
    }
    table
}

#[test]
fn what_is_needed_of_every_row_is_known_before_they_are_read() {
    for (query, expected) in [
        (
            "Pods | where Name =~ 'WEB-1' and 'Running' == PodStatus | where Name == 'a'",
            &["Name", "PodStatus", "Name"][..],
        ),
        ("Pods | where Name == 'a' or PodStatus == 'b'", &[]),
        ("Pods | where not(Name == 'a')", &[]),
        ("Pods | where Name != 'a' and Name !~ 'a' and Restarts == 1 and Name == ''", &[]),
        ("Pods | extend Name = 'a' | where Name == 'a'", &[]),
    ] {
        let found = std::cell::RefCell::new(Vec::new());
        let find = |_: &str, needed: &[Needed]| {
            found.borrow_mut().extend(needed.iter().map(|it| it.column().to_owned()));
            Some(pods())
        };
        run(query, find, now()).unwrap();
        assert_eq!(*found.borrow(), expected, "{query}");
    }
}

/// The rows as text, cells between commas.
fn rows(query: &str) -> Vec<String> {
    let table = ask(query).unwrap_or_else(|refusal| panic!("{query}: {}", refusal.message));
    let row = |row: &Vec<Value>| {
        row.iter().map(|value| value.to_json().to_string().replace('"', "")).collect::<Vec<_>>().join(",")
    };
    table.rows.iter().map(row).collect()
}

fn columns(query: &str) -> Vec<String> {
    ask(query).unwrap().columns.iter().map(|column| format!("{}:{}", column.name, column.kind.name())).collect()
}

#[test]
fn the_newest_row_of_each_pod() {
    let query = "Pods | where TimeGenerated > ago(15m) and Name =~ 'WEB-1'
        | summarize arg_max(TimeGenerated, *) by Name // newest
        | project Name, PodStatus, Restarts";
    assert_eq!(rows(query), ["web-1,Running,1"]);
    let all = columns("Pods | summarize arg_max(TimeGenerated, *) by Name");
    assert_eq!(all, ["Name:string", "TimeGenerated:datetime", "PodStatus:string", "Restarts:long", "Labels:dynamic"]);
}

#[test]
fn conditions_on_text() {
    let found = |test: &str| rows(&format!("Pods | where {test} | project Name, PodStatus")).len();
    for (test, expected) in [
        ("Name startswith 'WEB'", 3),
        ("Name startswith_cs 'WEB'", 0),
        ("Name !startswith 'web'", 1),
        ("PodStatus contains 'unn'", 1),
        ("Name has 'web'", 3),
        ("Name has 'we'", 0),
        ("Name endswith '-1'", 3),
        ("PodStatus in ('Failed', 'Pending')", 2),
        ("PodStatus !in ('Failed', 'Pending')", 2),
        ("PodStatus in~ ('failed')", 1),
        ("Name != 'web-1' or PodStatus == 'Pending'", 3),
        ("not(isempty(Name)) and isnull(Restarts)", 1),
        ("Labels.app == 'job'", 1),
        ("Labels['of'][1] == 8", 1),
    ] {
        assert_eq!(found(test), expected, "{test}");
    }
}

#[test]
fn conditions_on_numbers_and_time() {
    let found = |test: &str| rows(&format!("Pods | where {test} | count"))[0].clone();
    assert_eq!(found("Restarts >= 1"), "2");
    assert_eq!(found("Restarts between (0 .. 1)"), "2");
    assert_eq!(found("Restarts * 2 == 8"), "1");
    assert_eq!(found("TimeGenerated between (ago(40m) .. ago(10m))"), "1");
    assert_eq!(found("now() - TimeGenerated < 90s"), "1");
    assert_eq!(found("TimeGenerated > datetime(2026-01-31T11:58:30Z)"), "1");
    assert_eq!(found("TimeGenerated > datetime(2026-02-01)"), "0");
}

#[test]
fn groups_are_summed_up() {
    assert_eq!(rows("Pods | summarize count() by Name | order by Name asc"), ["Job-1,1", "web-1,2", "web-2,1"]);
    let query = "Pods | summarize worst = max(Restarts), avg(Restarts), min(TimeGenerated), n = countif(PodStatus == 'Failed'), dcount(Name)";
    assert_eq!(
        columns(query),
        ["worst:long", "avg_Restarts:real", "min_TimeGenerated:datetime", "n:long", "dcount_Name:long"]
    );
    assert_eq!(rows(query), ["4,1.6666666666666667,2026-01-31T11:30:00Z,1,3"]);
    assert_eq!(
        rows("Pods | summarize sum(Restarts) by bin(TimeGenerated, 10m) | order by TimeGenerated asc"),
        ["2026-01-31T11:30:00Z,0", "2026-01-31T11:50:00Z,5"]
    );
    assert_eq!(rows("Pods | where Name == 'none' | summarize count()"), ["0"]);
    assert_eq!(rows("Pods | where Name == 'none' | summarize count() by Name").len(), 0);
}

#[test]
fn columns_are_worked_out_ordered_and_cut() {
    let query =
        "Pods | extend Age = now() - TimeGenerated, Name = toupper(Name) | project Name, Age | top 2 by Age desc";
    assert_eq!(rows(query), ["WEB-1,00:30:00", "WEB-1,00:02:00"]);
    assert_eq!(rows("Pods | sort by Restarts | take 1 | project Name"), ["Job-1"]);
    assert_eq!(rows("Pods | sort by Restarts asc | limit 1 | project Name"), ["web-2"]);
    assert_eq!(rows("Pods | distinct Name").len(), 3);
    assert_eq!(columns("Pods | project-away Labels, Restarts | take 1").len(), 3);
    assert_eq!(
        rows(
            "Pods | where Name == 'Job-1' | project strcat(Name, '/', PodStatus), iff(Restarts > 3, 'often', 'seldom')"
        ),
        ["Job-1/Succeeded,often"]
    );
}

#[test]
fn what_is_left_out_is_named() {
    for (query, named) in [
        ("Pods | join kind=inner (Pods) on Name", "the operator 'join'"),
        ("Pods | mv-expand Labels", "the operator 'mv-expand'"),
        ("Pods | project-rename A = Name", "the operator 'project-rename'"),
        ("Pods | summarize percentile(Restarts, 95)", "the aggregate 'percentile()'"),
        ("Pods | where Name matches regex 'w.*'", "the operator 'matches'"),
        ("Pods | extend x = split(Name, '-')", "the function 'split()'"),
        ("let x = 1; Pods", "a query that begins with 'let'"),
    ] {
        let refusal = ask(query).unwrap_err();
        assert_eq!(refusal.reason, Reason::Unsupported, "{query}");
        assert!(refusal.message.starts_with(named), "{query}: {}", refusal.message);
    }
}

#[test]
fn mistakes_are_told_as_kusto_tells_them() {
    for (query, code, said) in [
        ("Pods | where Nme == 'x'", "SEM0100", "Failed to resolve scalar expression named 'Nme'"),
        ("Nodes | take 1", "SEM0100", "Failed to resolve table or column expression named 'Nodes'"),
        ("Pods | where Restarts == 'x'", "SEM0100", "Cannot compare values of types long and string"),
        ("Pods | where", "SYN0002", "Query could not be parsed at 'where' on line [1,8]"),
        ("Pods\n| where Name ==", "SYN0002", "on line [2,14]"),
        ("Pods | where Name = 'x'", "SYN0002", "at '='"),
        ("", "SYN0002", "Query could not be parsed"),
    ] {
        let refusal = ask(query).unwrap_err();
        assert_eq!(refusal.code, code, "{query}");
        assert!(refusal.message.contains(said), "{query}: {}", refusal.message);
    }
}

#[test]
fn a_question_nested_without_end_is_refused() {
    let query = format!("Pods | where {}true{}", "(".repeat(10_000), ")".repeat(10_000));
    assert_eq!(ask(&query).unwrap_err().reason, Reason::Unsupported);
}
