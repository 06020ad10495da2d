//! Breaks an answer off in its middle.
use axum::body::{Body, Bytes};
use axum::response::Response;
use futures::stream::{StreamExt, unfold};

/// The same answer, whose body breaks off after `most` bytes.
pub(crate) fn cut(response: Response, most: usize) -> Response {
    let (mut parts, body) = response.into_parts();
    // The length would be a promise that is not kept, and a client that counts would wait for the rest.
    parts.headers.remove("content-length");
    let pieces = unfold((body.into_data_stream(), most, false), |(mut pieces, left, broken)| async move {
        if broken {
            return None;
        }
        let broken_off = || std::io::Error::other("the answer is broken off on purpose");
        let piece: Result<Bytes, std::io::Error> = match pieces.next().await {
            Some(Ok(piece)) if left > 0 => Ok(piece.slice(..piece.len().min(left))),
            _ => Err(broken_off()),
        };
        let (taken, broken) = (piece.as_ref().map_or(0, Bytes::len), piece.is_err());
        Some((piece, (pieces, left - taken, broken)))
    });
    Response::from_parts(parts, Body::from_stream(pieces))
}
