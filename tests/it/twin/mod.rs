//! The simulator against a slow and obvious twin: the same random small scenarios, the same
//! decisions, starts, finishes, completions and blame, to the nanosecond; and the figures of the
//! outcome against sums over the twin's own log.
//!
//! ```text
//! cargo test --test it twin                                     2,500 scenarios, 300 with disciplines, 300 with faults, 500 queues
//! cargo test --release --test it -- --ignored twin --nocapture  20,000
//! (10,000 with disciplines, with faults and of queues; one of these: EQUIPOISE_TWIN_WITH=disciplines, faults or queue)
//! EQUIPOISE_TWIN=17 cargo test --test it twin_one -- --ignored --nocapture     one of them
//! ```

mod central;
mod compare;
mod faults;
mod figures;
mod machine;
mod placing;
mod spec;

use rayon::prelude::*;

use spec::Spec;

/// The first scenarios in which twin and simulator differ, and how.
fn differing(seeds: std::ops::Range<u64>, spec: fn(u64) -> Spec) -> Vec<String> {
    let mut found: Vec<(u64, String)> = seeds
        .into_par_iter()
        .filter_map(|seed| compare::compare(&spec(seed)).err().map(|e| (seed, e)))
        .collect();
    found.sort();
    let count = found.len();
    let message = |(seed, text): (u64, String)| format!("scenario {seed} (of {count}): {text}");
    found.into_iter().map(message).take(5).collect()
}

#[test]
fn twin_agrees() {
    let differing = differing(0..2_500, Spec::random);
    assert!(differing.is_empty(), "{}", differing.join("\n\n"));
}

#[test]
fn twin_agrees_on_disciplines() {
    let differing = differing(0..300, Spec::with_disciplines);
    assert!(differing.is_empty(), "{}", differing.join("\n\n"));
}

#[test]
fn twin_agrees_on_queues() {
    let differing = differing(0..500, Spec::with_queue);
    assert!(differing.is_empty(), "{}", differing.join("\n\n"));
}

#[test]
fn twin_agrees_on_faults() {
    let differing = differing(0..300, Spec::with_faults);
    assert!(differing.is_empty(), "{}", differing.join("\n\n"));
}

#[test]
#[ignore = "10,000 scenarios take minutes"]
fn twin_agrees_on_faults_at_length() {
    let differing = differing(300..10_000, Spec::with_faults);
    assert!(differing.is_empty(), "{}", differing.join("\n\n"));
}

#[test]
#[ignore = "10,000 scenarios take half a minute"]
fn twin_agrees_on_queues_at_length() {
    let differing = differing(500..10_000, Spec::with_queue);
    assert!(differing.is_empty(), "{}", differing.join("\n\n"));
}

#[test]
#[ignore = "10,000 scenarios take minutes"]
fn twin_agrees_on_disciplines_at_length() {
    let differing = differing(300..10_000, Spec::with_disciplines);
    assert!(differing.is_empty(), "{}", differing.join("\n\n"));
}

#[test]
#[ignore = "20,000 scenarios take minutes"]
fn twin_agrees_at_length() {
    let differing = differing(2_500..20_000, Spec::random);
    assert!(differing.is_empty(), "{}", differing.join("\n\n"));
}

#[test]
#[ignore = "the scenario whose number is in EQUIPOISE_TWIN"]
fn twin_one() {
    let Ok(seed) = std::env::var("EQUIPOISE_TWIN") else {
        return;
    };
    let seed = seed.parse().unwrap();
    let spec = match std::env::var("EQUIPOISE_TWIN_WITH").as_deref() {
        Ok("disciplines") => Spec::with_disciplines(seed),
        Ok("faults") => Spec::with_faults(seed),
        Ok("queue") => Spec::with_queue(seed),
        _ => Spec::random(seed),
    };
    println!("{spec:#?}");
    compare::compare(&spec).unwrap();
}
