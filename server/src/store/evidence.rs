//! What belongs to one environment: ids of its requests and of its jobs, from the first on.

use super::{Error, Store, on_both};
use domain::id::{EnvironmentId, JobId, RequestId};

pub async fn requests(store: &Store, environment: &EnvironmentId) -> Result<Vec<RequestId>, Error> {
    const SQL: &str = "select id from request where environment = $1 order by id";
    Ok(ids(store, SQL, environment).await?.into_iter().map(RequestId::new).collect())
}

pub async fn jobs(store: &Store, environment: &EnvironmentId) -> Result<Vec<JobId>, Error> {
    const SQL: &str = "select id from job where environment = $1 order by id";
    Ok(ids(store, SQL, environment).await?.into_iter().map(JobId::new).collect())
}

async fn ids(store: &Store, sql: &'static str, environment: &EnvironmentId) -> Result<Vec<String>, Error> {
    let ids: Vec<(String,)> =
        on_both!(store.read(), db => sqlx::query_as(sql).bind(environment.as_str()).fetch_all(db).await)?;
    Ok(ids.into_iter().map(|(id,)| id).collect())
}
