//! A notice in words: a subject line, and a short plain text with the one link to where it can be looked at.

use super::{Kind, Notice};
use crate::moment::Moment;

/// What is mailed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    pub subject: String,
    pub text: String,
}

impl Notice {
    /// One line.
    pub fn subject(&self) -> String {
        let facts = &self.facts;
        let (title, environment) = (&facts.title, self.environment.as_deref().unwrap_or_default());
        let said = match self.kind {
            Kind::Waits => format!("{title} waits for your decision"),
            Kind::Reminder => format!("Reminder: {title} waits for your decision"),
            Kind::Escalated => format!("{title} was left unanswered and waits for you"),
            Kind::Lapsed => format!("{title}: the plan has become another one"),
            Kind::Decided => format!("{title}: {}", facts.outcome),
            Kind::HandedOver => format!("{} hands approvals over to you", self.by()),
            Kind::Stopped => format!("{title} stopped and needs a person"),
            Kind::Cancelled => format!("{title} was cancelled"),
            Kind::Finished => format!("{environment} {}", facts.outcome),
            Kind::Expires => format!("{environment} reaches the end of its lifetime on {}", self.until()),
            Kind::Drifted => format!("{environment} is not as it was approved"),
        };
        said.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
    }

    /// `team` as people call it; `link` is the whole address of the page.
    pub fn letter(&self, team: &str, link: &str) -> Letter {
        let facts = &self.facts;
        let mut text = format!("{}\n\n", self.lead());
        let centre = facts.cost_centre.as_ref().map(|centre| format!(", cost centre {centre}")).unwrap_or_default();
        let findings = (facts.findings > 0).then(|| facts.findings.to_string());
        let lines = [
            ("Environment", self.environment.clone()),
            ("Team", Some(format!("{team}{centre}")).filter(|_| !team.is_empty())),
            ("Asked for", Some(facts.title.clone()).filter(|_| self.environment.is_some())),
            ("Asked by", facts.requester.clone()),
            ("Estimated cost", facts.cost.clone()),
            ("Findings", findings),
        ];
        for (name, value) in lines {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                text.push_str(&format!("{name}: {value}\n"));
            }
        }
        for (name, words) in [("Reason", &facts.reason), (self.said_as(), &facts.said)] {
            if !words.is_empty() {
                text.push_str(&format!("{name}:\n"));
                words.lines().for_each(|line| text.push_str(&format!("> {line}\n")));
            }
        }
        text.push_str(&format!("\n{}\n{link}\n\n", self.call()));
        text.push_str(
            "Nothing is decided by opening it. What you are told is chosen there, under \"What I am told\".\n",
        );
        Letter { subject: self.subject(), text }
    }

    /// What happened, in a sentence or two.
    fn lead(&self) -> String {
        let facts = &self.facts;
        let (title, environment) = (&facts.title, self.environment.as_deref().unwrap_or_default());
        match self.kind {
            Kind::Waits => format!("{title} waits for your decision until {}.", self.until()),
            Kind::Reminder => format!("{title} still waits for your decision. On {} it is too late.", self.until()),
            Kind::Escalated => {
                format!("Nobody answered {title} in time: now the platform engineers decide, until {}.", self.until())
            }
            Kind::Lapsed => format!(
                "The plan of {title} has become another one. What was approved of it counts for nothing; all levels \
                 are asked anew."
            ),
            Kind::Decided => match &facts.by {
                Some(by) => format!("{title} was {} by {by}.", facts.outcome),
                None => format!("{title} has {}: nobody answered in time.", facts.outcome),
            },
            Kind::HandedOver => format!(
                "{} has handed approvals over to you until {}. What waits for them, and what comes until then, you can \
                 decide on as well.",
                self.by(),
                self.until()
            ),
            Kind::Cancelled => {
                format!(
                    "{title} was cancelled by {}. What it has made stands, until somebody lets it go on.",
                    self.by()
                )
            }
            Kind::Stopped => format!("{title} has stopped. It goes on when a person has done something about it."),
            Kind::Finished => format!("{title}: {environment} {}.", facts.outcome),
            Kind::Expires => format!("The lifetime of {environment} ends on {}.", self.until()),
            Kind::Drifted => format!("{environment} differs on Azure from what was approved."),
        }
    }

    fn said_as(&self) -> &'static str {
        match self.kind {
            Kind::Lapsed | Kind::Drifted => "What has changed",
            Kind::Stopped | Kind::Cancelled => "Why",
            _ => "Comment",
        }
    }

    fn call(&self) -> &'static str {
        match self.kind {
            Kind::Waits | Kind::Reminder | Kind::Escalated => "Look at the plan and decide:",
            Kind::HandedOver => "See what waits:",
            _ => "Look at it:",
        }
    }

    fn by(&self) -> &str {
        self.facts.by.as_deref().unwrap_or("Keystead")
    }

    fn until(&self) -> String {
        self.facts.until.map(Moment::date).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::RequestId;
    use crate::name::TeamName;
    use crate::notice::{About, Facts};

    fn notice(kind: Kind) -> Notice {
        Notice {
            kind,
            at: Moment(1_795_425_125_000),
            about: About::Request(RequestId::new("r1")),
            team: TeamName::parse("payments").ok(),
            environment: Some("shop".into()),
            people: Vec::new(),
            facts: Facts {
                title: "Create shop".into(),
                by: Some("manager@contoso.example".into()),
                requester: Some("member@contoso.example".into()),
                outcome: if kind == Kind::Finished { "is ready" } else { "rejected" }.into(),
                cost: Some("€206.17 a month".into()),
                cost_centre: Some("4711".into()),
                findings: 2,
                reason: "The sale begins.\nOn Friday.".into(),
                said: if matches!(kind, Kind::Waits | Kind::Reminder) { "" } else { "Too large." }.into(),
                until: Some(Moment(1_795_425_125_000)),
                level: 0,
                round: 0,
            },
        }
    }

    #[test]
    fn every_letter_as_it_is_read() {
        let link = "https://keystead.example/requests/r1";
        let letters = Kind::ALL.iter().map(|kind| {
            let Letter { subject, text } = notice(*kind).letter("Payments", link);
            assert_eq!(text.matches("http").count(), 1, "one link");
            format!("## {}\nSubject: {subject}\n\n{text}", kind.key())
        });
        insta::assert_snapshot!(letters.collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn a_subject_is_one_line_whatever_names_hold() {
        let mut notice = notice(Kind::HandedOver);
        notice.facts.by = Some("a\r\nBcc: b@c".into());
        assert!(!notice.subject().contains(['\r', '\n']));
    }
}
