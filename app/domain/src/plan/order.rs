//! The order of a plan: whose turn comes when, what is done side by side, and how long the whole is expected to take.

use super::{Line, Plan, Verb};
use crate::job::{Aim, Outline};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// When the turn of a step comes that does something. Says nothing about what is done, and is no part of the digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema), schema(as = PlanTurn))]
pub struct Turn {
    /// Key of the step, as the lines name it.
    pub step: String,
    pub title: String,
    /// It takes away what it made formerly.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub removes: bool,
    /// 1 for what begins at once. Steps of the same turn are done side by side.
    pub turn: u32,
    /// Titles of the last steps that it waits for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<String>,
}

impl Plan {
    /// Puts what it does into the order in which a job of this outline does it.
    pub fn put_in_order(&mut self, outline: &[Outline]) {
        let graph = Graph::of(outline, &self.lines);
        let at_work = (0..outline.len()).filter(|at| graph.works[*at]);
        let turn = |at: usize| Turn {
            step: outline[at].recipe_key().to_owned(),
            title: outline[at].title.clone(),
            removes: outline[at].aim == Aim::Gone,
            turn: graph.turns[at],
            after: graph.last_before(at).into_iter().map(|before| outline[before].title.clone()).collect(),
        };
        self.order = at_work.map(turn).collect();
        self.expected_ms = graph.longest(outline, &self.lines);
    }

    /// When the turn of a line comes; `None` where nothing is done, or where the plan is older than its order.
    pub fn turn_of(&self, line: &Line) -> Option<&Turn> {
        let removes = line.verb == Verb::Delete;
        self.order.iter().find(|turn| turn.step == line.step && turn.removes == removes)
    }

    /// How many turns there are.
    pub fn turns(&self) -> u32 {
        self.order.iter().map(|turn| turn.turn).max().unwrap_or(0)
    }
}

/// Which step of an outline waits for which, by their places in it.
struct Graph {
    waits: Vec<Vec<usize>>,
    /// Whether it does something.
    works: Vec<bool>,
    turns: Vec<u32>,
}

impl Graph {
    fn of(outline: &[Outline], lines: &[Line]) -> Graph {
        let places: BTreeMap<&str, usize> =
            outline.iter().enumerate().map(|(at, step)| (step.key.as_str(), at)).collect();
        let waits = outline.iter().map(|step| {
            let mut waits: Vec<usize> = step.after.iter().filter_map(|key| places.get(key.as_str()).copied()).collect();
            match step.aim {
                Aim::There => waits.extend(step.needs.iter().filter_map(|key| places.get(key.as_str()))),
                // What goes waits for what needed it.
                Aim::Gone => {
                    let needed = |other: &Outline| other.aim == Aim::Gone && other.needs.contains(&step.key);
                    waits.extend((0..outline.len()).filter(|at| needed(&outline[*at])));
                }
            }
            waits
        });
        let waits: Vec<Vec<usize>> = waits.collect();
        let works = |step: &Outline| lines_of(step, lines).any(|line| line.verb != Verb::Keep);
        let works: Vec<bool> = outline.iter().map(works).collect();
        let mut graph = Graph { waits, works, turns: Vec::new() };
        let weight = |at: usize| u32::from(graph.works[at]);
        graph.turns = graph.summed(weight);
        graph
    }

    /// The largest sum over the steps that a step waits for, and its own.
    fn summed<N: Copy + Default + Ord + std::ops::Add<Output = N>>(&self, weight: impl Fn(usize) -> N) -> Vec<N> {
        let mut sums = vec![None; self.waits.len()];
        for at in 0..self.waits.len() {
            self.sum(at, &weight, &mut sums, 0);
        }
        sums.into_iter().map(Option::unwrap_or_default).collect()
    }

    fn sum<N: Copy + Default + Ord + std::ops::Add<Output = N>>(
        &self,
        at: usize,
        weight: &impl Fn(usize) -> N,
        sums: &mut [Option<N>],
        depth: usize,
    ) -> N {
        if let Some(sum) = sums[at] {
            return sum;
        }
        // A recipe has no circle; an outline that somebody stored may.
        let waits: &[usize] = if depth > self.waits.len() { &[] } else { &self.waits[at] };
        let before = waits.iter().map(|before| self.sum(*before, weight, sums, depth + 1)).max();
        let sum = before.unwrap_or_default() + weight(at);
        sums[at] = Some(sum);
        sum
    }

    /// The steps at work that it waits for and that nothing else which it waits for waits for.
    fn last_before(&self, at: usize) -> Vec<usize> {
        let before = self.reached(at);
        let passed: Vec<usize> = before.iter().flat_map(|one| self.reached(*one)).collect();
        before.into_iter().filter(|one| !passed.contains(one)).collect()
    }

