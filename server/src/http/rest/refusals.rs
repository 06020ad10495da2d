//! How endpoints refuse, as the OpenAPI document tells it: once for all of them.

use domain::problem::Problem;
use std::collections::BTreeMap;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::{Content, Ref, RefOr};
use utoipa::{IntoResponses, ToSchema};

const UNREADABLE: (&str, &str) = ("400", "The query cannot be read");
const STRANGER: (&str, &str) = ("401", "No valid token");
const NOT_YOURS: (&str, &str) = ("403", "Not for this caller");
const NOT_THERE: (&str, &str) = ("404", "Nothing of this id, or nothing that this caller may see");
const NOT_NOW: (&str, &str) = ("409", "Not as it is now");
const WRONG: (&str, &str) = ("422", "Some answers need a change");

/// Of what is read.
pub struct Unread;

impl IntoResponses for Unread {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        told(&[STRANGER, NOT_THERE])
    }
}

/// Of a list: what the caller may not see is not in it.
pub struct Unlisted;

impl IntoResponses for Unlisted {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        told(&[UNREADABLE, STRANGER])
    }
}

/// Of a list that only some may read.
pub struct Unfound;

impl IntoResponses for Unfound {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        told(&[UNREADABLE, STRANGER, NOT_YOURS, NOT_THERE])
    }
}

/// Of a list that is asked for in words.
pub struct Unsought;

impl IntoResponses for Unsought {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        told(&[UNREADABLE, STRANGER, WRONG])
    }
}

/// Of what goes on about something, asked for in words.
pub struct Unheard;

impl IntoResponses for Unheard {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        told(&[UNREADABLE, STRANGER, NOT_THERE, WRONG])
    }
}

/// Of a list under something that the caller may not see.
pub struct Unseen;

impl IntoResponses for Unseen {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        told(&[UNREADABLE, STRANGER, NOT_THERE])
    }
}

/// Of what everybody with a token may read.
pub struct Unknown;

impl IntoResponses for Unknown {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        told(&[STRANGER])
    }
}

/// Of a sign-in.
pub struct Unentered;

impl IntoResponses for Unentered {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        told(&[NOT_YOURS, NOT_NOW, WRONG])
    }
}

/// Of what only some may read of what they see.
pub struct Unshown;

impl IntoResponses for Unshown {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        told(&[STRANGER, NOT_YOURS, NOT_THERE])
    }
}

/// Of what would be done to what is there.
pub struct Unplanned;

impl IntoResponses for Unplanned {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        told(&[UNREADABLE, STRANGER, NOT_YOURS, NOT_THERE, NOT_NOW])
    }
}

/// Of what is read by some and asked for in words.
pub struct Unasked;

impl IntoResponses for Unasked {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        told(&[STRANGER, NOT_YOURS, WRONG])
    }
}

/// Of what there can be one of.
pub struct Unplaced;

impl IntoResponses for Unplaced {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        told(&[STRANGER, NOT_YOURS, NOT_NOW, WRONG])
    }
}

/// Of a word to what is there.
pub struct Unsaid;

impl IntoResponses for Unsaid {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        told(&[STRANGER, NOT_YOURS, NOT_THERE, NOT_NOW, WRONG])
    }
}

fn told(refusals: &[(&str, &str)]) -> BTreeMap<String, RefOr<Response>> {
    let problem = || Content::new(Some(Ref::from_schema_name(Problem::name())));
    let answer = |said: &str| ResponseBuilder::new().description(said).content("application/problem+json", problem());
    refusals.iter().map(|(status, said)| ((*status).to_owned(), answer(said).into())).collect()
}
