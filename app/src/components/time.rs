//! Moments for people: UTC as the server writes them, in the person's own zone once the script is there.

use domain::Moment;
use leptos::prelude::*;

/// Whether times of an island are the person's own yet; false until it is taken over, so that both sides write the
/// same first.
#[derive(Clone, Copy)]
pub struct Zone(RwSignal<bool>);

impl Zone {
    /// For everything that this island shows from here on.
    pub fn begin() {
        let zone = Zone(RwSignal::new(false));
        provide_context(zone);
        Effect::new(move |_| zone.0.set(true));
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Clock,
    Date,
    Both,
}

impl Shape {
    #[cfg(feature = "hydrate")]
    const ALL: [Shape; 3] = [Shape::Clock, Shape::Date, Shape::Both];

    /// As the document writes it.
    fn key(self) -> &'static str {
        match self {
            Shape::Clock => "clock",
            Shape::Date => "date",
            Shape::Both => "both",
        }
    }

    #[cfg(feature = "hydrate")]
    fn of_key(key: &str) -> Option<Shape> {
        Shape::ALL.into_iter().find(|shape| shape.key() == key)
    }
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
    let Some(zone) = use_context::<Zone>() else {
        return view! { <time datetime=at.rfc3339() data-as=shape.key()>{utc(at, shape)}</time> }.into_any();
    };
    let said = move || if zone.0.get() { own(at, shape) } else { utc(at, shape) };
    view! { <time datetime=at.rfc3339()>{said}</time> }.into_any()
}

/// Writes the times outside of islands in the person's own zone.
#[cfg(feature = "hydrate")]
pub fn localise() {
    use wasm_bindgen::JsCast;
    use web_sys::Element;
    let Ok(found) = document().query_selector_all("time[data-as]") else { return };
    for at in 0..found.length() {
        let Some(time) = found.item(at).and_then(|node| node.dyn_into::<Element>().ok()) else { continue };
        let shape = time.get_attribute("data-as").and_then(|key| Shape::of_key(&key));
        let millis = js_sys::Date::parse(&time.get_attribute("datetime").unwrap_or_default());
        if let (Some(shape), true) = (shape, millis.is_finite()) {
            time.set_text_content(Some(&own(Moment(millis as i64), shape)));
        }
    }
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
