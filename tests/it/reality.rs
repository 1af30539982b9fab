//! Presets held against runs that were measured on HAProxy 2.6.12 and nginx 1.22.1.
//!
//! `tests/reality/raw` has every request of each run (arrival, service, backend, response, and how much of it the
//! generator and the balancer took), `tests/reality/cases.csv` what each run was. Twenty backends serve one request
//! after another by waiting for as long as the request says; 22,000 requests from empty, of which 2,000 are warm-up.
//! `UPDATE=1 cargo test reality` writes `output/gallery/reality.md` anew.

use std::fmt::Write;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use equipoise::engine::random::Draw;
use equipoise::model::ids::NodeId;
use equipoise::scenario::{self, Files};
use equipoise::sim;
use equipoise::sim::setup::Setup;
use equipoise::strategy::{self, Ask, Blueprint, Eligible, Placement, Problem, View};
use serde::Deserialize;

const FOLDER: &str = "tests/reality";
const PAGE: &str = "output/gallery/reality.md";
const WARMUP: usize = 2_000;

#[derive(Debug, Deserialize)]
struct Case {
    case: String,
    balancer: String,
    policy: String,
    service_law: String,
    load: f64,
    heterogeneity: String,
    /// Seconds x 1,000: means net of the overhead, and what a rerun of the same trace varies by.
    net_mean: f64,
    rerun_sd_mean: f64,
    rerun_sd_p99: f64,
}

#[derive(Debug, Deserialize)]
struct Request {
    arrival_s: f64,
    backend: u32,
    response_s: f64,
    overhead_s: f64,
}

