//! Prices a wish by Azure's public list, whose prices are kept for a day; of many who need the same price one asks.

use super::Service;
use azure::{Azure, Price};
use domain::Moment;
use domain::cost::currency::Currency;
use domain::cost::uses::{Meter, assumed, left_out, uses};
use domain::cost::{Costing, Estimate, Item};
use domain::name::{NodeSize, Region};
use domain::request::Kind;
use domain::wish::Wish;
use futures::future::join_all;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::OnceCell;

/// Milliseconds for which a price is believed.
const BELIEVED: i64 = 24 * 3_600_000;
/// Milliseconds for which nobody asks again after the list did not answer.
const SPARED: i64 = 30_000;
/// A person waits beside the form.
const LONGEST: Duration = Duration::from_secs(5);
/// Prices at a time; beyond it starts anew.
const MOST: usize = 2_000;
/// Where the list has what costs the same everywhere.
const EVERYWHERE: &str = "Global";

/// Where a price is put as soon as it is there; `None` where the list has none.
type Place = Arc<OnceCell<Option<Price>>>;

/// Prices by region and meter.
#[derive(Default)]
pub(super) struct Prices {
    known: Mutex<HashMap<(Region, Meter), (Moment, Place)>>,
    refused: Mutex<Option<Moment>>,
}

impl Prices {
    async fn of(
        &self,
        azure: &Azure,
        currency: Currency,
        region: &Region,
        meter: &Meter,
        now: Moment,
    ) -> Result<Option<(Moment, Price)>, azure::Error> {
        let (asked_at, place) = self.place((region.clone(), meter.clone()), now);
        let asked = place.get_or_try_init(|| async {
            let found = ask(azure, currency, region.as_str(), meter).await?;
            match found {
                None => ask(azure, currency, EVERYWHERE, meter).await,
                found => Ok(found),
            }
        });
        asked.await.map(|found| found.clone().map(|price| (asked_at, price)))
    }

    /// With when it was asked for.
    fn place(&self, key: (Region, Meter), now: Moment) -> (Moment, Place) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.get(&key).filter(|(at, _)| now.since(*at) < BELIEVED) {
            return known.clone();
        }
        if known.len() >= MOST {
            known.clear();
        }
        let place = Place::default();
        known.insert(key, (now, place.clone()));
        (now, place)
    }

    /// Whether the list was asked in vain a moment ago.
    fn spared(&self, now: Moment) -> bool {
        let refused = *self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.is_some_and(|at| now.since(at) < SPARED)
    }

    fn refuse(&self, now: Moment) {
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(now);
    }
}

impl Service {
    /// What a request of this kind costs; `Ok(None)` where it is not about money, the error is a sentence.
    pub(super) async fn costing(
        &self,
        kind: Kind,
        wish: &Wish,
        former: Option<&Wish>,
    ) -> Result<Option<Costing>, String> {
        Ok(match (kind, former) {
            (Kind::Create, _) => Some(Costing::New { after: self.estimate(wish).await? }),
            (Kind::Change | Kind::Repair, Some(former)) => {
                let (now, after) = (self.estimate(former).await?, self.estimate(wish).await?);
                Some(Costing::Changed { now, after })
            }
            (Kind::Destroy, _) => Some(Costing::Removed { now: self.estimate(wish).await? }),
            _ => None,
        })
    }

    /// The same for a request that is sent whether or not a price can be had.
    pub(super) async fn costing_kept(&self, kind: Kind, wish: &Wish, former: Option<&Wish>) -> Option<Costing> {
        self.costing(kind, wish, former).await.unwrap_or_else(|why| {
            tracing::warn!(why, "a request is sent without a price");
            None
        })
    }

