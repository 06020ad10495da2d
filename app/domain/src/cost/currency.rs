//! The currencies that Azure's list of prices knows, and how an amount in each is written.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Currency {
    Aud,
    Brl,
    Cad,
    Chf,
    Cny,
    Dkk,
    #[default]
    Eur,
    Gbp,
    Inr,
    Jpy,
    Krw,
    Nok,
    Nzd,
    Rub,
    Sek,
    Twd,
    Usd,
}

/// Millionths of one.
const ONE: i64 = 1_000_000;

impl Currency {
    pub const ALL: [Currency; 17] = [
        Currency::Aud,
        Currency::Brl,
        Currency::Cad,
        Currency::Chf,
        Currency::Cny,
        Currency::Dkk,
        Currency::Eur,
        Currency::Gbp,
        Currency::Inr,
        Currency::Jpy,
        Currency::Krw,
        Currency::Nok,
        Currency::Nzd,
        Currency::Rub,
        Currency::Sek,
        Currency::Twd,
        Currency::Usd,
    ];

    /// By ISO 4217, as Azure asks for it, and what stands before an amount.
    fn written(self) -> (&'static str, &'static str) {
        match self {
            Currency::Aud => ("AUD", "A$"),
            Currency::Brl => ("BRL", "R$"),
            Currency::Cad => ("CAD", "CA$"),
            Currency::Chf => ("CHF", "CHF "),
            Currency::Cny => ("CNY", "CN¥"),
            Currency::Dkk => ("DKK", "DKK "),
            Currency::Eur => ("EUR", "€"),
            Currency::Gbp => ("GBP", "£"),
            Currency::Inr => ("INR", "₹"),
            Currency::Jpy => ("JPY", "¥"),
            Currency::Krw => ("KRW", "₩"),
            Currency::Nok => ("NOK", "NOK "),
            Currency::Nzd => ("NZD", "NZ$"),
            Currency::Rub => ("RUB", "RUB "),
            Currency::Sek => ("SEK", "SEK "),
            Currency::Twd => ("TWD", "NT$"),
            Currency::Usd => ("USD", "$"),
        }
    }

    /// `EUR`.
    pub fn code(self) -> &'static str {
        self.written().0
    }

    pub fn of_code(code: &str) -> Option<Currency> {
        Currency::ALL.into_iter().find(|currency| currency.code() == code)
    }

    /// How many places an amount has.
    pub(super) fn places(self) -> u32 {
        if matches!(self, Currency::Jpy | Currency::Krw) { 0 } else { 2 }
    }

    /// To the smallest coin, in millionths.
    pub fn rounded(self, micros: i64) -> i64 {
        let coin = ONE / 10_i64.pow(self.places());
        let coins = micros.saturating_abs().saturating_add(coin / 2) / coin;
        coins.saturating_mul(coin).saturating_mul(micros.signum())
    }

    /// Without its sign, to so many places: `€1,206.17`.
    pub(super) fn write(self, micros: i64, places: u32) -> String {
        let shown = 10_i64.pow(places.min(6));
        let coin = ONE / shown;
        let coins = micros.saturating_abs().saturating_add(coin / 2) / coin;
        let digits = (coins / shown).to_string();
        let mut whole = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                whole.push(',');
            }
            whole.push(digit);
        }
        let rest =
            if places == 0 { String::new() } else { format!(".{:0width$}", coins % shown, width = places as usize) };
        format!("{}{whole}{rest}", self.written().1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_by_the_code_that_it_is_stored_by() {
        for currency in Currency::ALL {
            assert_eq!(Currency::of_code(currency.code()), Some(currency));
            assert_eq!(serde_json::to_value(currency).ok(), Some(currency.code().into()));
        }
        assert_eq!(Currency::of_code("eur"), None);
    }

    #[test]
    fn the_smallest_and_the_largest_amounts_are_written_too() {
        assert_eq!(Currency::Eur.write(4_999, 2), "€0.00");
        assert_eq!(Currency::Eur.rounded(-5_000), -10_000);
        assert_eq!(Currency::Usd.write(i64::MIN, 0), "$9,223,372,036,854");
    }
}
