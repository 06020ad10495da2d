//! How many questions of programs the portal answers a second, with many environments and a long log behind them.

use crate::Asked;
use crate::base::{Base, Kind};
use crate::copies::Original;
use crate::deeds::People;
use crate::plans;
use crate::replica::Replica;
use crate::stage::Stage;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use throwaway_postgres::{Care, Cluster};

const FEW: usize = 100;
const MANY: usize = 10_000;
/// A million of ten thousand.
const EVENTS_EACH: usize = 100;
const CONNECTIONS: &str = "64";
/// Plans that are sent.
const SENT: usize = 1_500;

/// What a run of the load tool told.
struct Told {
    per_second: f64,
    p99_ms: f64,
}

/// Prints requests a second and 99th percentiles on both databases, and how much slower many environments are than few.
pub fn run(asked: &Asked) -> Result<usize> {
    let most = asked.positions.unwrap_or(MANY);
    let mut growth: f64 = 0.0;
    for kind in [Kind::Sqlite, Kind::Postgres] {
        let mut stage = Stage::set(asked)?;
        let measured = measured(&stage, kind, most).inspect_err(|_| stage.keep())?;
        let Measured { few, read, list, submit } = measured;
        println!("api_read_{}_per_second {:.0}", kind.word(), read.per_second);
        println!("api_read_{}_p99_ms {:.2}", kind.word(), read.p99_ms);
        if kind == Kind::Sqlite {
            println!("api_list_per_second {:.0}", list.per_second);
        } else {
            println!("api_submit_per_second {:.0}", submit.per_second);
        }
        growth = growth.max(few.per_second / read.per_second);
    }
    println!("api_growth {growth:.2}");
    Ok(0)
}

struct Measured {
    /// Reading one among few.
    few: Told,
    /// Reading one among many.
    read: Told,
    /// A list of fifty among many.
    list: Told,
    /// Sending plans that were made before, one after the other.
    submit: Told,
}

fn measured(stage: &Stage, kind: Kind, most: usize) -> Result<Measured> {
    let cluster = Arc::new(Cluster::start(Care::Durable)?);
    let base = match kind {
        Kind::Sqlite => Base::sqlite(&stage.folder, "load"),
        Kind::Postgres => Base::postgres(&cluster, "load")?,
    };
    let mut portal = Replica::new(format!("load-{}", kind.word()), base.url());
    portal.start(stage)?;
    let mut people = People::sign_in(&portal.url())?;
    let request = people.ask(&portal.url(), "original")?;
    let job = people.approve(&portal.url(), &request)?;
    let id = job.trim_start_matches("/jobs/").to_owned();
    base.until(&format!("select count(*) from job where id = '{id}' and state = 'succeeded'"), 1)?;
    let made = ["token", "create", "--for", "member@contoso.example", "--expires", "1d"];
    let (content, token) = stage.keystead(&base.url(), &made)?;
    let token = token.lines().last().filter(|_| content).with_context(|| format!("no token: {token}"))?.to_owned();
    let ask = |path: &str, seconds: &str| {
        load(&format!("{}/api/v1/{path}", portal.url()), &token, &["-z", seconds, "-w"], "200", &[])
    };
    let original = Original::of(&base, kind)?;
    original.copy(1, FEW - 1, 0)?;
    let one = "environments/copy-00042";
    ask(one, "2s")?;
    let few = ask(one, "8s")?;
    original.copy(FEW, most - 1, most * EVENTS_EACH)?;
    base.execute("analyze")?;
    ask(one, "2s")?;
    let read = ask(one, "8s")?;
    ask("environments", "2s")?;
    let list = ask("environments", "8s")?;
    eprintln!(
        "chaos: {} environments and {} events on {}",
        base.number("select count(*) from environment")?,
        base.number("select count(*) from event")?,
        kind.word()
    );
    let bodies = stage.folder.join("plans.jsonl");
    std::fs::write(&bodies, plans::made(&portal.url(), &token, SENT)?)?;
    let (bodies, sent) = (bodies.display().to_string(), SENT.to_string());
    let send = ["-n", &sent, "-m", "POST", "-T", "application/json", "-Z", &bodies];
    // The tool draws a line for each, some of them twice: what has been sent is refused, and only what was taken counts.
    let twice = ["409", "422"];
    let submit = load(&format!("{}/api/v1/requests", portal.url()), &token, &send, "201", &twice)?;
    portal.end()?;
    Ok(Measured { few, read, list, submit })
}

/// Runs the load tool, and counts the answers that were wanted; one that is neither `wanted` nor `borne` is an error, and so
/// are more of these than of those.
fn load(url: &str, token: &str, how: &[&str], wanted: &str, borne: &[&str]) -> Result<Told> {
    let program = std::env::var_os("KEYSTEAD_OHA").map(PathBuf::from);
    let program = program.context("KEYSTEAD_OHA names no program; measurements are started by `cargo xtask bench`")?;
    let mut oha = Command::new(program);
    oha.args(how).args(["-c", CONNECTIONS, "--no-tui", "--output-format", "json", "--disable-compression"]);
    oha.arg("-H").arg(format!("authorization: Bearer {token}")).arg(url);
    let done = oha.output().context("starting the load tool")?;
    if !done.status.success() {
        bail!("the load tool failed: {}", String::from_utf8_lossy(&done.stderr));
    }
    let told: Value = serde_json::from_slice(&done.stdout)?;
    let answers = told["statusCodeDistribution"].as_object().context("no answers")?;
    let errors = told["errorDistribution"].as_object().is_some_and(|errors| !errors.is_empty());
    let known = |status: &String| status == wanted || borne.contains(&status.as_str());
    let count = |status: &str| answers.get(status).and_then(Value::as_f64).unwrap_or(0.0);
    let share = count(wanted) / answers.keys().map(|status| count(status)).sum::<f64>();
    if errors || !answers.keys().all(known) || share < 0.5 {
        bail!("answers of {url}: {} {}", told["statusCodeDistribution"], told["errorDistribution"]);
    }
    let figure = |value: &Value| value.as_f64().with_context(|| format!("no figure: {told}"));
    Ok(Told {
        per_second: figure(&told["summary"]["requestsPerSec"])? * share,
        p99_ms: figure(&told["latencyPercentiles"]["p99"])? * 1000.0,
    })
}
