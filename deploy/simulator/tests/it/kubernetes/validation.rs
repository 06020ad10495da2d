//! Fields that a kind does not have or that are given twice, and parameters that the API does not know.
use k8s_openapi::api::core::v1::ConfigMap;
use serde_json::{Value, json};

use super::Shop;

const MAPS: &str = "/api/v1/namespaces/default/configmaps";
const ONE: &str = "/api/v1/namespaces/default/configmaps/one";
const MERGE: &str = "application/merge-patch+json";

impl Shop {
    /// The status, the warnings and the body of an answer.
    async fn sent(&self, method: &str, path: &str, kind: &str, body: &str) -> (u16, Vec<String>, Value) {
        let request = http::Request::builder().method(method).uri(path).header("content-type", kind);
        let request = request.body(kube::client::Body::from(body.as_bytes().to_vec())).unwrap();
        let answer = self.client.send(request).await.unwrap();
        let warnings = answer.headers().get_all("warning").iter().map(|it| it.to_str().unwrap().to_owned()).collect();
        let status = answer.status().as_u16();
        let body = answer.into_body().collect_bytes().await.unwrap();
        (status, warnings, serde_json::from_slice(&body).unwrap())
    }
}

#[tokio::test]
async fn what_the_kind_does_not_have_is_dropped_and_told() {
    let shop = Shop::open().await;
    let twice = r#"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"},
        "data": {"a": "1", "a": "2"}, "colour": "red"}"#;
    let (status, warnings, made) = shop.sent("POST", MAPS, "application/json", twice).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(warnings, [r#"299 - "unknown field \"colour\"""#, r#"299 - "duplicate field \"data.a\"""#]);
    assert_eq!((&made["data"]["a"], made.get("colour")), (&json!("2"), None));

    let (status, _, refused) =
        shop.sent("POST", &format!("{MAPS}?fieldValidation=Strict&dryRun=All"), "application/json", twice).await;
    assert_eq!((status, refused["reason"].as_str().unwrap()), (400, "BadRequest"));
    assert_eq!(
        refused["message"],
        "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: unknown field \"colour\", duplicate field \"data.a\""
    );

    let patch = r#"{"colour": "red", "data": {"b": "3"}}"#;
    let (status, _, refused) = shop.sent("PATCH", &format!("{ONE}?fieldValidation=Strict"), MERGE, patch).await;
    assert_eq!((status, refused["reason"].as_str().unwrap()), (422, "Invalid"));
    let message = refused["message"].as_str().unwrap();
    assert!(message.starts_with(" \"\" is invalid: patch: Invalid value: \"{"), "{message}");
    assert!(message.ends_with(": strict decoding error: unknown field \"colour\""), "{message}");
    let (_, warnings, patched) = shop.sent("PATCH", &format!("{ONE}?fieldValidation=Ignore"), MERGE, patch).await;
    assert_eq!((warnings.len(), &patched["data"]["b"], patched.get("colour")), (0, &json!("3"), None));
    let (_, warnings, _) = shop.sent("PATCH", &format!("{ONE}?fieldValidation=Warn"), MERGE, patch).await;
    assert_eq!(warnings, [r#"299 - "unknown field \"colour\"""#]);
    let standing = serde_json::to_value(shop.api::<ConfigMap>().get("one").await.unwrap()).unwrap();
    assert_eq!(standing["data"], json!({"a": "2", "b": "3"}));
}

#[tokio::test]
async fn parameters_that_make_no_sense_are_refused() {
    let shop = Shop::open().await;
    let map = r#"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}}"#;
    let apply = "application/apply-patch+yaml";
    let cases = [
        (
            "POST",
            format!("{MAPS}?fieldValidation=Loud"),
            "application/json",
            "CreateOptions",
            "fieldValidation: Unsupported value: \"Loud\"",
        ),
        (
            "POST",
            format!("{MAPS}?dryRun=Some"),
            "application/json",
            "CreateOptions",
            "dryRun: Unsupported value: \"Some\"",
        ),
        (
            "PATCH",
            format!("{ONE}?force=true"),
            MERGE,
            "PatchOptions",
            "force: Forbidden: may not be specified for non-apply patch",
        ),
        ("PATCH", ONE.to_owned(), apply, "PatchOptions", "fieldManager: Required value: is required for apply patch"),
    ];
    for (method, path, kind, options, why) in cases {
        let (status, _, refused) = shop.sent(method, &path, kind, map).await;
        let message = refused["message"].as_str().unwrap();
        assert_eq!((status, refused["reason"].as_str().unwrap()), (422, "Invalid"), "{message}");
        assert!(message.starts_with(&format!("{options}.meta.k8s.io \"\" is invalid: {why}")), "{message}");
    }
}
