//! What single placements do that no other does.

use std::collections::{BTreeMap, BTreeSet};

use equipoise::engine::law::Law;
use equipoise::engine::time::Time;
use equipoise::metrics::jobs::Blame;
use equipoise::model::ids::NodeId;
use equipoise::prelude::scenario;
use equipoise::sim;
use equipoise::sim::recorder::{Decision, Recorder};
use equipoise::sim::records::{Attempt, Job, Task};
use equipoise::sim::setup::{Setup, Warmup};
use equipoise::strategy::Ties;
use equipoise::testing::contract::watch;
use equipoise::testing::setups::plain;
use equipoise::theory::{AnswerKind, known};

use crate::common::{group, open, placement};

/// The setup of a scenario's first strategy.
fn setup(text: &str) -> Setup {
    let found = scenario(text).unwrap_or_else(|report| panic!("{report}"));
    found.points[0].setups[0].clone()
}

fn metric(setup: &Setup, name: &str) -> f64 {
    let figures = sim::run(setup, 1, None).unwrap_or_else(|failure| panic!("{failure}"));
    figures.metric(name).unwrap()
}

/// Decisions, one by one: class, job, task, node; nodes asked; true if no candidate has a better score.
#[derive(Default)]
struct Log {
    nodes: u32,
    rows: Vec<(u64, u32, u32)>,
    asked: Vec<Vec<NodeId>>,
    scores: Vec<Option<f64>>,
    beaten: u32,
}

impl Recorder for Log {
    fn job(&mut self, _: &Job, _: Option<(Time, Blame)>) {}
    fn task(&mut self, _: &Job, _: &Task, _: &Attempt) {}
    fn decision(&mut self, d: &Decision<'_>) {
        self.rows.push((d.job.number, d.task, d.node.0));
        self.asked.push(d.asked.to_vec());
        let score = |node| d.seen(node).score;
        let own = score(d.node);
        self.scores.push(own.map(|own| own.value));
        let beats =
            |node| matches!((score(node), own), (Some(other), Some(own)) if other.beats(&own));
        self.beaten += u32::from((0..self.nodes).map(NodeId).any(beats));
    }
}

fn log(setup: &Setup) -> Log {
    let nodes = setup.cluster.groups.iter().map(|group| group.count).sum();
    let mut log = Log {
        nodes,
        ..Log::default()
    };
    sim::run(setup, 1, Some(&mut log)).unwrap_or_else(|failure| panic!("{failure}"));
    log
}

fn exponential(mean: f64) -> Law {
    Law::Exponential { mean }
}

/// What theory says of the mean wait of a setup by intervals of sizes.
fn by_size(setup: &Setup) -> Option<f64> {
    let of_it = known(setup).into_iter().find(|row| {
        row.model.starts_with("SITA") && row.metric == "wait_mean" && row.kind == AnswerKind::Exact
    });
    of_it.map(|row| row.value)
}

const TWO_SIZES: &str = "run = { jobs = 400_000, warmup.jobs = 10_000 }\nnodes.small = {}\nnodes.large = {}\nworkload.load = 0.5\njobs.j = { arrivals = 'poisson', work.exponential.mean = '1s' }\n";

/// Exponential works of mean 1, one job a second, two nodes. Each has load 1/2 where the cut-off is x with
/// (1 + x) exp(-x) = 1/2; then the mean wait is the sum over the nodes of p E(S^2; the node) / (2 x 1/2).
#[test]
fn sizes_of_equal_load_are_two_queues_of_their_own() {
    let equal = setup(&format!(
        "{TWO_SIZES}strategies.s.placement = 'size-interval'"
    ));
    let x = 1.678_346_990_016_661f64;
    let (large, square) = ((-x).exp(), (-x).exp() * (x * x + 2.0 * x + 2.0));
    let expected = (1.0 - large) * (2.0 - square) + large * square;
    let told = by_size(&equal).unwrap();
    assert!((told / expected - 1.0).abs() < 1e-9, "{told}, {expected}");
    let found = metric(&equal, "wait_mean");
    assert!((found / expected - 1.0).abs() < 0.02, "{found}, {expected}");
    // At random it is 1 s.
    assert!(expected < 0.8);
}

