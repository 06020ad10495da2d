//! What was billed, as Cost Management tells it: by tag and group, late, and also of what is gone.
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::aks::{self, CLUSTER};
use crate::visitor::{Reply, Visitor};

const QUERY: &str = "/providers/Microsoft.CostManagement/query?api-version=2023-11-01";
const READER: &str = "72fafb9e-0641-4937-9268-a91bfd8191a3";
const NODES: &str = "mc_rg_shop_westeurope";

fn question(granularity: &str, timeframe: &str) -> Value {
    json!({
        "type": "ActualCost", "timeframe": timeframe,
        "dataset": {
            "granularity": granularity,
            "aggregation": {"totalCost": {"name": "Cost", "function": "Sum"}},
            "grouping": [{"type": "TagKey", "name": "Env"}, {"type": "Dimension", "name": "ResourceGroupName"}],
        },
    })
}

async fn ask(visitor: &Visitor, question: &Value) -> Reply {
    visitor.arm(Method::POST, QUERY, question.clone()).await
}

fn rows(reply: &Reply) -> Vec<Value> {
    reply.body["properties"]["rows"].as_array().cloned().unwrap_or_else(|| panic!("{}", reply.body))
}

/// A cluster of two nodes with a tag, made within ten minutes from nine o'clock on.
async fn with_a_cluster() -> Visitor {
    let visitor = Visitor::arrive().await;
    aks::register_slowly(&visitor, "Microsoft.ContainerService").await;
    visitor.arm(Method::PUT, "/resourceGroups/rg", json!({"location": "westeurope"})).await;
    let mut body = aks::body();
    body["tags"] = json!({"env": "e-1"});
    body["sku"] = json!({"name": "Base", "tier": "Standard"});
    let asked = visitor.arm(Method::PUT, CLUSTER, body).await;
    assert_eq!(asked.status, StatusCode::CREATED, "{}", asked.body);
    visitor.advance(480);
    aks::done(&visitor, &asked).await;
    visitor
}

async fn price(visitor: &Visitor, meter: &str) -> f64 {
    let url = format!(
        "https://prices.azure.com/api/retail/prices?currencyCode='EUR'&$filter=armRegionName eq 'westeurope' and meterName eq '{meter}' and priceType eq 'Consumption'"
    );
    let list = visitor.send("", Method::GET, &url, Value::Null).await.body;
    let items = list["Items"].as_array().unwrap().iter();
    let plain = items.filter(|item| !item["productName"].as_str().unwrap().ends_with("Windows"));
    plain.map(|item| item["retailPrice"].as_f64().unwrap()).next().unwrap_or_else(|| panic!("{list}"))
}

#[tokio::test]
async fn what_stands_is_billed_by_the_hour_and_told_late_by_tag_and_group() {
    let visitor = with_a_cluster().await;
    let daily = question("Daily", "MonthToDate");
    assert_eq!(rows(&ask(&visitor, &daily).await), Vec::<Value>::new(), "Azure has not heard of it yet");
    visitor.advance(24 * 3600 + 60);
    let told = ask(&visitor, &daily).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.body);
    let columns: Vec<&str> = told.body["properties"]["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| column["name"].as_str().unwrap())
        .collect();
    assert_eq!(columns, ["Cost", "UsageDate", "TagKey", "TagValue", "ResourceGroupName", "Currency"]);
    let on = |day: u32, tag: Value, group: &str| {
        let wanted = [json!(day), json!("env"), tag, json!(group), json!("EUR")];
        let row = rows(&told).into_iter().find(|row| row.as_array().unwrap()[1..] == wanted);
        row.unwrap_or_else(|| panic!("{}", told.body))[0].as_f64().unwrap()
    };
    let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-4, "{found} {expected}");
    let (node, disk) = (price(&visitor, "D2s v5").await, price(&visitor, "P10 LRS Disk").await);
    let tier = price(&visitor, "Standard Uptime SLA").await;
    // Begun shortly after nine, fifteen hours until midnight; known until a minute after the sixth hour of the next day began.
    near(on(20_261_123, json!("e-1"), "rg"), 15.0 * tier);
    near(on(20_261_123, Value::Null, NODES), 15.0 * 2.0 * (node + disk / 730.0));
    assert!(on(20_261_123, json!("e-1"), NODES) > 0.0, "the address bears the tag, the nodes do not");
    near(on(20_261_124, Value::Null, NODES) / 2.0 / (node + disk / 730.0), 6.0);
}

