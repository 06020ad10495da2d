//! Money: what Azure's list asks a month for what an environment uses, in whole millionths of a currency, never in floats.

pub mod actual;
pub mod calendar;
pub mod currency;
pub mod uses;

use crate::moment::Moment;
use currency::Currency;
use serde::{Deserialize, Serialize};

/// So much of a currency; may be negative, where it is a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Amount {
    /// Millionths of the currency's unit.
    pub micros: i64,
    pub currency: Currency,
}

impl Amount {
    pub fn nothing(currency: Currency) -> Amount {
        Amount { micros: 0, currency }
    }

    /// `€1,206.17`, `−€145.42`.
    pub fn said(self) -> String {
        let sign = if self.micros < 0 { "−" } else { "" };
        format!("{sign}{}", self.currency.write(self.micros, self.currency.places()))
    }

    /// As a difference: `+€145.42`, `−€145.42`, `€0.00`.
    pub fn signed(self) -> String {
        let plus = if self.micros > 0 { "+" } else { "" };
        format!("{plus}{}", self.said())
    }

    /// For a column: `€1,206`.
    pub fn whole(self) -> String {
        let sign = if self.micros < 0 { "−" } else { "" };
        format!("{sign}{}", self.currency.write(self.micros, 0))
    }

    pub fn plus(self, other: Amount) -> Amount {
        Amount { micros: self.micros.saturating_add(other.micros), ..self }
    }

    pub fn minus(self, other: Amount) -> Amount {
        Amount { micros: self.micros.saturating_sub(other.micros), ..self }
    }
}

/// One thing that is paid for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Item {
    /// `nodes`: the same in every estimate.
    pub key: String,
    /// `3 nodes, Standard_D2s_v5`.
    pub what: String,
    /// Units a month.
    pub quantity: i64,
    /// As Azure's list names it: `1 Hour`.
    pub unit: String,
    /// Of one unit, in millionths.
    pub price: i64,
    /// A month, in millionths; whole cents, so that what is shown adds up.
    pub monthly: i64,
}

impl Item {
    pub fn new(used: &uses::Use, price: i64, currency: Currency) -> Item {
        Item {
            key: used.meter.key().to_owned(),
            what: used.what.clone(),
            quantity: used.quantity,
            unit: used.meter.unit().to_owned(),
            price,
            monthly: currency.rounded(price.saturating_mul(used.quantity)),
        }
    }
}

/// What an environment costs a month, by resource, by the list prices of a day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Estimate {
    pub currency: Currency,
    /// Since when the newest of these prices is Azure's.
    pub since: Moment,
    /// When Azure's list was read.
    pub read: Moment,
    pub items: Vec<Item>,
    /// What is taken for granted, in sentences.
    pub assumes: Vec<String>,
    /// What is not counted, in sentences.
    pub leaves_out: Vec<String>,
}

impl Estimate {
    pub fn total(&self) -> Amount {
        let sum = self.items.iter().fold(0_i64, |sum, item| sum.saturating_add(item.monthly));
        self.amount(sum)
    }

    pub fn amount(&self, micros: i64) -> Amount {
        Amount { micros, currency: self.currency }
    }
}

/// By how much a price may rise between a plan and its approval.
const TOLERANCE_PERCENT: i64 = 10;

/// What a request costs: what stands now, and what will stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Costing {
    New { after: Estimate },
    Changed { now: Estimate, after: Estimate },
    Removed { now: Estimate },
}

/// A costing in one figure, for a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Monthly {
    /// Of what will stand.
    pub amount: Amount,
    /// From what stands now, where something does.
    pub difference: Option<Amount>,
}

impl Costing {
    pub fn now(&self) -> Option<&Estimate> {
        match self {
            Costing::New { .. } => None,
            Costing::Changed { now, .. } | Costing::Removed { now } => Some(now),
        }
    }

    pub fn after(&self) -> Option<&Estimate> {
        match self {
            Costing::New { after } | Costing::Changed { after, .. } => Some(after),
            Costing::Removed { .. } => None,
        }
    }

    pub fn monthly(&self) -> Monthly {
        let now = self.now().map(Estimate::total);
        let amount = match (self.after(), now) {
            (Some(after), _) => after.total(),
            (None, now) => Amount::nothing(now.map_or_else(Currency::default, |now| now.currency)),
        };
        Monthly { amount, difference: now.map(|now| amount.minus(now)) }
    }

    /// In a sentence, where what will stand costs more now than was approved, beyond the tolerance.
    pub fn dearer(&self, now: &Costing) -> Option<String> {
        let (was, is) = (self.after()?.total(), now.after()?.total());
        let beyond = is.currency == was.currency
            && is.micros.saturating_sub(was.micros).saturating_mul(100) > was.micros.saturating_mul(TOLERANCE_PERCENT);
        beyond.then(|| format!("cost: {} a month instead of {}", is.said(), was.said()))
    }

