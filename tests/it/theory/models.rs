//! Rows of the reference as setups. The mean service time is 1 second throughout.

use equipoise::engine::law::Law;
use equipoise::engine::time::Time;
use equipoise::model::cluster::Group;
use equipoise::model::discipline::{Discipline, SlowDown};
use equipoise::sim::setup::{Measure, NodeFailures, Setup, StrandedRunning, TaskFailures, Warmup};
use equipoise::strategy::{
    Binding, Copies, InFlight, Information, Loot, QueueOrder, Stealing, Ties,
};
use equipoise::workload::class::Stage;
use equipoise::workload::source::{Arrivals, Source};

use crate::common::{class, group, open};

/// A setup that has a known answer.
pub struct Model {
    /// Which strategy, and which variant of the model.
    pub strategy: String,
    /// The only quantities of the row that it is for, if not all.
    pub only: Option<&'static [&'static str]>,
    setup: Setup,
    /// Tasks of a job.
    tasks: u32,
    /// Jobs a second.
    rate: f64,
    /// Seconds until the system has forgotten that it began empty.
    warmup: f64,
}

impl Model {
    /// Whether the value of a row's `quantity` holds for this model.
    pub fn is_for(&self, quantity: &str) -> bool {
        self.only.is_none_or(|only| only.contains(&quantity))
    }

    /// Tasks of one warm-up.
    pub fn warmup_tasks(&self) -> f64 {
        (self.warmup * self.rate).ceil() * f64::from(self.tasks)
    }

    /// The setup of replications with `tasks` measured tasks each.
    pub fn setup(&self, tasks: f64) -> Setup {
        let mut setup = self.setup.clone();
        let jobs = (tasks / f64::from(self.tasks)).ceil().max(20.0);
        if !setup.window.finite {
            setup.window.warmup = Warmup::Jobs((self.warmup * self.rate).ceil() as u64);
            setup.window.measure = Measure::Jobs {
                class: None,
                count: jobs as u64,
            };
            // Observations cost a look at every node: as many as there are jobs for each node.
            let nodes = f64::from(setup.cluster.count());
            setup.window.stratum = Time::from_secs((4.0 * nodes / self.rate).max(1.0));
        }
        setup
    }
}

/// `NAME=VALUE` among `;`-separated parameters.
pub fn text<'a>(parameters: &'a str, name: &str) -> &'a str {
    parameters
        .split(';')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .unwrap_or_else(|| panic!("`{parameters}` has no `{name}`"))
        .1
}

pub fn number(parameters: &str, name: &str) -> f64 {
    let text = text(parameters, name);
    text.parse()
        .unwrap_or_else(|_| panic!("{name}: `{text}` is not a number"))
}

fn count(parameters: &str, name: &str) -> u32 {
    number(parameters, name) as u32
}

fn exponential(mean: f64) -> Law {
    Law::Exponential { mean }
}

/// Relaxation time of M/G/1 at load `rho`, where C^2 of the service time is `c2` (M/M/1:
/// 1/(1-sqrt(rho))^2; Cohen, "The single server queue", 1982).
fn relaxation(rho: f64, c2: f64) -> f64 {
    (1.0 + c2) / 2.0 / (1.0 - rho.sqrt()).powi(2)
}

/// What is left of the empty start after 8 relaxation times is e^-8 of it.
const RELAXATIONS: f64 = 8.0;

/// Poisson arrivals of jobs of `tasks` exponential tasks to `groups` at `rate`.
fn poisson(groups: Vec<Group>, rate: f64, tasks: u32, work: Law, spelling: &str) -> Model {
    Model {
        strategy: spelling.to_owned(),
        only: None,
        setup: open(groups, exponential(1.0 / rate), tasks, work, spelling),
        tasks,
        rate,
        warmup: 0.0,
    }
}

/// `n` equal nodes at load `rho`, whose queues forget as one M/G/1 each.
fn split(n: u32, rho: f64, work: Law, c2: f64, spelling: &str) -> Model {
    let rate = f64::from(n) * rho;
    let mut model = poisson(vec![group("n", n, 1.0)], rate, 1, work, spelling);
    model.warmup = RELAXATIONS * relaxation(rho, c2);
    model
}

