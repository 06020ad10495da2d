//! The secrets in an environment's vault: listed without their values, and the password set.

use crate::api::Api;
use crate::exit::{Done, Exit};
use crate::output::{Output, at, read, table};
use crate::prompt;
use domain::moment::duration;
use domain::naming::PASSWORD;
use domain::view::environment::{Secret, Secrets};
use secrecy::ExposeSecret;
use serde_json::json;

pub(crate) async fn list(name: &str, api: &Api, output: Output) -> Done {
    let answer = api.get(&["environments", name, "secrets"], &[]).await?.body;
    output.show(&answer, || {
        let Secrets { rows, unread, .. } = read(&answer)?;
        let rows = table(&["SECRET", "VERSION", "SET", "AGE", "ENABLED"], rows.into_iter().map(row));
        Ok(unread.into_iter().chain([rows]).collect::<Vec<_>>().join("\n\n"))
    })?;
    Ok(Exit::Ok)
}

fn row(secret: Secret) -> Vec<String> {
    let age = secret.age_seconds.map(|seconds| duration(seconds.saturating_mul(1_000)));
    let enabled = secret.enabled.map(|enabled| if enabled { "yes" } else { "no" });
    vec![
        secret.name,
        secret.version.unwrap_or_default(),
        secret.created.map(at).unwrap_or_default(),
        age.unwrap_or_default(),
        enabled.unwrap_or_default().to_owned(),
    ]
}

/// The new value is typed where somebody sits before the terminal, and otherwise read from the input.
pub(crate) async fn set(name: &str, api: &Api, output: Output) -> Done {
    let place = ["environments", name, "secrets", PASSWORD];
    let state = api.get(&place, &[]).await?.state();
    let value = prompt::secret("New password of the database user")?;
    let answer = api.put(&place, &json!({ "value": value.expose_secret() }), Some(&state)).await?.body;
    output.show(&answer, || {
        let secret: Secret = read(&answer)?;
        let version = secret.version.unwrap_or_default();
        Ok(format!("{} has version {version}; the checks of {name} run: keystead env show {name}", secret.name))
    })?;
    Ok(Exit::Ok)
}