#[test]
fn given_sizes_are_kept_to() {
    let given = setup(&format!(
        "{TWO_SIZES}strategies.s.placement.size-interval.cut-offs = ['1s']"
    ));
    let (p, e) = ((-1f64).exp(), |k: f64| k * (-1f64).exp());
    let [small, large] = [(1.0 - p, 1.0 - e(2.0), 2.0 - e(5.0)), (p, e(2.0), e(5.0))]
        .map(|(share, mean, square)| share * square / (2.0 * (1.0 - mean)));
    let told = by_size(&given).unwrap();
    assert!((told / (small + large) - 1.0).abs() < 1e-9, "{told}");
    let found = metric(&given, "wait_mean");
    assert!((found / told - 1.0).abs() < 0.03, "{found}, {told}");
}

/// Whoever is not told the law learns it: at load 0.8 each of four nodes is as busy as any other.
#[test]
fn unknown_sizes_are_learned() {
    let work = Law::BoundedPareto {
        shape: 1.5,
        min: 0.1,
        max: 100.0,
    };
    let nodes = vec![group("a", 2, 1.0), group("b", 1, 2.0)];
    let interval = exponential(work.mean() / (0.8 * 4.0));
    let learned = open(nodes, interval, 1, work, "size-interval").measuring(20_000, 100_000);
    assert_eq!(by_size(&learned), None);
    let figures = sim::run(&learned, 1, None).unwrap();
    let busy = |name: &str| figures.metric(name).unwrap();
    assert!(
        busy("node_utilization_gini") < 0.05,
        "{}",
        busy("node_utilization_gini")
    );
    assert!((busy("utilization") - 0.8).abs() < 0.05);
}

/// No node would have been done sooner, as far as was seen.
#[test]
fn the_earliest_finish_is_the_earliest() {
    let nodes = vec![group("slow", 4, 1.0), group("fast", 3, 2.5)];
    let found = open(
        nodes,
        exponential(0.3),
        3,
        exponential(1.0),
        "earliest-finish",
    );
    let found = log(&found.measuring(100, 2_000));
    assert_eq!((found.beaten, found.rows.len() >= 6_000), (0, true));
}

/// Beside the node that is drawn the best of the last two is asked, that was remembered; which does more
/// than a second draw (Mitzenmacher, Prabhakar & Shah 2002).
#[test]
fn what_is_remembered_is_asked_again() {
    let one = plain(
        placement("power-of-d = { d = 1, memory = 1 }"),
        50,
        0.9,
        1,
        20_000,
        5,
    );
    let found = log(&one);
    for (rows, asked) in found.rows.windows(2).zip(found.asked.windows(2)) {
        let (chosen, before, now) = (rows[0].2, &asked[0], &asked[1]);
        let is_kept = now.iter().any(|node| before.contains(node));
        assert!(is_kept && now.len() <= 2, "{chosen}: {before:?}, {now:?}");
    }
    let kept = plain(
        placement("power-of-d = { d = 1, memory = 1 }"),
        500,
        0.9,
        1,
        300_000,
        5,
    );
    let (found, limit) = (metric(&kept, "response_mean"), one_drawn_one_kept(0.9));
    assert!((found / limit - 1.0).abs() < 0.04, "{found}, {limit}");
    let both = plain(
        placement("power-of-d = { memory = 1 }"),
        500,
        0.9,
        1,
        100_000,
        5,
    );
    let two = plain(placement("power-of-d"), 500, 0.9, 1, 100_000, 5);
    let [both, two] = [both, two].map(|setup| metric(&setup, "response_mean"));
    assert!(both < 0.9 * two, "{both}, {two}");
}

