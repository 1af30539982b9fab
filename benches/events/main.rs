//! The event list by itself: the agenda's calendar queue against a 4-ary heap.
//!
//! The hold model (Vaucher & Duval, CACM 18, 1975): with n events pending, the first is taken and
//! a new one scheduled an exponential time later. `cargo bench --bench events`.
#![allow(missing_docs)]

mod heap;

use std::hint::black_box;
use std::time::Instant;

use equipoise::engine::agenda::Agenda;
use equipoise::engine::law::Law;
use equipoise::engine::random::{Purpose, Seeds, Stream};
use equipoise::engine::time::Time;
use heap::Heap;

const DELAY: Law = Law::Exponential { mean: 1.0 };
/// As large as the simulator's own events.
type Event = (u32, u32);

fn main() {
    println!(
        "{:>9} {:>16} {:>16}",
        "pending", "calendar ns", "4-ary heap ns"
    );
    for n in [100, 10_000, 1_000_000] {
        let holds = 2_000_000.max(4 * n);
        println!(
            "{n:>9} {:>16.1} {:>16.1}",
            calendar(n, holds),
            four_ary(n, holds)
        );
    }
}

fn stream() -> Stream {
    Seeds::new(1, 1).stream(Purpose::Workload, "hold")
}

fn calendar(n: u32, holds: u32) -> f64 {
    let mut stream = stream();
    let mut agenda = Agenda::new();
    for node in 0..n {
        let time = Time::from_secs(DELAY.sample(&mut stream));
        agenda.schedule(time, 1, node, node);
    }
    let mut hold = || {
        agenda.head();
        let node = agenda.take();
        let time = agenda.now() + Time::from_secs(DELAY.sample(&mut stream));
        agenda.schedule(time, 1, node, node);
    };
    (0..n).for_each(|_| hold());
    let start = Instant::now();
    (0..holds).for_each(|_| hold());
    let nanos = start.elapsed().as_nanos() as f64 / f64::from(holds);
    black_box(agenda.now());
    nanos
}

fn four_ary(n: u32, holds: u32) -> f64 {
    let mut stream = stream();
    let mut heap: Heap<Event> = Heap::with_capacity(2 * n as usize + 64);
    let mut sequence = 0;
    for node in 0..n {
        let time = Time::from_secs(DELAY.sample(&mut stream));
        heap.push((time.0, 1 << 60 | u64::from(node) << 36), (1, node));
    }
    let mut hold = || {
        if let Some(((now, _), (kind, node))) = heap.pop() {
            let time = Time(now) + Time::from_secs(DELAY.sample(&mut stream));
            sequence += 1;
            let rank = 1 << 60 | u64::from(node) << 36 | sequence;
            heap.push((time.0, rank), (kind, node));
        }
    };
    (0..n).for_each(|_| hold());
    let start = Instant::now();
    (0..holds).for_each(|_| hold());
    let nanos = start.elapsed().as_nanos() as f64 / f64::from(holds);
    black_box(sequence);
    nanos
}
