//! `equipoise find` against models whose answer is known.

use crate::tool::{Place, unfolded};

/// M/M/c with one queue: 40 jobs a second of 100 ms, so that 4 servers are always busy.
const SERVERS: &str = r#"
[run]
jobs = 20_000
replications = 10
warmup.jobs = 2_000
seed = 5
[nodes.n]
count = 5
[jobs.job]
arrivals.poisson.rate = 40.0
work.exponential.mean = "100ms"
[strategies.one-queue]
binding = "central-queue"
"#;

/// Probability that a job waits with `servers` of which `busy` are busy on average (Erlang 1917).
pub fn erlang_c(servers: u32, busy: f64) -> f64 {
    let blocked = (1..=servers).fold(1.0, |b, k| busy * b / (f64::from(k) + busy * b));
    let load = busy / f64::from(servers);
    blocked / (1.0 - load * (1.0 - blocked))
}

/// Mean wait of such a queue, seconds.
fn wait(servers: u32) -> f64 {
    erlang_c(servers, 4.0) * 0.1 / (f64::from(servers) - 4.0)
}

/// The value that the answer of the only strategy has.
fn value(csv: &str) -> String {
    csv.lines()
        .nth(1)
        .unwrap()
        .split(',')
        .nth(1)
        .unwrap()
        .to_owned()
}

#[test]
fn the_fewest_servers_are_those_of_erlang() {
    let place = Place::new(SERVERS);
    for limit in [0.05, 0.012, 0.002] {
        let known = (5..40).find(|servers| wait(*servers) <= limit).unwrap();
        let until = format!("wait_mean <= {limit}s");
        let found = place.ok(&[
            "find",
            "s.toml",
            "nodes.n.count",
            "--from",
            "2",
            "--to",
            "20",
            "--until",
            &until,
            "--format",
            "csv",
        ]);
        assert_eq!(value(&found), known.to_string(), "limit {limit}: {found}");
    }
}

/// With c = 1 the response time is exponential of mean S / (1 - load): its p99 is that times ln 100.
#[test]
fn the_largest_load_is_that_of_one_server() {
    let text = SERVERS
        .replace("count = 5", "count = 1")
        .replace("arrivals.poisson.rate = 40.0", "arrivals = \"poisson\"");
    let place = Place::new(&format!("{text}\n[workload]\nload = 0.5\n"));
    let limit = 0.1 / (1.0 - 0.65) * 100f64.ln();
    let until = format!("response_p99 <= {limit}s");
    let found = place.ok(&[
        "find",
        "s.toml",
        "workload.load",
        "--from",
        "0.2",
        "--to",
        "0.9",
        "--step",
        "0.05",
        "--until",
        &until,
    ]);
    let found = unfolded(&found);
    // It holds exactly at 0.65, which is therefore open or at an edge.
    let is_open = found.contains("holds up to 0.6 (") && found.contains("fails from 0.7 (");
    assert!(is_open && found.contains(" 0.6 or 0.65 "), "{found}");
}

#[test]
fn never_and_everywhere_are_answers() {
    let place = Place::new(SERVERS);
    let find = |until: &str| {
        place.ok(&[
            "find",
            "s.toml",
            "nodes.n.count",
            "--from",
            "2",
            "--to",
            "8",
            "--until",
            until,
        ])
    };
    assert!(find("response_mean <= 50ms").contains("never up to 8"));
    assert!(find("response_mean <= 1h").contains("fails up to 4 (unstable), holds from 5"));
    assert!(
        place
            .ok(&[
                "find",
                "s.toml",
                "nodes.n.count",
                "--from",
                "6",
                "--to",
                "8",
                "--until",
                "response_mean <= 1h"
            ])
            .contains("everywhere")
    );
}

/// Random and least-loaded among few nodes: a slower but larger cluster overtakes at no load here, while
/// two conditions together are the stricter one.
#[test]
fn several_conditions_hold_together() {
    let place = Place::new(SERVERS);
    let args = [
        "find",
        "s.toml",
        "nodes.n.count",
        "--from",
        "2",
        "--to",
        "20",
        "--format",
        "csv",
    ];
    let one = place.ok(&[&args[..], &["--until", "wait_mean <= 50ms"]].concat());
    let both = place.ok(&[
        &args[..],
        &[
            "--until",
            "wait_mean <= 50ms",
            "--until",
            "wait_mean <= 2ms",
        ],
    ]
    .concat());
    let [one, both] = [&one, &both].map(|found| value(found).parse::<u32>().unwrap());
    assert!(one < both, "{one} {both}");
}

/// Two servers of speed 1 beside one of speed 2: with a queue each, the fast one is better at any load; a
/// placement that knows it is better than random at every load, so the crossing is below the least.
#[test]
fn a_crossing_has_a_bracket() {
    let text = format!("{SERVERS}\n[strategies.random]\nplacement = \"random\"\n");
    let place = Place::new(&text);
    let found = place.ok(&[
        "find",
        "s.toml",
        "nodes.n.count",
        "--from",
        "5",
        "--to",
        "12",
        "--cross",
        "one-queue",
        "random",
        "--on",
        "response_mean",
    ]);
    assert!(found.contains("everywhere"), "{found}");
}