/// Mean response with many nodes and mean service 1: with s(i) the share of nodes with at least i tasks, a
/// task is sent to one with at least i if both the one drawn (s(i)) and the one kept have as many, so
/// s(i + 1) = rho P(kept >= i) s(i); the one kept has min(low + 1, high) of the two before, and is in
/// equilibrium at once.
fn one_drawn_one_kept(rho: f64) -> f64 {
    const MOST: usize = 40;
    let mut s: Vec<f64> = (0..=MOST as i32).map(|i| rho.powi(i)).collect();
    for _ in 0..300 {
        let mut kept = [1.0 / MOST as f64; MOST];
        for _ in 0..60 {
            let mut next = [0.0; MOST];
            for (a, chance) in kept.iter().enumerate() {
                for x in 0..MOST {
                    let drawn = s[x] - if x + 1 < MOST { s[x + 1] } else { 0.0 };
                    let new = (a.min(x) + 1).min(a.max(x));
                    next[new.min(MOST - 1)] += chance * drawn;
                }
            }
            kept = next;
        }
        let mut least = 1.0;
        let mut new = vec![1.0];
        for i in 0..MOST {
            new.push(rho * least * new[i]);
            least -= kept[i];
        }
        s = s
            .iter()
            .zip(&new)
            .map(|(a, b)| f64::midpoint(*a, *b))
            .collect();
    }
    s[1..].iter().sum::<f64>() / rho
}

/// Nodes of each job, with its tasks there.
fn by_job(log: &Log) -> BTreeMap<u64, BTreeMap<u32, u32>> {
    let mut jobs: BTreeMap<u64, BTreeMap<u32, u32>> = BTreeMap::new();
    for (job, _, node) in &log.rows {
        *jobs.entry(*job).or_default().entry(*node).or_default() += 1;
    }
    jobs
}

/// Five tasks are at five nodes, ten tasks at four are three at most at one; of those that are free of
/// the job the least loaded is taken.
#[test]
fn tasks_of_a_job_are_kept_apart() {
    for ties in [Ties::Random, Ties::LowestId] {
        for (nodes, tasks, most) in [(8, 5, 1), (4, 10, 3)] {
            let mut setup = plain(placement("anti-affinity"), nodes, 0.8, tasks, 3_000, 2);
            setup.strategy.parts[0].ties = ties;
            for (job, at) in by_job(&log(&setup)) {
                let (largest, used) = (at.values().max().unwrap(), at.len());
                let spread = used == nodes.min(tasks) as usize && *largest <= most;
                assert!(spread, "{job}: {at:?}");
            }
        }
    }
}

/// The tasks of a job are at nodes of their own; together they ask twice as many nodes as they are, and
/// wait less than if each asked two for itself (Ousterhout et al. 2013).
#[test]
fn a_batch_shares_its_luck() {
    let batch = plain(placement("batch-sampling"), 100, 0.8, 20, 4_000, 9);
    let found = log(&batch);
    for (job, at) in by_job(&found) {
        assert!(at.values().all(|count| *count == 1), "{job}: {at:?}");
    }
    let asked: BTreeSet<usize> = found.asked.iter().map(Vec::len).collect();
    assert_eq!(asked, BTreeSet::from([0, 40]));
    assert!((metric(&batch, "messages_per_task") - 5.0).abs() < 0.1);
    let each = plain(placement("power-of-d"), 100, 0.8, 20, 4_000, 9);
    let (together, alone) = (
        metric(&batch, "response_mean"),
        metric(&each, "response_mean"),
    );
    assert!(together < 0.95 * alone, "{together}, {alone}");
}

/// Of each job of `tasks` tasks whether it was sent to idle nodes alone, where the first `busy` nodes are at work for
/// ever.
struct Waits {
    busy: u32,
    tasks: u32,
    jobs: BTreeMap<u64, (u32, bool)>,
}

impl Recorder for Waits {
    fn job(&mut self, _: &Job, _: Option<(Time, Blame)>) {}
    fn task(&mut self, _: &Job, _: &Task, _: &Attempt) {}
    fn decision(&mut self, d: &Decision<'_>) {
        if d.job.class == 1 {
            let (placed, is_free) = self.jobs.entry(d.job.number).or_insert((0, true));
            *placed += 1;
            *is_free &= d.node.0 >= self.busy;
        }
    }
}

