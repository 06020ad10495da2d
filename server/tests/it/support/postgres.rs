//! The one throw-away PostgreSQL of this test run, started when it is first asked for.

use std::sync::OnceLock;
use throwaway_postgres::{Care, Cluster};

/// Ends with this process, however that ends.
pub fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| Cluster::start(Care::Careless).unwrap())
}
