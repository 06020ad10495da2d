//! The form that makes a token: what it is for, whose it is, what it may do, and until when.

use super::field::says;
use super::glyph::{FAILED, icon};
use crate::context::Typed;
use crate::routes;
use domain::field::{FieldError, error_of};
use domain::pass::Group;
use domain::permission::Action;
use domain::view::token::{New, Offer};
use leptos::prelude::*;

/// Days that are offered, as far as the configuration lets them be.
const USUAL_DAYS: u32 = 30;

pub struct TokenForm {
    offer: Offer,
    /// As it was answered last.
    new: New,
    errors: Vec<FieldError>,
}

impl TokenForm {
    pub fn of(offer: Offer, typed: Typed, team: &str) -> TokenForm {
        let (text, errors) = typed.0.unwrap_or_default();
        let days = USUAL_DAYS.min(offer.longest_days.max(1));
        let fresh = || New {
            scopes: vec![Action::See.key().to_owned()],
            service_of: Some(team.to_owned()).filter(|team| !team.is_empty()),
            expires_days: Some(days),
            ..New::default()
        };
        let new = serde_json::from_str(&text).unwrap_or_else(|_| fresh());
        TokenForm { offer, new, errors }
    }

    fn says(&self, field: &'static str) -> Option<AnyView> {
        error_of(&self.errors, field).map(|error| says(FAILED, format!("{field}-says"), error.to_owned()))
    }
}

pub fn token_form(form: TokenForm) -> AnyView {
    let (longest, days) = (form.offer.longest_days, form.new.expires_days);
    let wrong = |field: &str| error_of(&form.errors, field).map(|_| "true");
    let hint = format!("1 to {longest}.");
    view! {
        <section class="card" aria-labelledby="make">
            <header><h2 id="make" tabindex="-1">"Make a token"</h2></header>
            <form class="pad stack" method="post" action=routes::tokens()>
                <div class="field">
                    <label for="name">"Name"</label>
                    <input id="name" name="name" value=form.new.name.clone() required maxlength="60" autocomplete="off"
                        spellcheck="false" aria-invalid=wrong("name") aria-describedby="name-says"/>
                    {form.says("name").unwrap_or_else(|| view! { <p class="hint" id="name-says">"What it is for, as this list shows it: nightly-build."</p> }.into_any())}
                </div>
                {whose(&form)}
                {scopes(&form)}
                {teams(&form)}
                <div class="field">
                    <label for="expires_days">"Days until it ends"</label>
                    <input id="expires_days" name="expires_days" inputmode="numeric" required value=days.map(|days| days.to_string())
                        aria-invalid=wrong("expires_days") aria-describedby="expires_days-says"/>
                    {form.says("expires_days").unwrap_or_else(|| view! { <p class="hint" id="expires_days-says">{hint}</p> }.into_any())}
                </div>
                <div class="row"><button class="button primary">{icon("plus")}"Make it"</button></div>
            </form>
        </section>
    }
    .into_any()
}

/// One's own, or a team's service.
fn whose(form: &TokenForm) -> Option<AnyView> {
    if form.offer.services.is_empty() {
        return None;
    }
    let chosen = form.new.service_of.clone().unwrap_or_default();
    let services = form.offer.services.iter().map(|(team, title)| {
        let words = format!("A service of team {title}");
        view! { <option value=team.clone() selected=*team == chosen>{words}</option> }
    });
    Some(
        view! {
            <div class="field">
                <label for="service_of">"Whose"</label>
                <select id="service_of" name="service_of" aria-describedby="service_of-says">
                    <option value="" selected=chosen.is_empty()>"Mine: it acts for me"</option>
                    {services.collect_view()}
                </select>
                <p class="hint" id="service_of-says">"A service is nobody: its name stands in the record, it never approves unless the configuration names it, and it goes on when you leave."</p>
            </div>
        }
        .into_any(),
    )
}

fn scopes(form: &TokenForm) -> AnyView {
    let all = form.new.scopes.is_empty();
    let groups = Group::ALL.map(|group| {
        let actions = Action::ALL.into_iter().filter(|action| action.group() == group && *action != Action::See);
        let boxes = actions.map(|action| {
            let checked = form.new.scopes.iter().any(|scope| scope == action.key());
            view! { <label class="check"><input type="checkbox" name="scope" value=action.key() checked=checked/><span>{action.word()}</span></label> }
        });
        view! { <div class="stack tiny" role="group" aria-label=group.word()><h3>{group.word()}</h3>{boxes.collect_view()}</div> }
    });
    view! {
        <fieldset class="field">
            <legend>"What it may do"</legend>
            <div class="stack small">
                <label class="choice">
                    <input type="radio" name="scopes" value="some" checked=!all/>
                    <span><b>"See, and what is checked below"</b><span class="hint">"Without a check it only sees."</span></span>
                </label>
                <div class="scopes">{groups.into_iter().collect_view()}</div>
                <label class="choice">
                    <input type="radio" name="scopes" value="all" checked=all/>
                    <span><b>"Whatever its owner may"</b><span class="hint">"Also what its owner may do only later. Whoever finds the token may do all of it."</span></span>
                </label>
            </div>
            {form.says("scopes")}
        </fieldset>
    }
    .into_any()
}

/// Of one's own teams; where there is one, there is nothing to choose.
fn teams(form: &TokenForm) -> Option<AnyView> {
    if form.offer.teams.len() < 2 {
        return None;
    }
    let boxes = form.offer.teams.iter().map(|(team, title)| {
        let checked = form.new.teams.contains(team);
        view! { <label class="check"><input type="checkbox" name="team" value=team.clone() checked=checked/><span>{title.clone()}</span></label> }
    });
    Some(
        view! {
            <fieldset class="field">
                <legend>"In which teams"</legend>
                <div class="stack tiny">{boxes.collect_view()}</div>
                {form.says("teams").unwrap_or_else(|| view! { <p class="hint">"Without a check in all of yours. A service is of its own team alone."</p> }.into_any())}
            </fieldset>
        }
        .into_any(),
    )
}
