//! What people do in the portal, as posts of its plain forms.

use crate::person::{Person, Seen};
use anyhow::{Context, Result, bail};

/// A member who asks, and a manager who decides.
#[derive(Clone)]
pub struct People {
    member: Person,
    manager: Person,
}

impl People {
    pub fn sign_in(portal: &str) -> Result<People> {
        Ok(People { member: Person::sign_in(portal, "member")?, manager: Person::sign_in(portal, "manager")? })
    }

    /// Asks for an environment; answers the path of the request.
    pub fn ask(&mut self, portal: &str, name: &str) -> Result<String> {
        let form = [
            ("name", name),
            ("team", "payments"),
            ("region", "westeurope"),
            ("template", "web-app-one-node"),
            ("reason", "Chaos"),
        ];
        leads(&self.member.post(portal, "/environments/new", &form)?, "/requests/")
    }

    /// Asks that it become another one.
    pub fn change(&mut self, portal: &str, name: &str, answers: &[(&str, &str)]) -> Result<String> {
        leads(&self.member.post(portal, &format!("/environments/{name}/change"), answers)?, "/requests/")
    }

    /// Asks that nothing of it be left.
    pub fn destroy(&mut self, portal: &str, name: &str) -> Result<String> {
        let path = format!("/environments/{name}/destroy");
        let page = self.member.get(portal, &path)?;
        let digest = page.field("digest").with_context(|| format!("{name} cannot be destroyed now"))?;
        let form = [("digest", digest.as_str()), ("reason", "Chaos"), ("purge", "")];
        leads(&self.member.post(portal, &path, &form)?, "/requests/")
    }

    /// Approves what the page shows; answers the path of the job.
    pub fn approve(&mut self, portal: &str, request: &str) -> Result<String> {
        let digest = self.digest(portal, request)?;
        self.approve_digest(portal, request, &digest)
    }

    /// Asks for an environment and approves it; answers the id of the job.
    pub fn begin(&mut self, portal: &str, name: &str) -> Result<String> {
        let request = self.ask(portal, name)?;
        let job = self.approve(portal, &request)?;
        Ok(job.trim_start_matches("/jobs/").to_owned())
    }

    /// Opens a page; its status.
    pub fn look(&mut self, portal: &str, path: &str) -> Result<u16> {
        Ok(self.member.get(portal, path)?.status)
    }

    /// Of the plan that stands on a request's page.
    pub fn digest(&mut self, portal: &str, request: &str) -> Result<String> {
        let page = self.manager.get(portal, request)?;
        page.field("digest").with_context(|| format!("{request} cannot be decided now"))
    }

    pub fn approve_digest(&mut self, portal: &str, request: &str, digest: &str) -> Result<String> {
        let form = [("decision", "approve"), ("comment", ""), ("digest", digest)];
        leads(&self.manager.post(portal, &format!("{request}/decision"), &form)?, "/jobs/")
    }

    /// The member's cookie, as a header's value.
    pub fn cookie(&self) -> String {
        self.member.cookie()
    }

    /// `cancel`, `retry` or `roll-back`, said to a job by its id.
    pub fn say(&mut self, portal: &str, job: &str, word: &str) -> Result<()> {
        self.member.post(portal, &format!("/jobs/{job}/{word}"), &[("reason", "Chaos")]).map(drop)
    }

    /// Sends the plan of a job back to its approver, because the world is not what was approved.
    pub fn plan_again(&mut self, portal: &str, job: &str) -> Result<()> {
        self.member.post(portal, &format!("/jobs/{job}/plan"), &[]).map(drop)
    }
}

/// The path that an answer redirects to, where it begins as wanted.
fn leads(seen: &Seen, wanted: &str) -> Result<String> {
    match seen.leads_to.as_deref() {
        Some(path) if path.starts_with(wanted) => Ok(path.split('?').next().unwrap_or(path).to_owned()),
        other => bail!("it leads to {other:?} ({})", seen.status),
    }
}
