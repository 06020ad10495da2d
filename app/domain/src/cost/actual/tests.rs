//! Whose a line of Azure's is, and what is said where nothing was told.

use super::*;

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

fn owner(id: &str, name: &str, since: &str, until: Option<&str>) -> Owner {
    Owner { id: EnvironmentId::new(id), name: name.to_owned(), since: day(since), until: until.map(day) }
}

fn line(at: &str, euros: i64, tag: Option<&str>, group: &str) -> Line {
    Line {
        day: day(at),
        amount: Amount { micros: euros * 1_000_000, currency: Currency::Eur },
        environment: tag.map(str::to_owned),
        group: group.to_owned(),
    }
}

fn euros(lines: &[Line], owners: &[Owner]) -> Vec<(String, String, i64)> {
    let sums = attributed(lines, owners).into_iter();
    sums.map(|((id, month, _), micros)| (id.to_string(), month.to_string(), micros / 1_000_000)).collect()
}

fn said(id: &str, month: &str, euros: i64) -> (String, String, i64) {
    (id.to_owned(), month.to_owned(), euros)
}

#[test]
fn a_tag_decides_and_without_one_the_group_of_the_nodes_counts_too() {
    let owners = [owner("e-1", "shop", "2026-10-30", None)];
    let lines = [
        line("2026-10-31", 1, Some("e-1"), "rg-shop"),
        line("2026-11-01", 2, Some("e-1"), "anywhere"),
        line("2026-11-01", 4, None, "mc_RG-shop_aks-SHOP_westeurope"),
        line("2026-11-02", 8, None, "rg-shop"),
        // Another installation's, somebody else's group, and one that only looks like ours.
        line("2026-11-02", 16, Some("e-9"), "rg-shop"),
        line("2026-11-02", 32, None, "rg-other"),
        line("2026-11-02", 64, None, "mc_rg-shop_aks-other_westeurope"),
    ];
    assert_eq!(euros(&lines, &owners), [said("e-1", "2026-10", 1), said("e-1", "2026-11", 14)]);
}

#[test]
fn a_name_that_two_have_borne_is_that_of_the_one_who_stood_then() {
    let owners = [owner("e-1", "shop", "2026-11-01", Some("2026-11-10")), owner("e-2", "shop", "2026-11-10", None)];
    let lines = [
        line("2026-10-31", 1, None, "rg-shop"),
        line("2026-11-09", 2, None, "rg-shop"),
        line("2026-11-10", 4, None, "rg-shop"),
        line("2026-11-11", 8, None, "rg-shop"),
    ];
    assert_eq!(euros(&lines, &owners), [said("e-1", "2026-11", 2), said("e-2", "2026-11", 12)]);
}

#[test]
fn what_was_given_back_is_taken_off() {
    let owners = [owner("e-1", "shop", "2026-11-01", None)];
    let lines = [line("2026-11-02", 10, Some("e-1"), ""), line("2026-11-03", -3, Some("e-1"), "")];
    assert_eq!(euros(&lines, &owners), [said("e-1", "2026-11", 7)]);
}

#[test]
fn nothing_told_is_not_nothing_billed() {
    let month = Month::parse("2026-11").unwrap();
    let eur = |micros| Amount { micros, currency: Currency::Eur };
    assert_eq!(Spent { month, amounts: Vec::new() }.said(), "nothing told");
    assert_eq!(Spent { month, amounts: vec![eur(0)] }.said(), "€0.00");
    let usd = Amount { micros: 2_000_000, currency: Currency::Usd };
    assert_eq!(Spent { month, amounts: vec![eur(1_000_000), usd] }.said(), "€1.00 and $2.00");
}