/// `n` equal nodes at load `rho`, whose queues forget together, `n` times as fast, once they have
/// evened out.
fn pooled(n: u32, rho: f64, work: Law, spelling: &str) -> Model {
    let mut model = split(n, rho, work, 1.0, spelling);
    model.warmup = model.warmup / f64::from(n) + 20.0 / (1.0 - rho) + 20.0;
    model
}

fn central(mut model: Model) -> Model {
    model.setup.strategy.binding = Binding::CentralQueue;
    model.strategy = "central-queue".to_owned();
    model
}

/// The models of a row: all those that its value holds for.
pub fn of(id: &str, p: &str) -> Vec<Model> {
    match id {
        "V4" => vec![delayed(p)],
        "V5" => vec![central(erlang_c(p, "random"))],
        "V6" => erlang_b(p),
        "V7" => vec![bounded(1, p)],
        "V8" => vec![
            bounded(count(p, "c"), p),
            central(bounded(count(p, "c"), p)),
        ],
        "V49" => unlike_demands(p),
        "V9" => pollaczek_khinchine(p),
        "V10" => vec![split(
            1,
            number(p, "rho"),
            Law::Constant(1.0),
            0.0,
            "random",
        )],
        "V11" => vec![central(constant_service(p, "random"))],
        "V13" => vec![round_robin(p)],
        "V14" if number(p, "beta") > 1.0 => vec![halfin_whitt(400, p, &["limit"])],
        "V14" => vec![
            halfin_whitt(100, p, &["exact n=100"]),
            halfin_whitt(400, p, &["exact n=400", "limit"]),
        ],
        "V15" => sharing(number(p, "rho")),
        "V16" => vec![by_size(number(p, "rho"), text(p, "policy"))],
        "V18" => vec![dispatcher_as_a_server(p)],
        "V19" => vec![split(4, number(p, "rho"), exponential(1.0), 1.0, "random")],
        // one choice is no choice: any number of nodes will do
        "V20" if count(p, "d") == 1 => vec![one_choice(10, p)],
        // a thousand nodes would take too long to forget that they began empty
        "V20" if number(p, "rho") > 0.95 => vec![choices(200, p, true)],
        "V20" => vec![choices(1000, p, true)],
        "V21" => vec![choices(count(p, "n"), p, true)],
        "V23" => vec![choices(100, p, false)],
        "V24" => vec![choices(
            count(p, "n"),
            p,
            !text(p, "variant").ends_with("norepl"),
        )],
        "V25" => vec![pooled(
            2,
            number(p, "rho"),
            exponential(1.0),
            "least-loaded",
        )],
        "V27" => vec![split(
            2,
            number(p, "rho"),
            exponential(1.0),
            1.0,
            "join-idle-queue",
        )],
        "V28" => vec![idle_or_shortest(p)],
        "V29" => queues_of_idle_nodes(p),
        "V31" => vec![unlike_speeds(p)],
        "V33" => vec![stale_board(p)],
        "V34" => vec![work_stealing(p)],
        "V35" => vec![fork_join(2, p)],
        "V36" => vec![fork_join(count(p, "K"), p)],
        "V37" => vec![infinite_servers(p)],
        "V38" => vec![split_merge(p)],
        "V39" => vec![central_fork_join(p)],
        "V41" => vec![redundancy(p)],
        "V45" => vec![breakdowns_while_busy(p)],
        "V46" => vec![restart_from_scratch(p)],
        "V48" => vec![retries_with_fresh_work(p)],
        "V56" => vec![grahams_anomaly(p)],
        "V57" => list_scheduling(p),
        "V61" => vec![imbalance(p)],
        _ => vec![],
    }
}

fn serving(mut model: Model, discipline: Discipline, name: &str) -> Model {
    model.setup.cluster.groups[0].discipline = discipline;
    named(model, name)
}

