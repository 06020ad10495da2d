//! What things cost, as the public list of prices tells everybody.
use std::collections::BTreeSet;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::visitor::{Reply, Visitor};

const LIST: &str = "https://prices.azure.com/api/retail/prices";

async fn ask(visitor: &Visitor, query: &str) -> Reply {
    visitor.send("", Method::GET, &format!("{LIST}?{query}"), Value::Null).await
}

fn items(reply: &Reply) -> &Vec<Value> {
    reply.body["Items"].as_array().unwrap_or_else(|| panic!("{}", reply.body))
}

#[tokio::test]
async fn a_size_of_machine_has_a_price_that_is_picked_out_of_several() {
    let visitor = Visitor::arrive().await;
    let filter = "$filter=serviceName eq 'Virtual Machines' and armRegionName eq 'westeurope' and armSkuName eq 'Standard_D2s_v5'";
    let all = ask(&visitor, &format!("api-version=2023-01-01-preview&{filter}")).await;
    assert_eq!(all.status, StatusCode::OK, "{}", all.body);
    assert_eq!((&all.body["BillingCurrency"], &all.body["Count"]), (&json!("USD"), &json!(5)));
    assert_eq!(all.body["NextPageLink"], Value::Null);
    let now = ask(&visitor, &format!("{filter} and priceType eq 'Consumption'")).await;
    let linux = items(&now)
        .iter()
        .find(|it| it["meterName"] == "D2s v5" && it["productName"] == "Virtual Machines Dsv5 Series");
    let linux = linux.unwrap();
    for (field, value) in [
        ("currencyCode", json!("USD")),
        ("location", json!("EU West")),
        ("serviceFamily", json!("Compute")),
        ("skuName", json!("D2s v5")),
        ("unitOfMeasure", json!("1 Hour")),
        ("type", json!("Consumption")),
        ("isPrimaryMeterRegion", json!(true)),
    ] {
        assert_eq!(linux[field], value, "{field}");
    }
    let dollars = linux["retailPrice"].as_f64().unwrap();
    assert!(dollars > 0.0 && linux["retailPrice"] == linux["unitPrice"]);
    let reserved = ask(&visitor, &format!("{filter} and priceType eq 'Reservation'")).await;
    let terms: BTreeSet<&str> = items(&reserved).iter().filter_map(|it| it["reservationTerm"].as_str()).collect();
    assert_eq!(terms, BTreeSet::from(["1 Year", "3 Years"]));
    let euros = ask(
        &visitor,
        &format!("currencyCode='EUR'&{filter} and contains(productName, 'Dsv5 Series') and priceType eq 'Consumption'"),
    )
    .await;
    assert_eq!(euros.body["BillingCurrency"], "EUR");
    assert!(items(&euros).iter().all(|it| it["currencyCode"] == "EUR"));
}

#[tokio::test]
async fn the_list_goes_on_at_its_next_page() {
    let visitor = Visitor::arrive().await;
    let mut next = LIST.to_owned();
    let (mut pages, mut seen) = (0, BTreeSet::new());
    while !next.is_empty() {
        let page = visitor.send("", Method::GET, &next, Value::Null).await;
        assert!(items(&page).len() <= 1000);
        seen.extend(
            items(&page)
                .iter()
                .map(|it| format!("{}|{}|{}", it["meterId"], it["reservationTerm"], it["tierMinimumUnits"])),
        );
        next = page.body["NextPageLink"].as_str().unwrap_or_default().to_owned();
        pages += 1;
    }
    assert!(pages > 1 && seen.len() > 1000, "{pages} {}", seen.len());
    let few = ask(&visitor, "$top=3").await;
    assert_eq!((items(&few).len(), &few.body["NextPageLink"]), (3, &Value::Null));
}

#[tokio::test]
async fn everything_that_an_environment_uses_has_a_price() {
    let visitor = Visitor::arrive().await;
    for (service, meter) in [
        ("Azure Kubernetes Service", "Standard Uptime SLA"),
        ("Key Vault", "Operations"),
        ("Log Analytics", "Analytics Logs Data Ingestion"),
        ("Load Balancer", "Standard Included LB Rules and Outbound Rules"),
        ("Virtual Network", "Standard IPv4 Static Public IP"),
        ("Azure Database for PostgreSQL", "B1MS"),
    ] {
        let filter =
            format!("$filter=serviceName eq '{service}' and armRegionName eq 'northeurope' and meterName eq '{meter}'");
        assert!(!items(&ask(&visitor, &filter).await).is_empty(), "{service} {meter}");
    }
    let logs =
        ask(&visitor, "$filter=armRegionName eq 'eastus' and meterName eq 'Analytics Logs Data Ingestion'").await;
    let tiers: Vec<(f64, f64)> = items(&logs)
        .iter()
        .map(|it| (it["tierMinimumUnits"].as_f64().unwrap(), it["retailPrice"].as_f64().unwrap()))
        .collect();
    assert_eq!(tiers, [(0.0, 0.0), (5.0, 2.3)]);
}

#[tokio::test]
async fn values_are_compared_letter_by_letter_since_2023_and_nonsense_is_refused() {
    let visitor = Visitor::arrive().await;
    let filter = "$filter=serviceName eq 'key vault'";
    for (version, found) in [("", false), ("api-version=2023-01-01-preview&", false), ("api-version=2021-10-01&", true)]
    {
        assert_eq!(!items(&ask(&visitor, &format!("{version}{filter}")).await).is_empty(), found, "{version}");
    }
    for query in
        ["$filter=price eq '1'", "$filter=serviceName", "$filter=retailPrice gt 1", "$skip=x", "currencyCode='XXX'"]
    {
        let refused = ask(&visitor, query).await;
        assert_eq!(
            (refused.status, &refused.body["Error"]["Code"]),
            (StatusCode::BAD_REQUEST, &json!("BadRequest")),
            "{query}"
        );
    }
}
