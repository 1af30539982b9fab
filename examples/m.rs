//! Quick trial.
#![allow(missing_docs)]
use equipoise::engine::law::Law;
use equipoise::engine::time::Time;
use equipoise::model::cluster::*;
use equipoise::sim::setup::*;
use equipoise::strategy::placement::Choice;
use equipoise::strategy::*;
use equipoise::workload::{class::*, source::*};
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let policy = a[1].as_str();
    let (n, rho, k, jobs, seed): (u32, f64, f64, u64, u64) = (
        a[2].parse().unwrap(),
        a[3].parse().unwrap(),
        a[4].parse().unwrap(),
        a[5].parse().unwrap(),
        a[6].parse().unwrap(),
    );
    let choice = Choice::all()
        .into_iter()
        .find(|(name, _)| *name == policy)
        .unwrap()
        .1;
    let central = a.len() > 7;
    let setup = Setup {
        seed,
        cluster: Cluster {
            dimensions: vec![Dimension::slots()],
            groups: vec![Group {
                name: "n".into(),
                count: n,
                speed: Speed::new(1.0),
                capacity: vec![Some(1)],
                backfill: false,
            }],
        },
        network: Network {
            dispatch: Law::Constant(0.0),
            result: Law::Constant(0.0),
        },
        classes: vec![Class {
            name: "j".into(),
            stages: vec![Stage {
                shape: Shape::Tasks {
                    count: Law::Constant(k),
                    work: Law::Exponential { mean: 1.0 },
                },
                overhead: Time(0),
                demand: vec![1],
                allowed: vec![true],
            }],
            gather: Gather::free(),
            slo: None,
        }],
        sources: vec![Source {
            name: "j".into(),
            arrivals: Arrivals::Renewal {
                interval: Law::Exponential {
                    mean: k / (n as f64 * rho),
                },
            },
            first_class: 0,
            classes: 1,
        }],
        stragglers: None,
        strategy: Strategy {
            name: policy.into(),
            binding: if central {
                Binding::CentralQueue
            } else {
                Binding::Early
            },
            parts: vec![Parts {
                placement: choice.blueprint(),
                dispatchers: 1,
                decision_time: Law::Constant(0.0),
                in_flight: InFlight::Counted,
                ties: Ties::Random,
            }],
            parts_of_class: vec![0],
        },
        window: Window {
            warmup: Warmup::Jobs(jobs / 20),
            measure: Measure::Jobs {
                class: None,
                count: jobs - jobs / 20,
            },
            drain: 4.0,
            max_in_system: 1_000_000,
            slowdown_floor: Time(1_000_000),
            stratum: Time::from_secs(4.0 / rho),
            finite: false,
        },
    };
    let t = std::time::Instant::now();
    let out = equipoise::sim::run(&setup, 1, None).unwrap();
    let el = t.elapsed().as_secs_f64();
    let columns = equipoise::sim::outcome::columns(&setup);
    for (c, v) in columns.iter().zip(out.values(&setup, &columns)) {
        if c.class == "all" && std::env::var("V").is_ok() {
            println!("{} {:?}", c.metric, v);
        }
    }
    println!(
        "peer=equipoise policy={policy} n={n} rho={rho} k={k} J={jobs} mean={:.4} p99={:.4} ns/job={:.1} events={}",
        out.all
            .mean_seconds(out.all.response_sum, out.all.completed)
            .unwrap_or(f64::NAN),
        out.all.response_quantile(990).unwrap_or(f64::NAN),
        el * 1e9 / jobs as f64,
        out.events
    );
}
