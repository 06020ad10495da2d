//! Every kind of problem that the REST API tells of: its name is its address, its words are those of its page.

/// One kind of problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The last part of its address: `not-found` of `/problems/not-found`.
    pub name: &'static str,
    /// The HTTP status that it comes with.
    pub status: u16,
    /// The same words each time.
    pub title: &'static str,
    /// What has happened.
    pub means: &'static str,
    /// What to do next, a sentence each.
    pub next: &'static [&'static str],
    /// A `detail` as it may read.
    pub example: &'static str,
}

impl Kind {
    /// By its name; what no kind is named is a mistake of ours.
    pub fn named(name: &str) -> &'static Kind {
        KINDS.iter().find(|kind| kind.name == name).unwrap_or(&INTERNAL)
    }

    /// Its address.
    pub fn address(&self) -> String {
        format!("/problems/{}", self.name)
    }
}

const INTERNAL: Kind = Kind {
    name: "internal",
    status: 500,
    title: "Keystead made a mistake",
    means: "Something went wrong inside Keystead. Its log holds the detail under the incident number of the document.",
    next: &[
        "Ask again: with an Idempotency-Key nothing happens twice.",
        "If it stays, tell whoever runs Keystead the incident number.",
    ],
    example: "Keystead made a mistake; nothing was changed by it.",
};

