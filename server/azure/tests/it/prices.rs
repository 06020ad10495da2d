//! What things cost: over the wire page by page, and from the simulated list.
use crate::rehearsal::Rehearsal;
use crate::stage::{Stage, ok, refusal};
use azure::{Azure, Kind};
use serde_json::{Value, json};

const PLACE: &str = "/api/retail/prices";

fn page(meter: &str, next: Value) -> Value {
    let item = json!({"productName": "Key Vault", "meterName": meter, "unitOfMeasure": "10K", "retailPrice": 0.03,
        "tierMinimumUnits": 0.0, "effectiveStartDate": "2026-11-01T00:00:00Z"});
    json!({"Items": [item], "NextPageLink": next})
}

#[tokio::test]
async fn a_list_is_read_to_its_last_page_and_nobody_is_shown_a_token() {
    let stage = Stage::bare().await;
    let next = format!("{}{PLACE}?$skip=1", stage.wire.uri());
    stage.answer_once("GET", PLACE, ok(page("Operations", json!(next)))).await;
    stage.answer("GET", PLACE, 1, ok(page("Renewals", Value::Null))).await;
    let found = stage.azure().prices().list("EUR", &[("serviceName", "Key 'Vault'")]).await.unwrap();
    let meters: Vec<&str> = found.iter().map(|price| price.meter.as_str()).collect();
    assert_eq!(meters, ["Operations", "Renewals"]);
    assert!(stage.arrived().await.iter().all(|(.., authorization)| authorization.is_empty()));
    let first = stage.wire.received_requests().await.unwrap().remove(0);
    let asked = |name: &str| first.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    assert_eq!(asked("$filter").as_deref(), Some("serviceName eq 'Key ''Vault'''"));
    assert_eq!(asked("currencyCode").as_deref(), Some("'EUR'"));
}

#[tokio::test]
async fn a_foreign_next_page_and_what_is_no_list_are_refused() {
    let stage = Stage::bare().await;
    stage.answer_once("GET", PLACE, ok(page("Operations", json!("https://example.com/more")))).await;
    stage.answer_once("GET", PLACE, ok(json!({"Items": "none"}))).await;
    stage.answer("GET", PLACE, 1, refusal(500, "InternalError", "later")).await;
    let prices = stage.azure().prices();
    assert_eq!(prices.list("EUR", &[]).await.unwrap_err().code(), "ForeignAddress");
    assert_eq!(prices.list("EUR", &[]).await.unwrap_err().code(), "NotUnderstood");
    assert_eq!(prices.list("EUR", &[]).await.unwrap_err().kind(), Kind::Unreachable);
}

#[tokio::test]
async fn the_simulated_list_prices_a_machine_in_euros() {
    let rehearsal = Rehearsal::start().await;
    let prices = Azure::connect(rehearsal.config()).unwrap().prices();
    let filter = [
        ("serviceName", "Virtual Machines"),
        ("armRegionName", "westeurope"),
        ("armSkuName", "Standard_D2s_v5"),
        ("priceType", "Consumption"),
    ];
    let found = prices.list("EUR", &filter).await.unwrap();
    let linux = |price: &&azure::Price| !price.product.ends_with("Windows") && price.meter == "D2s v5";
    let linux: Vec<&azure::Price> = found.iter().filter(linux).collect();
    assert_eq!(linux.len(), 1, "{found:#?}");
    assert_eq!((linux[0].micros, linux[0].unit.as_str()), (105_984, "1 Hour"));
    assert!(prices.list("EUR", &[("armSkuName", "Standard_Nowhere")]).await.unwrap().is_empty());
    rehearsal.end().await;
}
