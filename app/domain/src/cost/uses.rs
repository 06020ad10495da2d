//! What an environment uses that Azure asks money for: meters, how much of each a month, and what is taken for granted.

use crate::name::NodeSize;
use crate::wish::{Tier, Wish, Workspace};

/// Hours of a month, as Azure's own calculator has them.
const HOURS: i64 = 730;
/// Gigabytes that Container Insights takes in a month for each node; what a quiet web app writes, not a promise.
const GB_A_NODE: i64 = 6;
/// Days for which Log Analytics keeps records without asking for more.
const KEPT_FREE: i64 = 31;
/// Operations on a vault in a month, in the list's units of 10,000.
const OPERATIONS: i64 = 10;
/// One through which the nodes reach out, one under which the web app answers.
const ADDRESSES: i64 = 2;

/// What is counted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Meter {
    Nodes(NodeSize),
    /// The system disk of a node, by its name in the list: `P10`.
    Disks(&'static str),
    Tier,
    Ingestion,
    Retention,
    LoadBalancer,
    Addresses,
    Vault,
}

impl Meter {
    /// The same in every estimate.
    pub fn key(&self) -> &'static str {
        match self {
            Meter::Nodes(_) => "nodes",
            Meter::Disks(_) => "disks",
            Meter::Tier => "tier",
            Meter::Ingestion => "ingestion",
            Meter::Retention => "retention",
            Meter::LoadBalancer => "load-balancer",
            Meter::Addresses => "addresses",
            Meter::Vault => "vault",
        }
    }

    /// What a price is for, as Azure's list names it; a price of another unit is not this meter's.
    pub fn unit(&self) -> &'static str {
        match self {
            Meter::Nodes(_) | Meter::Tier | Meter::LoadBalancer | Meter::Addresses => "1 Hour",
            Meter::Disks(_) => "1/Month",
            Meter::Ingestion => "1 GB",
            Meter::Retention => "1 GB/Month",
            Meter::Vault => "10K",
        }
    }
}

/// So much of a meter in a month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    pub meter: Meter,
    /// `3 nodes, Standard_D2s_v5`.
    pub what: String,
    /// In the meter's units.
    pub quantity: i64,
}

/// Everything of this wish that is paid for, the largest first as a rule; `cores` is how many a node has.
pub fn uses(wish: &Wish, cores: u32) -> Vec<Use> {
    let nodes = i64::from(wish.cluster.nodes);
    let size = &wish.cluster.node_size;
    let (disk, gigabytes) = system_disk(cores);
    let mut uses = vec![Use {
        meter: Meter::Nodes(size.clone()),
        what: format!("{}, {size}", several(nodes, "node")),
        quantity: nodes * HOURS,
    }];
    if wish.cluster.tier == Tier::Standard {
        uses.push(Use { meter: Meter::Tier, what: "Cluster, Standard tier".to_owned(), quantity: HOURS });
    }
    let what = format!("{} of {gigabytes} GB", several(nodes, "system disk"));
    uses.push(Use { meter: Meter::Disks(disk), what, quantity: nodes });
    if let Some(insights) = &wish.insights {
        let taken = nodes * GB_A_NODE;
        uses.push(Use { meter: Meter::Ingestion, what: format!("Log Analytics, {taken} GB"), quantity: taken });
        let longer = i64::from(insights.kept_days) - KEPT_FREE;
        if insights.workspace == Workspace::Own && longer > 0 {
            let kept = (taken * longer + 29) / 30;
            let what = format!("Logs kept {} days, {kept} GB beyond {KEPT_FREE} days", insights.kept_days);
            uses.push(Use { meter: Meter::Retention, what, quantity: kept });
        }
    }
    uses.push(Use { meter: Meter::LoadBalancer, what: "Load balancer".to_owned(), quantity: HOURS });
    let what = several(ADDRESSES, "public address");
    uses.push(Use { meter: Meter::Addresses, what, quantity: ADDRESSES * HOURS });
    let what = "Key Vault, 100,000 operations".to_owned();
    uses.push(Use { meter: Meter::Vault, what, quantity: OPERATIONS });
    uses
}