/// In the order of their status.
pub static KINDS: [Kind; 18] = [
    Kind {
        name: "bad-request",
        status: 400,
        title: "The request cannot be read",
        means: "The query, a header or the body is not what this address takes: JSON that breaks off, a field that \
                stands twice, text that is not UTF-8, or a query parameter that nobody knows.",
        next: &[
            "Read the detail: it says where the request stops making sense.",
            "Compare the request with the OpenAPI document at /api/openapi.json, and send it anew.",
        ],
        example: "Line 3, column 14 of the body is no JSON: expected `,` or `}`.",
    },
    Kind {
        name: "unauthorized",
        status: 401,
        title: "Who asks is not known",
        means: "The request bears no token, or one that is unknown, has expired, or whose owner has left.",
        next: &[
            "Send a token as `Authorization: Bearer keystead_…`.",
            "Make a new one with `keystead token create --for ACCOUNT --expires …` on the server's host.",
        ],
        example: "Send a token of `keystead token create` as `Authorization: Bearer keystead_…`.",
    },
    Kind {
        name: "forbidden",
        status: 403,
        title: "Not for this caller",
        means: "The caller sees the thing and may not do this with it. The detail is the reason, from the one table of \
                roles that the pages follow too.",
        next: &["Read the detail: it says who may.", "Ask somebody who may, or use a token of theirs."],
        example: "A manager of the team decides on its requests.",
    },
    Kind {
        name: "not-found",
        status: 404,
        title: "There is no such thing",
        means: "There is nothing at this address, or nothing that this caller may see: the answer is the same, so that \
                nobody learns what other teams have.",
        next: &[
            "Check the name or the id, and whose token it is.",
            "Ask the list, for instance `GET /api/v1/environments`, for what there is.",
        ],
        example: "There is nothing here by this name.",
    },
    Kind {
        name: "method-not-allowed",
        status: 405,
        title: "This address does not know that method",
        means: "The address exists, and takes other methods.",
        next: &["Use one of the methods that the Allow header of the answer lists."],
        example: "The Allow header of this answer lists the methods there are.",
    },
    Kind {
        name: "timeout",
        status: 408,
        title: "The request took too long",
        means: "The body came too slowly, or the answer did not begin in time. Nothing was held for it.",
        next: &["Send the whole body without pauses.", "Ask again: with an Idempotency-Key nothing happens twice."],
        example: "The body stopped coming.",
    },
    Kind {
        name: "conflict",
        status: 409,
        title: "It has changed meanwhile",
        means: "The thing is not, or no longer, in a state in which this can be done: somebody else was first, a job is at \
                work on it, or a request about it waits.",
        next: &["Read the thing again.", "Decide by what it is now, and ask again if that still makes sense."],
        example: "The request was approved by manager@contoso.example already.",
    },
    Kind {
        name: "key-in-flight",
        status: 409,
        title: "The same question is being answered",
        means: "A request with this Idempotency-Key is at work at this moment. It will have its effect once.",
        next: &["Wait for as many seconds as Retry-After says, and repeat the request as it is: its answer is kept."],
        example: "A request under this key is at work. Repeat this one in a second.",
    },
    Kind {
        name: "answer-lost",
        status: 409,
        title: "It was done, and its answer is lost",
        means: "A request with this Idempotency-Key had its effect, and the server was lost before it could answer. Nothing \
                is done a second time; the answer cannot be made again, for instance because what was made is gone by now.",
        next: &[
            "Look at the list or the thing what came of it.",
            "Where a secret was lost with the answer, revoke what bears it, and make another under a new key.",
        ],
        example: "This was done under this key, and the answer was lost with the server. Look what came of it.",
    },
    Kind {
        name: "precondition-failed",
        status: 412,
        title: "It is not what you looked at any more",
        means: "The tag in If-Match is not that of the thing as it is now: it has changed since it was read. The document \
                brings the thing as it is now as `current`, and its tag as the ETag header.",
        next: &[
            "Look at `current`, and decide whether the change is still meant.",
            "If so, send it again with the tag of this answer's ETag header.",
        ],
        example: "It has changed since you read it. It stands in `current` as it is now, with its tag in ETag.",
    },
    Kind {
        name: "too-large",
        status: 413,
        title: "The body is too large",
        means: "The body is longer than this API takes.",
        next: &["Send at most 256 KiB."],
        example: "The body is longer than 262144 bytes.",
    },
    Kind {
        name: "unsupported-media-type",
        status: 415,
        title: "The body is of another kind",
        means: "The body does not say that it is what this address takes.",
        next: &["Send `Content-Type: application/json` with a JSON body."],
        example: "Send JSON, with `Content-Type: application/json`.",
    },
    Kind {
        name: "invalid",
        status: 422,
        title: "Some answers need a change",
        means: "The body can be read, and something in it is not right. `errors` names each field, points to it with a JSON \
                pointer, and says what would be right.",
        next: &["Correct each field of `errors`, and send the request again, under a new Idempotency-Key."],
        example: "One answer needs a change.",
    },
    Kind {
        name: "key-reused",
        status: 422,
        title: "This key belongs to another request",
        means: "This Idempotency-Key came with another body or query before. A key stands for one request, and for its \
                repeats.",
        next: &[
            "Make a new key for each new request, for instance a UUID.",
            "Keep the key for repeats of the same one.",
        ],
        example: "Another request was sent under this key. Take a new key for this one.",
    },
    Kind {
        name: "precondition-required",
        status: 428,
        title: "Say what you looked at",
        means: "A change of something that exists says by If-Match which state of it was looked at, so that nobody undoes \
                what somebody else did in between.",
        next: &[
            "Read the thing, and send the value of its `ETag` header as `If-Match`.",
            "If any state will do, send `If-Match: *`.",
        ],
        example: "Send `If-Match` with the ETag of what you looked at, or `*` for whatever it is now.",
    },
    Kind {
        name: "too-many",
        status: 429,
        title: "Too many requests",
        means: "More requests came within a minute than this installation answers.",
        next: &[
            "Wait for as many seconds as Retry-After says.",
            "Watch the RateLimit header: it says how many are left. Instead of asking often, follow a job's events.",
        ],
        example: "Too many requests came from you within a minute; in 3 s the next one is answered.",
    },
    INTERNAL,
    Kind {
        name: "unavailable",
        status: 503,
        title: "Something that is needed does not answer",
        means: "Azure, or something else that this needs, does not answer at the moment.",
        next: &["Ask again in a minute, under the same Idempotency-Key."],
        example: "Azure does not answer at the moment; try again in a minute.",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_has_one_name_and_says_what_to_do() {
        let mut names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), KINDS.len());
        assert!(KINDS.is_sorted_by_key(|kind| kind.status));
        for kind in &KINDS {
            assert!(kind.means.ends_with('.') && !kind.next.is_empty() && !kind.example.is_empty(), "{}", kind.name);
            assert_eq!(Kind::named(kind.name), kind);
        }
        assert_eq!(Kind::named("none").name, "internal");
    }
}
