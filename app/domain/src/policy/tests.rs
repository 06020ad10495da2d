//! Each demand passes and fails, with each effect, for each kind; what stands is never a reason to keep a change back.

use super::check::Complaint;
use super::demand::{Lifetime, Range};
use super::*;
use crate::form::Form;
use crate::form::tests::{choices, sample};
use crate::name::{Image, NodeSize, Region};
use crate::tags::Tags;
use crate::wish::{AppIdentity, Tier};
use proptest::prelude::*;

fn at_most(max: u32) -> Option<Range> {
    Some(Range { min: None, max: Some(max) })
}

fn lives(max: u32, default: Option<u32>) -> Lifetime {
    Lifetime { min: None, max: Some(max), default }
}

fn region(name: &str) -> Region {
    Region::parse(name).expect("a region")
}

type Spoil = fn(&mut Wish);

/// Every demand, a wish that breaks it, the field, and what would pass.
fn demands() -> Vec<(Demands, Spoil, &'static str, &'static str)> {
    let none = Demands::default;
    vec![
        (
            Demands { regions: Some(vec![region("westeurope"), region("northeurope")]), ..none() },
            |wish| wish.region = region("eastus"),
            "region",
            "the region West Europe or northeurope, and this has eastus: choose one of them.",
        ),
        (
            Demands { node_sizes: Some(vec![NodeSize::parse("Standard_D2s_v5").expect("a size")]), ..none() },
            |wish| wish.cluster.node_size = NodeSize::parse("Standard_D8s_v5").expect("a size"),
            "node_size",
            "the node size Standard_D2s_v5, and this has Standard_D8s_v5: choose it.",
        ),
        (
            Demands { nodes: Some(Range { min: Some(2), max: Some(5) }), ..none() },
            |wish| wish.cluster.nodes = 1,
            "nodes",
            "2 to 5 nodes, and this has 1 node: choose a number that fits.",
        ),
        (
            Demands { tiers: Some(vec![Tier::Standard]), ..none() },
            |wish| wish.cluster.tier = Tier::Free,
            "tier",
            "the tier Standard, and this has the tier Free: choose it.",
        ),
        (
            Demands { purge_protection: true, ..none() },
            |wish| wish.vault.purge_protection = false,
            "purge_protection",
            "purge protection, and this has none: switch it on.",
        ),
        (
            Demands { identities: Some(vec![AppIdentity::Workload]), ..none() },
            |wish| wish.roles.app_identity = AppIdentity::AgentPool,
            "app_identity",
            "a workload identity, and this has the identity of the agent pool: choose it.",
        ),
        (
            Demands { insights: true, ..none() },
            |wish| wish.insights = None,
            "insights",
            "insights, and this has none: switch them on.",
        ),
        (
            Demands { registries: Some(vec!["registry.contoso.example".into()]), ..none() },
            |wish| wish.web_app.image = Image::parse("webapp:1").expect("an image"),
            "image",
            "an image from registry.contoso.example, and this has docker.io/library/webapp:1: take one from there.",
        ),
        (
            Demands { tags: Some(vec!["cost-centre".into(), "owner".into()]), ..none() },
            |wish| wish.tags = Tags::parse("owner=payments").expect("tags"),
            "tags",
            "the tags cost-centre and owner, and this has no cost-centre: add what is missing, as NAME=VALUE.",
        ),
        (
            Demands { lifetime_days: Some(lives(90, None)), ..none() },
            |wish| wish.lifetime.days = 91,
            "lifetime_days",
            "a lifetime of at most 90 days, and this has 91 days: choose a number that fits.",
        ),
    ]
}

/// Passes everything that [`demands`] demands.
fn good() -> Wish {
    let mut wish = sample();
    wish.vault.purge_protection = true;
    wish.tags = Tags::parse("cost-centre=4711, Owner=payments").expect("tags");
    wish
}

