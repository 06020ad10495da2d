//! What things cost: page by page from the simulated list, to which nobody shows a token.
use crate::rehearsal::{Rehearsal, instead};
use azure::{Azure, Kind};
use azure_simulator::faults::Fault;
use serde_json::{Value, json};

const PLACE: &str = "/api/retail/prices";

#[tokio::test]
async fn a_list_is_read_to_its_last_page_and_nobody_is_shown_a_token() {
    let rehearsal = Rehearsal::start().await;
    let prices = Azure::connect(rehearsal.config()).unwrap().prices();
    let vaults = [("serviceName", "Key Vault")];
    let whole = prices.list("EUR", &vaults).await.unwrap();
    assert!(whole.len() > 2, "{whole:?}");
    rehearsal.cut_lists_after(2).await;
    assert_eq!(prices.list("EUR", &vaults).await.unwrap(), whole);
    let pages = whole.len().div_ceil(2);
    assert_eq!(rehearsal.answered("GET", PLACE), vec![200; 1 + pages]);
    let asked = rehearsal.simulator.world().requests.newest();
    assert!(asked.iter().all(|told| told.host == "prices.azure.com" && told.who.principal.is_none()), "{asked:?}");
    assert_eq!(prices.list("EUR", &[("serviceName", "Key 'Vault'")]).await.unwrap(), [], "a quote in a name is one");
    rehearsal.end().await;
}

#[tokio::test]
async fn a_foreign_next_page_and_what_is_no_list_are_refused() {
    let rehearsal = Rehearsal::start().await;
    let prices = Azure::connect(rehearsal.config()).unwrap().prices();
    let page = |next: &str| json!({"Items": [], "NextPageLink": next});
    for foreign in ["https://example.com/more", "http://prices.azure.com/more", "https://graph.microsoft.com/more"] {
        rehearsal.goes_wrong(instead("GET", PLACE, 200, page(foreign)));
        assert_eq!(prices.list("EUR", &[]).await.unwrap_err().code(), "ForeignAddress", "{foreign}");
    }
    assert_eq!(rehearsal.answered("GET", "/more"), [0; 0]);
    rehearsal.goes_wrong(instead("GET", PLACE, 200, json!({"Items": "none"})));
    assert_eq!(prices.list("EUR", &[]).await.unwrap_err().code(), "NotUnderstood");
    rehearsal.goes_wrong(Fault { code: "InternalError".to_owned(), ..instead("GET", PLACE, 500, Value::Null) });
    let error = prices.list("EUR", &[]).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Unreachable, "InternalError"));
    rehearsal.end().await;
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