#[tokio::test]
async fn what_is_gone_was_billed_all_the_same() {
    let visitor = with_a_cluster().await;
    visitor.advance(5 * 3600);
    let asked = visitor.arm(Method::DELETE, CLUSTER, Value::Null).await;
    visitor.advance(600);
    aks::done(&visitor, &asked).await;
    visitor.advance(24 * 3600);
    let whole = question("None", "MonthToDate");
    let (first, columns) = (ask(&visitor, &whole).await, 5);
    assert!(!rows(&first).is_empty() && rows(&first).iter().all(|row| row.as_array().unwrap().len() == columns));
    visitor.advance(24 * 3600);
    assert_eq!(rows(&ask(&visitor, &whole).await), rows(&first), "and nothing is added to it");
    visitor.advance(10 * 24 * 3600);
    assert_eq!(rows(&ask(&visitor, &whole).await), Vec::<Value>::new(), "that was another month");
    let mut november = question("None", "Custom");
    november["timePeriod"] = json!({"from": "2026-11-01T00:00:00+00:00", "to": "2026-11-30T23:59:59+00:00"});
    assert_eq!(rows(&ask(&visitor, &november).await), rows(&first));
    assert_eq!(rows(&ask(&visitor, &question("None", "TheLastMonth")).await), rows(&first));
    let group = visitor.arm(Method::POST, &format!("/resourceGroups/rg{QUERY}"), november).await;
    assert_eq!(rows(&group).len(), 1, "a group has its own alone: {}", group.body);
}

#[tokio::test]
async fn who_may_not_read_costs_is_told_so_and_cost_management_reader_may() {
    let visitor = Visitor::arrive().await;
    let fresh = visitor.newcomer().await;
    let ask =
        async || visitor.ask(&visitor.token_of(&fresh), Method::POST, QUERY, question("None", "MonthToDate")).await;
    let refused = ask().await;
    assert_eq!((refused.status, refused.code()), (StatusCode::UNAUTHORIZED, "RBACAccessDenied"), "{}", refused.body);
    visitor.give(&fresh, READER, "", Value::Null).await;
    assert_eq!(ask().await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_long_answer_goes_on_and_a_question_that_is_not_understood_is_refused() {
    let visitor = with_a_cluster().await;
    visitor.advance(24 * 3600);
    let daily = question("Daily", "MonthToDate");
    let whole = rows(&ask(&visitor, &daily).await);
    visitor.control(Method::PATCH, "/settings", json!({"page_size": 4})).await;
    let first = ask(&visitor, &daily).await;
    let next = first.body["properties"]["nextLink"].as_str().unwrap().to_owned();
    let second = visitor.arm(Method::POST, &next, daily.clone()).await;
    assert_eq!(second.body["properties"]["nextLink"], Value::Null);
    assert_eq!([rows(&first), rows(&second)].concat(), whole);

    let mut wrong =
        vec![question("Hourly", "MonthToDate"), question("Daily", "Yesterday"), question("Daily", "Custom")];
    let mut three = daily.clone();
    three["dataset"]["grouping"].as_array_mut().unwrap().push(json!({"type": "Dimension", "name": "ResourceId"}));
    let mut unknown = daily;
    unknown["dataset"]["grouping"][1]["name"] = json!("Nothing");
    wrong.extend([three, unknown, json!({})]);
    for question in wrong {
        let refused = ask(&visitor, &question).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::BAD_REQUEST, "BadRequest"), "{question}");
    }
}
