//! How soon the page of a job begins to arrive whose log is very long.

use crate::Asked;
use crate::base::Base;
use crate::deeds::People;
use crate::replica::Replica;
use crate::stage::Stage;
use crate::wire;
use anyhow::Result;

/// Pages that are asked for after a first one.
const PAGES: usize = 40;

/// Prints the slowest of several pages, in milliseconds to the first byte.
pub fn run(asked: &Asked) -> Result<usize> {
    let mut stage = Stage::set(asked)?;
    let slowest = measured(&stage, asked.positions.unwrap_or(10_000)).inspect_err(|_| stage.keep())?;
    println!("long_job_ttfb_ms {slowest:.2}");
    Ok(0)
}

fn measured(stage: &Stage, lines: usize) -> Result<f64> {
    let base = Base::sqlite(&stage.folder, "long");
    let mut portal = Replica::new("long", base.url());
    portal.start(stage)?;
    let mut people = People::sign_in(&portal.url())?;
    let request = people.ask(&portal.url(), "long-log")?;
    let job = people.approve(&portal.url(), &request)?;
    let id = job.trim_start_matches("/jobs/");
    base.until(&format!("select count(*) from job where id = '{id}' and state = 'succeeded'"), 1)?;
    // The lines that it has, said again and again.
    base.execute(&format!(
        "with recursive more(number) as (select (select max(number) from line where job = '{id}') + 1 \
         union all select number + 1 from more where number < {lines}) \
         insert into line (job, number, at, step, tone, text) \
         select '{id}', more.number, said.at, said.step, said.tone, said.text from more \
         join line as said on said.job = '{id}' and said.number = more.number % 20 + 1"
    ))?;
    portal.end()?;
    portal.start(stage)?;
    let cookie = people.cookie();
    wire::first_byte_ms(&portal.url(), &job, &cookie)?;
    let mut taken: Vec<f64> =
        (0..PAGES).map(|_| wire::first_byte_ms(&portal.url(), &job, &cookie)).collect::<Result<_>>()?;
    portal.end()?;
    Ok(wire::percentile(&mut taken, 100))
}
