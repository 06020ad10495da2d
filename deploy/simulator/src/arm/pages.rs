//! Cuts long lists into pages: what does not fit is asked for at `nextLink`.
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use serde_json::{Value, json};

use super::answer::{Answer, Ask};
use super::refusal::Refusal;

/// The page of a list that is asked for; any other answer as it is. An entry is found again by its id, so that
/// nothing is shown twice when entries come and go between two pages.
pub(super) fn cut(ask: &Ask, page_size: usize, mut answer: Answer) -> Result<Answer, Refusal> {
    match &mut answer {
        Answer::List(list) => list.next_link = page(ask, page_size, &mut list.value, |entry| id(entry.body()))?,
        Answer::Document(_, body) => {
            // A list with a link, or with none on its last page, has cut itself.
            if let Some(link) = body.get("nextLink") {
                if link.is_null() {
                    body.as_object_mut().map(|body| body.remove("nextLink"));
                }
            } else if let Some(value) = body.get_mut("value").and_then(Value::as_array_mut)
                && let Some(link) = page(ask, page_size, value, id)?
            {
                body["nextLink"] = json!(link);
            }
        }
        _ => {}
    }
    Ok(answer)
}

/// Leaves the page that is asked for, and says where the rest is.
fn page<T>(
    ask: &Ask,
    page_size: usize,
    value: &mut Vec<T>,
    id: impl Fn(&T) -> String,
) -> Result<Option<String>, Refusal> {
    if ask.method != Method::GET {
        return Ok(None);
    }
    if let Some(token) = query(ask, "$skiptoken") {
        let last = URL_SAFE_NO_PAD
            .decode(token)
            .ok()
            .and_then(|id| String::from_utf8(id).ok())
            .ok_or_else(|| Refusal::bad("InvalidSkipToken", format!("The skip token '{token}' is not valid.")))?;
        let after = match value.iter().position(|entry| id(entry) == last) {
            Some(at) => at + 1,
            // It has gone meanwhile; lists are ordered by id.
            None => value.iter().position(|entry| id(entry) > last).unwrap_or(value.len()),
        };
        value.drain(..after);
    }
    let top = query(ask, "$top").and_then(|top| top.parse::<usize>().ok()).filter(|top| *top > 0);
    let most = top.unwrap_or(page_size).min(page_size).max(1);
    if value.len() <= most {
        return Ok(None);
    }
    value.truncate(most);
    let token = URL_SAFE_NO_PAD.encode(value.last().map(id).unwrap_or_default());
    Ok(Some(next_link(ask, "$skiptoken", &token)))
}

/// What tells entries apart: the id, or for those without one whatever name they have.
fn id(entry: &Value) -> String {
    let id = entry["id"].as_str().or_else(|| entry["name"]["value"].as_str());
    id.map_or_else(|| entry.to_string(), str::to_ascii_lowercase)
}

fn query<'a>(ask: &'a Ask, name: &str) -> Option<&'a str> {
    ask.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// The same question with a token.
pub fn next_link(ask: &Ask, name: &str, token: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("api-version", &ask.api_version);
    for (key, value) in ask.query.iter().filter(|(key, _)| !key.eq_ignore_ascii_case(name)) {
        query.append_pair(key, value);
    }
    query.append_pair(name, token);
    format!("https://management.azure.com{}?{}", ask.canonical.replace(' ', "%20"), query.finish())
}