    /// The next steps at work that it waits for, through those that do nothing.
    fn reached(&self, at: usize) -> Vec<usize> {
        let (mut found, mut seen, mut open) = (Vec::new(), vec![false; self.waits.len()], self.waits[at].clone());
        while let Some(next) = open.pop() {
            if std::mem::replace(&mut seen[next], true) {
                continue;
            }
            match self.works[next] {
                true => found.push(next),
                false => open.extend(&self.waits[next]),
            }
        }
        found.sort_unstable();
        found
    }

    /// The longest way through what is done, by the medians of earlier runs; `None` while one is not known.
    fn longest(&self, outline: &[Outline], lines: &[Line]) -> Option<i64> {
        let took = |at: usize| match self.works[at] {
            true => lines_of(&outline[at], lines).filter_map(|line| line.expected).map(|took| took.median_ms).max(),
            false => Some(0),
        };
        let took: Vec<i64> = (0..outline.len()).map(took).collect::<Option<_>>()?;
        self.summed(|at| took[at]).into_iter().max().filter(|longest| *longest > 0)
    }
}

fn lines_of<'a>(step: &'a Outline, lines: &'a [Line]) -> impl Iterator<Item = &'a Line> {
    let removes = step.aim == Aim::Gone;
    lines.iter().filter(move |line| line.step == step.recipe_key() && (line.verb == Verb::Delete) == removes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job;
    use crate::plan::{self, Expected};

    fn step(key: &str, aim: Aim, needs: &[&str], after: &[&str]) -> Outline {
        let after = after.iter().map(|key| (*key).to_owned()).collect();
        Outline { aim, after, ..job::tests::step(key, needs) }
    }

    fn line(step: &str, verb: Verb, seconds: Option<i64>) -> Line {
        let expected = seconds.map(|seconds| Expected { median_ms: seconds * 1_000, p90_ms: seconds * 2_000 });
        Line { expected, ..plan::tests::line(step, verb) }
    }

    fn told(plan: &Plan) -> Vec<String> {
        let told = |turn: &Turn| {
            format!(
                "{} {}{}",
                turn.turn,
                turn.step,
                turn.after.iter().map(|title| format!(" <{title}")).collect::<String>()
            )
        };
        plan.order.iter().map(told).collect()
    }

    #[test]
    fn what_needs_the_same_is_done_side_by_side() {
        let there = |key, needs: &[&str]| step(key, Aim::There, needs, &[]);
        let outline = [
            there("look", &[]),
            there("group", &["look"]),
            there("cluster", &["group"]),
            there("vault", &["group"]),
            there("role", &["cluster", "vault", "group"]),
            there("app", &["role", "cluster"]),
            there("checks", &["app"]),
        ];
        let create = |key, seconds| line(key, Verb::Create, Some(seconds));
        let lines =
            vec![create("group", 1), create("cluster", 300), create("vault", 30), create("role", 2), create("app", 60)];
        let mut plan = Plan { lines, ..Plan::default() };
        plan.put_in_order(&outline);
        let order = ["1 group", "2 cluster <group", "2 vault <group", "3 role <cluster <vault", "4 app <role"];
        assert_eq!(told(&plan), order);
        assert_eq!(plan.turns(), 4);
        assert_eq!(plan.expected_ms, Some(363_000), "the vault is made beside the cluster");
        assert_eq!(plan.turn_of(&plan.lines[3]).map(|turn| turn.turn), Some(3));
        plan.lines[2].expected = None;
        plan.put_in_order(&outline);
        assert_eq!(plan.expected_ms, None, "nothing is known of a vault");
        plan.lines[1].verb = Verb::Keep;
        plan.put_in_order(&outline);
        assert_eq!(
            told(&plan),
            ["1 group", "2 vault <group", "3 role <vault", "4 app <role"],
            "what stands takes no turn"
        );
    }

    #[test]
    fn what_goes_waits_for_what_needed_it_and_for_what_comes() {
        let outline = [
            step("app", Aim::There, &[], &[]),
            step("vault", Aim::Gone, &[], &["app"]),
            step("role", Aim::Gone, &["vault"], &["app"]),
            step("app~former", Aim::Gone, &[], &["app"]),
        ];
        let lines = vec![
            line("app", Verb::Create, None),
            line("vault", Verb::Delete, None),
            line("role", Verb::Delete, None),
            line("app", Verb::Delete, None),
        ];
        let mut plan = Plan { lines, ..Plan::default() };
        plan.put_in_order(&outline);
        assert_eq!(told(&plan), ["1 app", "3 vault <role", "2 role <app", "2 app <app"]);
        let removed = plan.turn_of(&plan.lines[3]).map(|turn| (turn.turn, turn.removes));
        assert_eq!(removed, Some((2, true)));
    }
}
