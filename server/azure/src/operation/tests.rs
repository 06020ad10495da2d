//! Every row of Azure's rules for long-running operations: statuses, headers and bodies.
#![allow(clippy::unwrap_used)]
use super::*;
use crate::Kind;
use http::{HeaderName, HeaderValue};
use serde_json::json;

const CLUSTER: &str = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ContainerService/managedClusters/aks";
const VAULT: &str = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv";
const GROUP: &str = "/subscriptions/s/resourceGroups/rg";
const ROLE: &str = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Authorization/roleAssignments/a";
const STATUS: &str = "https://management.azure.com/subscriptions/s/operations/1?api-version=2016-03-30&t=9&c=x&s=y&h=z";
const RESULT: &str = "https://management.azure.com/subscriptions/s/operationresults/1?api-version=2024-11-01";

fn reply(status: u16, headers: &[(&str, &str)], body: Value) -> Reply {
    Reply {
        status,
        headers: headers
            .iter()
            .map(|(name, value)| (HeaderName::try_from(*name).unwrap(), HeaderValue::try_from(*value).unwrap()))
            .collect(),
        body: if body.is_null() { Vec::new() } else { body.to_string().into_bytes() },
    }
}

fn at(state: &str) -> Value {
    json!({"properties": {"provisioningState": state}})
}

fn begin(method: Method, path: &str, reply: &Reply) -> Result<Answer, Error> {
    begun(&method, path, reply, Timestamp::UNIX_EPOCH)
}

fn follow(answer: Result<Answer, Error>) -> Follow {
    match answer.unwrap() {
        Answer::Accepted(operation) => operation.follow,
        Answer::Done(body) => panic!("done at once: {body}"),
    }
}

fn operation(method: &str, follow: Follow) -> Operation {
    Operation {
        follow,
        resource: CLUSTER.to_owned(),
        method: method.to_owned(),
        started: Timestamp::UNIX_EPOCH,
        first_look_ms: 0,
    }
}

fn by_status() -> Follow {
    Follow::AsyncOperation { url: STATUS.to_owned(), location: None }
}

fn by_location() -> Follow {
    Follow::Location { url: RESULT.to_owned() }
}

fn poll(method: &str, follow: Follow, reply: &Reply) -> Result<Next, Error> {
    polled(&operation(method, follow), CLUSTER, reply)
}