/// The share of jobs that wait nowhere, and how many they were.
fn share_that_waits_nowhere(placement: &str, tasks: u32, busy: u32) -> (f64, f64) {
    let text = format!(
        "run = {{ jobs = {{ probe = 1_500 }}, warmup = 'none', drain = 1 }}\nnodes.n.count = 10_000\njobs.busy = {{ arrivals.batch.jobs = {busy}, work = 1e9 }}\njobs.probe = {{ arrivals.renewal.interval = '1s', tasks = {tasks}, work = '1us' }}\nstrategies.s = {{ placement = {placement}, for.busy.placement = 'round-robin' }}"
    );
    let jobs = BTreeMap::new();
    let mut waits = Waits { busy, tasks, jobs };
    sim::run(&setup(&text), 1, Some(&mut waits)).unwrap_or_else(|failure| panic!("{failure}"));
    let whole = waits.jobs.values().filter(|job| job.0 == waits.tasks);
    let (all, free) = whole.fold((0.0, 0.0), |(all, free), job| {
        (all + 1.0, free + f64::from(u8::from(job.1)))
    });
    (free / all, all)
}

/// A job waits nowhere if each of its m tasks finds an idle node: at random (1 - rho)^m; if each asks d nodes (1 -
/// rho^d)^m; if they share the answers of d m, if m of these are idle (Ousterhout et al. 2013).
#[test]
fn a_job_waits_nowhere_as_often_as_its_nodes_are_idle() {
    let batch = |d: u32| format!("{{ batch-sampling.probes-per-task = {d} }}");
    for (placement, tasks, rho, share) in [
        ("'random'".to_owned(), 10, 0.1, 0.348_68),
        ("'random'".to_owned(), 10, 0.3, 0.028_248),
        ("'power-of-d'".to_owned(), 10, 0.1, 0.904_38),
        ("'power-of-d'".to_owned(), 10, 0.3, 0.389_42),
        ("'power-of-d'".to_owned(), 10, 0.5, 0.056_314),
        ("'power-of-d'".to_owned(), 10, 0.7, 0.001_190_4),
        (batch(2), 10, 0.1, 0.999_999),
        (batch(2), 10, 0.3, 0.982_855),
        (batch(2), 10, 0.5, 0.588_099),
        (batch(2), 10, 0.7, 0.047_962),
        (batch(2), 100, 0.5, 0.528_174),
        (batch(3), 100, 0.7, 0.116_317),
    ] {
        let (seen, jobs) = share_that_waits_nowhere(&placement, tasks, (rho * 10_000.0) as u32);
        let error: f64 = 4.0 * (share * (1.0 - share) / jobs).sqrt();
        println!("{placement} {tasks} {rho}: {seen} {share} of {jobs}");
        assert!(
            (seen - share).abs() <= error,
            "{placement} {tasks} {rho}: {seen} {share}"
        );
    }
}

/// Where all nodes are as fast, alignment alone decides; a faster node is worth something.
#[test]
fn tetris_weighs_alignment_against_duration() {
    let alike = |score: &str| {
        let mut setup = equipoise::testing::setups::resources(1_000, 3);
        setup.cluster.groups[1].speed = setup.cluster.groups[0].speed;
        let spelling = format!("resource-match.score = '{score}'");
        setup.strategy.parts[0].placement = placement(&spelling);
        watch(&setup, score).unwrap().1.decisions
    };
    assert!(alike("tetris") == alike("dot-product"));
    let share_of_new = |score: &str| {
        let mut setup = equipoise::testing::setups::resources(1_000, 3);
        let spelling = format!("resource-match.score = '{score}'");
        setup.strategy.parts[0].placement = placement(&spelling);
        setup.window.warmup = Warmup::None;
        let rows = log(&setup).rows;
        let new = rows.iter().filter(|(.., node)| *node >= 60).count();
        new as f64 / rows.len() as f64
    };
    assert!(share_of_new("tetris") > share_of_new("dot-product"));
}