    /// What this wish costs a month; the error is a sentence.
    pub(super) async fn estimate(&self, wish: &Wish) -> Result<Estimate, String> {
        let (now, currency) = (self.clock.now(), self.currency);
        let used = uses(wish, self.cores(&wish.cluster.node_size));
        if self.prices.spared(now) {
            return Err(NO_ANSWER.to_owned());
        }
        let asked = used.iter().map(|used| self.prices.of(&self.azure, currency, &wish.region, &used.meter, now));
        let found = tokio::time::timeout(LONGEST, join_all(asked)).await.unwrap_or_default();
        let (mut items, mut since, mut read) = (Vec::new(), Moment(0), now);
        let mut leaves_out = left_out(wish);
        if found.is_empty() {
            self.prices.refuse(now);
            return Err(NO_ANSWER.to_owned());
        }
        for (used, found) in used.iter().zip(found) {
            match found {
                Ok(Some((asked_at, price))) => {
                    read = read.min(asked_at);
                    since = since.max(Moment(price.since_ms));
                    items.push(Item::new(used, price.micros, currency));
                }
                Ok(None) if matches!(used.meter, Meter::Nodes(_)) => {
                    return Err(format!(
                        "Azure's list has no price in {} for {} in {}.",
                        currency.code(),
                        wish.cluster.node_size,
                        wish.region
                    ));
                }
                Ok(None) => leaves_out.push(format!("{}: Azure's list has no price for it here.", used.what)),
                Err(error) => {
                    tracing::warn!(%error, "asking for a price failed");
                    self.prices.refuse(now);
                    return Err(NO_ANSWER.to_owned());
                }
            }
        }
        Ok(Estimate { currency, since, read, items, assumes: assumed(wish), leaves_out })
    }

    /// Of a node, by the configuration, else as its name says.
    pub(super) fn cores(&self, size: &NodeSize) -> u32 {
        let known = self.choices.node_sizes.iter().find(|known| known.name == *size).map(|known| known.cores);
        known.unwrap_or_else(|| {
            let digits =
                size.as_str().trim_start_matches("Standard_").trim_start_matches(|c: char| !c.is_ascii_digit());
            digits.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap_or_default()
        })
    }
}

const NO_ANSWER: &str = "Azure's list of prices does not answer.";

/// The price that everybody pays by the hour for this meter. Of prices in steps the first that is not nothing: what is free
/// at the beginning is free once for the whole account.
async fn ask(azure: &Azure, currency: Currency, region: &str, meter: &Meter) -> Result<Option<Price>, azure::Error> {
    let named = fields(meter);
    let mut filter = vec![("armRegionName", region), ("priceType", "Consumption")];
    filter.extend(named.iter().map(|(name, value)| (*name, value.as_str())));
    let found = azure.prices().list(currency.code(), &filter).await?;
    let plain = found.into_iter().filter(|price| {
        let reduced = ["Spot", "Low Priority"].iter().any(|word| price.meter.ends_with(word));
        !reduced && !price.product.ends_with("Windows") && price.unit == meter.unit() && price.micros > 0
    });
    Ok(plain.min_by_key(|price| price.from))
}

/// How the list names a meter.
fn fields(meter: &Meter) -> Vec<(&'static str, String)> {
    let of = |service: &str, name: &str| vec![("serviceName", service.to_owned()), ("meterName", name.to_owned())];
    match meter {
        Meter::Nodes(size) => {
            vec![("serviceName", "Virtual Machines".to_owned()), ("armSkuName", size.to_string())]
        }
        Meter::Disks(name) => {
            let mut fields = of("Storage", &format!("{name} LRS Disk"));
            fields.push(("productName", "Premium SSD Managed Disks".to_owned()));
            fields
        }
        Meter::Tier => of("Azure Kubernetes Service", "Standard Uptime SLA"),
        Meter::Ingestion => of("Log Analytics", "Analytics Logs Data Ingestion"),
        Meter::Retention => of("Log Analytics", "Analytics Logs Data Retention"),
        Meter::LoadBalancer => of("Load Balancer", "Standard Included LB Rules and Outbound Rules"),
        Meter::Addresses => of("Virtual Network", "Standard IPv4 Static Public IP"),
        Meter::Vault => {
            let mut fields = of("Key Vault", "Operations");
            fields.push(("skuName", "Standard".to_owned()));
            fields
        }
    }
}
