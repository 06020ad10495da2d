//! One question of a form: label, control, and beneath it a hint or what would be right.
//!
//! Where nothing was answered, the control shows the template's default in grey; it is sent as an empty answer, so that
//! another template brings its own defaults.

use super::filling::Filling;
use super::glyph::{FAILED, Look, SUCCEEDED, glyph};
use leptos::prelude::*;

/// A sentence about an answer, with the glyph of its weight.
pub fn says(look: Look, id: String, text: String) -> AnyView {
    view! { <p class="says" id=id data-state=look.state>{glyph(look)}<span>{text}</span></p> }.into_any()
}

/// What is to be said beneath a field: what would be right, what is good, or the hint.
pub fn beneath(
    filling: Filling,
    field: &'static str,
    hint: &'static str,
    good: Option<fn(Filling) -> Option<String>>,
) -> AnyView {
    let id = move || format!("{field}-says");
    view! {
        {move || match (filling.error(field), good.and_then(|good| good(filling))) {
            (Some(error), _) => says(FAILED, id(), error),
            (None, Some(good)) => says(SUCCEEDED, id(), good),
            (None, None) if hint.is_empty() => ().into_any(),
            (None, None) => view! { <p class="hint" id=id()>{hint}</p> }.into_any(),
        }}
    }
    .into_any()
}

/// How a text field behaves.
#[derive(Clone, Copy, Default)]
pub struct Text {
    pub hint: &'static str,
    /// What stands behind the field: ".vault.azure.net".
    pub suffix: &'static str,
    pub most: Option<u32>,
    /// Whole numbers.
    pub number: bool,
    pub required: bool,
    /// What may be said of a good answer.
    pub good: Option<fn(Filling) -> Option<String>>,
}

/// A line of text.
pub fn text(filling: Filling, field: &'static str, label: &'static str, shape: Text) -> AnyView {
    let value = filling.form.with_untracked(|form| super::filling::answer(form, field).to_owned());
    let described = format!("{field}-says");
    let input = view! {
        <input id=field name=field value=value autocomplete="off" spellcheck="false"
            placeholder=move || filling.default_of(field)
            inputmode=shape.number.then_some("numeric")
            maxlength=shape.most
            required=shape.required
            aria-invalid=move || filling.error(field).map(|_| "true")
            aria-describedby=described
            on:input=move |event| filling.type_in(field, event_target_value(&event))
            on:blur=move |_| filling.leave(field)/>
    };
    let input = match shape.suffix {
        "" => input.into_any(),
        suffix => view! { <span class="suffix">{input}<span>{suffix}</span></span> }.into_any(),
    };
    view! {
        <div class="field">
            <label for=field>{label}</label>
            {input}
            {beneath(filling, field, shape.hint, shape.good)}
        </div>
    }
    .into_any()
}

/// One of several, by value and words. `empty` stands for no answer: an instruction, or the template's default.
pub fn select(
    filling: Filling,
    field: &'static str,
    label: &'static str,
    options: Vec<(String, String)>,
    empty: Option<&'static str>,
    hint: &'static str,
) -> AnyView {
    let chosen = filling.form.with_untracked(|form| super::filling::answer(form, field).to_owned());
    let words = options.clone();
    let source = if filling.stands().is_some() { "as it is" } else { "template" };
    let first = move || match empty {
        Some(words) => words.to_owned(),
        None => {
            let default = filling.default_of(field);
            let words = words.iter().find(|(value, _)| *value == default).map_or(default.as_str(), |(_, words)| words);
            format!("{words} ({source})")
        }
    };
    let unset = (empty != Some("")).then(|| view! { <option value="" selected=chosen.is_empty()>{first}</option> });
    let options = options
        .into_iter()
        .map(|(value, words)| {
            let here = value == chosen;
            view! { <option value=value selected=here>{words}</option> }
        })
        .collect_view();
    let described = format!("{field}-says");
    view! {
        <div class="field">
            <label for=field>{label}</label>
            <select id=field name=field
                class=move || filling.answer(field).is_empty().then_some("unset")
                aria-invalid=move || filling.error(field).map(|_| "true")
                aria-describedby=described
                on:change=move |event| {
                    filling.type_in(field, event_target_value(&event));
                    filling.leave(field);
                }>
                {unset}{options}
            </select>
            {beneath(filling, field, hint, None)}
        </div>
    }
    .into_any()
}

/// One of a few, each a card with its consequence.
pub fn choices(
    filling: Filling,
    field: &'static str,
    legend: &'static str,
    offered: [(&'static str, &'static str, &'static str); 2],
) -> AnyView {
    let cards = offered
        .into_iter()
        .map(|(value, title, consequence)| {
            let chosen = move || filling.filled(field) == value;
            let first = filling.filled.with_untracked(|form| super::filling::answer(form, field) == value);
            view! {
                <label class="choice">
                    <input type="radio" name=field value=value checked=first prop:checked=chosen
                        on:change=move |_| filling.type_in(field, value.to_owned())/>
                    <span><b>{title}</b><span class="hint">{consequence}</span></span>
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset class="field" id=field>
            <legend>{legend}</legend>
            <div class="stack small">{cards}</div>
            {beneath(filling, field, "", None)}
        </fieldset>
    }
    .into_any()
}

/// The password: never shown again, never kept, not even in this browser.
pub fn password(filling: Filling, field: &'static str, label: &'static str, hint: Signal<&'static str>) -> AnyView {
    view! {
        <div class="field">
            <label for=field>{label}</label>
            <input id=field name=field type="password" autocomplete="new-password"
                aria-invalid=move || filling.error(field).map(|_| "true")
                aria-describedby=format!("{field}-says")
                on:input=move |event| filling.type_password(!event_target_value(&event).is_empty())
                on:blur=move |_| filling.leave(field)/>
            {move || match filling.error(field) {
                Some(error) => says(FAILED, format!("{field}-says"), error),
                None => view! { <p class="hint" id=format!("{field}-says")>{move || hint.get()}</p> }.into_any(),
            }}
        </div>
    }
    .into_any()
}

/// Several lines of text.
pub fn area(
    filling: Filling,
    field: &'static str,
    label: &'static str,
    hint: &'static str,
    example: &'static str,
) -> AnyView {
    let value = filling.form.with_untracked(|form| super::filling::answer(form, field).to_owned());
    view! {
        <div class="field">
            <label for=field>{label}</label>
            <textarea id=field name=field placeholder=example
                aria-invalid=move || filling.error(field).map(|_| "true")
                aria-describedby=format!("{field}-says")
                on:input=move |event| filling.type_in(field, event_target_value(&event))
                on:blur=move |_| filling.leave(field) inner_html=escaped(&value)></textarea>
            {beneath(filling, field, hint, None)}
        </div>
    }
    .into_any()
}

/// Text as the content of an element whose text the view macro does not escape; a line break at its start would be
/// taken for the element's own.
pub fn escaped(text: &str) -> String {
    let lead = if text.starts_with('\n') { "\n" } else { "" };
    format!("{lead}{}", text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
}
