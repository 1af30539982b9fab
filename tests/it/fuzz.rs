//! Bytes made to break readers: right texts, edited at random. The n-th input of a body is the same on
//! every machine, so a failure is named by its number, and `input(body, number)` makes it again.
//!
//! ```text
//! cargo test --test it fuzz                                          some thousand inputs
//! EQUIPOISE_FUZZ=10000000 cargo test --test it -- --ignored fuzz     as many as are asked for
//! ```
//! On a machine that has it, `cargo fuzz run scenario` (and so on) in the folder of the package drives
//! the same bodies by coverage.

use std::time::{Duration, Instant};

use equipoise::fuzz::{BODIES, Body};
use proptest::prelude::*;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

/// Longest that one input may take, and longest input.
const PATIENCE: Duration = Duration::from_secs(5);
const LONGEST: usize = 1 << 16;

/// Right texts of what a body reads.
fn seeds(body: &str) -> &'static [&'static str] {
    match body {
        "scenario" => &[
            include_str!("../../scenarios/quickstart.toml"),
            include_str!("../../scenarios/scarce-memory.toml"),
            include_str!("../../scenarios/granularity.toml"),
            include_str!("../../scenarios/google-tasks.toml"),
            include_str!("../bad/twenty.toml"),
            crate::tool::MIXED,
        ],
        "set" => &[
            "workload.load=0.7",
            "strategies.two-choices.placement.power-of-d = { d = 2 }",
            "run.warmup=\"auto\"",
            "nodes.\"a b\".count=1_000",
            "jobs.request.work.lognormal = { mean = \"10ms\", cv = 3 }",
        ],
        "csv" => &[
            "t,w,n,cpu,c\n0,1,2,500m,a\n1.5,\"2\",1,4Gi,\"b, c\"\n",
            "t;w;n;cpu;c\r\n2024-05-31T12:00:00Z;1-02:03:04;1;1;x\r\n2024-06-01;250ms;3;;\"y\ny\"\r\n",
        ],
        "swf" => &[
            "; Version: 2.2\n1 0 -1 30 4 -1 -1 4 -1 -1 1 1 1 1 1 1 -1 -1\n2 5 -1 0 1 -1 -1 1 -1 -1 0 1 1 1 1 1 -1 -1\n",
        ],
        "hawk" => &["10 2 1.5 1 2\n1406471.123456 1 3 3\n"],
        "manifest" => &[include_str!("fuzz/manifest.json")],
        "baseline" => &[include_str!("../../scenarios/baselines/thread-pool.json")],
        "journal" => &["eqpjrn03abcdefghabcdefghabcdefghabcdefgh\u{4}\0\0\0abcdefgh\0\0\u{1}\0"],
        other => panic!("no texts for {other}"),
    }
}

/// Ends of ranges, marks, quotes, brackets, words.
const PIECES: [&str; 48] = [
    "0",
    "-1",
    "1e400",
    "-0.0",
    "nan",
    "inf",
    "18446744073709551616",
    "4294967295",
    "1e15",
    "1e-300",
    "10000",
    "0.5",
    "\"",
    "\"\"\"",
    "'",
    "\\",
    "\\u0000",
    "\\u202e",
    "\n",
    "\r",
    "\r\n",
    "\t",
    " ",
    ",",
    ";",
    "|",
    ".",
    "=",
    "#",
    "[",
    "]",
    "[[",
    "{",
    "}",
    "{}",
    "\u{0}",
    "\u{202e}",
    "\u{feff}",
    "é",
    "true",
    "1979-05-27T07:32:00Z",
    "1:2:3",
    "sweep",
    "like",
    "none",
    "null",
    "together",
    "for",
];

/// The input of this number.
fn input(body: &str, number: u64) -> Vec<u8> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(number);
    let texts = seeds(body);
    let text = texts[rng.random_range(0..texts.len())];
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..rng.random_range(1..8) {
        edit(&mut bytes, &mut rng);
        bytes.truncate(LONGEST);
    }
    bytes
}

/// One edit: a byte or a piece put in or in place of others, or a part cut out, repeated or moved.
fn edit(bytes: &mut Vec<u8>, rng: &mut Xoshiro256PlusPlus) {
    let from = rng.random_range(0..=bytes.len());
    let to = (from + rng.random_range(0..24)).min(bytes.len());
    let part = bytes[from..to].to_vec();
    match rng.random_range(0..6) {
        0 => drop(bytes.splice(from..from, [rng.random::<u8>()])),
        1 => drop(bytes.splice(from..to, [])),
        2 => {
            let times = [2, 3, 1_000][rng.random_range(0..3)];
            drop(bytes.splice(from..to, part.repeat(times)));
        }
        3 => {
            let at = rng.random_range(0..=bytes.len());
            drop(bytes.splice(at..at, part));
        }
        _ => {
            let piece = PIECES[rng.random_range(0..PIECES.len())];
            let end = if rng.random() { from } else { to };
            drop(bytes.splice(from..end, piece.bytes()));
        }
    }
}

/// Runs a body on an input, and tells its number if it fails.
fn run(name: &str, body: Body, number: u64) {
    let bytes = input(name, number);
    let mut start = Instant::now();
    let ended = std::panic::catch_unwind(|| body(&bytes));
    if start.elapsed() >= PATIENCE {
        // The machine may have been busy with something else.
        start = Instant::now();
        body(&bytes);
    }
    assert!(
        ended.is_ok(),
        "{name}, input {number}: {:?}",
        String::from_utf8_lossy(&bytes)
    );
    assert!(
        start.elapsed() < PATIENCE,
        "{name}, input {number} took {:?}",
        start.elapsed()
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_breaks_the_readers(number in any::<u64>(), body in 0..BODIES.len()) {
        let (name, body) = BODIES[body];
        run(name, body, number);
    }

    /// Bytes that were never a right text.
    #[test]
    fn no_bytes_break_the_readers(bytes in prop::collection::vec(any::<u8>(), 0..200), body in 0..BODIES.len()) {
        BODIES[body].1(&bytes);
    }
}

/// Inputs of all bodies in turn, on two threads: of the numbers below EQUIPOISE_FUZZ, or from one to
/// another ("1000000..2000000").
#[test]
#[ignore = "as long as EQUIPOISE_FUZZ says"]
fn fuzz_for_long() {
    let asked = std::env::var("EQUIPOISE_FUZZ").unwrap_or_else(|_| "100000".to_owned());
    let (from, to) = asked.split_once("..").unwrap_or(("0", &asked));
    let (from, to): (u64, u64) = (from.parse().unwrap(), to.parse().unwrap());
    std::thread::scope(|scope| {
        for thread in 0..2 {
            scope.spawn(move || {
                for number in (from + thread..to).step_by(2) {
                    let (name, body) = BODIES[number as usize / 2 % BODIES.len()];
                    run(name, body, number);
                }
            });
        }
    });
    println!("{} inputs, numbers {from} to {}", to - from, to - 1);
}
