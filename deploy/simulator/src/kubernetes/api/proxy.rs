//! Passes a request on to a port of a pod, or of a pod behind a service.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{Request, Uri, header};
use serde_json::Value;

use super::Call;
use crate::kubernetes::defaults::named_ports;
use crate::kubernetes::dial;
use crate::kubernetes::kind;
use crate::kubernetes::object::{list, number, text};
use crate::kubernetes::refusal::Refusal;
use crate::kubernetes::store::Key;

pub(super) async fn forward(call: Call) -> Result<Response, Refusal> {
    // `NAME`, `NAME:PORT` or `SCHEME:NAME:PORT`.
    let parts: Vec<&str> = call.place.name.split(':').collect();
    let (name, port) = match parts.as_slice() {
        [name] => (*name, ""),
        [name, port] | [_, name, port] => (*name, *port),
        _ => return Err(Refusal::bad_request(format!("invalid pod request \"{}\"", call.place.name))),
    };
    let key = Key::new(call.place.kind, &call.place.namespace, name);
    let object = call.cluster.objects.get(&key).await.ok_or_else(|| Refusal::not_found(key.kind, name))?;
    let (ip, port) = if *key.kind == kind::POD {
        pod_port(&object, port)?
    } else {
        let endpoints = Key::new(&kind::ENDPOINTS, &call.place.namespace, name);
        let endpoints = call.cluster.objects.get(&endpoints).await;
        service_port(&object, endpoints.as_deref(), port)?
    };
    let rest = if call.place.rest.is_empty() { "/" } else { &call.place.rest };
    let query = call.head.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let target = format!("http://{ip}:{port}{rest}{query}");
    let uri: Uri = target.parse().map_err(|_| Refusal::bad_request(format!("{target} is no address")))?;
    let (mut parts, body) = (call.head, Body::from(call.body));
    parts.uri = uri;
    // The caller's token is for the API server, not for the program in the pod.
    for name in [header::AUTHORIZATION, header::HOST, header::CONNECTION] {
        parts.headers.remove(name);
    }
    match dial::send(Request::from_parts(parts, body)).await {
        Ok(answer) => Ok(answer.map(Body::new).into_response()),
        Err(why) => Err(Refusal::unavailable(format!("error trying to reach service: {why}"))),
    }
}

fn pod_port(pod: &Value, port: &str) -> Result<(String, u16), Refusal> {
    let ip = text(pod, "/status/podIP");
    let named = named_ports(pod);
    let number = match port {
        "" => named.first().map_or(80, |(_, number)| *number),
        text => match text.parse() {
            Ok(number) => number,
            Err(_) => named
                .iter()
                .find(|(name, _)| name == text)
                .map(|(_, number)| *number)
                .ok_or_else(|| Refusal::bad_request(format!("no port \"{text}\" on the pod")))?,
        },
    };
    if ip.is_empty() {
        return Err(Refusal::unavailable("address not allowed: the pod has no address yet"));
    }
    Ok((ip.to_string(), u16::try_from(number).unwrap_or(0)))
}

fn service_port(service: &Value, endpoints: Option<&Value>, port: &str) -> Result<(String, u16), Refusal> {
    let ports = list(service, "/spec/ports");
    let fits = |it: &&Value| {
        port.is_empty() || text(it, "/name") == port || it["port"].as_i64().is_some_and(|n| n.to_string() == port)
    };
    let none =
        || Refusal::unavailable(format!("no endpoints available for service \"{}\"", text(service, "/metadata/name")));
    let at = ports.iter().position(|it| fits(&it)).ok_or_else(none)?;
    let endpoints = endpoints.ok_or_else(none)?;
    let ip = text(endpoints, "/subsets/0/addresses/0/ip");
    let number = number(endpoints, &format!("/subsets/0/ports/{at}/port")).ok_or_else(none)?;
    if ip.is_empty() {
        return Err(none());
    }
    Ok((ip.to_string(), u16::try_from(number).unwrap_or(0)))
}