/// A rule that goes by what it measures sends less to slow nodes than one that counts tasks, and far
/// less queues than at random; each task asks three nodes.
#[test]
fn prequal_sees_slow_nodes() {
    let world = |spelling: &str| {
        let nodes = vec![group("fast", 20, 2.0), group("slow", 20, 0.5)];
        let found = open(
            nodes,
            exponential(1.0 / 30.0),
            1,
            exponential(1.0),
            spelling,
        );
        found.measuring(20_000, 60_000)
    };
    let share = |spelling: &str| {
        let rows = log(&world(spelling)).rows;
        rows.iter().filter(|(.., node)| *node >= 20).count() as f64 / rows.len() as f64
    };
    let (prequal, counting) = (share("prequal"), share("power-of-d"));
    assert!(prequal < counting, "{prequal}, {counting}");
    let alike = |spelling: &str| {
        let setup = plain(placement(spelling), 50, 0.9, 1, 60_000, 4);
        metric(&setup, "response_mean")
    };
    let (prequal, random) = (alike("prequal"), alike("random"));
    assert!(prequal < 0.6 * random, "{prequal}, {random}");
    let messages = metric(
        &plain(placement("prequal"), 50, 0.9, 1, 5_000, 4),
        "messages_per_task",
    );
    assert!((messages - 7.0).abs() < 1e-9, "{messages}");
}

const KEYS: &str = "run = { jobs = 6_000, warmup = 'none', drain = 1000 }\nnodes.n = { count = 10 }\nworkload.load = 0.7\njobs.j = { arrivals = 'poisson', work.exponential.mean = '1s', key.zipf = { n = 5000, exponent = 0.8 } }\n";

/// No node is chosen that had more than ceil(c x mean) with the task (Mirrokni et al. 2018).
#[test]
fn loads_are_bounded() {
    struct Bounded(f64, u32);
    impl Recorder for Bounded {
        fn job(&mut self, _: &Job, _: Option<(Time, Blame)>) {}
        fn task(&mut self, _: &Job, _: &Task, _: &Attempt) {}
        fn decision(&mut self, d: &Decision<'_>) {
            let tasks = |node| f64::from(d.seen(NodeId(node)).tasks);
            let mean = ((0..10).map(tasks).sum::<f64>() + 1.0) / 10.0;
            let most = (self.0 * mean - 1e-9).ceil();
            assert!(tasks(d.node.0) + 1.0 <= most, "{mean}: {}", tasks(d.node.0));
            self.1 += 1;
        }
    }
    for c in [1.0, 1.25, 2.0] {
        let text = format!("{KEYS}strategies.s.placement.consistent-hash.bound = {c:?}");
        let mut bounded = Bounded(c, 0);
        sim::run(&setup(&text), 1, Some(&mut bounded)).unwrap();
        assert!(bounded.1 >= 6_000);
    }
}

/// The nodes of the keys: by job, as the keys are drawn alike in every run.
#[test]
fn a_node_that_leaves_moves_its_own_keys() {
    let nodes = |more: &str| {
        let text = format!("{KEYS}strategies.s.placement.consistent-hash.bound = 1e6\n{more}");
        log(&setup(&text)).rows
    };
    let all = nodes("");
    let without = nodes("faults.events = [{ at = '0s', nodes = 'n[3]', change = 'down' }]");
    let (mut moved, mut own) = (0, 0);
    for ((job, _, before), (other, _, after)) in all.iter().zip(&without) {
        assert_eq!(job, other);
        moved += u32::from(before != after);
        own += u32::from(*before == 3);
        assert!(before == after || *before == 3, "{job}");
    }
    let share = f64::from(moved) / all.len() as f64;
    assert_eq!(moved, own);
    assert!((share - 0.1).abs() < 0.05, "{share}");
}

