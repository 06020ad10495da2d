//! The arch: an environment as five stones, left to right cluster, vault, roles (the keystone), secrets, insights.

use domain::environment::{Arch, Stone};
use leptos::prelude::*;

const STONES: [&str; 5] = [
    "M1.0 19.4A16 16 0 0 1 3.6 11.3L9.9 15.4A8.5 8.5 0 0 0 8.5 19.7z",
    "M4.7 9.7A16 16 0 0 1 11.3 5.1L14.0 12.1A8.5 8.5 0 0 0 10.5 14.5z",
    "M12.8 2.0L21.2 2.0L18.8 12.2L15.2 12.2z",
    "M22.7 5.1A16 16 0 0 1 29.3 9.7L23.5 14.5A8.5 8.5 0 0 0 20.0 12.1z",
    "M30.4 11.3A16 16 0 0 1 33.0 19.4L25.5 19.7A8.5 8.5 0 0 0 24.1 15.4z",
];

/// None laid: where there is nothing yet.
pub const NONE: Arch = Arch([Stone::NotThere; 5]);
/// All laid: where nothing is left to do.
pub const ALL: Arch = Arch([Stone::Stands; 5]);
/// The keystone out of its place: where something went wrong.
pub const LOOSE: Arch = Arch([Stone::Stands, Stone::Stands, Stone::Loose, Stone::Stands, Stone::Stands]);

/// As lists show it.
pub fn small(arch: &Arch) -> AnyView {
    drawn("arch", arch, arch.label())
}

/// As a page's head shows it.
pub fn large(arch: &Arch) -> AnyView {
    drawn("arch large", arch, arch.label())
}

/// As a picture of a mood, described by its own words.
pub fn picture(arch: &Arch, label: &str) -> AnyView {
    drawn("arch", arch, label.to_owned())
}

fn drawn(class: &'static str, arch: &Arch, label: String) -> AnyView {
    let mut stones = String::with_capacity(520);
    for (stone, path) in arch.0.iter().zip(STONES) {
        stones.push_str(match stone {
            Stone::Stands => "<path class=\"stands\" d=\"",
            Stone::Moving => "<path class=\"moving\" d=\"",
            Stone::Loose => "<path class=\"fallen\" d=\"",
            Stone::NotThere => "<path d=\"",
        });
        stones.push_str(path);
        stones.push_str("\"/>");
    }
    view! { <svg class=class viewBox="0 0 34 22" role="img" aria-label=label inner_html=stones></svg> }.into_any()
}
