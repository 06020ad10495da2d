//! Moments for people: UTC as the server writes them, in the person's own zone once the browser has taken over.

use domain::Moment;
use leptos::prelude::*;

/// Whether times are the person's own yet; false until hydration is through, so that both sides write the same first.
#[derive(Clone, Copy)]
pub struct Zone(RwSignal<bool>);

impl Zone {
    #[allow(clippy::new_without_default)] // a signal is made for an owner, never by default
    pub fn new() -> Zone {
        Zone(RwSignal::new(false))
    }

    /// The browser has taken over.
    pub fn arrive(self) {
        self.0.set(true);
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Clock,
    Date,
    Both,
}

/// `09:12:05`.
pub fn clock(at: Moment) -> AnyView {
    time(at, Shape::Clock)
}

/// `3 Jan 2027`.
pub fn date(at: Moment) -> AnyView {
    time(at, Shape::Date)
}

/// `today, 09:12`, `yesterday, 16:40`, `3 Jan 2027, 09:12`.
pub fn moment(at: Moment) -> AnyView {
    time(at, Shape::Both)
}

fn time(at: Moment, shape: Shape) -> AnyView {
    let zone = use_context::<Zone>();
    let said = move || match zone {
        Some(zone) if zone.0.get() => own(at, shape),
        _ => utc(at, shape),
    };
    view! { <time datetime=at.rfc3339()>{said}</time> }.into_any()
}

fn utc(at: Moment, shape: Shape) -> String {
    match shape {
        Shape::Clock => at.clock(),
        Shape::Date => at.date(),
        Shape::Both => format!("{}, {} UTC", at.date(), at.clock().get(..5).unwrap_or_default()),
    }
}

/// In the browser's zone.
#[cfg(feature = "hydrate")]
fn own(at: Moment, shape: Shape) -> String {
    let here = js_sys::Date::new(&(at.0 as f64).into());
    let minutes = here.get_timezone_offset() as i64; // of UTC over here
    let local = Moment(at.0 - minutes * 60_000);
    let today = (js_sys::Date::now() as i64 - minutes * 60_000).div_euclid(86_400_000);
    match shape {
        Shape::Clock => local.clock(),
        Shape::Date => local.date(),
        Shape::Both => {
            let day = match today - local.0.div_euclid(86_400_000) {
                0 => "today".to_owned(),
                1 => "yesterday".to_owned(),
                _ => local.date(),
            };
            format!("{day}, {}", local.clock().get(..5).unwrap_or_default())
        }
    }
}

#[cfg(not(feature = "hydrate"))]
fn own(at: Moment, shape: Shape) -> String {
    utc(at, shape)
}
