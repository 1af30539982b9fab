//! Statistical tests: the simulator against models with known answers.
//!
//! The reference values are the rows of `tests/reference.csv`, each with its source; `models.rs`
//! turns a row's parameters into setups (some rows hold for several strategies at once).
//! `tests/verify/lengths.csv` says how many tasks each model is run for: enough for a half-width
//! (95 %) of 1 % of the value where 20 million tasks reach that, else of 3 %.
//!
//! ```text
//! cargo test --test it theory                            rows marked `test`, some minutes
//! cargo test --release --test it -- --ignored theory --nocapture
//!     all rows, more than an hour of CPU time; writes output/gallery/validation.md
//!     with EQUIPOISE_ROWS="V23 d=2;rho=0.99,V4" only rows whose names begin so, and nothing is written
//! EQUIPOISE_PILOT=all cargo test --release --test it -- --ignored pilot --nocapture
//!                                                        prints a new lengths.csv
//! ```
//!
//! Seeds are fixed, so a row passes or fails until a change of code shifts its random numbers.
//! Then a correct simulator fails a row held to 4 standard errors over 100 replications with
//! probability 1.2e-4 (Student t, 99 degrees of freedom): with about 300 such rows, 4 % that any
//! of them does. A row that fails is then run anew with more tasks and another seed; its tolerance
//! stays. All rows share the seed, so rows of one load lean the same way.

mod agreement;
mod formulas;
mod matching;
mod measure;
mod models;
mod validation;

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;

use agreement::{Row, Verdict};
use measure::Sample;
use models::Model;

/// Rows that share a simulation: id, parameters, rows.
type Group = ((String, String), Vec<Row>);

/// The rows of `tests/reference.csv` by (id, parameters), in the file's order.
fn reference() -> Vec<Group> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference.csv");
    let mut groups: Vec<Group> = Vec::new();
    for record in csv::Reader::from_path(path).unwrap().records() {
        let row = Row::read(&record.unwrap());
        let key = (row.id.clone(), row.parameters.clone());
        match groups.iter_mut().find(|(found, _)| *found == key) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((key, vec![row])),
        }
    }
    groups
}

/// Replications of every model.
const REPLICATIONS: u64 = 100;

/// How long a model is run.
struct Length {
    /// Tasks measured, over all replications.
    tasks: f64,
    /// Whether `cargo test` runs it.
    is_quick: bool,
}

/// By "id parameters strategy".
fn lengths() -> BTreeMap<String, Length> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/verify/lengths.csv");
    let read = |record: csv::StringRecord| {
        let length = Length {
            tasks: record[3].parse().unwrap(),
            is_quick: &record[4] == "test",
        };
        (
            format!("{} {} {}", &record[0], &record[1], &record[2]),
            length,
        )
    };
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.records().map(|r| read(r.unwrap())).collect()
}

/// Replications of `model` with `tasks` measured tasks in all.
fn samples(model: &Model, tasks: f64) -> Vec<Sample> {
    let count = REPLICATIONS;
    let setup = model.setup(tasks / count as f64);
    (1..=count)
        .into_par_iter()
        .map(|replication| Sample::run(&setup, replication))
        .collect()
}

/// Runs the models of the rows with `id` and gives a verdict on every row; `all` runs also those
/// that take long.
fn check(id: &str, all: bool) -> Vec<Verdict> {
    let lengths = lengths();
    let mut verdicts = Vec::new();
    for ((_, parameters), rows) in reference().iter().filter(|((row, _), _)| row == id) {
        let models = models::of(id, parameters);
        assert!(!models.is_empty(), "{id} {parameters}: no model");
        for model in models {
            let name = format!("{id} {parameters} {}", model.strategy);
            let length = lengths
                .get(&name)
                .unwrap_or_else(|| panic!("{name}: not in lengths.csv"));
            if !all && !length.is_quick || all && !is_wanted(&name) {
                continue;
            }
            let samples = samples(&model, length.tasks);
            for row in rows.iter().filter(|row| model.is_for(&row.quantity)) {
                let verdict = agreement::judge(row, &model.strategy, &samples);
                println!("{verdict}");
                verdicts.push(verdict);
            }
        }
    }
    verdicts
}

/// Whether a model is among those in EQUIPOISE_ROWS, if that is set.
fn is_wanted(name: &str) -> bool {
    std::env::var("EQUIPOISE_ROWS").map_or(true, |rows| {
        rows.split(',').any(|row| name.starts_with(row))
    })
}

fn assert_agrees(id: &str) {
    let verdicts = check(id, false);
    assert!(!verdicts.is_empty(), "{id}: nothing was checked");
    let failed: Vec<String> = verdicts
        .iter()
        .filter(|verdict| !verdict.agrees())
        .map(ToString::to_string)
        .collect();
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
}

