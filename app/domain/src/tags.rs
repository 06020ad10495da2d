//! Tags that a team gives the resources of an environment: names and values as Azure takes them.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Azure takes 50, Keystead adds its own, and some resources take 15.
const MOST: usize = 10;
/// Letters of a name: storage takes fewer than everything else.
const LONGEST_NAME: usize = 128;
const LONGEST_VALUE: usize = 256;
/// What Azure keeps for itself, and what Keystead does.
const RESERVED: [&str; 4] = ["microsoft", "azure", "windows", "keystead"];

/// The tag that a team's cost centre stands as.
pub const COST_CENTRE: &str = "cost-centre";

/// Values by name. What was kept is read as it was written, whatever the limits are by then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Tags(BTreeMap<String, String>);

impl Tags {
    /// Of `cost-centre=4711, owner=payments`, each after a comma or on a line of its own; `none` stands for none.
    pub fn parse(text: &str) -> Result<Tags, String> {
        let mut tags = BTreeMap::new();
        if text.trim() == "none" {
            return Ok(Tags(tags));
        }
        for pair in text.split([',', '\n']).map(str::trim).filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or("Tags are written as cost-centre=4711, owner=payments.")?;
            let (name, value) = (name.trim(), value.trim());
            fits(name, value)?;
            if tags.keys().any(|known: &String| known.eq_ignore_ascii_case(name)) {
                return Err(format!("The tag {name} stands twice; Azure takes each name once, in whatever case."));
            }
            tags.insert(name.to_owned(), value.to_owned());
        }
        match tags.len() {
            0..=MOST => Ok(Tags(tags)),
            many => Err(format!("At most {MOST} tags; these are {many}.")),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Azure knows names in whatever case.
    pub fn has(&self, name: &str) -> bool {
        self.0.keys().any(|known| known.eq_ignore_ascii_case(name))
    }

    /// Whether this name has another value than this one.
    pub fn contradicts(&self, name: &str, value: &str) -> bool {
        self.0.iter().any(|(known, has)| known.eq_ignore_ascii_case(name) && has != value)
    }

    /// The same without this name.
    #[must_use]
    pub fn without(mut self, name: &str) -> Tags {
        self.0.retain(|known, _| !known.eq_ignore_ascii_case(name));
        self
    }

    /// The same with this name and value.
    #[must_use]
    pub fn with(self, name: &str, value: &str) -> Tags {
        let mut tags = self.without(name);
        tags.0.insert(name.to_owned(), value.to_owned());
        tags
    }

    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

fn fits(name: &str, value: &str) -> Result<(), String> {
    let short =
        (1..=LONGEST_NAME).contains(&name.chars().count()) && (1..=LONGEST_VALUE).contains(&value.chars().count());
    if !short {
        return Err(format!("A tag has a name of 1 to {LONGEST_NAME} characters and a value of 1 to {LONGEST_VALUE}."));
    }
    if name.contains(['<', '>', '%', '&', '\\', '?', '/']) || format!("{name}{value}").chars().any(char::is_control) {
        return Err("The name of a tag has none of < > % & \\ ? / in it.".to_owned());
    }
    match RESERVED.iter().find(|word| name.to_lowercase().starts_with(*word)) {
        Some(word) => Err(format!("Names of tags that begin with {word} are not free. Take another one.")),
        None => Ok(()),
    }
}

impl fmt::Display for Tags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pairs: Vec<String> = self.iter().map(|(name, value)| format!("{name}={value}")).collect();
        f.write_str(&pairs.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_as_they_are_written() {
        let tags = Tags::parse(" owner = payments,cost-centre=4711\n note=a=b ").map(|tags| tags.to_string());
        assert_eq!(tags, Ok("cost-centre=4711, note=a=b, owner=payments".to_owned()));
        for none in ["", " , ", "none"] {
            assert_eq!(Tags::parse(none), Ok(Tags::default()), "{none}");
        }
        assert!(Tags::parse("Owner=x").is_ok_and(|tags| tags.has("owner") && !tags.has("own")));
    }

    #[test]
    fn one_name_is_one_tag_in_whatever_case() {
        let tags = Tags::parse("Cost-Centre=1, owner=x").unwrap_or_default();
        assert!(tags.contradicts("cost-centre", "2") && !tags.contradicts("cost-centre", "1"));
        assert_eq!(tags.clone().with("cost-centre", "2").to_string(), "cost-centre=2, owner=x");
        assert_eq!(tags.without("COST-CENTRE").to_string(), "owner=x");
    }

    #[test]
    fn what_azure_would_refuse_says_so() {
        let eleven: Vec<String> = (0..11).map(|number| format!("t{number}=x")).collect();
        for wrong in ["owner", "=x", "owner=", "a/b=x", "a=x, A=y", "azure-x=1", "keystead-team=x", &eleven.join(",")] {
            assert!(Tags::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Tags::parse(&format!("a={}", "x".repeat(257))).is_err());
    }
}
