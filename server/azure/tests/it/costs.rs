//! What was billed: one question over the wire, page by page, with the waits that Cost Management names.
use crate::{
    rehearsal::{Rehearsal, instead, known, on},
    stage::{Stage, ok},
};
use azure::{Kind, Period, ResourceId};
use azure_simulator::faults::Fault;
use serde_json::{Value, json};
use std::time::Duration;

const PLACE: &str = "/subscriptions/s-1/providers/Microsoft.CostManagement/query";
const QUERY: &str = "/providers/Microsoft.CostManagement/query";

fn page(rows: Value, next: Value) -> Value {
    let columns: Vec<Value> = ["Cost", "UsageDate", "TagKey", "TagValue", "ResourceGroupName", "Currency"]
        .map(|name| json!({"name": name, "type": "String"}))
        .into();
    json!({"name": "q", "properties": {"nextLink": next, "columns": columns, "rows": rows}})
}

/// On a wire of our own: the simulator keeps neither headers nor the body of a question.
#[tokio::test]
async fn everything_is_asked_for_once_and_read_to_its_last_page() {
    let stage = Stage::with_identity().await;
    let next = format!("{}{PLACE}?api-version=2023-11-01&$skiptoken=AQAAAA%3D%3D", stage.wire.uri());
    let rows = json!([[1.25, 20261125, "env", "e-1", "rg-shop", "EUR"]]);
    stage.answer_once("POST", PLACE, ok(page(rows, json!(next)))).await;
    let rows = json!([[0.5, 20261126, "env", null, "mc_rg-shop_aks-shop_westeurope", "EUR"]]);
    stage.answer("POST", PLACE, 1, ok(page(rows, Value::Null))).await;
    let days = Period::Days("2026-10-01".into(), "2026-10-31".into());
    let lines = stage.azure().costs().by_tag(&ResourceId::subscription("s-1"), "env", &days).await.unwrap();
    let read: Vec<(i64, u32, Option<&str>)> =
        lines.iter().map(|line| (line.micros, line.day, line.tag.as_deref())).collect();
    assert_eq!(read, [(1_250_000, 20_261_125, Some("e-1")), (500_000, 20_261_126, None)]);

    let asked = stage.wire.received_requests().await.unwrap();
    let asked: Vec<_> = asked.iter().filter(|request| request.url.path() == PLACE).collect();
    assert_eq!(asked.len(), 2);
    assert!(asked[0].url.query().unwrap().contains("api-version=2023-11-01"));
    assert!(asked[1].url.query().unwrap().contains("skiptoken=AQAAAA"));
    for request in asked {
        assert_eq!(request.headers["clienttype"], "Keystead");
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!((&body["type"], &body["timeframe"]), (&json!("ActualCost"), &json!("Custom")));
        assert_eq!(body["timePeriod"]["to"], "2026-10-31T23:59:59+00:00");
        assert_eq!(body["dataset"]["grouping"][0], json!({"type": "TagKey", "name": "env"}));
        assert_eq!(body["dataset"]["grouping"].as_array().unwrap().len(), 2, "Azure takes no more");
    }
}

#[tokio::test]
async fn the_longest_wait_that_is_named_counts_and_nobody_else_is_held_up_by_it() {
    let rehearsal = Rehearsal::start().await;
    let azure = rehearsal.azure();
    let scope = ResourceId::subscription(azure.subscription());
    rehearsal.goes_wrong(known("cost-throttled"));
    let error = azure.costs().by_tag(&scope, "env", &Period::MonthToDate).await.unwrap_err();
    let after = Duration::from_secs(60);
    assert_eq!((error.kind(), error.code()), (Kind::Throttled { after }, "429"), "not the 20 s of Retry-After");
    rehearsal.group(&azure).await;
    assert!(azure.costs().by_tag(&scope, "env", &Period::MonthToDate).await.unwrap().is_empty());
    assert_eq!(rehearsal.answered("POST", format!("{scope}{QUERY}")), [429, 200]);
    rehearsal.end().await;
}

#[tokio::test]
async fn a_missing_right_is_told_apart_from_an_answer_that_nobody_understands() {
    let rehearsal = Rehearsal::start().await;
    let azure = rehearsal.azure();
    let scope = ResourceId::subscription(azure.subscription());
    let ask = async || azure.costs().by_tag(&scope, "env", &Period::MonthToDate).await;
    rehearsal.goes_wrong(known("cost-denied"));
    rehearsal.goes_wrong(known("cost-disabled"));
    rehearsal.goes_wrong(Fault { truncate: Some(20), ..on("POST", QUERY) });
    rehearsal.goes_wrong(instead("POST", QUERY, 200, json!({"properties": {"rows": []}})));
    rehearsal.goes_wrong(instead("POST", QUERY, 200, page(json!([]), json!("https://example.com/more"))));
    rehearsal.goes_wrong(instead("POST", QUERY, 204, Value::Null));
    let error = ask().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Denied, "RBACAccessDenied"));
    let error = ask().await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Rejected, "AccountCostDisabled"));
    assert_eq!(ask().await.unwrap_err().kind(), Kind::Unreachable);
    assert_eq!(ask().await.unwrap_err().code(), "NotUnderstood");
    assert_eq!(ask().await.unwrap_err().code(), "ForeignAddress");
    assert!(ask().await.unwrap().is_empty(), "nothing was billed yet");
    assert_eq!(rehearsal.simulator.world().faults.left(), []);
    rehearsal.end().await;
}