fn cases() -> Vec<Case> {
    let mut reader = csv::Reader::from_path(Path::new(FOLDER).join("cases.csv")).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

impl Case {
    fn requests(&self) -> Vec<Request> {
        let path = Path::new(FOLDER).join(format!("raw/{}.csv.xz", self.case));
        let plain = lzma_rust2::XzReader::new(File::open(path).unwrap(), true);
        let mut reader = csv::Reader::from_reader(plain);
        reader.deserialize().map(Result::unwrap).collect()
    }

    /// The strategy in scenario text.
    fn strategy(&self) -> (&'static str, &'static str) {
        match (self.balancer.as_str(), self.policy.as_str()) {
            ("haproxy", "leastconn") => ("haproxy-leastconn", ""),
            ("haproxy", "random2") => ("haproxy-random", ""),
            ("haproxy", "random1") => ("haproxy-random", "placement.power-of-d.d = 1"),
            ("haproxy", "random2_w256") => (
                "haproxy-random",
                "placement.power-of-d.draws.ring.points = 4096",
            ),
            ("haproxy", "roundrobin") => ("haproxy-roundrobin", ""),
            ("nginx", "leastconn") => ("nginx-least-conn", ""),
            ("nginx", "random1") => ("nginx-random-two", "placement.power-of-d.d = 1"),
            ("nginx", "random2lc") => ("nginx-random-two", ""),
            ("nginx", "roundrobin") => ("nginx-round-robin", ""),
            other => panic!("{other:?}"),
        }
    }

    /// True if the rule draws: then runs of it vary.
    fn draws(&self) -> bool {
        self.policy.starts_with("random")
    }

    fn setup(&self) -> Setup {
        let (preset, change) = self.strategy();
        let slow = match self.heterogeneity.as_str() {
            "hom" => "nodes.backend.count = 20",
            "het5x3" => {
                "nodes.slow = { count = 5, speed = 0.3333333333333333 }\nnodes.backend.count = 15"
            }
            other => panic!("{other}"),
        };
        let text = format!(
            "run.warmup.jobs = {WARMUP}\n{slow}\n\
             [jobs.request]\n\
             arrivals.trace = {{ file = \"raw/{}.csv.xz\", format = \"csv\", unit = \"s\", \
             columns = {{ arrival = \"arrival_s\", work = \"service_s\" }} }}\n\
             [strategies.real]\npreset = \"{preset}\"\n{change}\n",
            self.case
        );
        let read = scenario::read(&text, &self.case, &[], &Files::new(Path::new(FOLDER), None));
        let scenario = read.unwrap_or_else(|report| panic!("{report}"));
        scenario.points[0].setups[0].clone()
    }
}

/// Mean and p99 in milliseconds.
struct Figures {
    mean: f64,
    p99: f64,
}

fn measured(requests: &[Request]) -> Figures {
    let net = |request: &Request| (request.response_s - request.overhead_s) * 1e3;
    let mut times: Vec<f64> = requests[WARMUP..].iter().map(net).collect();
    times.sort_by(f64::total_cmp);
    Figures {
        mean: times.iter().sum::<f64>() / times.len() as f64,
        p99: times[(times.len() as f64 * 0.99).ceil() as usize - 1],
    }
}

fn predicted(case: &Case) -> Figures {
    let setup = case.setup();
    let replications = if case.draws() { 30 } else { 1 };
    let metric = |name: &str| {
        let each = (1..=replications).map(|r| {
            let figures = sim::run(&setup, r, None).unwrap();
            figures.metric(name).unwrap()
        });
        1e3 * each.sum::<f64>() / replications as f64
    };
    Figures {
        mean: metric("response_mean"),
        p99: metric("response_p99"),
    }
}

const HEAD: &str = "# Beside measured runs\n\n\
    What the presets say of runs that were measured on HAProxy 2.6.12 and nginx 1.22.1: twenty backends that serve one request \
    after another, each for as long as the request says (40 ms on average); open arrivals, 22,000 requests a run from empty, of \
    which the first 2,000 are left out. Times are those at the backend, in milliseconds: the 0.15 to 0.35 ms that generator and \
    balancer took are taken off, request by request. \"Reruns\" is the standard deviation over runs of the same requests under \
    the same rule; where the rule draws, the prediction is the mean of 30 runs with other luck. `tests/reality` has every \
    request; `cargo test --test it reality` holds this page, and these bounds: mean within 1 % where the rule has no draws, \
    else 2 % (4 % at cv 2), p99 within 5 %, or within three standard deviations of reruns.\n\n\
    | run | preset | service | load | mean | predicted | | reruns | p99 | predicted | | reruns |\n\
    | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n";

#[test]
fn presets_say_what_was_measured() {
    let mut page = HEAD.to_owned();
    let mut broken = Vec::new();
    for case in cases() {
        let (seen, said) = (measured(&case.requests()), predicted(&case));
        assert!((seen.mean / case.net_mean - 1.0).abs() < 1e-3, "{case:?}");
        let off = |said: f64, seen: f64| said / seen - 1.0;
        let (mean, p99) = (off(said.mean, seen.mean), off(said.p99, seen.p99));
        let bound = match (case.draws(), case.service_law.as_str()) {
            (false, _) => 0.01,
            (true, "hyper2") => 0.04,
            (true, _) => 0.02,
        };
        let is_luck = |said: f64, seen: f64, sd: f64| (said - seen).abs() <= 3.0 * sd;
        let is_good = (mean.abs() <= bound || is_luck(said.mean, seen.mean, case.rerun_sd_mean))
            && (p99.abs() <= 0.05 || is_luck(said.p99, seen.p99, case.rerun_sd_p99));
        let (preset, change) = case.strategy();
        let change = if change.is_empty() {
            String::new()
        } else {
            format!(", `{change}`")
        };
        let slow = if case.heterogeneity == "hom" {
            ""
        } else {
            ", five backends three times as slow"
        };
        let row = format!(
            "| {} | `{preset}`{change} | {}{slow} | {} | {:.2} | {:.2} | {:+.2} % | {:.2} | {:.1} | {:.1} | {:+.1} % | {:.1} |",
            case.case,
            case.service_law,
            case.load,
            seen.mean,
            said.mean,
            mean * 100.0,
            case.rerun_sd_mean,
            seen.p99,
            said.p99,
            p99 * 100.0,
            case.rerun_sd_p99,
        );
        println!("{row}");
        writeln!(page, "{row}").unwrap();
        if !is_good {
            broken.push(row);
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(PAGE, &page).unwrap();
    }
    let stored = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert!(page == stored, "{PAGE} differs; UPDATE=1 writes it anew");
}

/// Does what was recorded, and counts how often the algorithm would have done the same.
#[derive(Clone, Debug)]
struct Recorded {
    algorithm: Arc<dyn Blueprint>,
    backends: Arc<Vec<u32>>,
    same: Arc<AtomicUsize>,
}

struct Replay(Box<dyn Placement>, Recorded);

impl Blueprint for Recorded {
    fn build(&self, eligible: &mut Eligible<'_>) -> Result<Box<dyn Placement>, Problem> {
        let algorithm = self.algorithm.build(eligible)?;
        Ok(Box::new(Replay(algorithm, self.clone())))
    }
}

impl Placement for Replay {
    fn place(&mut self, ask: &Ask<'_>, view: &View<'_>, rng: &mut Draw) -> Option<NodeId> {
        let Replay(algorithm, recorded) = self;
        let own = algorithm.place(ask, view, rng);
        let node = NodeId(recorded.backends[ask.job as usize]);
        recorded
            .same
            .fetch_add(usize::from(own == Some(node)), Ordering::Relaxed);
        Some(node)
    }
}

/// How long before the generator had a response the balancer had it.
const RETURN: f64 = 100e-6;

impl Case {
    /// What the balancer had in flight, as it was recorded: each backend takes any number of requests, each for as long as
    /// it took.
    fn in_flight(&self, requests: &[Request]) -> Setup {
        let folder = tempfile::tempdir().unwrap();
        let mut rows = "arrival,work\n".to_owned();
        for Request {
            arrival_s,
            response_s,
            ..
        } in requests
        {
            let flight = (response_s - RETURN).max(0.0);
            writeln!(rows, "{arrival_s:.6},{flight:.6}").unwrap();
        }
        std::fs::write(folder.path().join("flight.csv"), rows).unwrap();
        let text = format!(
            "nodes.backend = {{ count = 20, slots = \"unlimited\" }}\n\
             [jobs.request]\n\
             arrivals.trace = {{ file = \"flight.csv\", format = \"csv\", unit = \"s\", columns = {{ arrival = \"arrival\", work = \"work\" }} }}\n\
             [strategies.real]\npreset = \"{}\"\n",
            self.strategy().0
        );
        let read = scenario::read(&text, "flight", &[], &Files::new(folder.path(), None));
        let scenario = read.unwrap_or_else(|report| panic!("{report}"));
        let mut setup = scenario.points[0].setups[0].clone();
        let backends = requests.iter().map(|request| request.backend);
        let parts = &mut setup.strategy.parts[0];
        let recorded = Recorded {
            algorithm: parts.placement.clone(),
            backends: Arc::new(backends.collect()),
            same: Arc::default(),
        };
        parts.placement = Arc::new(recorded);
        // The file must be there while it runs.
        std::mem::forget(folder.keep());
        setup
    }
}

/// One step ahead: of each request, from what was recorded before it, the backend that was chosen.
#[test]
fn least_connections_choose_the_recorded_backend() {
    for case in cases().iter().filter(|case| !case.draws()) {
        let requests = case.requests();
        let setup = case.in_flight(&requests);
        sim::run(&setup, 1, None).unwrap();
        let recorded =
            strategy::fixed_split::downcast::<Recorded>(&*setup.strategy.parts[0].placement);
        let same = recorded.unwrap().same.load(Ordering::Relaxed);
        let share = same as f64 / requests.len() as f64;
        println!(
            "{}: {:.2} % of {}",
            case.case,
            share * 100.0,
            requests.len()
        );
        // Which of nginx' equals takes its turn hangs on every tie before.
        let is_exact = case.balancer == "haproxy" || case.policy == "roundrobin";
        assert!(!is_exact || share >= 0.99, "{}: {share}", case.case);
    }
}
