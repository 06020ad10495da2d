//! One level of an approval: who answers on it, and how many different people have to.

use serde::{Deserialize, Serialize};

/// Who answers on a level.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum By {
    /// The team's managers; a platform engineer where the team has no other than the one who asks.
    Managers,
    /// The platform engineers.
    Platform,
    /// Whoever is in a group of the directory, of whatever team, and nobody else.
    Group(Group),
}

/// A group of the directory that is asked to approve.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Group {
    /// Its object id, in small letters.
    pub id: String,
    /// As people read it: "Security".
    pub title: String,
}

impl By {
    /// A group by its object id, however that is written.
    pub fn group(id: &str, title: &str) -> By {
        By::Group(Group { id: id.trim().to_lowercase(), title: title.trim().to_owned() })
    }

    /// The group that is asked, where it is one.
    pub fn as_group(&self) -> Option<&Group> {
        match self {
            By::Group(group) => Some(group),
            By::Managers | By::Platform => None,
        }
    }
}

/// One level: so many different people of that kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Level {
    pub by: By,
    pub approvers: u32,
}

/// A level as it is written: `{ by = "managers" }`, or `{ group = "OBJECT-ID", title = "Security" }`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    by: Option<Kind>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(default = "one")]
    approvers: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Managers,
    Platform,
}

fn one() -> u32 {
    1
}

impl TryFrom<Written> for Level {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Level, &'static str> {
        let by = match (written.by, written.group, written.title) {
            (Some(Kind::Managers), None, None) => By::Managers,
            (Some(Kind::Platform), None, None) => By::Platform,
            (None, Some(id), Some(title)) if !id.trim().is_empty() && !title.trim().is_empty() => {
                By::group(&id, &title)
            }
            _ => {
                return Err(
                    "a level is { by = \"managers\" }, { by = \"platform\" } or { group = \"OBJECT-ID\", title = \"…\" }",
                );
            }
        };
        Ok(Level { by, approvers: written.approvers })
    }
}

impl From<Level> for Written {
    fn from(level: Level) -> Written {
        let (by, group) = match level.by {
            By::Managers => (Some(Kind::Managers), None),
            By::Platform => (Some(Kind::Platform), None),
            By::Group(group) => (None, Some(group)),
        };
        let (group, title) = group.map(|group| (group.id, group.title)).unzip();
        Written { by, group, title, approvers: level.approvers }
    }
}

impl Level {
    /// One manager of the team.
    pub const MANAGER: Level = Level { by: By::Managers, approvers: 1 };

    /// "A manager of team Payments", "two platform engineers", "Security"; `managers` says who decides for the team.
    pub fn words(&self, managers: &str) -> String {
        match (&self.by, self.approvers) {
            (By::Managers, 0 | 1) => managers.to_owned(),
            (By::Managers, many) => format!("{many} of those who decide for the team"),
            (By::Platform, 0 | 1) => "A platform engineer".to_owned(),
            (By::Platform, many) => format!("{many} platform engineers"),
            (By::Group(group), 0 | 1) => group.title.clone(),
            (By::Group(group), many) => format!("{many} of {}", group.title),
        }
    }

    /// The same after other words; a group's title is a name and stays as it is.
    pub(super) fn words_within(&self, managers: &str) -> String {
        match self.by {
            By::Group(_) => self.words(managers),
            By::Managers | By::Platform => lower(&self.words(managers)),
        }
    }

    pub(super) fn decides(&self) -> &'static str {
        if self.approvers > 1 { "decide" } else { "decides" }
    }
}

pub(super) fn upper(text: &str) -> String {
    first(text, char::to_uppercase)
}

fn lower(text: &str) -> String {
    first(text, char::to_lowercase)
}

fn first<I: Iterator<Item = char>>(text: &str, by: impl Fn(char) -> I) -> String {
    let mut letters = text.chars();
    let head: String = letters.next().into_iter().flat_map(by).collect();
    format!("{head}{}", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_read_as_it_was_always_written_and_a_group_comes_back_as_it_went() {
        let old: Vec<Level> =
            serde_json::from_str(r#"[{"by":"managers","approvers":1},{"by":"platform","approvers":2}]"#).expect("old");
        assert_eq!(old, [Level::MANAGER, Level { by: By::Platform, approvers: 2 }]);
        assert_eq!(
            serde_json::to_string(&old).expect("text"),
            r#"[{"by":"managers","approvers":1},{"by":"platform","approvers":2}]"#,
            "an older server reads what a newer one writes"
        );
        let group: Level = serde_json::from_str(r#"{"group":"0F-1A","title":"Security"}"#).expect("a group");
        assert_eq!(group, Level { by: By::group("0f-1a", "Security"), approvers: 1 });
        let text = serde_json::to_string(&group).expect("text");
        assert_eq!(serde_json::from_str::<Level>(&text).expect("the same"), group);
    }

    #[test]
    fn a_level_names_managers_the_platform_or_a_whole_group() {
        for wrong in [
            "{}",
            r#"{"by":"somebody"}"#,
            r#"{"group":"1"}"#,
            r#"{"group":"1","title":" "}"#,
            r#"{"by":"platform","group":"1","title":"Security"}"#,
            r#"{"by":"platform","count":1}"#,
        ] {
            assert!(serde_json::from_str::<Level>(wrong).is_err(), "{wrong}");
        }
    }
}
