//! What Microsoft Graph tells of the directory, and to whom.
use azure_simulator::directory::{self, Principal, PrincipalKind};
use azure_simulator::entra;
use azure_simulator::state::StateError;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::visitor::{Reply, Visitor};

const GRAPH: &str = "https://graph.microsoft.com";

async fn ask(visitor: &Visitor, token: &str, method: Method, path: &str, body: Value) -> Reply {
    visitor.send(token, method, &format!("{GRAPH}/v1.0{path}"), body).await
}

async fn get(visitor: &Visitor, path: &str) -> Reply {
    ask(visitor, &visitor.owner(GRAPH).await, Method::GET, path, Value::Null).await
}

fn names(reply: &Reply) -> Vec<&str> {
    reply.body["value"].as_array().unwrap().iter().map(|one| one["displayName"].as_str().unwrap()).collect()
}

fn owner(visitor: &Visitor) -> Value {
    azure_simulator::folder::exports(visitor.world())["AZURE_CLIENT_ID"].clone()
}

#[tokio::test]
async fn applications_people_and_groups_are_found_as_command_lines_look_for_them() {
    let visitor = Visitor::arrive().await;
    let owner = owner(&visitor);
    let owner = owner.as_str().unwrap();
    for path in [
        format!("/servicePrincipals?$filter=servicePrincipalNames/any(c:c eq '{owner}')"),
        format!("/servicePrincipals?$filter=appId eq '{owner}'"),
        "/servicePrincipals?$filter=startswith(displayName,'subscription-')".to_owned(),
    ] {
        let found = get(&visitor, &path).await;
        assert_eq!(found.status, StatusCode::OK, "{}", found.body);
        assert_eq!(names(&found), ["subscription-owner"], "{path}");
        assert_eq!(found.body["@odata.context"], format!("{GRAPH}/v1.0/$metadata#servicePrincipals"));
    }
    let one = get(&visitor, &format!("/servicePrincipals(appId='{owner}')")).await;
    assert_eq!((one.status, &one.body["servicePrincipalType"]), (StatusCode::OK, &json!("Application")));
    let same = get(&visitor, &format!("/servicePrincipals/{}", one.body["id"].as_str().unwrap())).await;
    assert_eq!(same.body["appId"], owner);

    let user =
        get(&visitor, "/users?$filter=userPrincipalName eq 'manager@contoso.example'&$select=id,displayName").await;
    assert_eq!(user.body["value"][0].as_object().unwrap().len(), 2);
    let by_name = get(&visitor, "/users/manager@contoso.example").await;
    assert_eq!(by_name.body["id"], user.body["value"][0]["id"]);
    let groups = get(&visitor, "/groups?$filter=displayName eq 'Payments'").await;
    let group = groups.body["value"][0]["id"].as_str().unwrap().to_owned();
    let members = get(&visitor, &format!("/groups/{group}/members")).await;
    assert_eq!(members.body["value"].as_array().unwrap().len(), 3);
    assert_eq!(members.body["value"][0]["@odata.type"], "#microsoft.graph.user");

    let token = visitor.owner(GRAPH).await;
    let path = format!("/users/{}/getMemberObjects", by_name.body["id"].as_str().unwrap());
    let of = ask(&visitor, &token, Method::POST, &path, json!({"securityEnabledOnly": true})).await;
    assert_eq!(of.body["value"], json!([group]));
    let ids =
        json!({"ids": [group, by_name.body["id"], uuid::Uuid::nil()], "types": ["user", "group", "servicePrincipal"]});
    let stubs = ask(&visitor, &token, Method::POST, "/directoryObjects/getByIds", ids).await;
    let kinds: Vec<&Value> = stubs.body["value"].as_array().unwrap().iter().map(|one| &one["@odata.type"]).collect();
    assert_eq!(kinds, ["#microsoft.graph.group", "#microsoft.graph.user"]);
}

#[tokio::test]
async fn a_long_list_goes_on_at_its_next_link() {
    let visitor = Visitor::arrive().await;
    let token = visitor.owner(GRAPH).await;
    let mut next = format!("{GRAPH}/v1.0/users?$top=3");
    let mut found = Vec::new();
    while !next.is_empty() {
        let page = visitor.send(&token, Method::GET, &next, Value::Null).await;
        assert!(page.body["value"].as_array().unwrap().len() <= 3);
        found.extend(names(&page).into_iter().map(str::to_owned));
        next = page.body["@odata.nextLink"].as_str().unwrap_or_default().to_owned();
    }
    assert_eq!(found.len(), 7);
    let wrong = get(&visitor, "/users?$top=0").await;
    assert_eq!((wrong.status, wrong.code()), (StatusCode::BAD_REQUEST, "Request_BadRequest"));
}

