//! The routes as the router's own file lists them: each method with its path, those of programs under their prefix.

/// Method and path, `{id}` where a part varies.
pub fn all() -> Vec<(&'static str, String)> {
    let source = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/router.rs")).unwrap();
    let mut found = Vec::new();
    for route in source.lines().flat_map(|line| line.split(".route(\"").skip(1)) {
        let (path, rest) = route.split_once('"').unwrap();
        let prefix = if rest.contains("rest::") { "/api/v1" } else { "" };
        for (word, method) in
            [("get(", "GET"), ("post(", "POST"), ("put(", "PUT"), ("patch(", "PATCH"), ("delete(", "DELETE")]
        {
            if rest.contains(word) {
                found.push((method, format!("{prefix}{path}")));
            }
        }
    }
    assert!(found.len() > 20, "the router is written otherwise now, and nothing is read of it");
    found
}

/// The path with `some` in place of each part that varies.
pub fn filled(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "some" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// Whether an address is one of this route, whatever stands behind its question mark.
pub fn shape(address: &str, route: &str) -> bool {
    let address: Vec<&str> = address.split('?').next().unwrap_or_default().split('/').collect();
    let route: Vec<&str> = route.split('/').collect();
    address.len() == route.len() && address.iter().zip(&route).all(|(is, of)| of.starts_with('{') || is == of)
}