/// A job of 100 ms, cut into k tasks that are placed one after the other in 4 ms each: k x 4 ms + 100 ms / k
/// is least for five.
const CUT: &str = r#"
run = { jobs = 500, replications = 10 }
nodes.n = { count = 40, price = 0.25 }
jobs.job = { arrivals.renewal.interval = "10s", job-work.exponential.mean = "100ms", split.into = 4 }
strategies.one-by-one = { placement = "round-robin", decision-time = "4ms" }
"#;

#[test]
fn the_best_of_a_key_is_found_and_drawn() {
    let place = Place::new(CUT);
    let args = [
        "find",
        "s.toml",
        "--best",
        "jobs.job.split.into",
        "--on",
        "response_mean",
        "--from",
        "1",
        "--to",
        "40",
        "--plot",
        "search.svg",
    ];
    let found = place.ok(&args);
    assert!(found.contains("best at 5 (4"), "{found}");
    assert!(
        found.contains("price an hour") && found.contains(" 10.00 "),
        "{found}"
    );
    let svg = std::fs::read_to_string(place.path("search.svg")).unwrap();
    assert!(svg.contains("into") && svg.contains("one-by-one"), "{svg}");
    assert_eq!(place.ok(&args), found);
}

/// Half a server's work is too much for none of it, and a p99.9 of 500 jobs is not known: the other end is
/// told nevertheless.
#[test]
fn an_end_that_is_not_known_leaves_the_other() {
    let text = SERVERS
        .replace("jobs = 20_000", "jobs = 500")
        .replace("2_000", "50");
    let place = Place::new(&text);
    let found = place.ok(&[
        "find",
        "s.toml",
        "nodes.n.count",
        "--from",
        "2",
        "--to",
        "8",
        "--until",
        "response_p999 <= 10s",
        "--format",
        "csv",
    ]);
    assert_eq!(value(&found), "\"above 4", "{found}");
    assert!(
        found.contains("fails up to 4 (unstable), not told at 8 (n/a)"),
        "{found}"
    );
}

/// A baseline is there to be compared with; a search compares nothing.
#[test]
fn only_the_strategies_that_are_named_are_searched() {
    let text = format!("{SERVERS}\n[strategies.random]\nplacement = \"random\"\n");
    let place = Place::new(&text);
    let base = [
        "find",
        "s.toml",
        "nodes.n.count",
        "--from",
        "5",
        "--to",
        "8",
    ];
    let named = ["--strategies", "random", "--format", "csv"];
    let until = ["--until", "response_mean <= 1h"];
    let found = place.ok(&[&base[..], &until, &named].concat());
    assert_eq!(found.lines().count(), 2, "{found}");
    assert!(found.lines().nth(1).unwrap().starts_with("random,"));
    // A crossing names its two itself.
    let cross = ["--cross", "random", "one-queue", "--on", "response_mean"];
    place.ok(&[&base[..], &cross, &named].concat());
}

/// A load beyond which it fails, and below which a figure is not known.
#[test]
fn marks_are_explained_and_a_condition_that_ceases_is_said_to() {
    let text = SERVERS
        .replace("jobs = 20_000", "jobs = 1_000")
        .replace("2_000", "100")
        .replace("arrivals.poisson.rate = 40.0", "arrivals = \"poisson\"");
    let place = Place::new(&format!("{text}\n[workload]\nload = 0.5\n"));
    let find = |until: &str, to: &str| {
        let from = ["find", "s.toml", "workload.load", "--from", "0.3", "--to"];
        let found = place.ok(&[&from[..], &[to, "--step", "0.1", "--until", until]].concat());
        unfolded(&found)
    };
    let ceases = find("response_p99 <= 700ms", "1.1");
    assert!(ceases.contains("holds up to 0."), "{ceases}");
    assert!(
        ceases.contains("fails from ") && !ceases.contains("never from"),
        "{ceases}"
    );
    let below = find("response_p999 <= 700ms", "1.1");
    assert!(
        below.contains(" below 1, if any not told at 0.3 (n/a), fails from 1"),
        "{below}"
    );
    assert!(
        below.contains("n/a: `one-queue`, response_p999 at 0.3: fewer than"),
        "{below}"
    );
    assert!(
        below.contains("unstable: `one-queue`, response_p999 at 1: the load"),
        "{below}"
    );
    let thin = find("response_p99 <= 700ms", "0.9");
    assert!(
        thin.contains(" thin)") == thin.contains("thin: `one-queue`, response_p99 at 0.9: only"),
        "{thin}"
    );
}