/// M/G/1 with processor sharing, whatever the law.
fn sharing(rho: f64) -> Vec<Model> {
    let two_sizes = Law::discrete(&[0.5, 5.0], &[8.0, 1.0]);
    let laws = [
        ("constant", Law::Constant(1.0), 0.0),
        ("two sizes", two_sizes, 2.0),
    ];
    let of = |(name, law, c2)| serving(split(1, rho, law, c2, "random"), shared(), name);
    laws.into_iter().map(of).collect()
}

fn shared() -> Discipline {
    Discipline::ProcessorSharing(SlowDown::default())
}

/// M/M/1 by `policy`.
fn by_size(rho: f64, policy: &str) -> Model {
    let discipline = match policy {
        "SJF" => Discipline::Sjf,
        "SRPT" => Discipline::Srpt,
        "LCFS" => Discipline::Lifo,
        _ => shared(),
    };
    let model = split(1, rho, exponential(1.0), 1.0, "random");
    serving(model, discipline, policy)
}

/// M/M/c behind a constant network delay.
fn delayed(p: &str) -> Model {
    let mut model = central(pooled(
        count(p, "c"),
        number(p, "rho"),
        exponential(1.0),
        "random",
    ));
    model.setup.network.dispatch = Law::Constant(number(p, "d"));
    model
}

/// M/M/c.
fn erlang_c(p: &str, spelling: &str) -> Model {
    let (c, rho) = (count(p, "c"), number(p, "rho"));
    pooled(c, rho, exponential(1.0), spelling)
}

const LEAST_WORK: &str = "least-loaded = { by = \"work\" }";

/// One queue for c nodes, and the node with the least work left.
pub fn erlang_c_two_ways(p: &str) -> Vec<Model> {
    vec![central(erlang_c(p, "random")), erlang_c(p, LEAST_WORK)]
}

fn named(mut model: Model, name: &str) -> Model {
    model.strategy = name.to_owned();
    model
}

fn pollaczek_khinchine(p: &str) -> Vec<Model> {
    let (c2, rho) = (number(p, "C2"), number(p, "rho"));
    let of = |law: Law| {
        let name = format!("{law:?}");
        let name = name.split([' ', '(']).next().unwrap_or_default();
        named(split(1, rho, law, c2, "random"), &name.to_lowercase())
    };
    services(p).into_iter().map(of).collect()
}

/// The laws that `service=` names.
pub fn services(p: &str) -> Vec<Law> {
    let service = text(p, "service");
    match service {
        "D" => vec![Law::Constant(1.0)],
        "U(0,2)" => vec![Law::Uniform {
            low: 0.0,
            high: 2.0,
        }],
        "Erlang-2" => vec![Law::Erlang {
            phases: 2,
            mean: 1.0,
        }],
        "Exp" => vec![exponential(1.0)],
        "H2/lognormal C2=4" => vec![Law::hyperexponential(1.0, 2.0), Law::lognormal(1.0, 2.0)],
        "Weibull k=0.5" => vec![Law::Weibull {
            shape: 0.5,
            scale: 0.5,
        }],
        "H2 C2=10" => vec![Law::hyperexponential(1.0, 10f64.sqrt())],
        _ => vec![bounded_pareto(service)],
    }
}

/// "BoundedPareto a=1.5,k=.344,p=344.2".
fn bounded_pareto(service: &str) -> Law {
    let of = |name: &str| {
        let rest = service.split(&format!("{name}=")).nth(1).unwrap();
        rest.split(',').next().unwrap().parse().unwrap()
    };
    Law::BoundedPareto {
        shape: of("a"),
        min: of("k"),
        max: of("p"),
    }
}

/// M/D/c.
fn constant_service(p: &str, spelling: &str) -> Model {
    let (c, rho) = (count(p, "c"), number(p, "rho"));
    pooled(c, rho, Law::Constant(1.0), spelling)
}

/// With constant works round robin, least work and one queue are the same, job by job.
pub fn constant_service_three_ways(p: &str) -> Vec<Model> {
    let of = |spelling| constant_service(p, spelling);
    vec![central(of("random")), of("round-robin"), of(LEAST_WORK)]
}

