//! `equipoise find` against models whose answer is known.

use crate::tool::Place;

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
fn erlang_c(servers: u32, busy: f64) -> f64 {
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
    // It holds exactly at 0.65, which is therefore open or at an edge.
    assert!(
        found.contains("holds at 0.6 (") && found.contains("fails at 0.7 ("),
        "{found}"
    );
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
    assert!(find("response_mean <= 1h").contains("fails at 4 (unstable), holds at 5"));
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
            .contains("smaller number")
    );
    assert!(
        wrong(&["--from", "1", "--to", "2", "--until", "wait_mean < 1s"])
            .contains("neither <= nor >=")
    );
    assert!(
        wrong(&["--from", "1", "--to", "2", "--cross", "one-queue", "nobody"])
            .contains("no strategy `nobody`")
    );
}
