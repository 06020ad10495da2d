//! The pages of a device's sign-in: type its code, choose an account, go back to it. They need no script.
use axum::response::Response;
use http::StatusCode;

use crate::entra::sign_in::page::{page, sections};
use crate::html::escape;

/// Where the code is typed; `typed` is what was typed before, and `wrong` what is wrong with it.
pub(super) fn enter(typed: &str, wrong: Option<&str>) -> Response {
    let (said, status) = match wrong {
        Some(said) => {
            (format!("<p class=\"wrong\" id=\"wrong\" role=\"alert\">{}</p>", escape(said)), StatusCode::BAD_REQUEST)
        }
        None => (String::new(), StatusCode::OK),
    };
    let described = wrong.map_or("", |_| " aria-invalid=\"true\" aria-describedby=\"wrong\"");
    let body = format!(
        "<h1>Enter the code</h1>\
         <p>that your device or command line shows you.</p>\
         <form method=\"post\"><label for=\"otc\">Code</label>\
         <input id=\"otc\" name=\"otc\" value=\"{}\" maxlength=\"20\" autocomplete=\"off\" autocapitalize=\"characters\" \
         spellcheck=\"false\" autofocus required{described}>{said}\
         <p class=\"end\"><button class=\"go\">Next</button></p></form>\
         <p class=\"note\">Only enter a code that you asked for yourself: it signs somebody else in as you.</p>",
        escape(typed)
    );
    page("Enter the code", status, &body, None)
}

/// The accounts to choose from.
pub(super) fn choose(code: &str, application: &str) -> Response {
    let body = format!(
        "<h1>Choose an account</h1>\
         <p>to sign in to <strong>{}</strong> on another device</p>\
         <form method=\"post\"><input type=\"hidden\" name=\"otc\" value=\"{}\">{}\
         <p class=\"end\"><button class=\"quiet\" name=\"account\" value=\"cancel\">Cancel</button></p></form>\
         <p class=\"note\">These people are made up and nobody asks for a password: Azure and its directory are simulated here.</p>",
        escape(application),
        escape(code),
        sections(None)
    );
    page("Choose an account", StatusCode::OK, &body, None)
}

/// The device gets its tokens.
pub(super) fn done(application: &str, account: &str) -> Response {
    let body = format!(
        "<h1>You are signed in</h1><p>as <strong>{}</strong> to <strong>{}</strong> on your device. You can close this page.</p>",
        escape(account),
        escape(application)
    );
    page("You are signed in", StatusCode::OK, &body, None)
}

/// The device is told no.
pub(super) fn declined(application: &str) -> Response {
    let body = format!(
        "<h1>You cancelled the sign-in</h1><p>Nobody was signed in to <strong>{}</strong>. You can close this page.</p>",
        escape(application)
    );
    page("You cancelled the sign-in", StatusCode::OK, &body, None)
}