/// E_n/M/1 at each of n nodes; for n = inf one node with constant intervals.
fn round_robin(p: &str) -> Model {
    let rho = number(p, "rho");
    if text(p, "n").starts_with("inf") {
        let mut model = split(1, rho, exponential(1.0), 0.0, "round-robin");
        model.setup.sources[0].arrivals = Arrivals::Renewal {
            interval: Law::Constant(1.0 / rho),
        };
        return model;
    }
    // an arrival process to a node with C^2 = 1/n in place of 1
    let n = count(p, "n");
    split(n, rho, exponential(1.0), 1.0 / f64::from(n), "round-robin")
}

/// rho = 1 - beta/sqrt(n).
fn halfin_whitt(n: u32, p: &str, only: &'static [&'static str]) -> Model {
    let rho = 1.0 - number(p, "beta") / f64::from(n).sqrt();
    let model = central(pooled(n, rho, exponential(1.0), "random"));
    for_only(model, only)
}

fn for_only(model: Model, only: &'static [&'static str]) -> Model {
    Model {
        only: Some(only),
        ..named(model, only[0])
    }
}

fn dispatcher_as_a_server(p: &str) -> Model {
    let (rate, c) = (number(p, "lam"), count(p, "c"));
    let mut model = central(pooled(c, rate / f64::from(c), exponential(1.0), "random"));
    model.setup.strategy.parts[0].decision_time = exponential(1.0 / number(p, "mu_d"));
    model
}

/// The shortest of d queues.
fn choices(n: u32, p: &str, replacement: bool) -> Model {
    let spelling = format!(
        "power-of-d = {{ d = {}, replacement = {replacement} }}",
        count(p, "d")
    );
    named(
        pooled(n, number(p, "rho"), exponential(1.0), &spelling),
        "power-of-d",
    )
}

/// A hundred nodes behind a board that is renewed every T; what was sent since is not counted.
fn stale_board(p: &str) -> Model {
    let spelling = match text(p, "policy") {
        "least loaded" => "least-loaded".to_owned(),
        choices => {
            let d = choices.strip_prefix("d=").unwrap();
            format!("power-of-d = {{ d = {d}, replacement = true }}")
        }
    };
    let mut model = pooled(100, number(p, "lam"), exponential(1.0), &spelling);
    let parts = &mut model.setup.strategy.parts[0];
    let every = Time::from_secs(number(p, "T"));
    parts.information = Information::Periodic {
        every,
        apart: false,
    };
    parts.in_flight = InFlight::Ignored;
    model.warmup += 20.0 * number(p, "T");
    named(model, "stale board")
}

/// A node that falls idle tries one other, and takes the first that waits there. (Of n nodes the mean is
/// about 3/n above the limit at the highest load.)
fn work_stealing(p: &str) -> Model {
    let mut model = pooled(2_000, number(p, "lam"), exponential(1.0), "random");
    model.setup.strategy.stealing = Some(Stealing {
        victims: 1,
        loot: Loot::One,
    });
    named(model, "stealing")
}

/// d attempts with work of their own at different nodes; the first to be done counts.
fn redundancy(p: &str) -> Model {
    let rho = number(p, "rho");
    let mut model = pooled(count(p, "n"), rho, exponential(1.0), "random");
    model.setup.strategy.copies = Some(Copies::Redundancy {
        d: count(p, "d"),
        fresh_work: true,
    });
    named(model, "redundancy")
}

fn one_choice(n: u32, p: &str) -> Model {
    let model = split(
        n,
        number(p, "rho"),
        exponential(1.0),
        1.0,
        "power-of-d = { d = 1 }",
    );
    named(model, "power-of-d")
}

fn idle_or_shortest(p: &str) -> Model {
    let (n, rho) = (count(p, "n"), number(p, "rho"));
    match text(p, "policy") {
        "jiq" => {
            let mut model = pooled(n, rho, exponential(1.0), "join-idle-queue");
            model.warmup += relaxation(rho, 1.0);
            model
        }
        "jsq_full" => pooled(n, rho, exponential(1.0), "least-loaded"),
        other => panic!("unknown policy `{other}`"),
    }
}

