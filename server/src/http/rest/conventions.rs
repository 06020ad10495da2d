//! What holds for every operation, added to the OpenAPI document in one place: headers, refusals, names, examples.

use super::{names, rules};
use domain::problem::{KINDS, Kind};
use serde_json::{Map, Value, json};

const METHODS: [&str; 5] = ["get", "put", "post", "delete", "patch"];

/// What each group of operations is about.
const TAGS: [(&str, &str); 13] = [
    ("environments", "What stands, or is to stand: read, checked, changed, removed, released."),
    ("requests", "What was asked for: its plan, its levels, what was said of it."),
    ("approvals", "What waits for the caller."),
    ("plans", "What would be done, before anybody is asked."),
    ("jobs", "The work itself, and a person's word to it."),
    ("events", "What happened, as pages or as a stream."),
    ("policies", "What wishes should be like."),
    ("people", "Who has an account, and who has left."),
    ("sign-in", "How a command line gets a token for whoever sits before it."),
    ("tokens", "How programs say who they are."),
    ("webhooks", "Where programs are told of what happens."),
    ("audit", "The record, to be verified from the file alone."),
    ("notices", "What the caller was told."),
];

/// Lays the conventions over a document that the endpoints have made.
pub(super) fn lay_over(document: &mut Value) {
    // Which things can be read by themselves: a change of one of these says what it has looked at.
    let readable: Vec<String> = document["paths"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(path, item)| item.get("get").map(|_| path.clone()))
        .collect();
    let mut used = Vec::new();
    for (path, item) in document["paths"].as_object_mut().into_iter().flatten() {
        for method in METHODS {
            let Some(operation) = item.get_mut(method) else { continue };
            let thing = rules::innermost(path, |thing| readable.iter().any(|known| known == thing));
            used.extend(operation["tags"][0].as_str().map(str::to_owned));
            let open = operation["security"] == json!([{}]);
            let about = About {
                method,
                open,
                posts: method == "post" && !open,
                reads_thing: method == "get" && thing == Some(path.as_str()),
                changes_thing: method != "get" && thing.is_some(),
                has_body: operation.get("requestBody").is_some(),
                of_thing: path.contains('}'),
            };
            match names::of(method, path) {
                Some(known) => operation["operationId"] = known.into(),
                None => name(operation, &about),
            }
            describe(operation, &about);
            parameters(operation, &about);
            responses(operation, &about);
        }
    }
    let tags = TAGS.iter().filter(|(name, _)| used.iter().any(|used| used == name));
    document["tags"] = tags.map(|(name, said)| json!({"name": name, "description": said})).collect();
    document["servers"] = json!([{"url": "/", "description": "This installation"}]);
    document["components"]["headers"] = headers();
    document["components"]["examples"] = KINDS.iter().map(|kind| (kind.name.to_owned(), example(kind))).collect();
}

/// What an operation is, as far as the conventions ask.
struct About {
    method: &'static str,
    /// Whether anybody may ask: there is nobody yet to whom a key could belong.
    open: bool,
    posts: bool,
    reads_thing: bool,
    changes_thing: bool,
    has_body: bool,
    of_thing: bool,
}

/// `read` of the jobs becomes `read_job`, and is no other one's name.
fn name(operation: &mut Value, about: &About) {
    let (Some(verb), Some(tag)) = (operation["operationId"].as_str(), operation["tags"][0].as_str()) else { return };
    let one = match tag {
        "people" => "person".to_owned(),
        "policies" => "policy".to_owned(),
        tag => tag.strip_suffix('s').unwrap_or(tag).to_owned(),
    };
    let noun = if about.method == "get" && !about.of_thing { tag } else { one.as_str() };
    if !verb.contains(one.as_str()) && !verb.contains(tag) {
        operation["operationId"] = format!("{verb}_{noun}").into();
    }
}

fn describe(operation: &mut Value, about: &About) {
    let own = operation["description"].as_str().or(operation["summary"].as_str()).unwrap_or_default();
    let mut said = vec![own.trim().to_owned()];
    if about.posts {
        said.push(
            "With an `Idempotency-Key` it happens once, however often it is sent; each repeat within a day has the same \
             answer."
                .to_owned(),
        );
    }
    if about.changes_thing {
        said.push("`If-Match` says which state of the thing was looked at; `*` takes it as it is.".to_owned());
    }
    if about.reads_thing {
        said.push("Its `ETag` is what a change names by `If-Match`.".to_owned());
    }
    operation["description"] = said.join("\n\n").into();
}

