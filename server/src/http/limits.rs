//! How often somebody may ask: people by account, programs by token, strangers by address, the sign-in by address too.

use super::Web;
use super::caller::{Known, address};
use super::rest::problem;
use super::sign_in;
use crate::clock::Clock;
use crate::config::RequestLimits;
use app::error::{Code, PortalError};
use app::routes;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter, clock};
use sha2::{Digest, Sha256};
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

/// How often old entries are looked for, in questions.
const SWEEP_EVERY: u32 = 256;
/// Entries of one gate; should so many be at their limit at once, it starts anew.
const MOST: usize = 100_000;

/// The portal's clock, as the limiter reads it.
#[derive(Clone)]
struct Running(Clock);

impl clock::Clock for Running {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        Nanos::from(Duration::from_millis(self.0.running_ms().max(0).unsigned_abs()))
    }
}

type Limiter = RateLimiter<String, DashMapStateStore<String>, Running, StateInformationMiddleware>;

/// One limit, with what is known of everybody who asked lately.
struct Gate {
    /// None where there is no limit.
    a_minute: Option<NonZeroU32>,
    clock: Clock,
    limiter: RwLock<Option<Limiter>>,
    asked: AtomicU32,
}

/// Too often; how long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooOften {
    wait: Duration,
    a_minute: u32,
}

/// How many more may come at once, of how many a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    left: u32,
    a_minute: u32,
}

impl Gate {
    fn new(a_minute: u32, clock: &Clock) -> Gate {
        let a_minute = NonZeroU32::new(a_minute);
        let limiter = RwLock::new(a_minute.map(|a_minute| limiter(a_minute, clock)));
        Gate { a_minute, clock: clock.clone(), limiter, asked: AtomicU32::new(0) }
    }

    fn pass(&self, who: &str) -> Result<(), TooOften> {
        self.take(who).map(drop)
    }

    /// None where there is no limit.
    fn take(&self, who: &str) -> Result<Option<Left>, TooOften> {
        let Some(a_minute) = self.a_minute else { return Ok(None) };
        if self.asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(SWEEP_EVERY) {
            self.sweep(a_minute);
        }
        let limiter = self.limiter.read().unwrap_or_else(PoisonError::into_inner);
        let Some(limiter) = limiter.as_ref() else { return Ok(None) };
        let now = clock::Clock::now(&Running(self.clock.clone()));
        let left = limiter
            .check_key(&who.to_owned())
            .map_err(|until| TooOften { wait: until.wait_time_from(now), a_minute: a_minute.get() })?;
        Ok(Some(Left { left: left.remaining_burst_capacity(), a_minute: a_minute.get() }))
    }

    /// Forgets everybody who has not asked for long enough to be as new.
    fn sweep(&self, a_minute: NonZeroU32) {
        let full = |limiter: &Limiter| {
            limiter.retain_recent();
            limiter.len() >= MOST
        };
        let is_full = self.limiter.read().unwrap_or_else(PoisonError::into_inner).as_ref().is_some_and(full);
        if is_full {
            *self.limiter.write().unwrap_or_else(PoisonError::into_inner) = Some(limiter(a_minute, &self.clock));
        }
    }

    #[cfg(test)]
    fn known(&self) -> usize {
        self.limiter.read().unwrap_or_else(PoisonError::into_inner).as_ref().map_or(0, RateLimiter::len)
    }
}

fn limiter(a_minute: NonZeroU32, clock: &Clock) -> Limiter {
    RateLimiter::new(Quota::per_minute(a_minute), DashMapStateStore::default(), Running(clock.clone()))
}

/// The four limits of this server.
pub struct Gates {
    people: Gate,
    programs: Gate,
    strangers: Gate,
    door: Gate,
}

impl std::fmt::Debug for Gates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gates").finish_non_exhaustive()
    }
}

impl Gates {
    pub fn new(limits: &RequestLimits, clock: &Clock) -> Gates {
        Gates {
            people: Gate::new(limits.person_a_minute, clock),
            programs: Gate::new(limits.token_a_minute, clock),
            strangers: Gate::new(limits.stranger_a_minute, clock),
            door: Gate::new(limits.sign_in_a_minute, clock),
        }
    }

    /// A program that has shown this token, which is known.
    pub fn program(&self, token: &str) -> Result<Option<Left>, TooOften> {
        self.programs.take(&hex::encode(&Sha256::digest(token)[..16]))
    }

    /// Nobody that is known. Where no address is known either, there is no limit to keep.
    pub fn stranger(&self, address: Option<IpAddr>) -> Result<(), TooOften> {
        address.map_or(Ok(()), |address| self.strangers.pass(&household(address)))
    }

    fn door(&self, address: Option<IpAddr>) -> Result<(), TooOften> {
        address.map_or(Ok(()), |address| self.door.pass(&household(address)))
    }
}

/// Whoever has an IPv6 address has 2^64 of them: they count as one.
fn household(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => Ipv6Addr::from(u128::from(address) >> 64 << 64).to_string(),
    }
}

/// In front of what programs ask before anybody is known.
pub async fn strangers(State(web): State<Web>, request: Request, next: Next) -> Response {
    let from = address(request.extensions());
    let signs_in = request.method() == Method::POST;
    let passed = web.gates.stranger(from).and_then(|()| if signs_in { web.gates.door(from) } else { Ok(()) });
    match passed {
        Ok(()) => next.run(request).await,
        Err(too_often) => too_often.to_program(),
    }
}

