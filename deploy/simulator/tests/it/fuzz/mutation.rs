//! Makes a valid request into one that nobody would send: wrong types, broken bodies, odd paths, queries and headers.
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use super::corpus::Valid;

/// A request as it is sent.
#[derive(Clone, Debug)]
pub struct Sent {
    pub method: String,
    pub host: String,
    pub path: String,
    pub query: Vec<String>,
    pub headers: Vec<(&'static str, Vec<u8>)>,
    pub body: Vec<u8>,
    /// Whether it carries a token that the host takes.
    pub signed_in: bool,
}

/// One thing that is wrong with it.
#[derive(Clone, Debug)]
pub enum Mutation {
    Method(&'static str),
    /// Another value somewhere in the body.
    Value(Index, Value),
    /// One more member of an object, or element of a list, somewhere in the body.
    More(Index, &'static str, Value),
    /// Less of the body.
    Without(Index),
    /// One value of the body in the place of another.
    Exchange(Index, Index),
    /// A body that is not what it was.
    Bytes(Vec<u8>),
    Nested(usize),
    BrokenOff(Index),
    /// Another part of the path.
    Part(Index, &'static str),
    MoreParts(&'static str),
    FewerParts(Index),
    Query(&'static str, &'static str),
    RawQuery(String),
    Header(&'static str, Vec<u8>),
    Stranger,
}

const ODD: &str = include_str!("odd.json");
const METHODS: &[&str] =
    &["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "x"];

const TEXTS: &str = include_str!("texts.txt");

const PARTS: &str = include_str!("parts.txt");

const QUERIES: &str = include_str!("queries.txt");

const ANSWERS: &str = include_str!("answers.txt");

const HEADERS: &[&str] = &[
    "accept",
    "content-type",
    "if-match",
    "if-none-match",
    "authorization",
    "x-ms-client-request-id",
    "x-ms-correlation-request-id",
    "x-ms-return-client-request-id",
    "metadata",
    "content-encoding",
    "range",
    "host",
    "cookie",
    "prefer",
    "impersonate-user",
    "origin",
    "accept-language",
];

const VALUES: &[&[u8]] = &[
    b"",
    b"*",
    b"\"x\"",
    b"true",
    b"\xff\xfe",
    b"application/json",
    b"application/json;as=Table;v=v1;g=meta.k8s.io",
    b"application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io",
    b"application/vnd.kubernetes.protobuf",
    b"application/apply-patch+yaml",
    b"application/json-patch+json",
    b"application/merge-patch+json",
    b"application/strategic-merge-patch+json",
    b"application/x-www-form-urlencoded",
    b"text/plain; charset=\xe9",
    b"multipart/form-data",
    b"Bearer",
    b"Bearer ",
    b"Bearer a.b.c",
    b"Basic eA==",
    b"bytes=0-",
    b"gzip",
    b"Bearer eyJhbGciOiJub25lIn0.e30.",
    b"\x80",
];

fn lines(text: &'static str) -> impl Strategy<Value = &'static str> {
    select(text.lines().collect::<Vec<_>>())
}

fn texts() -> impl Strategy<Value = &'static str> {
    prop_oneof![9 => lines(TEXTS), 1 => select(vec!["\0", "\r\n", "\u{feff}", "e\u{301}"])]
}

/// A value that is seldom the right one.
fn odd() -> impl Strategy<Value = Value> {
    let Ok(Value::Array(plain)) = serde_json::from_str(ODD) else { panic!("odd.json is no list") };
    prop_oneof![
        select(plain),
        Just(json!("x".repeat(5000))),
        texts().prop_map(|text| json!(text)),
        any::<i64>().prop_map(|number| json!(number))
    ]
}

/// What is wrong, at most five things at once.
pub fn mutations() -> impl Strategy<Value = Vec<Mutation>> {
    let at = any::<Index>;
    let one = prop_oneof![
        12 => (at(), odd()).prop_map(|(at, value)| Mutation::Value(at, value)),
        3 => (at(), texts(), odd()).prop_map(|(at, name, value)| Mutation::More(at, name, value)),
        4 => at().prop_map(Mutation::Without),
        2 => (at(), at()).prop_map(|(one, other)| Mutation::Exchange(one, other)),
        2 => prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..40).prop_map(Mutation::Bytes),
            (1..400_usize).prop_map(Mutation::Nested),
            at().prop_map(Mutation::BrokenOff),
        ],
        2 => select(METHODS).prop_map(Mutation::Method),
        3 => (at(), lines(PARTS)).prop_map(|(at, part)| Mutation::Part(at, part)),
        1 => lines(PARTS).prop_map(Mutation::MoreParts),
        1 => at().prop_map(Mutation::FewerParts),
        4 => (lines(QUERIES), lines(ANSWERS)).prop_map(|(name, value)| Mutation::Query(name, value)),
        1 => "[!-~]{0,30}".prop_map(Mutation::RawQuery),
        3 => (select(HEADERS), select(VALUES)).prop_map(|(name, value)| Mutation::Header(name, value.to_vec())),
        1 => Just(Mutation::Stranger),
    ];
    proptest::collection::vec(one, 0..6)
}

/// The request with all that is wrong with it.
pub fn sent(valid: &Valid, mutations: &[Mutation]) -> Sent {
    let (path, query) = valid.path.split_once('?').unwrap_or((&valid.path, ""));
    let mut sent = Sent {
        method: valid.method.to_owned(),
        host: valid.host.clone(),
        path: path.to_owned(),
        query: query.split('&').filter(|pair| !pair.is_empty()).map(str::to_owned).collect(),
        headers: vec![("content-type", valid.content_type.as_bytes().to_vec())],
        body: Vec::new(),
        signed_in: true,
    };
    let mut body = valid.body.clone();
    let mut bytes = None;
    for mutation in mutations {
        match mutation {
            Mutation::Value(at, value) => put(&mut body, *at, value.clone()),
            Mutation::More(at, name, value) => add(&mut body, *at, name, value.clone()),
            Mutation::Without(at) => take(&mut body, *at),
            Mutation::Exchange(one, other) => {
                let pointers = pointers(&body);
                let found = body.pointer(&pointers[one.index(pointers.len())]).cloned().unwrap_or_default();
                put(&mut body, *other, found);
            }
            Mutation::Bytes(all) => bytes = Some(all.clone()),
            Mutation::Nested(depth) => bytes = Some(format!("{}{}", "[".repeat(*depth), "]".repeat(*depth)).into()),
            Mutation::BrokenOff(at) => {
                let whole = valid.encode(&body);
                bytes = Some(whole[..at.index(whole.len() + 1)].to_vec());
            }
            Mutation::Method(method) => (*method).clone_into(&mut sent.method),
            Mutation::Part(at, part) => {
                let mut parts: Vec<&str> = sent.path.split('/').collect();
                let at = at.index(parts.len());
                parts[at] = part;
                sent.path = format!("/{}", parts.join("/").trim_start_matches('/'));
            }
            Mutation::MoreParts(part) => sent.path = format!("{}/{part}", sent.path),
            Mutation::FewerParts(at) => {
                let parts: Vec<&str> = sent.path.split('/').collect();
                sent.path = format!("/{}", parts[..at.index(parts.len())].join("/").trim_start_matches('/'));
            }
            Mutation::Query(name, value) => sent.query.push(format!("{name}={value}")),
            Mutation::RawQuery(text) => sent.query = vec![text.clone()],
            Mutation::Header(name, value) => {
                sent.headers.retain(|(known, _)| known != name);
                sent.headers.push((name, value.clone()));
                sent.signed_in &= *name != "authorization";
            }
            Mutation::Stranger => sent.signed_in = false,
        }
    }
    sent.body = bytes.unwrap_or_else(|| valid.encode(&body));
    sent
}

/// The way to every value in a document.
fn pointers(value: &Value) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut below = |name: &str, value: &Value| {
        let name = name.replace('~', "~0").replace('/', "~1");
        found.extend(pointers(value).into_iter().map(|rest| format!("/{name}{rest}")));
    };
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| below(name, value)),
        Value::Array(elements) => elements.iter().enumerate().for_each(|(at, value)| below(&at.to_string(), value)),
        _ => {}
    }
    found
}

fn put(body: &mut Value, at: Index, value: Value) {
    let pointers = pointers(body);
    if let Some(place) = body.pointer_mut(&pointers[at.index(pointers.len())]) {
        *place = value;
    }
}

fn add(body: &mut Value, at: Index, name: &str, value: Value) {
    let pointers = pointers(body);
    match body.pointer_mut(&pointers[at.index(pointers.len())]) {
        Some(Value::Object(members)) => drop(members.insert(name.to_owned(), value)),
        Some(Value::Array(elements)) => elements.push(value),
        Some(place) => *place = json!({name: value}),
        None => {}
    }
}

fn take(body: &mut Value, at: Index) {
    let pointers = pointers(body);
    let pointer = &pointers[at.index(pointers.len())];
    let Some((parent, name)) = pointer.rsplit_once('/') else {
        *body = Value::Null;
        return;
    };
    match body.pointer_mut(parent) {
        Some(Value::Object(members)) => drop(members.remove(&name.replace("~1", "/").replace("~0", "~"))),
        Some(Value::Array(elements)) => drop(name.parse().map(|at: usize| elements.remove(at))),
        _ => {}
    }
}
