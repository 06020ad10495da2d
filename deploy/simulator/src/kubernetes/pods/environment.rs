//! The variables that a container's program is started with.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine;
use serde_json::Value;

use crate::kubernetes::cluster::Cluster;
use crate::kubernetes::kind;
use crate::kubernetes::object::{self, list, text};
use crate::kubernetes::store::Key;

/// What the pod's machine adds.
pub(super) struct Surroundings<'a> {
    pub(super) ip: &'a str,
    /// The front door with the pod's own credentials.
    pub(super) proxy: &'a str,
    /// Where on this machine each of the container's mounts lies: (mount path, folder).
    pub(super) mounts: &'a [(String, std::path::PathBuf)],
}

/// All variables of a container, or why they cannot be made (`CreateContainerConfigError`).
pub(super) async fn variables(
    cluster: &Cluster,
    pod: &Value,
    container: &Value,
    around: &Surroundings<'_>,
) -> Result<Vec<(String, String)>, String> {
    let mut all = BTreeMap::new();
    let mut put = |name: &str, value: String| {
        all.insert(name.to_string(), value);
    };
    put("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".into());
    put("HOSTNAME", object::name(pod).to_string());
    network(cluster, around, &mut put);
    if pod["spec"]["enableServiceLinks"] != false {
        services(cluster, object::namespace(pod), &mut put).await;
    }
    kubernetes(&cluster.facts().host, &mut put);
    for source in list(container, "/envFrom") {
        let prefix = text(source, "/prefix");
        for (field, kind) in [("configMapRef", &kind::CONFIG_MAP), ("secretRef", &kind::SECRET)] {
            if let Some(reference) = source.get(field) {
                for (name, value) in entries(cluster, kind, object::namespace(pod), reference).await? {
                    all.insert(format!("{prefix}{name}"), value);
                }
            }
        }
    }
    for variable in list(container, "/env") {
        let name = text(variable, "/name").to_string();
        let value = match variable.get("valueFrom").filter(|it| it.is_object()) {
            Some(source) => from_source(cluster, pod, source, around.ip).await?,
            None => Some(expand(text(variable, "/value"), &all)),
        };
        if let Some(value) = value {
            all.insert(name, on_this_machine(&value, around.mounts));
        }
    }
    Ok(all.into_iter().collect())
}

/// There is one file system for all pods: a path below a mount becomes the mount's folder.
fn on_this_machine(value: &str, mounts: &[(String, std::path::PathBuf)]) -> String {
    for (path, folder) in mounts {
        if let Some(rest) = value.strip_prefix(path.trim_end_matches('/'))
            && (rest.is_empty() || rest.starts_with('/'))
        {
            return format!("{}{rest}", folder.display());
        }
    }
    value.to_string()
}

/// What leads a program to Azure, as a company's network would: a proxy and an authority to trust.
fn network(cluster: &Cluster, around: &Surroundings<'_>, put: &mut impl FnMut(&str, String)) {
    let bundle = cluster.world.folder.join("ca-bundle.pem").display().to_string();
    for name in ["HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"] {
        put(name, around.proxy.to_string());
    }
    for name in ["NO_PROXY", "no_proxy"] {
        put(name, "localhost,127.0.0.0/8".into());
    }
    for name in ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"] {
        put(name, bundle.clone());
    }
}

/// AKS names the API server by its public name.
fn kubernetes(host: &str, put: &mut impl FnMut(&str, String)) {
    put("KUBERNETES_SERVICE_HOST", host.to_string());
    put("KUBERNETES_SERVICE_PORT", "443".into());
    put("KUBERNETES_SERVICE_PORT_HTTPS", "443".into());
    put("KUBERNETES_PORT", format!("tcp://{host}:443"));
    put("KUBERNETES_PORT_443_TCP", format!("tcp://{host}:443"));
    put("KUBERNETES_PORT_443_TCP_ADDR", host.to_string());
    put("KUBERNETES_PORT_443_TCP_PORT", "443".into());
    put("KUBERNETES_PORT_443_TCP_PROTO", "tcp".into());
}

