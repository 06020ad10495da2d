//! Asks the directory now and then which accounts are still there, and proposes those that are not as having left; nobody
//! is marked by it.

use super::{Next, Timer};
use crate::store::{self, Store, people, timer};
use async_trait::async_trait;
use azure::{Account, Azure, Graph, Kind};
use domain::Moment;
use domain::account::AccountId;
use domain::view::people::Directory;

/// How often: hourly, in milliseconds.
const EVERY: i64 = 3_600_000;

/// Where nobody has signed in yet.
const SOON: i64 = 300_000;

/// Why the page shows nothing of the directory, where Keystead may not ask.
const MAY_NOT: &str = "Keystead may not ask the directory which accounts are still there. An administrator can grant its \
                       identity User.Read.All in Microsoft Graph.";

pub struct DirectoryLook {
    pub store: Store,
    pub azure: Azure,
}

impl DirectoryLook {
    /// Sets the timer, where no server has yet.
    pub async fn begin(store: &Store, now: Moment) -> Result<(), store::Error> {
        timer::set_once(store, timer::DIRECTORY, "", now).await
    }
}

#[async_trait]
impl Timer for DirectoryLook {
    fn kind(&self) -> &'static str {
        timer::DIRECTORY
    }

    /// Accounts of other issuers are in no directory that could be asked.
    async fn ring(&self, _subject: &str, now: Moment) -> Result<Next, String> {
        let tenant = self.azure.me().await.map_err(|error| error.to_string())?.tenant_id;
        let said = |error: store::Error| error.to_string();
        let accounts = people::of_directory(&self.store, &tenant).await.map_err(said)?;
        if accounts.is_empty() {
            // Nobody to ask about: that is no look at the directory.
            return Ok(Next::Again(now.plus(SOON)));
        }
        for some in accounts.chunks(Graph::MOST) {
            let ids: Vec<&str> = some.iter().filter_map(|account| Some(account.0.split_once('/')?.1)).collect();
            let told = match self.azure.graph().accounts(&ids).await {
                Ok(told) => told,
                Err(error) if error.kind() == Kind::Denied => {
                    people::looked(&self.store, Some(MAY_NOT), now).await.map_err(said)?;
                    return Ok(Next::Again(now.plus(EVERY)));
                }
                Err(error) => return Err(error.to_string()),
            };
            let told: Vec<(AccountId, Directory)> =
                told.into_iter().map(|(id, account)| (AccountId(format!("{tenant}/{id}")), of(account))).collect();
            people::told(&self.store, &told, now).await.map_err(said)?;
        }
        people::looked(&self.store, None, now).await.map_err(said)?;
        Ok(Next::Again(now.plus(EVERY)))
    }
}

fn of(account: Account) -> Directory {
    match account {
        Account::Enabled => Directory::Enabled,
        Account::Disabled => Directory::Disabled,
        Account::Gone => Directory::Gone,
    }
}