/// In front of everything that belongs to people; stands behind what has read their session.
pub async fn people(State(web): State<Web>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let from = address(request.extensions());
    let known = request.extensions().get::<Known>().and_then(|known| known.0.as_ref());
    let signs_in = path == sign_in::BACK || (path == routes::sign_in() && request.method() == Method::POST);
    let passed = match known {
        Some(caller) => web.gates.people.pass(&caller.account.id.0),
        None => web.gates.stranger(from),
    };
    let passed = passed.and_then(|()| if signs_in { web.gates.door(from) } else { Ok(()) });
    match passed {
        Ok(()) => next.run(request).await,
        Err(too_often) if path.starts_with("/ask/") => too_often.to_script(),
        Err(too_often) => too_often.to_person(),
    }
}

impl Left {
    /// Says in an answer how many are left, as the draft of the standard has it.
    pub fn tell(self, headers: &mut HeaderMap) {
        // They come back one by one.
        let next = if self.left < self.a_minute { 60_u32.div_ceil(self.a_minute) } else { 0 };
        told(headers, self.a_minute, self.left, next.into());
    }
}

fn told(headers: &mut HeaderMap, a_minute: u32, left: u32, seconds: u64) {
    let policy = HeaderValue::try_from(format!("\"minute\";q={a_minute};w=60"));
    let standing = HeaderValue::try_from(format!("\"minute\";r={left};t={seconds}"));
    if let (Ok(policy), Ok(standing)) = (policy, standing) {
        headers.insert("ratelimit-policy", policy);
        headers.insert("ratelimit", standing);
    }
}

impl TooOften {
    /// In whole seconds, at least one.
    fn seconds(self) -> u64 {
        self.wait.as_millis().div_ceil(1000).max(1).try_into().unwrap_or(u64::MAX)
    }

    fn answer(self, answer: Response) -> Response {
        let mut answer = answer;
        *answer.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        if let Ok(seconds) = HeaderValue::from_str(&self.seconds().to_string()) {
            answer.headers_mut().insert(RETRY_AFTER, seconds);
        }
        answer
    }

    fn said(self) -> String {
        format!("Too many requests came from you within a minute; in {} s the next one is answered.", self.seconds())
    }

    fn to_person(self) -> Response {
        let page = format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
             content=\"width=device-width\"><title>Too many requests</title></head><body><main><h1>Too many \
             requests</h1><p>{}</p><p>If you have not asked so often, somebody who shares your network has; tell \
             whoever runs Keystead.</p><p><a href=\"/\">To the environments</a></p></main></body></html>",
            self.said()
        );
        self.answer(Html(page).into_response())
    }

    /// As a page's script reads errors.
    fn to_script(self) -> Response {
        self.answer(Json(PortalError::new(Code::Unavailable, self.said())).into_response())
    }

    pub fn to_program(self) -> Response {
        let mut answer = self.answer(problem::of_status(StatusCode::TOO_MANY_REQUESTS, self.said()));
        told(answer.headers_mut(), self.a_minute, 0, self.seconds());
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Moment;

    #[test]
    fn a_minutes_worth_may_come_at_once_and_then_as_it_is_earned() {
        let clock = Clock::manual(Moment(1_764_000_000_000));
        let gate = Gate::new(6, &clock);
        for _ in 0..6 {
            assert_eq!(gate.pass("one"), Ok(()));
        }
        let refused = gate.pass("one").expect_err("the seventh");
        assert_eq!(refused.seconds(), 10);
        assert_eq!(gate.pass("other"), Ok(()), "nobody pays for somebody else");
        clock.advance(9_999);
        assert_eq!(gate.pass("one").expect_err("too early").seconds(), 1);
        clock.advance(1);
        assert_eq!(gate.pass("one"), Ok(()));
        assert!(gate.pass("one").is_err());
        let open = Gate::new(0, &clock);
        assert!((0..10_000).all(|_| open.pass("one").is_ok()));
    }

    #[test]
    fn whoever_has_not_asked_for_a_minute_is_forgotten() {
        let clock = Clock::manual(Moment(1_764_000_000_000));
        let gate = Gate::new(6, &clock);
        for number in 0..1000 {
            assert_eq!(gate.pass(&format!("{number}")), Ok(()));
        }
        assert!(gate.known() >= 1000);
        clock.advance(60_000);
        for _ in 0..SWEEP_EVERY {
            // Refused or not, each is a question.
            let _ = gate.pass("last");
        }
        assert_eq!(gate.known(), 1);
    }

    #[test]
    fn however_many_are_at_their_limit_the_memory_has_an_end() {
        let clock = Clock::manual(Moment(1_764_000_000_000));
        let gate = Gate::new(6, &clock);
        for number in 0..MOST + 1000 {
            assert_eq!(gate.pass(&format!("{number}")), Ok(()));
        }
        assert!(gate.known() < MOST);
    }

    #[test]
    fn addresses_of_one_household_count_as_one() {
        let gates = Gates::new(&RequestLimits { stranger_a_minute: 1, ..Default::default() }, &Clock::system());
        let from = |text: &str| gates.stranger(Some(text.parse().expect("an address")));
        assert_eq!(from("2001:db8:1:2::1"), Ok(()));
        assert!(from("2001:db8:1:2:ffff::1").is_err());
        assert_eq!(from("2001:db8:1:3::1"), Ok(()));
        assert_eq!(from("192.0.2.1"), Ok(()));
        assert_eq!(from("192.0.2.2"), Ok(()));
        assert_eq!(gates.stranger(None), Ok(()));
        assert_eq!(gates.stranger(None), Ok(()));
    }
}
