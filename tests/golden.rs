//! Whole replications by the digest of everything they found.
//!
//! The digests were taken from runs, so they say nothing about right or wrong. They hold results
//! still while the simulator is made faster: a change of any of them is value-breaking.
#![allow(clippy::unwrap_used, missing_docs)]

use std::sync::Arc;

use equipoise::engine::law::Law;
use equipoise::engine::time::Time;
use equipoise::metrics::figures::Figures;
use equipoise::model::cluster::Group;
use equipoise::scenario::Registry;
use equipoise::sim::run;
use equipoise::sim::setup::{Measure, Setup, Warmup};
use equipoise::strategy::{Binding, Blueprint, InFlight, Parts, Ties};
use equipoise::testing::setups::{plain, poisson, resources};
use equipoise::workload::class::Class;
use equipoise::workload::source::Arrivals;

/// A placement as a scenario spells it, or `power-of-d-replacement`.
fn placement(spelling: &str) -> Arc<dyn Blueprint> {
    let spelling = match spelling {
        "power-of-d-replacement" => "power-of-d.replacement = true",
        spelling => spelling,
    };
    Registry::standard().spelled(spelling).unwrap()
}

/// FNV-1a over 64-bit words.
struct Digest(u64);

impl Digest {
    fn add(&mut self, words: impl IntoIterator<Item = u64>) {
        for byte in words.into_iter().flat_map(u64::to_le_bytes) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

/// Every figure of every column, every count of every histogram, every node's use, the workload.
fn digest(setup: &Setup, found: &Figures) -> u64 {
    let mut digest = Digest(0xcbf2_9ce4_8422_2325);
    let values = found.values(&setup.columns(&[]));
    digest.add(values.iter().map(|value| value.map_or(1, f64::to_bits)));
    for stats in &found.classes {
        for histogram in [&stats.response, &stats.slowdown, &stats.wait] {
            digest.add(
                histogram
                    .buckets()
                    .flat_map(|(at, count)| [at as u64, count]),
            );
            digest.add([histogram.most()]);
        }
        for sum in stats
            .blame_sum()
            .iter()
            .chain([&stats.response_sum(), &stats.slowdown_sum])
        {
            digest.add([*sum as u64, (*sum >> 64) as u64]);
        }
    }
    digest.add(
        found
            .node_utilizations()
            .iter()
            .map(|share| share.to_bits()),
    );
    digest.add(found.layout.ids().map(|node| found.busy.ended(node)));
    for seen in &found.observations {
        let figures = [
            seen.load.cov,
            seen.work.cov,
            seen.load.jain,
            seen.utilization,
        ];
        digest.add(figures.map(f64::to_bits));
        digest.add([seen.time.0, seen.jobs, seen.waiting]);
    }
    let totals = &found.totals;
    digest.add([
        totals.placed,
        totals.messages,
        totals.attempts,
        totals.jobs_done,
    ]);
    digest.add([
        totals.deciding as u64,
        totals.gathering as u64,
        totals.presence as u64,
    ]);
    digest.add([found.workload_digest, found.events, found.window.0]);
    digest.0
}

fn of(setup: &Setup) -> u64 {
    digest(setup, &run(setup, 1, None).unwrap())
}

fn named(name: &str, n: u32, k: u32, jobs: u64) -> Setup {
    plain(placement(name), n, 0.9, k, jobs, 3)
}

/// Ten dispatchers that take time to decide, over a network, in `mode`.
fn many(name: &str, mode: InFlight) -> Setup {
    let mut setup = named(name, 30, 3, 5_000);
    setup.strategy.parts[0].dispatchers = 10;
    setup.strategy.parts[0].in_flight = mode;
    setup.strategy.parts[0].decision_time = Law::Exponential { mean: 0.05 };
    setup.network.dispatch = Law::Exponential { mean: 0.3 };
    setup.network.result = Law::Constant(0.1);
    setup
}

/// Tasks of constant work in few sizes, so that very much happens at the same instants, on nodes
/// of two speeds with several slots.
fn lockstep(placement: Arc<dyn Blueprint>, binding: Binding) -> Setup {
    let mut setup = plain(placement, 20, 0.9, 4, 5_000, 5);
    setup.cluster.groups = vec![
        Group::new("slow", 12, 1.0, vec![Some(2)]),
        Group::new("fast", 8, 2.0, vec![Some(3)]),
    ];
    setup.cluster.groups[0].backfill = true;
    let work = Law::discrete(&[0.5, 1.0, 2.0], &[1.0, 1.0, 1.0]);
    let mut wide = Class::of_tasks("wide", 2, work.clone(), vec![2]);
    wide.stages[0].allowed = vec![false, true];
    let narrow = Class::of_tasks("narrow", 4, work, vec![1]);
    let every = |seconds| Arrivals::Renewal {
        interval: Law::Constant(seconds),
    };
    (setup.classes, setup.sources) = (Vec::new(), Vec::new());
    setup.strategy.parts_of_class.clear();
    let mut setup = setup
        .with_jobs(narrow, every(0.125))
        .with_jobs(wide, every(0.25));
    setup.strategy.binding = binding;
    setup
}

/// Fails with all that was found, ready to be compared.
fn hold(found: &[u64], golden: &[u64]) {
    assert_eq!(found, golden, "value-breaking; found {found:#018x?}");
}

#[test]
fn models_with_one_slot() {
    let found = [
        of(&named("random", 100, 1, 20_000)),
        of(&named("power-of-d-replacement", 100, 1, 20_000)),
        of(&named("least-loaded", 100, 1, 20_000)),
        of(&named("power-of-d", 100, 10, 4_000)),
        of(&named("power-of-d", 10_000, 1, 60_000)),
        of(&named("least-loaded", 3_000, 1, 20_000)),
    ];
    hold(
        &found,
        &[
            0x6383_d7b4_a71f_c3a5,
            0xb8af_5c48_490d_0ded,
            0xde35_dfc7_a99a_5d9d,
            0x662e_8d30_f9ec_aa23,
            0xb0f6_cc53_ed55_a8d3,
            0xb5dd_d351_d44c_80c4,
        ],
    );
}

#[test]
fn resources_over_a_network() {
    hold(&[of(&resources(6_000, 2))], &[0x10a8_e23f_3b8c_8363]);
}

#[test]
fn many_dispatchers_over_a_network() {
    let mut lowest = many("least-loaded", InFlight::Counted);
    lowest.strategy.parts[0].ties = Ties::LowestId;
    let found = [
        of(&many("least-loaded", InFlight::Counted)),
        of(&many("least-loaded", InFlight::Ignored)),
        of(&lowest),
        of(&many("join-idle-queue", InFlight::Counted)),
        of(&many("power-of-d", InFlight::Ignored)),
        of(&many("shortest-expected-delay", InFlight::Counted)),
    ];
    hold(
        &found,
        &[
            0x36cc_cd20_9ed8_d47e,
            0xacf1_dedb_d52d_0e44,
            0x07a5_8b16_9900_e8c4,
            0xb696_be09_b424_0938,
            0x3a3b_d132_798e_a94e,
            0x36cc_cd20_9ed8_d47e,
        ],
    );
}

#[test]
fn everything_at_the_same_instants() {
    let early: Vec<u64> = Registry::standard()
        .defaults()
        .map(|(_, placement)| of(&lockstep(placement, Binding::Early)))
        .collect();
    let central: Vec<u64> = Registry::standard()
        .defaults()
        .map(|(_, placement)| of(&lockstep(placement, Binding::CentralQueue)))
        .collect();
    hold(
        &early,
        &[
            0xf107_cc74_c5bd_50bf,
            0x72f1_13d2_0499_5232,
            0x121c_342f_344c_ec7e,
            0x1933_809c_fb33_7b1e,
            0x7513_9566_df5c_fd9e,
            0x017c_0369_a2ad_298d,
            0x15df_690b_e455_7fd1,
            0xb150_5961_4c6f_ba0a,
            0xc184_95b7_ac79_5592,
            0xbd0f_d212_74ad_64f0,
            0x5fd3_38ec_111f_9a6e,
            0x55ac_6371_6aad_6fd1,
            0x7048_d431_d0ce_3caf,
            0x056e_41f5_caf1_32f4,
            0xa724_21bc_e391_215a,
            0x6ad1_b550_4727_f1c2,
            0xb6c2_c1b5_d986_5b79,
            0xd7e0_c371_bc4a_9616,
            0x9a1a_221b_a094_51c9,
            0x1933_809c_fb33_7b1e,
            0x15df_690b_e455_7fd1,
            0xb137_d4b4_89fd_0763,
        ],
    );
    hold(
        &central,
        &[
            0x3086_a085_fd1a_2f86,
            0xa9d4_fc88_2d9d_5a62,
            0xdfa1_4c56_8cb8_8e2c,
            0x705c_49c9_9b2c_a7df,
            0xeb08_87eb_c0b2_425a,
            0x241d_172a_89ba_2d0c,
            0xb2f0_806d_3b15_b209,
            0x195d_ca7b_6a6f_85e6,
            0x5bd8_73cd_b94e_8625,
            0xa2ce_91f1_e84c_a49f,
            0x49ab_fc20_d5ef_cd80,
            0xe275_53ec_7093_14b2,
            0x7d9e_b7d2_a25d_05e9,
            0xb901_e964_30eb_6c43,
            0x4a34_eafb_0add_47ab,
            0x07fb_7cba_31f0_74a2,
            0xff12_7183_2100_3f97,
            0x3abe_bc17_e61f_3082,
            0xc2bc_52af_47e0_d01d,
            0x705c_49c9_9b2c_a7df,
            0xb2f0_806d_3b15_b209,
            0xf9bb_0b4e_d1e4_926e,
        ],
    );
}

/// Two strategies side by side, each class with parts of its own.
#[test]
fn loads_by_work_and_by_utilization() {
    let mut mixed = named("random", 50, 2, 5_000);
    mixed.strategy.parts = vec![
        Parts::new(placement("least-loaded.by = 'work'")),
        Parts::new(placement("power-of-d = { d = 3, by = 'utilization' }")),
    ];
    let other = Class::of_tasks("other", 5, Law::Constant(0.5), vec![1]);
    let mut mixed = mixed.with_jobs(other, poisson(2.0));
    mixed.strategy.parts_of_class = vec![0, 1];
    let mut batch = lockstep(placement("least-loaded.by = 'work'"), Binding::Early);
    for source in &mut batch.sources {
        source.arrivals = Arrivals::Batch {
            jobs: 700,
            at: Time::from_secs(3.0),
        };
    }
    batch.window.warmup = Warmup::None;
    batch.window.measure = Measure::All;
    batch.window.finite = true;
    let found = [of(&mixed), of(&batch)];
    hold(&found, &[0xa16b_3611_c8e9_fefc, 0x4527_8d23_3c7b_7530]);
}