#[tokio::test]
async fn nothing_is_told_without_consent_and_what_is_granted_counts_for_the_next_token() {
    let visitor = Visitor::arrive().await;
    let managed = visitor.managed(GRAPH).await;
    for (method, path) in [
        (Method::GET, "/users"),
        (Method::GET, "/groups"),
        (Method::GET, "/servicePrincipals"),
        (Method::POST, "/directoryObjects/getByIds"),
        (Method::POST, "/users/manager@contoso.example/getMemberObjects"),
    ] {
        let refused = ask(&visitor, &managed, method, path, Value::Null).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::FORBIDDEN, "Authorization_RequestDenied"), "{path}");
        assert_eq!(refused.message(), "Insufficient privileges to complete the operation.");
        assert!(refused.body["error"]["innerError"]["request-id"].is_string());
    }
    let all = visitor.control(Method::GET, "/applications", Value::Null).await;
    let portal = all.body.as_array().unwrap().iter().find(|one| one["name"] == "keystead-portal").unwrap().clone();
    assert_eq!(portal["consents"], json!({"application": [], "delegated": []}));
    let grant =
        |permission: &str| json!({"application": portal["application"], "consents": {"application": [permission]}});
    let unknown = visitor.control(Method::POST, "/consents", grant("Everything.Read.All")).await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST, "{}", unknown.body);
    let granted = visitor.control(Method::POST, "/consents", grant("User.Read.All")).await;
    assert_eq!(granted.status, StatusCode::NO_CONTENT, "{}", granted.body);
    let before = ask(&visitor, &managed, Method::GET, "/users", Value::Null).await;
    assert_eq!(before.status, StatusCode::FORBIDDEN, "the token was made before");
    let fresh = visitor.managed(GRAPH).await;
    assert_eq!(ask(&visitor, &fresh, Method::GET, "/users", Value::Null).await.status, StatusCode::OK);
    assert_eq!(ask(&visitor, &fresh, Method::GET, "/groups", Value::Null).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_token_for_somebody_else_or_none_is_refused() {
    let visitor = Visitor::arrive().await;
    let other = visitor.owner("https://management.azure.com").await;
    for (token, message) in
        [(other.as_str(), "Access token validation failure. Invalid audience."), ("", "Access token is empty.")]
    {
        let refused = ask(&visitor, token, Method::GET, "/users", Value::Null).await;
        assert_eq!((refused.status, refused.code()), (StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken"));
        assert_eq!(refused.message(), message);
    }
}

#[tokio::test]
async fn what_graph_does_not_know_has_codes_of_its_own() {
    let visitor = Visitor::arrive().await;
    for (path, status, code) in [
        ("/users/nobody@contoso.example", StatusCode::NOT_FOUND, "Request_ResourceNotFound"),
        ("/users?$filter=shoeSize eq '42'", StatusCode::BAD_REQUEST, "Request_UnsupportedQuery"),
        ("/users?$filter=displayName", StatusCode::BAD_REQUEST, "BadRequest"),
        ("/users?$select=shoeSize", StatusCode::BAD_REQUEST, "BadRequest"),
        ("/planner/tasks", StatusCode::BAD_REQUEST, "BadRequest"),
        ("/me", StatusCode::BAD_REQUEST, "BadRequest"),
    ] {
        let refused = get(&visitor, path).await;
        assert_eq!((refused.status, refused.code()), (status, code), "{path} {}", refused.body);
    }
    let reply =
        visitor.send(&visitor.owner(GRAPH).await, Method::GET, &format!("{GRAPH}/v2.0/users"), Value::Null).await;
    assert_eq!(reply.code(), "BadRequest");
}

#[tokio::test]
async fn a_managed_identity_is_found_under_the_name_of_its_resource() {
    let visitor = Visitor::arrive().await;
    let world = visitor.world();
    let mut reader = Principal::new(PrincipalKind::ServicePrincipal, "reader", world.clock.now());
    reader.app_id = Some(uuid::Uuid::new_v4());
    reader.resource = Some(
        "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/reader".into(),
    );
    let written = world.state.change(|draft| {
        directory::put(draft, &reader);
        Ok::<_, StateError>(())
    });
    written.await.unwrap();
    let found = get(&visitor, "/servicePrincipals?$filter=displayName eq 'reader'").await;
    let found = &found.body["value"][0];
    assert_eq!((&found["servicePrincipalType"], &found["appId"]), (&json!("ManagedIdentity"), &json!(reader.app_id)));
    assert_eq!(found["alternativeNames"][1], json!(reader.resource));
    let token = entra::access_token(world, &reader, GRAPH).unwrap();
    assert_eq!(ask(&visitor, &token, Method::GET, "/users", Value::Null).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_batch_tells_of_many_accounts_whether_they_are_switched_on() {
    let visitor = Visitor::arrive().await;
    let token = visitor.owner(GRAPH).await;
    let ids: Vec<String> = get(&visitor, "/users?$select=id,userPrincipalName").await.body["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap().to_owned())
        .collect();
    let question =
        |id: &String| json!({"id": id, "method": "GET", "url": format!("/users/{id}?$select=id,accountEnabled")});
    let member = get(&visitor, "/users/member@contoso.example").await.body["id"].as_str().unwrap().to_owned();
    let auditor = get(&visitor, "/users/auditor@contoso.example").await.body["id"].as_str().unwrap().to_owned();
    for (account, state) in [("member", "disabled"), ("auditor", "deleted")] {
        let stand = json!({"account": format!("{account}@contoso.example"), "state": state});
        assert_eq!(visitor.control(Method::POST, "/accounts", stand).await.status, StatusCode::NO_CONTENT);
    }
    let body = json!({"requests": ids.iter().map(question).collect::<Vec<_>>()});
    let told = ask(&visitor, &token, Method::POST, "/$batch", body).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.body);
    let answers = told.body["responses"].as_array().unwrap();
    assert_eq!(answers.len(), ids.len());
    for answer in answers {
        match answer["id"].as_str().unwrap() {
            id if id == auditor => {
                assert_eq!(
                    (&answer["status"], &answer["body"]["error"]["code"]),
                    (&json!(404), &json!("Request_ResourceNotFound"))
                );
            }
            id => {
                assert_eq!((&answer["status"], &answer["body"]["accountEnabled"]), (&json!(200), &json!(id != member)))
            }
        }
    }
    let many: Vec<Value> = (0..21).map(|n| question(&n.to_string())).collect();
    let refused = ask(&visitor, &token, Method::POST, "/$batch", json!({"requests": many})).await;
    assert_eq!((refused.status, refused.code()), (StatusCode::BAD_REQUEST, "BadRequest"));
}
