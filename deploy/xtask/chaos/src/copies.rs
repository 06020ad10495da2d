//! Multiplies the one environment of a portal's database, with its request, its job and its log, for measurements.
//!
//! The copies are rows as the portal itself has written them, under names and ids of their own, so that a change of the
//! schema needs no change here.

use crate::base::{Base, Kind};
use anyhow::{Context, Result, bail};

/// The one environment and what hangs on it, by its ids.
pub struct Original<'a> {
    base: &'a Base,
    kind: Kind,
    environment: String,
    name: String,
    /// The rest of what is replaced: ids of the request, the job, the run of the checks.
    ids: Vec<String>,
    job: String,
}

/// Jobs of one environment are told apart by the last digits of their ids.
const JOBS_AT_MOST: usize = 100;

impl<'a> Original<'a> {
    pub fn of(base: &'a Base, kind: Kind) -> Result<Original<'a>> {
        let one = |sql: &str| -> Result<Vec<String>> {
            let mut rows = base.rows(sql)?;
            let row = rows.pop().with_context(|| format!("nothing to copy: {sql}"))?;
            if rows.is_empty() { Ok(row) } else { bail!("there is more than one to copy: {sql}") }
        };
        let environment = one("select id, name from environment")?;
        let job = one("select id from job")?.concat();
        let mut ids = base.rows("select id from request union all select id from validation")?.concat();
        ids.push(job.clone());
        let [environment, name] = <[String; 2]>::try_from(environment).ok().context("an id and a name")?;
        Ok(Original { base, kind, environment, name, ids, job })
    }

    /// Copies number `from` to `to`, with as many jobs each as it takes that there are `events` in all.
    pub fn copy(&self, from: usize, to: usize, events: usize) -> Result<()> {
        let each = usize::try_from(self.base.number("select count(*) from event where position >= 0")?)?;
        let each = if from == 1 { each } else { self.events_of_the_original()? };
        let jobs = events.div_ceil(to * each.max(1)).clamp(1, JOBS_AT_MOST);
        for table in ["environment", "request"] {
            self.multiply(table, "", from, to, 0)?;
        }
        for number in 0..jobs {
            self.multiply("job", "", from, to, number)?;
            self.multiply("event", &format!("where job = '{}'", self.job), from, to, number)?;
        }
        for table in ["validation", "check_result", "took"] {
            self.multiply(table, "", from, to, 0)?;
        }
        Ok(())
    }

    fn events_of_the_original(&self) -> Result<usize> {
        let count = self.base.number(&format!("select count(*) from event where job = '{}'", self.job))?;
        Ok(usize::try_from(count)?)
    }

    fn multiply(&self, table: &str, which: &str, from: usize, to: usize, number: usize) -> Result<()> {
        let columns = self.columns(table)?;
        let which = match (which, table) {
            ("", "environment") => format!("where id = '{}'", self.environment),
            ("", "request" | "validation") => format!("where environment = '{}'", self.environment),
            ("", "job") => format!("where id = '{}'", self.job),
            ("", "took") => format!("where job = '{}'", self.job),
            ("", _) => {
                format!("where validation in (select id from validation where environment = '{}')", self.environment)
            }
            (which, _) => which.to_owned(),
        };
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        let values: Vec<String> =
            columns
                .iter()
                .map(|(name, is_text)| {
                    if *is_text { self.other(&format!("original.{name}"), number) } else { format!("original.{name}") }
                })
                .collect();
        self.base
            .execute(&format!(
                "with recursive copy(number) as (select {from} union all select number + 1 from copy where number < {to}) \
                 insert into {table} ({}) select {} from (select * from {table} {which}) as original cross join copy",
                names.join(", "),
                values.join(", ")
            ))
            .with_context(|| format!("copying {table}"))
    }

    /// The text of a column with names and ids of the copy.
    fn other(&self, column: &str, number: usize) -> String {
        let digits = |plus: usize| match self.kind {
            Kind::Sqlite => format!("printf('%012x', copy.number * {JOBS_AT_MOST} + {plus})"),
            Kind::Postgres => format!("lpad(to_hex(copy.number * {JOBS_AT_MOST} + {plus}), 12, '0')"),
        };
        let place = match self.kind {
            Kind::Sqlite => "printf('%05d', copy.number)",
            Kind::Postgres => "lpad(copy.number::text, 5, '0')",
        };
        let mut text = format!("replace({column}, '{}', 'copy-' || {place})", self.name);
        let others = self.ids.iter().map(|id| (id, if *id == self.job { number } else { 0 }));
        for (id, plus) in others.chain([(&self.environment, 0)]) {
            let kept = &id[..id.len().saturating_sub(12)];
            text = format!("replace({text}, '{id}', '{kept}' || {})", digits(plus));
        }
        text
    }

    /// Each column, and whether it holds text.
    fn columns(&self, table: &str) -> Result<Vec<(String, bool)>> {
        let rows = self.base.rows(&match self.kind {
            Kind::Sqlite => format!("select name, lower(type) from pragma_table_info('{table}')"),
            Kind::Postgres => format!(
                "select column_name, data_type from information_schema.columns where table_name = '{table}' \
                 and table_schema = current_schema() order by ordinal_position"
            ),
        })?;
        if rows.is_empty() {
            bail!("there is no table {table}");
        }
        Ok(rows.into_iter().map(|row| (row[0].clone(), row[1] == "text")).collect())
    }
}