async fn services(cluster: &Cluster, namespace: &str, put: &mut impl FnMut(&str, String)) {
    let (_, services) = cluster.objects.list(&kind::SERVICE, namespace).await;
    for service in services.iter().filter(|it| text(it, "/spec/clusterIP").starts_with("127.")) {
        let name = object::name(service).to_uppercase().replace('-', "_");
        let ip = text(service, "/spec/clusterIP");
        put(&format!("{name}_SERVICE_HOST"), ip.to_string());
        for (at, port) in list(service, "/spec/ports").iter().enumerate() {
            let number = &port["port"];
            if at == 0 {
                put(&format!("{name}_SERVICE_PORT"), number.to_string());
                put(&format!("{name}_PORT"), format!("tcp://{ip}:{number}"));
            }
            if let Some(port_name) = port["name"].as_str() {
                let port_name = port_name.to_uppercase().replace('-', "_");
                put(&format!("{name}_SERVICE_PORT_{port_name}"), number.to_string());
            }
            put(&format!("{name}_PORT_{number}_TCP"), format!("tcp://{ip}:{number}"));
            put(&format!("{name}_PORT_{number}_TCP_ADDR"), ip.to_string());
            put(&format!("{name}_PORT_{number}_TCP_PORT"), number.to_string());
            put(&format!("{name}_PORT_{number}_TCP_PROTO"), "tcp".into());
        }
    }
}

async fn from_source(cluster: &Cluster, pod: &Value, source: &Value, ip: &str) -> Result<Option<String>, String> {
    if let Some(reference) = source.get("fieldRef") {
        return Ok(Some(field(pod, text(reference, "/fieldPath"), ip)));
    }
    for (source_field, kind) in [("configMapKeyRef", &kind::CONFIG_MAP), ("secretKeyRef", &kind::SECRET)] {
        if let Some(reference) = source.get(source_field) {
            let key = text(reference, "/key");
            let found = entries(cluster, kind, object::namespace(pod), reference).await?;
            return match found.into_iter().find(|(name, _)| name == key) {
                Some((_, value)) => Ok(Some(value)),
                None if reference["optional"] == true => Ok(None),
                None => Err(format!(
                    "couldn't find key {key} in {} {}/{}",
                    kind.kind,
                    object::namespace(pod),
                    text(reference, "/name")
                )),
            };
        }
    }
    Ok(None)
}

/// The downward API.
fn field(pod: &Value, path: &str, ip: &str) -> String {
    for map in ["labels", "annotations"] {
        if let Some(key) = path.strip_prefix(&format!("metadata.{map}['")).and_then(|it| it.strip_suffix("']")) {
            return pod["metadata"][map][key].as_str().unwrap_or("").to_string();
        }
    }
    match path {
        "status.podIP" | "status.podIPs" => ip.to_string(),
        "status.hostIP" | "status.hostIPs" => "127.0.0.1".to_string(),
        _ => text(pod, &format!("/{}", path.replace('.', "/"))).to_string(),
    }
}

/// The entries of a ConfigMap or Secret, decoded.
pub(super) async fn entries(
    cluster: &Cluster,
    kind: &'static kind::Kind,
    namespace: &str,
    reference: &Value,
) -> Result<Vec<(String, String)>, String> {
    let name = match text(reference, "/name") {
        "" => text(reference, "/secretName"),
        name => name,
    };
    let Some(found) = cluster.objects.get(&Key::new(kind, namespace, name)).await else {
        if reference["optional"] == true {
            return Ok(Vec::new());
        }
        return Err(format!("{} \"{name}\" not found", kind.singular));
    };
    let decode = |value: &Value| {
        let text = value.as_str().unwrap_or("");
        if *kind == kind::SECRET {
            let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap_or_default();
            String::from_utf8_lossy(&bytes).into_owned()
        } else {
            text.to_string()
        }
    };
    let data = found["data"].as_object().into_iter().flatten();
    Ok(data.map(|(key, value)| (key.clone(), decode(value))).collect())
}

/// `$(NAME)` stands for a variable that was set before; `$$` for a dollar sign.
pub(super) fn expand(value: &str, known: &BTreeMap<String, String>) -> String {
    let mut out = String::new();
    let mut rest = value;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let reference = after.strip_prefix('(').and_then(|inner| inner.split_once(')'));
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some((name, after)) = reference
            && let Some(found) = known.get(name)
        {
            out.push_str(found);
            rest = after;
        } else {
            out.push('$');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

/// Makes sure that `folder` exists.
pub(super) async fn make(folder: &Path) -> Result<(), String> {
    tokio::fs::create_dir_all(folder).await.map_err(|error| format!("making {} failed: {error}", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_to_variables_are_expanded_and_the_rest_is_left() {
        let known = BTreeMap::from([("A".to_string(), "1".to_string())]);
        assert_eq!(expand("$(A)-$(B)-$$(A)-$", &known), "1-$(B)-$(A)-$");
    }

    #[test]
    fn a_path_below_a_mount_is_found_on_this_machine() {
        let mounts = [("/var/run/x".to_string(), "/state/x".into())];
        assert_eq!(on_this_machine("/var/run/x/token", &mounts), "/state/x/token");
        assert_eq!(on_this_machine("/var/run/xy", &mounts), "/var/run/xy");
    }
}
