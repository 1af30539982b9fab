//! Nodes that join and leave, groups that scale themselves, and what nodes cost: worked by hand.

use std::collections::BTreeMap;

use equipoise::engine::time::Time;
use equipoise::metrics::columns::MetricRef;
use equipoise::metrics::figures::Figures;
use equipoise::metrics::jobs::Blame;
use equipoise::prelude::scenario;
use equipoise::sim::recorder::{Decision, Recorder};
use equipoise::sim::records::{Attempt, Job, Task};
use equipoise::sim::run;
use equipoise::sim::setup::Setup;

fn setup(text: &str) -> Setup {
    let found = scenario(text).unwrap_or_else(|report| panic!("{report}"));
    found.points[0].setups[0].clone()
}

fn figures(setup: &Setup) -> Figures {
    run(setup, 1, None).unwrap_or_else(|failure| panic!("{failure}"))
}

/// The value of a metric of any part, `nodes.a.energy`.
fn value(setup: &Setup, figures: &Figures, metric: &str) -> f64 {
    let asked: MetricRef = metric.parse().unwrap();
    let columns = setup.columns(std::slice::from_ref(&asked));
    let column = columns.iter().find(|column| column.key == asked).unwrap();
    figures.value(column).unwrap()
}

#[track_caller]
fn close(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() < 1e-9 * expected.abs().max(1.0),
        "{found}, {expected}"
    );
}

/// Node, start and end of every task, by job.
#[derive(Default)]
struct Log(BTreeMap<u64, (u32, f64, f64)>);