fn running(next: Next) -> Duration {
    match next {
        Next::Answer(Progress::Running { after, moved: None }) => after,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_write_is_done_at_once_where_nothing_points_further() {
    let done = at("Succeeded");
    for (method, path, answer, expected) in [
        (Method::PUT, GROUP, reply(201, &[], done.clone()), done.clone()),
        (Method::PUT, VAULT, reply(200, &[], done.clone()), done.clone()),
        (Method::PUT, VAULT, reply(200, &[], json!({"id": VAULT})), json!({"id": VAULT})),
        (Method::PUT, ROLE, reply(201, &[], json!({"id": ROLE})), json!({"id": ROLE})),
        (Method::PATCH, CLUSTER, reply(200, &[], done.clone()), done),
        (Method::DELETE, VAULT, reply(200, &[], Value::Null), Value::Null),
        (Method::DELETE, VAULT, reply(204, &[], Value::Null), Value::Null),
        (Method::DELETE, VAULT, reply(404, &[], json!({"error": {"code": "ResourceNotFound"}})), Value::Null),
        (Method::POST, CLUSTER, reply(200, &[], json!({"kubeconfigs": []})), json!({"kubeconfigs": []})),
        (Method::POST, CLUSTER, reply(204, &[], Value::Null), Value::Null),
    ] {
        let status = answer.status;
        assert_eq!(begin(method.clone(), path, &answer).unwrap(), Answer::Done(expected), "{method} {status}");
    }
}

#[test]
fn the_status_address_is_preferred_to_the_location_and_the_resource_comes_last() {
    let both = [("azure-asyncoperation", STATUS), ("location", RESULT)];
    let creating = at("Creating");
    for (method, status) in
        [(Method::PUT, 201), (Method::PUT, 200), (Method::PATCH, 202), (Method::DELETE, 202), (Method::POST, 202)]
    {
        let expected = Follow::AsyncOperation { url: STATUS.to_owned(), location: Some(RESULT.to_owned()) };
        assert_eq!(follow(begin(method.clone(), CLUSTER, &reply(status, &both, creating.clone()))), expected);
        assert_eq!(follow(begin(method, VAULT, &reply(status, &both[1..], creating.clone()))), by_location());
    }
    for (path, answer) in [
        (VAULT, reply(200, &[], at("RegisteringDns"))),
        (CLUSTER, reply(201, &[], creating)),
        (CLUSTER, reply(201, &[], json!({"id": CLUSTER}))),
        (CLUSTER, reply(202, &[], Value::Null)),
        (CLUSTER, reply(200, &[], at("Failed"))),
    ] {
        assert_eq!(follow(begin(Method::PUT, path, &answer)), Follow::ResourceState, "{answer:?}");
    }
    assert_eq!(follow(begin(Method::DELETE, GROUP, &reply(202, &[], Value::Null))), Follow::ResourceState);
}

#[test]
fn a_location_that_merely_names_what_was_made_is_not_followed_where_writes_are_immediate() {
    let answer = reply(201, &[("location", "https://management.azure.com/role")], json!({"id": ROLE}));
    assert_eq!(begin(Method::PUT, ROLE, &answer).unwrap(), Answer::Done(json!({"id": ROLE})));
}

#[test]
fn the_first_look_is_when_azure_asks_for_it() {
    for (headers, expected) in [
        (vec![("location", RESULT), ("retry-after", "15")], Duration::from_secs(15)),
        (vec![("location", RESULT), ("retry-after", "1"), ("retry-after-ms", "120")], Duration::from_millis(120)),
        (vec![("location", RESULT)], NEXT_LOOK),
    ] {
        match begin(Method::DELETE, GROUP, &reply(202, &headers, Value::Null)).unwrap() {
            Answer::Accepted(operation) => assert_eq!(operation.first_look(), expected),
            done => panic!("{done:?}"),
        }
    }
}

#[test]
fn an_operation_survives_being_stored() {
    let stored = serde_json::to_string(&operation("PUT", by_status())).unwrap();
    assert_eq!(serde_json::from_str::<Operation>(&stored).unwrap(), operation("PUT", by_status()));
}

#[test]
fn a_status_document_runs_until_one_of_three_words_in_any_case() {
    for word in ["InProgress", "Creating", "Upgrading", "Accepted"] {
        let answer = reply(200, &[("retry-after", "3")], json!({"status": word}));
        assert_eq!(running(poll("PUT", by_status(), &answer).unwrap()), Duration::from_secs(3), "{word}");
    }
    assert_eq!(running(poll("PUT", by_status(), &reply(202, &[], Value::Null)).unwrap()), NEXT_LOOK);
    for word in ["Succeeded", "succeeded"] {
        let next = poll("PUT", by_status(), &reply(200, &[], json!({"status": word}))).unwrap();
        assert_eq!(next, Next::Read(CLUSTER.to_owned()), "a PUT ends with a look at what was made");
    }
    let failed = json!({"status": "Failed", "error": {"code": "ErrCode_InsufficientVCPUQuota",
        "message": "Insufficient vcpu quota requested 2, remaining 0 for family StandardDasv7Family for region eastus."}});
    match poll("PUT", by_status(), &reply(200, &[], failed)).unwrap() {
        Next::Answer(Progress::Failed { code, message }) => {
            assert_eq!(code, "ErrCode_InsufficientVCPUQuota");
            assert!(message.starts_with("Insufficient vcpu quota requested 2"));
        }
        other => panic!("{other:?}"),
    }
    match poll("PUT", by_status(), &reply(200, &[], json!({"status": "Canceled"}))).unwrap() {
        Next::Answer(Progress::Failed { code, message }) => {
            assert_eq!(code, "Canceled");
            assert!(message.contains("names no reason"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_status_document_without_a_status_is_not_taken_for_success() {
    let error = poll("PUT", by_status(), &reply(200, &[], json!({}))).unwrap_err();
    assert_eq!((error.kind(), error.code()), (Kind::Rejected, "NoStatus"));
    let gone = poll("PUT", by_status(), &reply(404, &[], Value::Null)).unwrap_err();
    assert_eq!(gone.kind(), Kind::NotFound, "the caller looks at the resource instead");
}

#[test]
fn the_end_of_a_deletion_is_nothing_and_of_a_post_what_lies_at_its_location() {
    let succeeded = reply(200, &[], json!({"status": "Succeeded", "properties": {"x": 1}}));
    assert_eq!(poll("DELETE", by_status(), &succeeded).unwrap(), Next::Answer(Progress::Succeeded(Value::Null)));
    let located = Follow::AsyncOperation { url: STATUS.to_owned(), location: Some(RESULT.to_owned()) };
    assert_eq!(poll("POST", located, &succeeded).unwrap(), Next::Read(RESULT.to_owned()));
}

#[test]
fn a_location_answers_202_while_it_runs_and_may_move() {
    assert_eq!(
        running(poll("DELETE", by_location(), &reply(202, &[("retry-after", "2")], Value::Null)).unwrap()),
        Duration::from_secs(2)
    );
    let same = reply(202, &[("location", RESULT)], Value::Null);
    running(poll("DELETE", by_location(), &same).unwrap());
    let elsewhere = "https://management.azure.com/elsewhere";
    match poll("DELETE", by_location(), &reply(202, &[("location", elsewhere)], Value::Null)).unwrap() {
        Next::Answer(Progress::Running { moved: Some(moved), .. }) => {
            assert_eq!(moved.follow, Follow::Location { url: elsewhere.to_owned() });
        }
        other => panic!("{other:?}"),
    }
    for status in [200, 204, 404] {
        let next = poll("DELETE", by_location(), &reply(status, &[], Value::Null)).unwrap();
        assert_eq!(next, Next::Answer(Progress::Succeeded(Value::Null)), "{status}");
    }
    let next = poll("PUT", by_location(), &reply(200, &[], json!({"id": VAULT}))).unwrap();
    assert_eq!(next, Next::Read(CLUSTER.to_owned()));
    let refused = reply(409, &[], json!({"error": {"code": "OperationNotAllowed", "message": "busy"}}));
    assert_eq!(poll("DELETE", by_location(), &refused).unwrap_err().code(), "OperationNotAllowed");
}

#[test]
fn a_resource_without_headers_is_followed_by_its_own_state() {
    running(poll("PUT", Follow::ResourceState, &reply(200, &[], at("Creating"))).unwrap());
    for body in [at("Succeeded"), json!({"id": CLUSTER})] {
        let next = poll("PUT", Follow::ResourceState, &reply(200, &[], body.clone())).unwrap();
        assert_eq!(next, Next::Answer(Progress::Succeeded(body)));
    }
    let failed = json!({"properties": {"provisioningState": "Failed",
        "status": {"provisioningError": {"code": "CreateVMSSAgentPoolFailed", "message": "no capacity"}}}});
    let next = poll("PUT", Follow::ResourceState, &reply(200, &[], failed)).unwrap();
    assert_eq!(
        next,
        Next::Answer(Progress::Failed {
            code: "CreateVMSSAgentPoolFailed".to_owned(),
            message: "no capacity".to_owned()
        })
    );
    let gone = poll("PUT", Follow::ResourceState, &reply(404, &[], Value::Null)).unwrap_err();
    assert_eq!(gone.kind(), Kind::NotFound);
}

#[test]
fn a_deletion_without_headers_ends_when_the_resource_is_gone() {
    running(poll("DELETE", Follow::ResourceState, &reply(200, &[], at("Deleting"))).unwrap());
    running(poll("DELETE", Follow::ResourceState, &reply(200, &[], at("Succeeded"))).unwrap());
    let next = poll("DELETE", Follow::ResourceState, &reply(404, &[], Value::Null)).unwrap();
    assert_eq!(next, Next::Answer(Progress::Succeeded(Value::Null)));
}
