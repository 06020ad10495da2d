//! Reads and writes the waits that settings hold, with PostgreSQL's units.

/// Milliseconds of each unit, the largest first.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000), ("ms", 1)];

/// The setting as it is shown, from what it was set to: in the largest unit that divides it, bare where it is zero.
/// None where it is no such time.
pub(super) fn shown(value: &str) -> Option<String> {
    let value = value.trim();
    let digits = value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len());
    let (number, unit) = value.split_at(digits);
    let factor = match unit.trim() {
        "" => 1,
        unit => UNITS.iter().find(|(name, _)| *name == unit)?.1,
    };
    let milliseconds = number.parse::<u64>().ok()?.checked_mul(factor)?;
    i32::try_from(milliseconds).ok()?;
    let unit = UNITS.iter().find(|(_, size)| milliseconds != 0 && milliseconds % size == 0);
    Some(unit.map_or_else(|| "0".to_owned(), |(name, size)| format!("{}{name}", milliseconds / size)))
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn a_wait_is_shown_as_postgresql_shows_it() {
        for (set, text) in
            [("0", "0"), ("5000", "5s"), ("90s", "90s"), ("120000", "2min"), ("1500 ms", "1500ms"), ("1d", "1d")]
        {
            assert_eq!(shown(set).as_deref(), Some(text));
        }
        assert_eq!(shown("soon"), None);
        assert_eq!(shown("-1"), None);
    }
}