/// Two thousand nodes, of which those that are idle stand in queues of dispatchers, one for each r nodes.
fn queues_of_idle_nodes(p: &str) -> Vec<Model> {
    let of = |reports: &str, only| {
        let spelling = format!("join-idle-queue = {{ reports = '{reports}' }}");
        let mut model = pooled(2_000, number(p, "lam"), exponential(1.0), &spelling);
        model.setup.strategy.parts[0].dispatchers = 2_000 / count(p, "r");
        Model {
            only: Some(only),
            ..named(model, reports)
        }
    };
    vec![
        of("one", &["E[T] JIQ-Random", "E[T] JIQ-Random, nodes leave"]),
        of("shorter-of-two", &["E[T] JIQ-SQ(2)"]),
    ]
}

/// Two nodes of unlike speeds, the faster one first.
fn unlike_speeds(p: &str) -> Model {
    let (slow, fast) = (number(p, "mu1"), number(p, "mu2"));
    let (rho, policy) = (number(p, "rho"), text(p, "policy"));
    let spelling = match policy {
        "JSQ random tie" | "JSQ fast tie" => "least-loaded",
        "SED" => "shortest-expected-delay",
        "proportional random" => "weighted-random",
        other => panic!("unknown policy `{other}`"),
    };
    let groups = vec![group("fast", 1, fast), group("slow", 1, slow)];
    let rate = rho * (slow + fast);
    let mut model = poisson(groups, rate, 1, exponential(1.0), spelling);
    if policy == "JSQ fast tie" {
        model.setup.strategy.parts[0].ties = Ties::LowestId;
    }
    model.warmup = RELAXATIONS * relaxation(rho, 1.0) / slow;
    model
}

/// Each job's k tasks go to one node each.
fn fork_join(k: u32, p: &str) -> Model {
    let rho = number(p, "rho");
    let nodes = vec![group("n", k, 1.0)];
    let mut model = poisson(nodes, rho, k, exponential(1.0), "round-robin");
    model.warmup = RELAXATIONS * relaxation(rho, 1.0);
    model
}

/// All k tasks start at once.
fn infinite_servers(p: &str) -> Model {
    let mut node = group("n", 1, 1.0);
    node.capacity[0] = None;
    let mut model = poisson(vec![node], 1.0, count(p, "k"), exponential(1.0), "random");
    model.warmup = 20.0;
    model
}

/// Batches of k tasks arrive at one queue for s nodes.
fn central_fork_join(p: &str) -> Model {
    let (k, s, rho) = (count(p, "k tasks"), count(p, "s servers"), number(p, "rho"));
    let rate = rho * f64::from(s) / f64::from(k);
    let nodes = vec![group("n", s, 1.0)];
    let mut model = central(poisson(nodes, rate, k, exponential(1.0), "random"));
    let batches = f64::from(k + 1) / 2.0;
    model.warmup = RELAXATIONS * relaxation(rho, 1.0) * batches / f64::from(s) + 20.0;
    model
}

/// Graham's worst cases: tasks of one instant in a given order, each to the first free machine.
/// M/M/1 whose node breaks down while it works, and goes on after its repair (Gaver, 1962).
fn breakdowns_while_busy(p: &str) -> Model {
    let (lambda, xi, eta) = (number(p, "lam"), number(p, "xi"), number(p, "eta"));
    let busy = lambda * (1.0 + xi / eta);
    let mut model = poisson(
        vec![group("n", 1, 1.0)],
        lambda,
        1,
        exponential(1.0),
        "random",
    );
    model.warmup = RELAXATIONS * relaxation(busy, 2.0);
    model.setup.faults.stranded.running = StrandedRunning::Resume;
    model.setup.faults.node_failures = Some(NodeFailures {
        up: exponential(1.0 / xi),
        down: exponential(1.0 / eta),
        busy_clock: true,
    });
    model
}

