//! Makes the list of prices from a dated table: every meter in every region, machines also as Spot, for Windows, reserved.
use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The file.
#[derive(Debug, Default, Deserialize)]
struct Table {
    effective: String,
    currencies: BTreeMap<String, f64>,
    regions: Vec<Region>,
    machines: Vec<Series>,
    meters: Vec<Meter>,
}

#[derive(Debug, Deserialize)]
struct Region {
    name: String,
    location: String,
    factor: f64,
}

/// Sizes of machines with their price an hour.
#[derive(Debug, Deserialize)]
struct Series {
    series: String,
    sizes: BTreeMap<String, f64>,
}

/// One thing that is paid for.
#[derive(Clone, Debug, Deserialize)]
struct Meter {
    service: String,
    family: String,
    product: String,
    sku: String,
    #[serde(default)]
    arm_sku: String,
    meter: String,
    unit: String,
    /// From how many units on this price counts.
    #[serde(default)]
    from: f64,
    price: f64,
    /// For how long it is reserved, where it is.
    #[serde(skip)]
    term: Option<&'static str>,
}

/// One line of the list, in US dollars.
#[derive(Clone, Debug)]
pub(super) struct Price {
    pub(super) service: String,
    pub(super) service_id: String,
    pub(super) family: String,
    pub(super) product: String,
    pub(super) product_id: String,
    pub(super) sku: String,
    pub(super) sku_id: String,
    pub(super) arm_sku: String,
    pub(super) meter: String,
    pub(super) meter_id: Uuid,
    pub(super) unit: String,
    pub(super) from: f64,
    pub(super) dollars: f64,
    pub(super) region: String,
    pub(super) location: String,
    pub(super) term: Option<&'static str>,
}

impl Price {
    /// Whether it is what everybody pays for machines of this size, or for this meter.
    pub(super) fn is(&self, what: &str) -> bool {
        let machine = self.service == "Virtual Machines";
        let plain = self.term.is_none() && !self.product.ends_with("Windows") && !self.meter.ends_with("Spot");
        plain && if machine { self.arm_sku == what } else { self.meter == what && self.dollars > 0.0 }
    }
}

static TABLE: LazyLock<Table> = LazyLock::new(|| toml::from_str(include_str!("table.toml")).unwrap_or_default());
static PRICES: LazyLock<Vec<Price>> = LazyLock::new(prices);

/// Every price, in the order of the file.
pub(super) fn all() -> &'static [Price] {
    &PRICES
}

/// Since when they count.
pub(super) fn effective() -> &'static str {
    &TABLE.effective
}

/// How much of a currency a dollar is.
pub(super) fn of_a_dollar(currency: &str) -> Option<f64> {
    TABLE.currencies.get(currency).copied()
}

/// The currencies.
pub(super) fn currencies() -> impl Iterator<Item = &'static str> {
    TABLE.currencies.keys().map(String::as_str)
}

fn prices() -> Vec<Price> {
    let meters: Vec<Meter> = TABLE.meters.iter().cloned().chain(TABLE.machines.iter().flat_map(machines)).collect();
    let in_region = |region: &'static Region| meters.clone().into_iter().map(move |meter| priced(meter, region));
    TABLE.regions.iter().flat_map(in_region).collect()
}

/// What there is to pay for the sizes of a series.
fn machines(series: &Series) -> Vec<Meter> {
    let mut meters = Vec::new();
    for (size, price) in &series.sizes {
        let short = size.trim_start_matches("Standard_").replace('_', " ");
        let linux = Meter {
            service: "Virtual Machines".to_owned(),
            family: "Compute".to_owned(),
            product: format!("Virtual Machines {}", series.series),
            sku: short.clone(),
            arm_sku: size.clone(),
            meter: short.clone(),
            unit: "1 Hour".to_owned(),
            from: 0.0,
            price: *price,
            term: None,
        };
        let spot = format!("{short} Spot");
        meters.push(Meter { sku: spot.clone(), meter: spot, price: price * 0.2, ..linux.clone() });
        let windows = format!("{} Windows", linux.product);
        meters.push(Meter { product: windows, price: price * 1.96, ..linux.clone() });
        for (term, hours) in [("1 Year", 8760.0 * 0.62), ("3 Years", 26280.0 * 0.4)] {
            meters.push(Meter { term: Some(term), price: (price * hours).round(), ..linux.clone() });
        }
        meters.push(linux);
    }
    meters
}

fn priced(meter: Meter, region: &Region) -> Price {
    let service_id = code("DZH31", &meter.service);
    let product_id = code("DZH318Z", &meter.product);
    let sku_id = format!("{product_id}/{}", &code("", &format!("{}|{}", meter.product, meter.sku))[..4]);
    let of_meter = format!("{}|{}|{}", meter.product, meter.meter, region.name);
    Price {
        meter_id: Uuid::new_v5(&Uuid::NAMESPACE_URL, of_meter.as_bytes()),
        service_id,
        product_id,
        sku_id,
        service: meter.service,
        family: meter.family,
        product: meter.product,
        sku: meter.sku,
        arm_sku: meter.arm_sku,
        meter: meter.meter,
        unit: meter.unit,
        from: meter.from,
        dollars: rounded(meter.price * region.factor),
        region: region.name.clone(),
        location: region.location.clone(),
        term: meter.term,
    }
}

/// Azure's codes are twelve letters and digits.
fn code(begin: &str, of: &str) -> String {
    let digest = hex::encode_upper(Sha256::digest(of));
    format!("{begin}{}", &digest[..12 - begin.len()])
}

/// To six places, as the list has them.
pub(super) fn rounded(price: f64) -> f64 {
    (price * 1_000_000.0).round() / 1_000_000.0
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::arm::locations;
    use crate::compute::SIZES;

    #[test]
    fn every_size_that_the_subscription_has_is_priced_in_every_region() {
        let _: Table = toml::from_str(include_str!("table.toml")).unwrap();
        for region in locations::names() {
            for size in SIZES {
                let found = all().iter().filter(|one| one.region == region && one.arm_sku == size.name);
                let linux = found.filter(|one| {
                    one.service == "Virtual Machines"
                        && one.term.is_none()
                        && one.sku == one.meter
                        && !one.product.ends_with("Windows")
                        && !one.meter.ends_with("Spot")
                });
                assert_eq!(linux.count(), 1, "{region} {}", size.name);
            }
        }
        assert!(all().iter().all(|one| one.sku_id.len() == 17 && one.service_id.len() == 12));
    }
}
