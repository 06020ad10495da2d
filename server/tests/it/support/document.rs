//! The OpenAPI document as a test walks through it.

use super::browser::Browser;
use super::portal::Portal;
use serde_json::Value;

pub struct Document(pub Value);

/// One operation.
pub struct Operation<'a> {
    pub method: &'a str,
    /// `/api/v1/jobs/{id}`.
    pub path: &'a str,
    pub told: &'a Value,
    document: &'a Value,
}

pub async fn of(portal: &Portal) -> Document {
    let seen = Browser::on(&portal.router).get("/api/openapi.json").await;
    Document(serde_json::from_str(&seen.body).unwrap())
}

impl Document {
    pub fn operations(&self) -> Vec<Operation<'_>> {
        let mut all = Vec::new();
        for (path, item) in self.0["paths"].as_object().unwrap() {
            for (method, told) in item.as_object().unwrap() {
                if ["get", "put", "post", "delete", "patch"].contains(&method.as_str()) {
                    all.push(Operation { method, path, told, document: &self.0 });
                }
            }
        }
        assert!(all.len() > 20);
        all
    }

    pub fn has(&self, method: &str, path: &str) -> bool {
        self.0["paths"][path].get(method).is_some()
    }
}

impl Operation<'_> {
    /// Whether anybody may ask it: no key of theirs could be told from another's.
    pub fn open(&self) -> bool {
        self.told["security"] == serde_json::json!([{}])
    }

    /// The example of its body, where it takes one.
    pub fn example(&self) -> Option<Value> {
        let content = self.told.get("requestBody")?.get("content")?.get("application/json")?;
        if let Some(example) = content.get("example") {
            return Some(example.clone());
        }
        if let Some(first) = content.get("examples").and_then(|all| all.as_object()?.values().next()) {
            return first.get("value").cloned();
        }
        let name = content["schema"]["$ref"].as_str()?.rsplit('/').next()?;
        let schema = &self.document["components"]["schemas"][name];
        schema.get("example").or_else(|| schema.get("examples")?.get(0)).cloned()
    }

    /// Its address below `/api/v1`, each part that varies filled in by collection and name.
    pub fn filled(&self, fill: impl Fn(&str, &str) -> String) -> String {
        let path = self.path.trim_start_matches("/api/v1");
        let parts: Vec<&str> = path.split('/').collect();
        let collection = parts.get(1).copied().unwrap_or_default();
        let fill = |part: &&str| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(name) => fill(collection, name),
            None => (*part).to_owned(),
        };
        parts.iter().map(fill).collect::<Vec<_>>().join("/")
    }
}
