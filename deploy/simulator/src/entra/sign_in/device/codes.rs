//! Keeps the codes of devices for the quarter of an hour in which somebody may answer for them, each for one sign-in.
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

use crate::clock::{later, unix};
use crate::entra::refusal::EntraRefusal;
use crate::machines::new_key;

/// Entra's own: fifteen minutes.
pub(super) const LIFE: Duration = Duration::from_secs(900);
/// After this long nobody is told any more that a code is over: it is no code then.
const REMEMBERED: Duration = Duration::from_secs(3600);
/// As Entra's codes look; letters and digits that are taken for each other are left out.
const LETTERS: [char; 32] = [
    'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y',
    'Z', '2', '3', '4', '5', '6', '7', '8', '9',
];

/// What a device asked for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) client_id: String,
    pub(super) scope: String,
}

/// What the person said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Nothing,
    Yes { user: Uuid, at: Timestamp },
    No,
}

#[derive(Debug)]
struct Waiting {
    asked: Asked,
    user_code: String,
    at: Timestamp,
    said: Said,
}

/// Who signed in on a device, and when.
#[derive(Debug)]
pub(super) struct SignedIn {
    pub(super) scope: String,
    pub(super) user: Uuid,
    /// Seconds since 1970.
    pub(super) at: i64,
}

/// The codes, by device code. A restart forgets them: the device asks for another one.
#[derive(Debug, Default)]
pub(in crate::entra) struct DeviceCodes(Mutex<HashMap<String, Waiting>>);

impl DeviceCodes {
    /// A device code and the code for the person.
    pub(super) fn give(&self, asked: Asked, now: Timestamp) -> (String, String) {
        let (code, user_code) = (format!("{}{}", new_key(), new_key()), user_code());
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|_, one| later(one.at, REMEMBERED) > now);
        waiting.insert(code.clone(), Waiting { asked, user_code: user_code.clone(), at: now, said: Said::Nothing });
        (code, user_code)
    }

    /// What the device with this code asked for, while nobody has answered; capitals, spaces and hyphens do not matter.
    pub(super) fn asked(&self, typed: &str, now: Timestamp) -> Option<Asked> {
        let typed = plain(typed);
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = waiting.values().find(|one| one.open(&typed, now))?;
        Some(found.asked.clone())
    }

    /// Somebody signs in on the device with this code, or (`None`) says no; false where nothing waits for that.
    pub(super) fn answer(&self, typed: &str, user: Option<Uuid>, now: Timestamp) -> bool {
        let typed = plain(typed);
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(found) = waiting.values_mut().find(|one| one.open(&typed, now)) else { return false };
        found.said = user.map_or(Said::No, |user| Said::Yes { user, at: now });
        true
    }

    /// Who signed in on the device; it is told once.
    pub(super) fn redeem(&self, code: &str, client: &str, now: Timestamp) -> Result<SignedIn, EntraRefusal> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = waiting.get(code).filter(|one| one.asked.client_id == client);
        let one = found.ok_or_else(|| {
            EntraRefusal::bad(
                "bad_verification_code",
                70_018,
                "The provided value for the input parameter 'device_code' is not valid.",
            )
        })?;
        if later(one.at, LIFE) <= now {
            return Err(EntraRefusal::bad(
                "expired_token",
                70_020,
                "The provided value for the input parameter 'device_code' is not valid. This device code has expired.",
            ));
        }
        let signed_in = match one.said {
            Said::Nothing => Err(EntraRefusal::bad(
                "authorization_pending",
                70_016,
                "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
            )),
            Said::No => Err(EntraRefusal::bad(
                "authorization_declined",
                70_017,
                "OAuth 2.0 device flow error. The end user denied the authorization request.",
            )),
            Said::Yes { user, at } => Ok(SignedIn { scope: one.asked.scope.clone(), user, at: unix(at) }),
        };
        if one.said != Said::Nothing {
            waiting.remove(code);
        }
        signed_in
    }
}

impl Waiting {
    fn open(&self, typed: &str, now: Timestamp) -> bool {
        self.user_code == typed && self.said == Said::Nothing && later(self.at, LIFE) > now
    }
}

fn plain(typed: &str) -> String {
    typed.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_uppercase()).collect()
}

/// Nine letters, about 45 bits.
fn user_code() -> String {
    let random = rand::random::<[u8; 9]>();
    random.iter().filter_map(|byte| LETTERS.get(usize::from(byte % 32))).collect()
}