/// What the estimate takes for granted.
pub fn assumed(wish: &Wish) -> Vec<String> {
    let mut said = vec![format!("All nodes run all {HOURS} hours of a month.")];
    if wish.insights.is_some() {
        said.push(format!(
            "Log Analytics takes in {GB_A_NODE} GB a node: a web app that writes much more log costs more. The first 5 GB of \
             the whole account, which Azure asks nothing for, are not taken off."
        ));
    }
    said.push("The vault answers 100,000 questions.".to_owned());
    said
}

/// What it does not count.
pub fn left_out(wish: &Wish) -> Vec<String> {
    let mut said = vec![
        "Traffic out of Azure and through the load balancer.".to_owned(),
        "Disks beyond the one of each node, and the node that an upgrade adds for a while.".to_owned(),
        "The database and the image registry, which are there already.".to_owned(),
        "Reservations, savings plans, the prices of your own agreement, and taxes.".to_owned(),
    ];
    if wish.insights.as_ref().is_some_and(|insights| insights.workspace != Workspace::Own) {
        said.push("How long the shared workspace keeps what it takes in.".to_owned());
    }
    said
}

/// The managed disk that AKS gives a node where the document names none, by its cores: its name in the list and its
/// gigabytes. Microsoft's "Default OS disk sizing" of AKS; a size with a large local disk may use that instead, and costs
/// less then.
fn system_disk(cores: u32) -> (&'static str, u32) {
    match cores {
        0..8 => ("P10", 128),
        8..16 => ("P15", 256),
        16..64 => ("P20", 512),
        _ => ("P30", 1024),
    }
}

fn several(count: i64, what: &str) -> String {
    match (count, what.ends_with("ss")) {
        (1, _) => format!("1 {what}"),
        (_, true) => format!("{count} {what}es"),
        (_, false) => format!("{count} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::form::tests::sample;

    fn said(wish: &Wish, cores: u32) -> Vec<(String, i64)> {
        uses(wish, cores).into_iter().map(|used| (used.what, used.quantity)).collect()
    }

    #[test]
    fn everything_that_an_environment_has_is_counted() {
        let expected = [
            ("3 nodes, Standard_D2s_v5", 2190),
            ("Cluster, Standard tier", 730),
            ("3 system disks of 128 GB", 3),
            ("Log Analytics, 18 GB", 18),
            ("Load balancer", 730),
            ("2 public addresses", 1460),
            ("Key Vault, 100,000 operations", 10),
        ];
        assert_eq!(said(&sample(), 2), expected.map(|(what, quantity)| (what.to_owned(), quantity)));
    }

    #[test]
    fn what_is_not_wished_is_not_counted() {
        let mut wish = sample();
        wish.cluster.tier = Tier::Free;
        wish.cluster.nodes = 1;
        wish.insights = None;
        let there: Vec<String> = said(&wish, 8).into_iter().map(|(what, _)| what).collect();
        assert_eq!(there[..2], ["1 node, Standard_D2s_v5", "1 system disk of 256 GB"]);
        assert_eq!(there.len(), 5);
        assert!(!assumed(&wish).join(" ").contains("Log Analytics"));
    }

    #[test]
    fn logs_that_are_kept_longer_cost_more_in_a_workspace_of_ones_own() {
        let mut wish = sample();
        let Some(insights) = &mut wish.insights else { panic!("the sample has insights") };
        insights.kept_days = 90;
        assert!(said(&wish, 2).contains(&("Logs kept 90 days, 36 GB beyond 31 days".to_owned(), 36)));
        let Some(insights) = &mut wish.insights else { panic!("the sample has insights") };
        insights.workspace = Workspace::Shared { id: "/w".to_owned() };
        assert!(!said(&wish, 2).iter().any(|(what, _)| what.starts_with("Logs kept")));
        assert!(left_out(&wish).iter().any(|said| said.contains("shared workspace")));
    }
}