/// Constant work on a node that starts it over after each failure; jobs come so rarely that they do not meet
/// (Duda, 1983).
fn restart_from_scratch(p: &str) -> Model {
    let work = Law::Constant(number(p, "x"));
    let mut model = poisson(vec![group("n", 1, 1.0)], 1e-6, 1, work, "random");
    model.setup.faults.node_failures = Some(NodeFailures {
        up: exponential(1.0 / number(p, "lam")),
        down: Law::Constant(number(p, "r")),
        busy_clock: true,
    });
    model
}

/// Attempts that fail come back with fresh work at once (Takacs, 1963).
fn retries_with_fresh_work(p: &str) -> Model {
    let (lambda, failing) = (number(p, "lam"), number(p, "p"));
    let mut model = poisson(
        vec![group("n", 1, 1.0)],
        lambda,
        1,
        exponential(1.0),
        "random",
    );
    model.warmup = RELAXATIONS * relaxation(lambda / (1.0 - failing), 2.0);
    model.setup.faults.task_failures = Some(TaskFailures::Probability(failing));
    model.setup.faults.retries.max_attempts = 1_000;
    model.setup.faults.retries.fresh_work = true;
    model
}

/// One job of nine tasks as a graph, first task first: more machines, shorter tasks and fewer constraints, each
/// of which makes it later (Graham, "Bounds on multiprocessing timing anomalies", 1969).
fn grahams_anomaly(p: &str) -> Model {
    let machines = if p == "m=4" { 4 } else { 3 };
    let nodes = vec![group("n", machines, 1.0)];
    let mut model = central(poisson(nodes, 1.0, 1, exponential(1.0), "least-loaded"));
    batches(&mut model.setup, &[(1, 1)]);
    let works = [3.0, 2.0, 2.0, 2.0, 4.0, 4.0, 4.0, 4.0, 9.0];
    let shorter = if p == "times-1" { 1.0 } else { 0.0 };
    let after = |task: usize| match task {
        8 => vec![0],
        4 | 5 if p == "relaxed precedence" => vec![],
        4..8 => vec![3],
        _ => vec![],
    };
    let stage = |(task, work): (usize, &f64)| Stage {
        name: format!("task{task}"),
        after: after(task),
        ..class("task", 1, Law::Constant(work - shorter), 1).stages[0].clone()
    };
    model.setup.classes[0].stages = works.iter().enumerate().map(stage).collect();
    model.setup.strategy.queue.order = QueueOrder::Job;
    model
}

fn list_scheduling(p: &str) -> Vec<Model> {
    let m = count(p, "m");
    let badly_ordered = vec![(1, m * (m - 1)), (m, 1)];
    // two each of 2m-1, ..., m+1, and three of m
    let longest_first: Vec<(u32, u32)> = (m + 1..2 * m)
        .rev()
        .map(|w| (w, 2))
        .chain([(m, 3)])
        .collect();
    let of = |order: &[(u32, u32)], only| {
        let nodes = vec![group("n", m, 1.0)];
        let mut model = central(poisson(nodes, 1.0, 1, exponential(1.0), "random"));
        batches(&mut model.setup, order);
        for_only(model, only)
    };
    let long_one_first = vec![(m, 1), (1, m * (m - 1))];
    vec![
        of(&badly_ordered, &["LS"]),
        of(&long_one_first, &["LS OPT"]),
        of(&longest_first, &["LPT"]),
    ]
}

/// Makes `order` of (work, jobs) arrive at 0, a class each.
fn batches(setup: &mut Setup, order: &[(u32, u32)]) {
    let class = |index: usize| {
        let work = Law::Constant(f64::from(order[index].0));
        class(&format!("class{index}"), 1, work, 1)
    };
    let source = |index: usize| Source {
        name: format!("class{index}"),
        arrivals: Arrivals::Batch {
            jobs: u64::from(order[index].1),
            at: Time::ZERO,
        },
        first_class: index as u32,
        classes: 1,
    };
    setup.classes = (0..order.len()).map(class).collect();
    setup.sources = (0..order.len()).map(source).collect();
    setup.strategy.parts_of_class = vec![0; order.len()];
    setup.window.measure = Measure::All;
    setup.window.finite = true;
}