/// Every key stays where it was first, whatever places it; without keys nothing changes.
#[test]
fn sessions_stay() {
    let keys = KEYS.replace(
        "zipf = { n = 5000, exponent = 0.8 }",
        "uniform = { low = 1, high = 200 }",
    );
    let text = format!("{keys}strategies.s.placement.sticky.then = 'round-robin'");
    let rows = log(&setup(&text)).rows;
    let used: BTreeSet<u32> = rows.iter().map(|(.., node)| *node).collect();
    assert_eq!(used.len(), 10);
    // 200 keys, in turn: of the first sights every node has its share, the others follow.
    let mut by_node = [0; 10];
    rows.iter()
        .for_each(|(.., node)| by_node[*node as usize] += 1);
    assert!(
        by_node.iter().all(|count| (450..750).contains(count)),
        "{by_node:?}"
    );
    for then in ["power-of-d", "least-loaded", "random"] {
        let sticky = plain(
            placement(&format!("sticky.then = '{then}'")),
            9,
            0.8,
            2,
            2_000,
            1,
        );
        let bare = plain(placement(then), 9, 0.8, 2, 2_000, 1);
        assert!(log(&sticky).rows == log(&bare).rows, "{then}");
    }
}

/// One placement to choose from is that placement; of a good and a bad one the good one is found.
#[test]
fn the_better_placement_is_learned() {
    for only in ["power-of-d", "least-loaded", "round-robin"] {
        let spelling = format!("adaptive.among = ['{only}']");
        let adaptive = plain(placement(&spelling), 9, 0.8, 2, 2_000, 1);
        let bare = plain(placement(only), 9, 0.8, 2, 2_000, 1);
        assert!(log(&adaptive).rows == log(&bare).rows, "{only}");
    }
    let mean = |spelling: &str| {
        metric(
            &plain(placement(spelling), 20, 0.9, 1, 200_000, 3),
            "response_mean",
        )
    };
    let learned = mean("adaptive = { among = ['random', { least-loaded = {} }], round = 100 }");
    let (bad, good) = (mean("random"), mean("least-loaded"));
    assert!(
        learned < 1.3 * good && learned < 0.4 * bad,
        "{learned}, {good}, {bad}"
    );
}

/// What a placement of its own name does, written as an expression, decides alike.
#[test]
fn an_expression_decides_as_the_placement_that_it_spells() {
    for (own, spelled) in [
        (
            "shortest-expected-delay",
            "score.least = '(tasks + 1) / (speed * slots)'",
        ),
        ("least-loaded", "score.least = 'tasks'"),
        (
            "least-loaded.by = 'utilization'",
            "score.least = 'utilization'",
        ),
        ("worst-fit", "score = { least = 'ratio', where = 'fits' }"),
        ("best-fit", "score = { least = '(2 * fits - 1) * -ratio' }"),
        (
            "power-of-d = { d = 3 }",
            "score = { least = 'tasks', d = 3 }",
        ),
    ] {
        for ties in [Ties::Random, Ties::LowestId] {
            let decisions = |spelling: &str| {
                let nodes = vec![group("a", 5, 1.0), group("b", 4, 2.0)];
                let mut setup = open(nodes, exponential(0.3), 3, exponential(1.0), spelling);
                setup.strategy.parts[0].ties = ties;
                log(&setup.measuring(0, 2_000)).rows
            };
            assert!(decisions(own) == decisions(spelled), "{own} {ties:?}");
        }
    }
}

#[test]
fn a_wrong_expression_is_told_where_it_stands() {
    let text = format!("{KEYS}[strategies.s]\nplacement.score = {{ least = 'tasks * sped' }}\n");
    let told = scenario(&text).unwrap_err().to_string();
    assert!(
        told.contains("column 9 of the expression: `sped` is not known"),
        "{told}"
    );
    assert!(told.contains(":6:29"), "{told}");
}

/// Shares of the decisions by node.
fn shares(text: &str) -> Vec<f64> {
    let setup = setup(text);
    let found = log(&setup);
    let mut counts = vec![0.0; found.nodes as usize];
    found
        .rows
        .iter()
        .for_each(|(.., node)| counts[*node as usize] += 1.0);
    counts
        .iter()
        .map(|count| count / found.rows.len() as f64)
        .collect()
}