    /// Each thing that is paid otherwise, with by how much.
    pub fn differences(&self) -> Vec<(String, Amount)> {
        let items = |estimate: Option<&Estimate>| estimate.map(|known| known.items.clone()).unwrap_or_default();
        let (now, after) = (items(self.now()), items(self.after()));
        let currency = self.monthly().amount.currency;
        let paid = |items: &[Item], key: &str| items.iter().find(|item| item.key == key).map_or(0, |item| item.monthly);
        let gone = now.iter().filter(|item| !after.iter().any(|other| other.key == item.key));
        let differs = after.iter().chain(gone).map(|item| {
            let micros = paid(&after, &item.key).saturating_sub(paid(&now, &item.key));
            (item.what.clone(), Amount { micros, currency })
        });
        differs.filter(|(_, amount)| amount.micros != 0).collect()
    }
}

impl Monthly {
    /// `€206.17`, or the difference with its sign: `+€145.42`.
    pub fn figure(self) -> String {
        self.difference.map_or_else(|| self.amount.said(), Amount::signed)
    }

    /// What stands beside the figure: `a month`, `a month, €496.81 after`, `no change`.
    pub fn note(self) -> String {
        match self.difference {
            None => "a month".to_owned(),
            Some(difference) if difference.micros == 0 => "no change".to_owned(),
            Some(_) if self.amount.micros == 0 => "a month, nothing after".to_owned(),
            Some(_) => format!("a month, {} after", self.amount.said()),
        }
    }

    /// `€206.17 a month`, `+€145.42 a month`.
    pub fn sentence(self) -> String {
        format!("{} a month", self.figure())
    }
}

#[cfg(test)]
mod tests {
    use super::uses::uses;
    use super::*;

    fn estimate(nodes: u32) -> Estimate {
        let mut wish = crate::form::tests::sample();
        wish.cluster.nodes = nodes;
        let items = uses(&wish, 2).iter().map(|used| Item::new(used, 105_984, Currency::Eur)).collect();
        let (assumes, leaves_out) = (Vec::new(), Vec::new());
        Estimate { currency: Currency::Eur, since: Moment(0), read: Moment(0), items, assumes, leaves_out }
    }

    #[test]
    fn an_amount_is_written_as_people_write_it() {
        let eur = |micros| Amount { micros, currency: Currency::Eur };
        assert_eq!(eur(206_169_500).said(), "€206.17");
        assert_eq!(eur(1_204_000_000).whole(), "€1,204");
        assert_eq!(eur(-145_420_000).signed(), "−€145.42");
        assert_eq!((eur(145_420_000).signed(), eur(0).signed()), ("+€145.42".to_owned(), "€0.00".to_owned()));
        assert_eq!(Amount { micros: 1_234_567_500_000, currency: Currency::Jpy }.said(), "¥1,234,568");
        assert_eq!(Amount { micros: 9_990_000, currency: Currency::Sek }.said(), "SEK 9.99");
    }

    #[test]
    fn what_is_shown_adds_up_to_the_sum() {
        let estimate = estimate(3);
        let nodes = &estimate.items[0];
        assert_eq!((nodes.what.as_str(), nodes.quantity), ("3 nodes, Standard_D2s_v5", 2190));
        assert_eq!(estimate.amount(nodes.monthly).said(), "€232.10"); // 232.10496
        assert!(estimate.items.iter().all(|item| item.monthly % 10_000 == 0));
        assert_eq!(estimate.total().micros, estimate.items.iter().map(|item| item.monthly).sum::<i64>());
    }

    #[test]
    fn a_change_says_what_it_adds_and_what_it_comes_to() {
        let costing = Costing::Changed { now: estimate(3), after: estimate(5) };
        let monthly = costing.monthly();
        assert_eq!(monthly.difference, Some(estimate(5).total().minus(estimate(3).total())));
        assert_eq!(monthly.note(), format!("a month, {} after", estimate(5).total().said()));
        let differences = costing.differences();
        assert_eq!(differences[0], ("5 nodes, Standard_D2s_v5".to_owned(), estimate(0).amount(154_740_000)));
        let sum = differences.iter().fold(0, |sum, (_, amount)| sum + amount.micros);
        assert_eq!(Some(sum), monthly.difference.map(|amount| amount.micros));
        let same = Costing::Changed { now: estimate(3), after: estimate(3) }.monthly();
        assert_eq!((same.figure().as_str(), same.note().as_str()), ("€0.00", "no change"));
    }

    #[test]
    fn a_price_may_rise_by_a_tenth_and_fall_as_it_likes() {
        let of = |nodes| Costing::New { after: estimate(nodes) };
        assert_eq!((of(10).dearer(&of(10)), of(10).dearer(&of(1))), (None, None));
        let said = of(3).dearer(&of(5)).unwrap_or_default();
        assert!(said.starts_with("cost: €") && said.contains("instead of"), "{said}");
        assert_eq!(Costing::Removed { now: estimate(1) }.dearer(&of(9)), None);
    }

    #[test]
    fn a_removal_gives_everything_back() {
        let removed = Costing::Removed { now: estimate(3) };
        assert_eq!(removed.monthly().figure(), format!("−{}", estimate(3).total().said()));
        assert_eq!(removed.monthly().note(), "a month, nothing after");
        assert_eq!(removed.differences().len(), estimate(3).items.len());
        let new = Costing::New { after: estimate(3) };
        assert_eq!(new.monthly().sentence(), format!("{} a month", estimate(3).total().said()));
    }
}
