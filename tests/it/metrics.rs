//! Every metric of the table has a value, or a reason why it has none.

use equipoise::engine::law::Law;
use equipoise::engine::time::Time;
use equipoise::metrics::columns::MetricRef;
use equipoise::metrics::figures::{Figure, Missing};
use equipoise::sim;
use equipoise::sim::setup::{Measure, Setup};
use equipoise::workload::source::Arrivals;

use super::common::{group, open};

/// 5,000 jobs of two tasks with an objective, on two groups.
fn busy() -> Setup {
    let groups = vec![group("old", 2, 1.0), group("new", 1, 2.0)];
    let mut setup = open(
        groups,
        Law::Exponential { mean: 1.0 },
        2,
        Law::Exponential { mean: 0.5 },
        "random",
    );
    setup.window.measure = jobs(5_000);
    setup.classes[0].slo = Some(Time::from_secs(2.0));
    setup
}

fn jobs(count: u64) -> Measure {
    Measure::Jobs { class: None, count }
}

/// All columns with some quantiles that no table shows unasked, and what replication 1 has of them.
fn figures(setup: &Setup) -> Vec<(String, Figure)> {
    let asked = ["response_p75", "wait_p50", "slowdown_p999", "wait_p25"];
    let asked: Vec<MetricRef> = asked.iter().map(|name| name.parse().unwrap()).collect();
    let figures = sim::run(setup, 1, None).unwrap();
    let columns = setup.columns(&asked);
    let value = |column| figures.value(column);
    columns
        .iter()
        .map(|column| (column.key.to_string(), value(column)))
        .collect()
}

fn of(figures: &[(String, Figure)], metric: &str) -> Figure {
    let found = figures.iter().find(|(name, _)| name == metric);
    found.unwrap_or_else(|| panic!("no column {metric}")).1
}

#[test]
fn every_metric_has_a_value_or_a_reason() {
    let mut setup = busy();
    for (name, figure) in figures(&setup) {
        match (name.as_str(), figure) {
            ("makespan", figure) => assert_eq!(figure, Err(Missing::End)),
            ("slowdown_p999", figure) => assert_eq!(figure, Err(Missing::Enough)),
            ("response_p999" | "jobs.response_p999", figure) => {
                assert_eq!(figure, Err(Missing::Enough));
            }
            (name, figure) => assert!(figure.is_ok_and(f64::is_finite), "{name}: {figure:?}"),
        }
    }
    setup.window.measure = jobs(50);
    let few = figures(&setup);
    for name in ["wait_p50", "response_p50", "jobs.response_mean"] {
        assert!(of(&few, name).is_ok(), "{name}");
    }
    for name in [
        "wait_p99",
        "slowdown_p99",
        "response_p90",
        "blame_queue_tail",
    ] {
        assert_eq!(of(&few, name), Err(Missing::Enough), "{name}");
    }
}

#[test]
fn what_is_missing_is_told() {
    let mut setup = busy();
    setup.classes[0].slo = None;
    for group in &mut setup.cluster.groups {
        group.capacity[0] = None;
    }
    let unlimited = figures(&setup);
    assert_eq!(of(&unlimited, "slo_attained"), Err(Missing::Objective));
    for name in [
        "utilization",
        "nodes.old.utilization_slots",
        "idle_while_waiting",
    ] {
        assert_eq!(of(&unlimited, name), Err(Missing::Capacity), "{name}");
    }
    let mut batch = busy();
    batch.sources[0].arrivals = Arrivals::Batch {
        jobs: 30,
        at: Time::ZERO,
    };
    batch.window.measure = Measure::All;
    batch.window.finite = true;
    assert!(of(&figures(&batch), "makespan").is_ok_and(|makespan| makespan > 1.0));
    let mut flooded = busy();
    flooded.window.max_in_system = 5;
    flooded.classes[0].stages[0].shape = equipoise::workload::class::Shape::Tasks {
        count: Law::Constant(2.0),
        work: Law::Constant(50.0),
    };
    let flooded = figures(&flooded);
    for name in [
        "response_mean",
        "wait_mean",
        "slowdown_mean",
        "blame_queue_mean",
    ] {
        assert_eq!(of(&flooded, name), Err(Missing::Unfinished), "{name}");
    }
    assert!(of(&flooded, "jobs_unfinished").is_ok_and(|jobs| jobs > 0.0));
}

/// Quantiles of the same histogram rise, and the ones between two lie between them.
#[test]
fn quantiles_that_are_asked_for_lie_between_their_neighbours() {
    let figures = figures(&busy());
    let value = |name| of(&figures, name).unwrap();
    assert!(value("response_p50") < value("response_p75"));
    assert!(value("response_p75") < value("response_p90"));
    assert!(value("wait_p25") <= value("wait_p50"));
    assert!(value("wait_p50") < value("wait_p99"));
}