/// Queue lengths of 1000 nodes at random times.
fn imbalance(p: &str) -> Model {
    match count(p, "d") {
        1 => split(1000, number(p, "rho"), exponential(1.0), 1.0, "random"),
        _ => choices(1000, p, true),
    }
}

/// One node of `c` slots where `places` may wait, at load `a`.
fn lossy(c: u32, places: u64, a: f64, work: Law) -> Model {
    let mut node = Group::new("n", 1, 1.0, vec![Some(u64::from(c))]);
    node.queue_limit = Some(places);
    let mut model = poisson(vec![node], a, 1, work, "random");
    model.warmup = 40.0 + 8.0 * places as f64;
    model
}

/// M/M/c/K; under a central queue the limit is that queue's.
fn bounded(c: u32, p: &str) -> Model {
    let places = u64::from(count(p, "K") - c);
    let mut model = lossy(c, places, number(p, "rho") * f64::from(c), exponential(1.0));
    model.setup.strategy.limits.central_queue = Some(places);
    model
}

/// No places to wait: whatever the law.
fn erlang_b(p: &str) -> Vec<Model> {
    let unlike = Law::hyperexponential(1.0, 10f64.sqrt());
    let laws = [
        ("exponential", exponential(1.0)),
        ("constant", Law::Constant(1.0)),
        ("hyperexponential", unlike),
    ];
    let of = |(name, law)| {
        let mut model = lossy(count(p, "c"), 0, number(p, "a"), law);
        model.warmup = 200.0;
        named(model, name)
    };
    laws.into_iter().map(of).collect()
}

/// Classes of unlike demands at one node without places to wait, `C;b;a=C;(b, ...);(a, ...)`.
fn unlike_demands(p: &str) -> Vec<Model> {
    let parts: Vec<&str> = p.trim_start_matches("C;b;a=").split(';').collect();
    let list = |text: &str| -> Vec<f64> {
        let inner = text.trim_matches(['(', ')']);
        inner
            .split(',')
            .map(|number| number.parse().unwrap())
            .collect()
    };
    let (slots, demands, loads) = (list(parts[0])[0], list(parts[1]), list(parts[2]));
    let of = |(name, law): (&str, Law)| {
        let mut model = lossy(slots as u32, 0, loads.iter().sum(), law.clone());
        let classes = demands.iter().enumerate().map(|(index, demand)| {
            let mut class = class(&format!("class{index}"), 1, law.clone(), 1);
            class.stages[0].demand = vec![*demand as u64];
            class
        });
        model.setup.classes = classes.collect();
        let sources = (0u32..).zip(&loads).map(|(index, load)| {
            crate::common::renewal(&format!("class{index}"), exponential(1.0 / load), index)
        });
        model.setup.sources = sources.collect();
        model.setup.strategy.parts_of_class = vec![0; demands.len()];
        named(model, name)
    };
    let laws = [
        ("exponential", exponential(1.0)),
        ("constant", Law::Constant(1.0)),
    ];
    laws.into_iter().map(of).collect()
}

/// Jobs of k tasks on k nodes, one job at a time.
fn split_merge(p: &str) -> Model {
    let k = count(p, "k");
    let share = text(p, "load").trim_end_matches("% of max");
    let rate = number(p, "lam_max per server") * share.parse::<f64>().unwrap() / 100.0;
    let mut model = central(poisson(
        vec![group("n", k, 1.0)],
        rate,
        k,
        exponential(1.0),
        "random",
    ));
    model.setup.strategy.queue.one_at_a_time = true;
    let harmonic: f64 = (1..=k).map(|i| 1.0 / f64::from(i)).sum();
    model.warmup = RELAXATIONS * relaxation(rate * harmonic, 0.5) * harmonic;
    named(model, "one at a time")
}
