//! Asks a container whether it is ready or alive, as its probe says.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::Body;
use http::Request;
use serde_json::Value;

use crate::clock::Clock;
use crate::kubernetes::defaults::named_ports;
use crate::kubernetes::dial;
use crate::kubernetes::object::{list, number, text};
use crate::place;

/// The shortest time between two probes: the program that is asked is real and has other things to do.
const SHORTEST: Duration = Duration::from_millis(250);

/// The shortest time between two probes of a container that is well.
const SHORTEST_WHEN_WELL: Duration = Duration::from_secs(2);

/// One probe of one container, with the times as the simulator keeps them.
pub(super) struct Probe {
    spec: Value,
    ip: String,
    port: u16,
    pub(super) initial_delay: Duration,
    pub(super) period: Duration,
    pub(super) failures: i64,
    pub(super) successes: i64,
    timeout: Duration,
}

impl Probe {
    /// The probe under `field` of a container; nothing where it has none.
    pub(super) fn of(pod: &Value, container: &Value, field: &str, ip: &str, clock: &Clock) -> Option<Self> {
        let spec = container.get(field).filter(|it| it.is_object())?.clone();
        let seconds = |name: &str, otherwise: i64| {
            let given = number(&spec, &format!("/{name}")).unwrap_or(otherwise);
            Duration::from_secs(u64::try_from(given).unwrap_or(0))
        };
        let port = place::at(&spec, "/httpGet/port").or_else(|| place::at(&spec, "/tcpSocket/port"));
        let port = match port {
            Some(Value::String(name)) => named_ports(pod).into_iter().find(|(it, _)| it == name).map(|(_, port)| port),
            Some(number) => number.as_i64(),
            None => None,
        };
        Some(Self {
            ip: ip.to_string(),
            port: u16::try_from(port.unwrap_or(0)).unwrap_or(0),
            initial_delay: clock.shorten(seconds("initialDelaySeconds", 0)),
            period: clock.shorten(seconds("periodSeconds", 10)).max(SHORTEST),
            timeout: seconds("timeoutSeconds", 1).max(Duration::from_secs(1)),
            failures: number(&spec, "/failureThreshold").unwrap_or(3).max(1),
            successes: number(&spec, "/successThreshold").unwrap_or(1).max(1),
            spec,
        })
    }

    /// The pause after an answer that a container is well.
    pub(super) fn calm_period(&self) -> Duration {
        self.period.max(SHORTEST_WHEN_WELL)
    }

    /// Asks once. The error is what the kubelet writes into its `Unhealthy` event.
    pub(super) async fn ask(&self) -> Result<(), String> {
        let asked = async {
            if self.spec.get("httpGet").is_some() {
                self.get().await
            } else if self.spec.get("tcpSocket").is_some() {
                self.connect().await
            } else {
                Err("the simulator runs no commands inside a container; use httpGet or tcpSocket".to_string())
            }
        };
        match tokio::time::timeout(self.timeout, asked).await {
            Ok(outcome) => outcome,
            Err(_) => Err(format!(
                "Get \"{}\": context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
                self.address()
            )),
        }
    }

    fn address(&self) -> String {
        let path = text(&self.spec, "/httpGet/path");
        format!("http://{}:{}/{}", self.ip, self.port, path.trim_start_matches('/'))
    }

    async fn get(&self) -> Result<(), String> {
        let address = self.address();
        let mut request =
            Request::builder().uri(&address).header("user-agent", "kube-probe/1.35").header("accept", "*/*");
        for header in list(&self.spec, "/httpGet/httpHeaders") {
            request = request.header(text(header, "/name"), text(header, "/value"));
        }
        let request = request.body(Body::empty()).map_err(|error| error.to_string())?;
        let answer = dial::send(request).await.map_err(|why| format!("Get \"{address}\": {why}"))?;
        let code = answer.status().as_u16();
        if (200..400).contains(&code) { Ok(()) } else { Err(format!("HTTP probe failed with statuscode: {code}")) }
    }

    async fn connect(&self) -> Result<(), String> {
        let address: SocketAddr =
            format!("{}:{}", self.ip, self.port).parse().map_err(|_| "the probe has no port".to_string())?;
        match tokio::net::TcpStream::connect(address).await {
            Ok(_) => Ok(()),
            Err(error) => Err(format!("dial tcp {address}: connect: {error}")),
        }
    }
}