impl Recorder for Log {
    fn job(&mut self, _: &Job, _: Option<(Time, Blame)>) {}
    fn task(&mut self, job: &Job, _: &Task, attempt: &Attempt) {
        let [start, end] = [attempt.times.started, attempt.times.ended].map(Time::as_secs);
        self.0.insert(job.number, (attempt.node.0, start, end));
    }
    fn decision(&mut self, _: &Decision<'_>) {}
}

fn log(setup: &Setup) -> BTreeMap<u64, (u32, f64, f64)> {
    let mut log = Log::default();
    run(setup, 1, Some(&mut log)).unwrap_or_else(|failure| panic!("{failure}"));
    log.0
}

/// Node a works for 10 s at 200 W and is off then: 2,000 J. Node b works for 20 s, c idles meanwhile,
/// and d is asked for halfway. One hour of a costs 360, so that its 10 s cost 1.
#[test]
fn energy_and_price() {
    let setup = setup(
        r#"
        [nodes.a]
        power = { idle = 100, busy = 200 }
        price = 360
        [nodes.b]
        power = { idle = 100, busy = 200 }
        [nodes.c]
        power = { idle = 100, busy = 200 }
        [nodes.d]
        initial = 0
        power = { idle = 50, busy = 80 }
        [jobs.short]
        arrivals.batch.jobs = 1
        work = "10s"
        nodes = ["a"]
        [jobs.long]
        arrivals.batch.jobs = 1
        work = "20s"
        nodes = ["b"]
        [faults]
        events = [ { at = "5s", nodes = "a", change = "leave" }, { at = "10s", nodes = "d", change = "join" },
                   { at = "21s", nodes = "a", change = "join" } ]
        [strategies.s]
        placement = "random"
        "#,
    );
    let found = figures(&setup);
    assert_eq!(found.window, Time::from_secs(20.0));
    for (metric, expected) in [
        ("nodes.a.energy", 2_000.0),
        ("nodes.b.energy", 4_000.0),
        ("nodes.c.energy", 2_000.0),
        ("nodes.d.energy", 500.0),
        ("energy", 8_500.0),
        ("power", 425.0),
        ("nodes.a.node_hours", 10.0 / 3600.0),
        ("node_hours", 60.0 / 3600.0),
        ("price", 1.0),
        ("availability", 1.0),
        ("nodes.a.utilization", 1.0),
    ] {
        close(value(&setup, &found, metric), expected);
    }
    let shown: Vec<String> = setup
        .columns(&[])
        .iter()
        .map(|c| c.key.to_string())
        .collect();
    assert!(shown.contains(&"nodes.a.price".to_owned()), "{shown:?}");
}

/// Load counts all nodes that there can be; what the first ones are asked for is told beside it, and nodes that never
/// come are warned of.
#[test]
fn what_is_there_at_first_is_forecast() {
    let forecast = |more: &str| {
        let text = format!(
            "run = {{ jobs = 10, warmup = \"none\" }}\nnodes.n = {{ count = 4, initial = 1 }}\n{more}\n\
             jobs.j = {{ arrivals.poisson.rate = 2, work = 1 }}\nstrategies.s.placement = 'random'"
        );
        equipoise::scenario::forecast::forecast(&setup(&text))
    };
    let told = forecast("");
    assert_eq!(told.nodes[0].share, 0.5);
    assert_eq!(
        told.sights,
        ["at first 1 of 4 nodes are there: 200.0 % of slots of these"]
    );
    assert!(
        told.warnings
            .iter()
            .any(|said| said.contains("3 nodes of 4 never join"))
    );
    let joins = "faults.events = [ { at = \"1s\", nodes = \"n[1..4]\", change = \"join\" } ]";
    assert_eq!(forecast(joins).warnings, [""; 0]);
}

/// What nothing is said of has no columns.
#[test]
fn costs_are_shown_where_they_are_known() {
    let setup = setup(
        "run = { jobs = 10, warmup.jobs = 1 }\nnodes.n = {}\njobs.j = { arrivals.poisson.rate = 0.5, work = 1 }\nstrategies.s.placement = 'random'",
    );
    let shown = setup.columns(&[]);
    let costs = ["node_hours", "price", "energy", "power"];
    assert!(
        shown
            .iter()
            .all(|column| !costs.contains(&column.key.name()))
    );
}

/// Jobs come every second and take 3.5 s, in turns; node 1 is told to leave at 2.6 s, while it runs job 1
/// and job 3 is not there yet, and joins again at 9 s. What it runs it ends; nothing comes to it meanwhile.
#[test]
fn a_node_that_leaves_ends_what_it_has() {
    let setup = setup(
        r#"
        run = { jobs = 12, warmup = "none" }
        nodes.n = { count = 2, slots = 9 }
        jobs.j = { arrivals.renewal.interval = 1, work = 3.5 }
        faults.events = [ { at = 2.6, nodes = "n[1]", change = "leave" }, { at = 9.1, nodes = "n[1]", change = "join" } ]
        strategies.s.placement = "round-robin"
        "#,
    );
    let jobs = log(&setup);
    let at_one: Vec<(f64, f64)> = jobs
        .values()
        .filter(|j| j.0 == 1)
        .map(|j| (j.1, j.2))
        .collect();
    assert_eq!(at_one[0], (2.0, 5.5));
    assert!(at_one[1].0 >= 9.1, "{at_one:?}");
    let found = figures(&setup);
    // There until 5.5 s and from 9.1 s to the last arrival, at 12 s; the window began at 1 s.
    close(
        value(&setup, &found, "node_hours") * 3600.0,
        11.0 + 4.5 + 2.9,
    );
    assert_eq!(found.totals.attempts_lost, 0);
}

/// Ten jobs of 10 s wait in one queue; a group of 1 to 3 nodes is judged every second by the tasks that
/// wait for each node. At 1 s nine do: a second node is asked for and is there at 6 s. The cooldown ends
/// at 11 s: 3.5 wait for each, a third is asked for and is there at 16 s. At 31 s one waits for three:
/// the last one leaves, when it has run its job at 36 s; at 41 s none waits, and the second one goes
/// with its job at 46 s.
#[test]
fn a_group_that_scales_itself() {
    let setup = setup(
        r#"
        [nodes.n]
        count = 3
        autoscaling = { on = "queue", above = 2, below = 0.5, boot = "5s", cooldown = "10s", every = "1s" }
        price = 3_600
        [jobs.j]
        arrivals.batch.jobs = 10
        work = "10s"
        [strategies.s]
        placement = "random"
        binding = "central-queue"
        "#,
    );
    let starts: Vec<(u32, f64)> = log(&setup).values().map(|job| (job.0, job.1)).collect();
    let expected = [
        (0, 0.0),
        (1, 6.0),
        (0, 10.0),
        (2, 16.0),
        (1, 16.0),
        (0, 20.0),
        (1, 26.0),
        (2, 26.0),
        (0, 30.0),
        (1, 36.0),
    ];
    assert_eq!(starts, expected);
    let found = figures(&setup);
    close(value(&setup, &found, "price"), 46.0 + 45.0 + 25.0);
    // Of what is up: 10 of 46 + 40 + 20 s.
    close(
        value(&setup, &found, "utilization"),
        100.0 / (46.0 + 40.0 + 20.0),
    );
    close(value(&setup, &found, "availability"), 1.0);
}

/// A load that is always above the bound changes the size once a cooldown, not faster; one that swings
/// around both bounds ends no task that runs.
#[test]
fn no_faster_than_the_cooldown_and_nothing_is_ended() {
    let text = |rule: &str, rate: f64| {
        format!(
            "run = {{ jobs = 3000, warmup = 'none' }}\nnodes.n = {{ count = 40, initial = 4, autoscaling = {{ {rule} }} }}\njobs.j = {{ arrivals.poisson.rate = {rate}, work.exponential.mean = 4 }}\nstrategies.s.placement = 'least-loaded'"
        )
    };
    let rule = "on = 'utilization', above = 0.0001, below = 0, min = 4, boot = 0, cooldown = 25, every = 10";
    let setup = setup(&text(rule, 2.0));
    let found = figures(&setup);
    // From 4 nodes on one more every 30 s, which is the first judgement after the cooldown.
    let window = found.window.as_secs();
    let grown = |t: f64| (4.0 + 1.0 + ((t - 10.0) / 30.0).floor()).min(40.0);
    let hours: f64 = (0..(window * 100.0) as u32)
        .map(|at| f64::from(at) / 100.0 + found.start.as_secs())
        .map(|t| if t < 10.0 { 4.0 } else { grown(t) } / 100.0)
        .sum();
    let paid = value(&setup, &found, "node_hours") * 3600.0;
    assert!((paid - hours).abs() < 1.0, "{paid}, {hours}");
    for on in [
        "utilization', above = 0.75, below = 0.6",
        "queue', above = 0.3, below = 0.05",
        "response', above = 5, below = 4.5",
    ] {
        let rule = format!("on = '{on}, min = 2, boot = 1, cooldown = 2, every = 1");
        let swinging = self::setup(&text(&rule, 5.0));
        let found = figures(&swinging);
        assert_eq!(found.totals.attempts_lost, 0, "{on}");
        assert_eq!(found.classes[0].completed, 3000, "{on}");
        let mean = value(&swinging, &found, "node_hours") * 3600.0 / found.window.as_secs();
        assert!(mean > 20.0 && mean < 38.0, "{on}: {mean}");
    }
}

/// What nodes do later matters to nobody once the last job of a finite workload is done.
#[test]
fn a_batch_on_nodes_that_fail_for_ever_ends() {
    let setup = setup(
        r#"
        nodes.n = { count = 2 }
        jobs.j = { arrivals.batch.jobs = 10, work = 1 }
        faults.node-failures = { up.exponential.mean = 10, down = 1 }
        strategies.s.placement = "random"
        "#,
    );
    let found = figures(&setup);
    assert_eq!(found.classes[0].completed, 10);
    assert!(found.window < Time::from_secs(100.0));
}

/// Jobs arrive at 1 s and 2 s, which is the window, and the run is over at 3 s: what began in the window and goes on
/// is busy until its end.
#[test]
fn what_goes_on_at_the_end_counts() {
    let busy = |metric: &str, keys: &str| {
        let text = format!(
            "run = {{ jobs = 2, warmup = \"none\", drain = 1 }}\nnodes.n.count = 1\n\
             jobs.j.arrivals.renewal.interval = \"1s\"\njobs.j.work = \"500ms\"\n\
             strategies.s.placement = \"random\"\n{keys}"
        );
        let setup = setup(&text);
        value(&setup, &figures(&setup), metric)
    };
    let decides = "strategies.s.decision-time = \"10s\"";
    close(busy("dispatcher_utilization", decides), 1.0);
    let gathers = "jobs.j.gather.work = \"10s\"";
    close(busy("gatherer_utilization", gathers), 0.5);
}

/// A random choice of all nodes asks so much of each group; of dispatchers that use some of the nodes, and of
/// nodes that are kept, nobody knows.
#[test]
fn shares_are_fixed_only_where_all_nodes_are_open() {
    let groups = |keys: &str| {
        let text = format!(
            "run.jobs = 10\nnodes = {{ a.count = 2, b = {{ count = 2, speed = 0.5 }} }}\n\
             jobs.j = {{ arrivals.poisson.rate = 1, work = 1 }}\n\
             strategies.s.placement = \"random\"\n{keys}"
        );
        equipoise::scenario::forecast::forecast(&setup(&text))
            .nodes
            .len()
    };
    assert_eq!(groups(""), 3);
    assert_eq!(
        groups("strategies.s.subset = 2\nstrategies.s.dispatchers = 2"),
        1
    );
    assert_eq!(groups("strategies.s.partition.j.nodes = [\"a\"]"), 1);
}

/// Start and end of the tasks at node 1, as they ended.
#[derive(Default)]
struct Spans(Vec<(f64, f64)>);

impl Recorder for Spans {
    fn job(&mut self, _: &Job, _: Option<(Time, Blame)>) {}
    fn task(&mut self, _: &Job, _: &Task, attempt: &Attempt) {
        if attempt.node.0 == 1 {
            let [start, end] = [attempt.times.started, attempt.times.ended].map(Time::as_secs);
            self.0.push((start, end));
        }
    }
    fn decision(&mut self, _: &Decision<'_>) {}
}

/// When node b comes up, four tasks wait at a: it takes two of them, one runs, and one waits, as its queue may.
#[test]
fn a_thief_takes_what_may_wait_there() {
    let setup = setup(
        r#"
        [nodes.a]
        [nodes.b]
        queue-limit = 1
        [jobs.j]
        arrivals.batch = { jobs = 5, at = "500ms" }
        work = "10s"
        [network]
        dispatch = "100ms"
        [faults]
        events = [ { at = "0s", nodes = "b", change = "down" }, { at = "1s", nodes = "b", change = "up" } ]
        [strategies.s]
        placement = "least-loaded"
        stealing.idle = { victims = 1, batch = "half" }
        "#,
    );
    let mut at_b = Spans::default();
    run(&setup, 1, Some(&mut at_b)).unwrap_or_else(|failure| panic!("{failure}"));
    // Both set out at once, and are there 100 ms later.
    assert_eq!(at_b.0, [(1.1, 11.1), (11.1, 21.1)]);
}
