//! Names the regions that the simulated subscription can use.
use serde_json::{Value, json};

/// Short name, display name, geography group, latitude and longitude.
const LOCATIONS: &[(&str, &str, &str, &str, &str)] = &[
    ("westeurope", "West Europe", "Europe", "52.3667", "4.9"),
    ("northeurope", "North Europe", "Europe", "53.3478", "-6.2597"),
    ("germanywestcentral", "Germany West Central", "Europe", "50.110924", "8.682127"),
    ("swedencentral", "Sweden Central", "Europe", "60.67488", "17.14127"),
    ("uksouth", "UK South", "Europe", "50.941", "-0.799"),
    ("francecentral", "France Central", "Europe", "46.3772", "2.3730"),
    ("eastus", "East US", "US", "37.3719", "-79.8164"),
    ("eastus2", "East US 2", "US", "36.6681", "-78.3889"),
    ("westus2", "West US 2", "US", "47.233", "-119.852"),
    ("southeastasia", "Southeast Asia", "Asia Pacific", "1.283", "103.833"),
    ("australiaeast", "Australia East", "Asia Pacific", "-33.86", "151.2094"),
];

/// Whether the subscription can use that region, by its short name.
pub fn known(short: &str) -> bool {
    LOCATIONS.iter().any(|location| location.0 == short)
}

/// The short names.
pub fn names() -> Vec<&'static str> {
    LOCATIONS.iter().map(|location| location.0).collect()
}

/// The document of `/subscriptions/{subscription}/locations`.
pub fn list(subscription: &str) -> Value {
    let value: Vec<Value> = LOCATIONS
        .iter()
        .map(|(name, display, group, latitude, longitude)| {
            json!({
                "id": format!("/subscriptions/{subscription}/locations/{name}"),
                "name": name,
                "type": "Region",
                "displayName": display,
                "regionalDisplayName": format!("({group}) {display}"),
                "metadata": {
                    "regionType": "Physical", "regionCategory": "Recommended",
                    "geographyGroup": group, "latitude": latitude, "longitude": longitude,
                },
            })
        })
        .collect();
    json!({"value": value})
}