fn parameters(operation: &mut Value, about: &About) {
    let header = |name: &str, required: bool, said: &str, schema: Value| json!({"name": name, "in": "header", "required": required, "description": said, "schema": schema});
    let mut added = Vec::new();
    if about.posts {
        let said = "Names this question, so that it can be repeated without happening twice: a UUID of your own.";
        let schema = json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"});
        added.push(header("Idempotency-Key", false, said, schema));
    }
    if about.changes_thing {
        let said = "The `ETag` of what was looked at, or `*`.";
        added.push(header("If-Match", about.method != "put", said, json!({"type": "string"})));
    }
    if about.reads_thing {
        let said = "The `ETag` of what the reader has: where nothing is otherwise, the answer is 304 and empty.";
        added.push(header("If-None-Match", false, said, json!({"type": "string"})));
    }
    let said =
        "Taken into the log and into the answer; without it, or where it is not up to 128 plain letters, one is made.";
    added.push(header("X-Request-Id", false, said, json!({"type": "string"})));
    let said =
        "W3C trace context: taken into the log, and passed on to Azure, also by the job that a request leads to.";
    added.push(header("traceparent", false, said, json!({"type": "string"})));
    match operation["parameters"].as_array_mut() {
        Some(own) => {
            let named = |one: &Value| own.iter().any(|known| known["name"] == one["name"]);
            let new: Vec<Value> = added.into_iter().filter(|one| !named(one)).collect();
            own.extend(new);
        }
        None => operation["parameters"] = added.into(),
    }
}

fn responses(operation: &mut Value, about: &About) {
    let mut statuses: Vec<u16> = vec![400, 429, 500, 503];
    if !about.open {
        statuses.push(401);
    }
    if about.has_body {
        statuses.extend([408, 413, 415, 422]);
    }
    if about.posts {
        statuses.extend([409, 422]);
    }
    if about.of_thing {
        statuses.push(404);
    }
    if about.changes_thing {
        statuses.extend([412, 428]);
    }
    let Some(own) = operation["responses"].as_object_mut() else { return };
    for status in statuses {
        let told = || json!({"description": titles(status, about.posts)});
        own.entry(status.to_string()).or_insert_with(told);
    }
    for (status, response) in own.iter_mut() {
        let Ok(status) = status.parse::<u16>() else { continue };
        if status >= 400 {
            response["content"] = problem(status, about.posts);
        }
        let mut headers = Map::new();
        let mut header = |name: &str| {
            headers.insert(name.to_owned(), json!({"$ref": format!("#/components/headers/{name}")}));
        };
        header("X-Request-Id");
        if status != 401 {
            header("RateLimit");
            header("RateLimit-Policy");
        }
        if (about.reads_thing && status == 200) || status == 412 {
            header("ETag");
        }
        if status == 429 || (status == 409 && about.posts) {
            header("Retry-After");
        }
        match response["headers"].as_object_mut() {
            Some(own) => own.extend(headers),
            None => response["headers"] = headers.into(),
        }
    }
    if about.reads_thing {
        own.insert(
            "304".to_owned(),
            json!({
                "description": "Nothing of it has changed",
                "headers": {"ETag": {"$ref": "#/components/headers/ETag"}},
            }),
        );
    }
}

fn kinds(status: u16, posts: bool) -> impl Iterator<Item = &'static Kind> {
    KINDS.iter().filter(move |kind| kind.status == status && (posts || !is_of_keys(kind)))
}

/// Whether only a question under a key meets it.
fn is_of_keys(kind: &Kind) -> bool {
    kind.name.starts_with("key-") || kind.name == "answer-lost"
}

fn titles(status: u16, posts: bool) -> String {
    kinds(status, posts).map(|kind| kind.title).collect::<Vec<_>>().join("; or: ")
}

/// The content of a refusal, with a document of each kind that there is of its status.
fn problem(status: u16, posts: bool) -> Value {
    let example = |kind: &Kind| json!({"$ref": format!("#/components/examples/{}", kind.name)});
    let examples: Map<String, Value> = kinds(status, posts).map(|kind| (kind.name.to_owned(), example(kind))).collect();
    json!({"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}})
}

fn example(kind: &Kind) -> Value {
    let mut value = json!({"type": kind.address(), "title": kind.title, "status": kind.status, "detail": kind.example});
    if kind.name == "invalid" {
        let message = "A whole number from 1 to 10 nodes.";
        value["errors"] = json!([{"field": "nodes", "pointer": "#/nodes", "message": message}]);
    }
    json!({"summary": kind.title, "value": value})
}

fn headers() -> Value {
    let text = |said: &str| json!({"description": said, "schema": {"type": "string"}});
    json!({
        "X-Request-Id": text("The request's id, as the log has it."),
        "ETag": text("The state of the thing, for `If-Match` and `If-None-Match`."),
        "RateLimit": text("How many requests are left, and in how many seconds there are more: `\"minute\";r=2999;t=1`."),
        "RateLimit-Policy": text("How many there are in how many seconds: `\"minute\";q=3000;w=60`."),
        "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}},
    })
}