#[test]
fn mistakes_are_told() {
    let place = Place::new(SERVERS);
    let base = ["find", "s.toml", "nodes.n.count"];
    let wrong = |more: &[&str]| {
        let output = place.command(&[&base[..], more].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{more:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(
        wrong(&["--from", "8", "--to", "2", "--until", "wait_mean <= 1s"])
            .contains("smaller than --to")
    );
    assert!(
        wrong(&["--from", "1", "--to", "2", "--until", "wait_mean < 1s"])
            .contains("neither <= nor >=")
    );
    let plot = [
        "--from",
        "1",
        "--to",
        "2",
        "--until",
        "wait_mean <= 1s",
        "--plot",
        "x.gif",
    ];
    assert!(wrong(&plot).contains("ends in .svg, .pdf or .png"));
    let said = wrong(&[
        "--until",
        "wait_mean <= 1s",
        "--to",
        "9",
        "--set=nodes.n.count=8",
    ]);
    assert!(
        said.contains("hint: `nodes.n.count` is 8 in the scenario: try --from 2 --to 32"),
        "{said}"
    );
    let range = ["--from", "1", "--to", "9"];
    let with = |until: &str| wrong(&[&range[..], &["--until", until]].concat());
    let odd = with("wait_mean <= 95%");
    assert!(
        unfolded(&odd).contains("`95%` is no limit of wait_mean"),
        "{odd}"
    );
    let mixed = wrong(&["--from", "1ms", "--to", "9", "--until", "wait_mean <= 1s"]);
    assert!(
        unfolded(&mixed).contains("all numbers, or all durations"),
        "{mixed}"
    );
    let keyless = ["find", "s.toml", "--until", "wait_mean <= 1s"];
    let output = place.command(&keyless).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("name its KEY after the scenario"), "{said}");
    // A key is checked before values for it are suggested; one that has its default is one, too.
    let of_key = |key: &str| {
        let args = ["find", "s.toml", key, "--until", "wait_mean <= 1s"];
        let output = place.command(&args).output().unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    let typo = of_key("nodes.n.cuont");
    assert!(typo.contains("did you mean `count`?"), "{typo}");
    assert!(of_key("nodes.n.speed").contains("hint: name both"));
    for (metric, meant) in [
        ("p99", "response_p99"),
        ("p75", "response_p75"),
        ("job.mean", "response_mean"),
        ("response_p99.9", "response_p999"),
        ("p99.9", "response_p999"),
        ("respnse_p90", "response_p90"),
    ] {
        let until = format!("{metric} <= 1s");
        let said = wrong(&["--from", "1", "--to", "2", "--until", &until]);
        let meant = format!("did you mean `{meant}`?");
        assert!(unfolded(&said).contains(&meant), "{said}");
    }
    assert!(
        wrong(&["--from", "1", "--to", "2", "--cross", "one-queue", "nobody"])
            .contains("no strategy `nobody`")
    );
}

/// Two strategies of which the second of the file is better, with nodes at a price.
const POOL: &str = r#"
run = { jobs = 2_000, replications = 10 }
nodes.n = { count = 10, price = 1 }
jobs.job = { arrivals.poisson.rate = 40, work.exponential.mean = "100ms", slo = "400ms" }
strategies.slow = { placement.power-of-d.d = 2, decision-time = "5ms" }
strategies.two = { placement.power-of-d.d = 2 }
"#;

/// The figures of a crossing stand in the order in which it names its strategies, whatever that of the file.
#[test]
fn a_crossing_tells_its_figures_in_its_own_order() {
    let place = Place::new(POOL);
    let range = [
        "find",
        "s.toml",
        "nodes.n.count",
        "--from",
        "8",
        "--to",
        "9",
    ];
    let cross = ["--cross", "two", "slow", "--on"];
    let found = place.ok(&[&range[..], &cross, &["response_mean", "--format", "csv"]].concat());
    let (_, figures) = found.split_once("holds at 8 (").unwrap();
    let numbers = figures
        .split(" and ")
        .map(|it| it.split(' ').next().unwrap());
    let numbers: Vec<f64> = numbers.take(2).map(|it| it.parse().unwrap()).collect();
    assert!(numbers[0] < numbers[1], "{found}");
    let attained = place.ok(&[&range[..], &cross, &["slo_attained"]].concat());
    assert!(
        attained.contains("of `two` is above that of `slow`"),
        "{attained}"
    );
}

#[test]
fn a_bracket_has_the_prices_of_both_its_ends() {
    let place = Place::new(POOL);
    let args = [
        "find",
        "s.toml",
        "nodes.n.count",
        "--from",
        "5",
        "--to",
        "20",
    ];
    let until = ["--until", "wait_mean <= 12ms", "--strategies", "two"];
    let found = place.ok(&[&args[..], &until].concat());
    assert!(
        found.contains("12 or 13") && found.contains("12.00 to 13.00"),
        "{found}"
    );
}

/// A key that is a duration is searched between durations, and its values have their unit.
#[test]
fn durations_are_searched_with_their_unit() {
    let place = Place::new(POOL);
    let key = "jobs.job.work.exponential.mean";
    let args = [
        "find", "s.toml", key, "--from", "0.05s", "--to", "150ms", "--step", "10ms",
    ];
    let until = ["--until", "wait_mean <= 12ms", "--strategies", "two"];
    let csv = ["--format", "csv"];
    let found = place.ok(&[&args[..], &until, &csv].concat());
    assert!(found.contains(",80ms or 90ms,"), "{found}");
}