/// Of nodes that answer in 1 ms and in 50 ms the slow one gets less than one request in a hundred.
#[test]
fn a_slow_node_is_left_alone() {
    for nodes in [1, 9] {
        let text = format!(
            "run = {{ jobs = 50_000, warmup = 'none' }}\nnodes.slow = {{}}\nnodes.fast = {{ count = {nodes}, speed = 50 }}\njobs.j = {{ arrivals.poisson.rate = 200, work = '50ms' }}\nstrategies.s = {{ placement = 'peak-ewma', view = 'local' }}\n"
        );
        let shares = shares(&text);
        assert!(shares[0] < 0.01, "{shares:?}");
    }
}

/// A node that refuses at once what it is sent does not look fast.
#[test]
fn a_node_that_fails_fast_does_not_draw_the_traffic() {
    let text = "run = { jobs = 20_000, warmup = 'none' }\nnodes.bad = { speed = 1e-6, queue-limit = 0 }\nnodes.good = { count = 3 }\njobs.j = { arrivals.poisson.rate = 150, work.exponential.mean = '10ms' }\nfaults.retries = { max-attempts = 5, backoff = '1ms' }\nstrategies.s = { placement = 'peak-ewma', view = 'local' }\n";
    let shares = shares(text);
    assert!(shares[0] < 0.01, "{shares:?}");
}

/// Two clients on nodes of speeds 1 and 2: who looks at both is never sent behind the other, who may draw
/// one node twice is.
#[test]
fn looking_at_both_beats_drawing_one_twice() {
    let mean = |placement: &str| {
        let text = format!(
            "run = {{ until = '20_000s', warmup.time = '10s' }}\nnodes.slow = {{}}\nnodes.fast = {{ speed = 2 }}\njobs.j = {{ arrivals.closed = {{ clients = 2, think = '0s' }}, work.exponential.mean = '1s' }}\nstrategies.s.placement = {placement}\n"
        );
        metric(&setup(&text), "throughput")
    };
    let scan = mean("'least-loaded'");
    let pairs = mean("{ power-of-d = { d = 2 } }");
    let doubled = mean("{ power-of-d = { d = 2, replacement = true } }");
    // Both always busy: 3 tasks a second. (Drawn twice: 1/2 of them, of which some queue.)
    assert!(
        (scan - 3.0).abs() < 0.05 && (pairs - 3.0).abs() < 0.05,
        "{scan}, {pairs}"
    );
    assert!(doubled < 0.95 * scan, "{doubled}");
}

/// What three equal jobs of a second see one after another of a node of speed 2.
#[test]
fn scores_are_told_in_their_units() {
    let scores = |spelling: &str| {
        let text = format!(
            "nodes.n.speed = 2\njobs.j = {{ arrivals.batch.jobs = 3, work = 1 }}\n\
             strategies.s.placement = {spelling}"
        );
        log(&setup(&text)).scores
    };
    let told = |scores: [f64; 3]| scores.map(Some);
    assert_eq!(scores("\"least-loaded\""), told([0.0, 1.0, 2.0]));
    assert_eq!(
        scores("{ least-loaded.by = \"work\" }"),
        told([0.0, 0.5, 1.0])
    );
    assert_eq!(scores("\"shortest-expected-delay\""), told([0.5, 1.0, 1.5]));
}

/// Two idle nodes are tied for every job: they take turns.
#[test]
fn two_that_are_tied_may_take_turns() {
    let turns = setup(
        "run = { jobs = 8, warmup = 'none' }\nnodes.n.count = 2\n\
         jobs.j = { arrivals.renewal.interval = 1, work = 0.5 }\n\
         strategies.s = { placement = 'power-of-d', ties = 'turns' }",
    );
    let nodes: Vec<u32> = log(&turns).rows.iter().map(|(.., node)| *node).collect();
    assert_eq!(nodes[..8], [0, 1, 0, 1, 0, 1, 0, 1]);
}