fn with(effect: Effect, demands: Demands) -> Policy {
    let mut policy = Policy { title: "P".into(), ..Policy::default() };
    match effect {
        Effect::Deny => policy.deny = demands,
        Effect::Approval => policy.approval = demands,
        Effect::Warn => policy.warn = demands,
    }
    policy
}

fn judged(policy: &Policy, kind: Kind, wish: &Wish, former: Option<&Wish>) -> Vec<Breach> {
    policy.judge(&Asked { kind, wish, former, regions: &choices().regions })
}

#[test]
fn every_demand_passes_and_fails_with_every_effect() {
    for (demand, spoil, field, says) in demands() {
        let mut bad = good();
        spoil(&mut bad);
        for effect in Effect::ALL {
            let policy = with(effect, demand.clone());
            assert_eq!(judged(&policy, Kind::Create, &good(), None), [], "{field}");
            let found = judged(&policy, Kind::Create, &bad, None);
            assert_eq!(found.len(), 1, "{field}");
            assert_eq!((found[0].effect, found[0].field.as_str()), (effect, field));
        }
        let denied = judged(&with(Effect::Deny, demand), Kind::Create, &bad, None);
        assert_eq!(denied[0].sentence, format!("Policy “P” demands {says}"));
    }
}

#[test]
fn what_stood_so_before_is_only_told_of_and_a_removal_is_judged_by_nothing() {
    for (demand, spoil, field, _) in demands() {
        let mut bad = good();
        spoil(&mut bad);
        let policy = with(Effect::Deny, demand);
        let effects = |kind, former: Option<&Wish>| -> Vec<Effect> {
            judged(&policy, kind, &bad, former).into_iter().map(|breach| breach.effect).collect()
        };
        assert_eq!(effects(Kind::Change, Some(&good())), [Effect::Deny], "{field}: the change makes it so");
        assert_eq!(effects(Kind::Change, Some(&bad)), [Effect::Warn], "{field}: it was so");
        assert_eq!(effects(Kind::Repair, Some(&bad)), [Effect::Warn], "{field}");
        assert_eq!(effects(Kind::Rename, None), [Effect::Approval], "{field}: a job that is half done");
        assert_eq!(effects(Kind::Replan, None), [Effect::Approval], "{field}");
        assert_eq!(effects(Kind::Destroy, None), [], "{field}");
        assert_eq!(effects(Kind::Release, None), [], "{field}");
    }
}

#[test]
fn a_step_towards_what_passes_is_not_kept_back() {
    let policy = with(Effect::Deny, Demands { nodes: at_most(3), ..Demands::default() });
    let nodes = |nodes| {
        let mut wish = good();
        wish.cluster.nodes = nodes;
        wish
    };
    let effect = |from: u32, to: u32| judged(&policy, Kind::Change, &nodes(to), Some(&nodes(from)))[0].effect;
    assert_eq!([effect(8, 6), effect(8, 9), effect(2, 5)], [Effect::Warn, Effect::Deny, Effect::Deny]);
}

#[test]
fn of_one_answer_what_weighs_most_is_said() {
    let nodes = |max| Demands { nodes: at_most(max), ..Demands::default() };
    let policy = Policy { approval: nodes(2), ..with(Effect::Deny, nodes(5)) };
    let effects = |count: u32| -> Vec<Effect> {
        let mut wish = good();
        wish.cluster.nodes = count;
        judged(&policy, Kind::Create, &wish, None).into_iter().map(|breach| breach.effect).collect()
    };
    assert_eq!([effects(2), effects(3), effects(6)], [vec![], vec![Effect::Approval], vec![Effect::Deny]]);
}

#[test]
fn it_is_for_the_teams_templates_and_kinds_that_it_names() {
    let strict = with(Effect::Deny, Demands { nodes: at_most(1), ..Demands::default() });
    let count = |policy: &Policy, kind| judged(policy, kind, &good(), None).len();
    let team = |name: &str| vec![TeamName::parse(name).expect("a team")];
    for (policy, expected) in [
        (Policy { teams: team("payments"), ..strict.clone() }, 1),
        (Policy { teams: team("catalogue"), ..strict.clone() }, 0),
        (Policy { templates: vec!["web-app".into()], ..strict.clone() }, 1),
        (Policy { templates: vec!["other".into()], ..strict.clone() }, 0),
        (Policy { kinds: vec![Kind::Create], ..strict.clone() }, 1),
        (Policy { kinds: vec![Kind::Change], ..strict.clone() }, 0),
    ] {
        assert_eq!(count(&policy, Kind::Create), expected, "{policy:?}");
    }
}