macro_rules! rows {
    ($($name:ident $id:literal),+ $(,)?) => {
        $(#[test] fn $name() { assert_agrees($id); })+
        const IDS: &[&str] = &[$($id),+];
    };
}

rows! {
    dispatch_delay "V4",
    erlang_c "V5",
    erlang_b "V6",
    single_server_losses "V7",
    many_server_losses "V8",
    unlike_demands "V49",
    pollaczek_khinchine "V9",
    constant_service_quantiles "V10",
    constant_service_many_servers "V11",
    round_robin "V13",
    halfin_whitt "V14",
    processor_sharing "V15",
    shortest_first "V16",
    dispatcher_as_a_server "V18",
    random_split "V19",
    mean_field "V20",
    power_of_d_published "V21",
    power_of_d_mitzenmacher "V23",
    power_of_d_chain "V24",
    shortest_of_two "V25",
    idle_of_two "V27",
    idle_or_shortest_of_many "V28",
    queues_of_idle_nodes "V29",
    unlike_speeds "V31",
    stale_board "V33",
    work_stealing "V34",
    fork_join "V35",
    fork_join_of_many "V36",
    infinite_servers "V37",
    split_merge "V38",
    central_fork_join "V39",
    redundancy "V41",
    breakdowns_while_busy "V45",
    restart_from_scratch "V46",
    retries_with_fresh_work "V48",
    grahams_anomalies "V56",
    list_scheduling "V57",
    imbalance "V61",
}

/// Least work left with fifo queues serves every job when one central queue would (Kiefer &
/// Wolfowitz, 1955); with constant works so does round robin. On every sample path that starts
/// empty, whatever the node's name.
#[test]
fn one_queue_is_the_least_work() {
    for parameters in ["c=1;rho=0.8", "c=2;rho=0.8", "c=5;rho=0.9", "c=10;rho=0.95"] {
        for models in [
            models::constant_service_three_ways(parameters),
            models::erlang_c_two_ways(parameters),
        ] {
            let outcomes: Vec<_> = models
                .iter()
                .map(|model| equipoise::sim::run(&model.setup(50_000.0), 1, None).unwrap())
                .collect();
            assert!(outcomes[0].all().wait_sum > 0);
            for other in &outcomes[1..] {
                assert_eq!(outcomes[0].all().wait, other.all().wait, "{parameters}");
                assert_eq!(outcomes[0].all().wait_sum, other.all().wait_sum);
                assert_eq!(outcomes[0].all().response_sum(), other.all().response_sum());
                assert_eq!(outcomes[0].all().response, other.all().response);
            }
        }
    }
}

/// No row of the reference is forgotten.
#[test]
fn every_row_has_a_test_and_a_length() {
    let lengths = lengths();
    for ((id, parameters), _) in &reference() {
        assert!(IDS.contains(&id.as_str()), "{id} has no test");
        for model in models::of(id, parameters) {
            let name = format!("{id} {parameters} {}", model.strategy);
            assert!(lengths.contains_key(&name), "{name} has no length");
        }
    }
}

#[test]
#[ignore = "takes more than an hour of CPU time: cargo test --release --test it -- --ignored theory --nocapture"]
fn theory_all_rows() {
    let verdicts: Vec<Verdict> = IDS.iter().flat_map(|id| check(id, true)).collect();
    let failed = verdicts.iter().filter(|verdict| !verdict.agrees()).count();
    println!("{} rows, {failed} disagree", verdicts.len());
    // Some rows alone would make half a page.
    if std::env::var_os("EQUIPOISE_ROWS").is_none() {
        validation::write(Path::new(validation::PAGE), &verdicts);
    }
    assert_eq!(failed, 0);
}

/// Tasks of the pilot.
const PILOT: f64 = 1e6;

/// Prints the lengths that the precision asked for needs, from a short run of every model.
#[test]
#[ignore = "prints lengths.csv; set EQUIPOISE_PILOT"]
fn pilot() {
    let Ok(wanted) = std::env::var("EQUIPOISE_PILOT") else {
        return;
    };
    println!("id,parameters,strategy,tasks,when,warmup");
    let is_wanted = |id: &str| wanted == "all" || wanted.split(',').any(|w| w == id);
    for ((id, parameters), rows) in reference() {
        if !is_wanted(&id) {
            continue;
        }
        for model in models::of(&id, &parameters) {
            let samples = samples(&model, PILOT);
            let needed = rows
                .iter()
                .filter(|row| model.is_for(&row.quantity))
                .map(|row| agreement::tasks_needed(row, &samples, PILOT))
                .fold(0.0, f64::max);
            let name = &model.strategy;
            let warmup = REPLICATIONS as f64 * model.warmup_tasks();
            println!("{id},{parameters:?},{name},{needed:.2e},,{warmup:.1e}");
        }
    }
}
