//! Questions to Log Analytics.
use crate::{
    rehearsal::{Rehearsal, known},
    stage::{Stage, ok},
};
use azure::Kind;
use serde_json::json;

/// On a wire of our own: the simulator does not keep the body of a question.
#[tokio::test]
async fn a_question_and_its_span_are_sent_and_the_first_table_comes_back() {
    let stage = Stage::with_identity().await;
    let answer = json!({"tables": [{"name": "PrimaryResult", "columns": [{"name": "Computer", "type": "string"}], "rows": [["node-1"]]}]});
    stage.answer("POST", "/v1/workspaces/w-1/query", 1, ok(answer)).await;
    let table = stage.azure().logs().query("w-1", "KubeNodeInventory", "PT1H").await.unwrap();
    assert_eq!(table.value(&table.rows[0], "Computer"), Some(&json!("node-1")));
    let sent = stage.wire.received_requests().await.unwrap().pop().unwrap();
    assert_eq!(
        sent.body_json::<serde_json::Value>().unwrap(),
        json!({"query": "KubeNodeInventory", "timespan": "PT1H"})
    );
}

#[tokio::test]
async fn a_table_that_is_not_there_yet_is_a_refusal_with_its_codes() {
    let rehearsal = Rehearsal::start().await;
    rehearsal.goes_wrong(known("query-table-missing"));
    let error = rehearsal.azure().logs().query("w-1", "KubeNodeInventory", "PT1H").await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Rejected, "BadArgumentError"));
    assert_eq!(error.inner_code(), Some("SemanticError"));
    rehearsal.end().await;
}