#[test]
fn an_image_lies_in_a_registry_and_not_beside_it() {
    let from = |registry: &str, image: &str| {
        let demands = Demands { registries: Some(vec![registry.into()]), ..Demands::default() };
        let mut wish = good();
        wish.web_app.image = Image::parse(image).expect("an image");
        judged(&with(Effect::Deny, demands), Kind::Create, &wish, None).is_empty()
    };
    assert!(from("registry.contoso.example", "Registry.contoso.example/a/b:1"));
    assert!(from("ghcr.io/contoso", "ghcr.io/contoso/webapp:1") && from("docker.io", "webapp:1"));
    assert!(!from("registry.contoso.example", "registry.contoso.example.evil.example/a:1"));
    assert!(!from("ghcr.io/contoso", "ghcr.io/contoso-evil/webapp:1"));
}

fn found(effect: Effect) -> Vec<Finding> {
    let policy = with(effect, Demands { nodes: at_most(1), ..Demands::default() });
    let all = [InForce { name: PolicyName::of_title("P").expect("a name"), version: 3, judge: policy }];
    findings(&all, &Asked { kind: Kind::Create, wish: &good(), former: None, regions: &[] })
}

#[test]
fn a_further_approval_adds_the_platform_once() {
    let levels = |rule: Rule| rule.levels.into_iter().map(|level| level.by).collect::<Vec<_>>();
    let once = raised(Rule::default(), &found(Effect::Approval));
    assert_eq!(levels(once.clone()), [By::Managers, By::Platform]);
    assert_eq!(raised(once.clone(), &found(Effect::Approval)), once);
    assert_eq!(raised(Rule::default(), &found(Effect::Warn)), Rule::default());
}

#[test]
fn to_whoever_knows_no_policies_a_further_approval_is_a_warning() {
    let (denied, raised) = (found(Effect::Deny), found(Effect::Approval));
    assert_eq!((denied[0].weight, raised[0].weight), (Weight::Deny, Weight::Warn));
    let plain = serde_json::to_value(Finding::warn(None, "plain")).expect("a document");
    assert_eq!(plain, serde_json::json!({ "weight": "warn", "sentence": "plain" }));
}

#[test]
fn another_version_that_says_the_same_is_no_difference() {
    let then = found(Effect::Warn);
    let mut newer = then.clone();
    newer[0].policy.as_mut().expect("of a policy").version = 4;
    assert_eq!(differences(&then, &newer), Vec::<String>::new());
    let raised = differences(&then, &found(Effect::Approval));
    assert!(raised[0].starts_with("policy, needs a further approval now: Policy “P” expects"), "{raised:?}");
    assert!(raised[1].starts_with("policy, no longer: Policy “P” expects"), "{raised:?}");
    assert_eq!(differences(&[Finding::warn(None, "of Azure")], &[]), Vec::<String>::new());
}

#[test]
fn a_name_follows_from_the_title() {
    let name = |title: &str| PolicyName::of_title(title).map(|name| name.to_string());
    assert_eq!(name("Long lives, 90+ days"), Ok("long-lives-90-days".into()));
    for wrong in ["", "   ", "90 days", "New", "Ü"] {
        assert!(name(wrong).is_err(), "{wrong}");
    }
}

/// What is wrong with a document that is otherwise right.
fn complaints(spoil: impl FnOnce(&mut Policy)) -> Vec<Complaint> {
    let mut policy = with(Effect::Deny, Demands { nodes: at_most(5), ..Demands::default() });
    spoil(&mut policy);
    policy.wrong(&choices())
}

#[test]
fn what_nobody_could_follow_says_so_near_its_words() {
    assert_eq!(complaints(|_| ()), []);
    type Wrong = (fn(&mut Policy), &'static str, &'static str);
    let wrong: [Wrong; 11] = [
        (|p| p.title = " ".into(), "title", "A title has 1 to 60 characters"),
        (|p| p.deny = Demands::default(), "title", "It demands nothing"),
        (|p| p.kinds = vec![Kind::Destroy], "destroy", "leave out destroy"),
        (|p| p.teams = vec![TeamName::parse("strangers").expect("a team")], "\"strangers\"", "there is payments."),
        (|p| p.templates = vec!["none".into()], "\"none\"", "There is no template none"),
        (|p| p.deny.regions = Some(vec![region("moon")]), "\"moon\"", "There is no region moon; there is westeurope."),
        (|p| p.deny.tiers = Some(Vec::new()), "tiers", "tiers names none"),
        (|p| p.deny.registries = Some(vec!["https://a.example".into()]), "https://a.example", "written as in an image"),
        (|p| p.deny.tags = Some(vec!["azure".into()]), "azure", "Nobody can give a tag the name azure"),
        (|p| p.deny.lifetime_days = Some(lives(90, Some(120))), "lifetime_days", "its default is 1 to 90"),
        (|p| p.deny.nodes = Some(Range { min: Some(4), max: Some(3) }), "nodes", "not above its max"),
    ];
    for (spoil, near, said) in wrong {
        let told = complaints(spoil);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].near == near && told[0].sentence.contains(said), "{told:?}");
    }
}

#[test]
fn a_form_begins_with_the_fewest_days_that_a_policy_gives_its_team_and_template() {
    let policy = |title: &str, days, spoil: fn(&mut Policy)| {
        let mut policy = with(Effect::Warn, Demands { lifetime_days: Some(lives(60, days)), ..Demands::default() });
        policy.title = title.into();
        spoil(&mut policy);
        policy
    };
    let all = [
        policy("Everybody", Some(30), |_| ()),
        policy("Of the team", Some(14), |p| p.teams = vec![sample().team]),
        policy("Of others", Some(7), |p| p.teams = vec![TeamName::parse("catalogue").expect("a team")]),
        policy("Of another template", Some(3), |p| p.templates = vec!["none".into()]),
        policy("Of changes", Some(2), |p| p.kinds = vec![Kind::Change]),
        policy("Says nothing", None, |_| ()),
    ];
    let mut choices = choices();
    choices.lifetimes = all.iter().filter_map(Policy::lifetime).collect();
    let form = Form { reason: String::new(), ..Form::of(&sample()) };
    let days = |answer: &str| Form { lifetime_days: answer.into(), ..form.clone() }.filled(&choices).lifetime_days;
    assert_eq!((days("").as_str(), days("45").as_str()), ("14", "45"), "what somebody answers stays");
    choices.lifetimes.clear();
    let own = Form { lifetime_days: String::new(), ..form }.filled(&choices).lifetime_days;
    assert_eq!(own, "90", "the template's own");
    assert_eq!(all[1].says(&[])[0].1, "a lifetime of at most 60 days, 14 by default");
}

proptest! {
    /// Whatever the range and the number: denied exactly outside of it, and never because of what stands already.
    #[test]
    fn a_range_denies_what_is_outside(min in 1_u32..=10, max in 1_u32..=10, nodes in 1_u32..=10) {
        let range = Range { min: Some(min.min(max)), max: Some(max.max(min)) };
        let policy = with(Effect::Deny, Demands { nodes: Some(range), ..Demands::default() });
        let mut wish = good();
        wish.cluster.nodes = nodes;
        let outside = nodes < min.min(max) || nodes > max.max(min);
        prop_assert_eq!(!judged(&policy, Kind::Create, &wish, None).is_empty(), outside);
        prop_assert!(judged(&policy, Kind::Repair, &wish, Some(&wish)).iter().all(|b| b.effect == Effect::Warn));
    }
}
