//! Response times of queues in the steady state, for works of mean 1: the mean and quantiles.

use equipoise::engine::law::Law;

/// Levels of the quantiles.
pub const LEVELS: [f64; 4] = [0.5, 0.9, 0.99, 0.999];
/// The mean, then the quantiles at [`LEVELS`].
pub type Truth = [f64; 5];

/// Points of the grid on which the wait of M/G/1 is found.
const GRID: usize = 30_000;

/// M/M/c, one queue (Erlang C): a job waits with probability C, exponentially at rate c - a.
pub fn many_servers(servers: u32, load: f64) -> Truth {
    let (c, offered) = (f64::from(servers), f64::from(servers) * load);
    let blocking = (1..=servers).fold(1.0, |b, k| offered * b / (f64::from(k) + offered * b));
    let waits = blocking / (1.0 - load * (1.0 - blocking));
    let rate = c - offered;
    let longer = |t: f64| {
        // Of an exponential wait and an exponential service.
        let both = if (rate - 1.0).abs() < 1e-9 {
            (1.0 + t) * (-t).exp()
        } else {
            (rate * (-t).exp() - (-rate * t).exp()) / (rate - 1.0)
        };
        (1.0 - waits) * (-t).exp() + waits * both
    };
    let [a, b, c, d] = LEVELS.map(|level| level_of(&longer, level));
    [1.0 + waits / rate, a, b, c, d]
}

/// M/G/1: the mean by Pollaczek and Khinchine; the wait is a geometric number of residual services
/// (their law put on a grid, the sum by Panjer's recursion, ASTIN Bulletin 12, 1981), and the
/// response time is the wait and a service.
pub fn single_server(law: &Law, load: f64) -> Truth {
    let mean = 1.0 + load * law.second_moment() / 2.0 / (1.0 - load);
    let mut range = 20.0 * mean;
    loop {
        let (step, waits) = waits(law, load, range / GRID as f64);
        let longer = |t: f64| {
            let within = waits
                .iter()
                .enumerate()
                .take_while(|(i, _)| (*i as f64) * step <= t);
            let of =
                |(i, chance): (usize, &f64)| chance * (1.0 - law.survival(t - i as f64 * step));
            1.0 - within.map(of).sum::<f64>()
        };
        if longer(0.9 * range) < 1.0 - LEVELS[3] {
            let [a, b, c, d] = LEVELS.map(|level| level_of(&longer, level));
            return [mean, a, b, c, d];
        }
        range *= 2.0;
    }
}

/// The chances of waits of 0, 1, 2, ... steps.
fn waits(law: &Law, load: f64, step: f64) -> (f64, Vec<f64>) {
    let residual = |x: f64| match x {
        x if x <= 0.0 => 0.0,
        x => (law.mean() - law.upper_moment(1, x) + x * law.survival(x)) / law.mean(),
    };
    let part = |i: usize| residual((i as f64 + 0.5) * step) - residual((i as f64 - 0.5) * step);
    let parts: Vec<f64> = (0..GRID).map(part).collect();
    let scale = 1.0 - load * parts[0];
    let mut chances = vec![(1.0 - load) / scale];
    for n in 1..GRID {
        let sum: f64 = parts[1..=n]
            .iter()
            .zip(chances.iter().rev())
            .map(|(f, g)| f * g)
            .sum();
        chances.push(load * sum / scale);
    }
    (step, chances)
}

/// Where `longer` falls to 1 - `level`.
fn level_of(longer: &impl Fn(f64) -> f64, level: f64) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    while longer(high) > 1.0 - level {
        high *= 2.0;
    }
    for _ in 0..40 {
        let middle = (low + high) / 2.0;
        match longer(middle) > 1.0 - level {
            true => low = middle,
            false => high = middle,
        }
    }
    high
}

/// M/M/1 by three ways.
#[test]
fn truths_agree_where_they_meet() {
    let exact = [
        5.0,
        5.0 * 2f64.ln(),
        5.0 * 10f64.ln(),
        5.0 * 100f64.ln(),
        5.0 * 1000f64.ln(),
    ];
    let one = many_servers(1, 0.8);
    let grid = single_server(&Law::Exponential { mean: 1.0 }, 0.8);
    for ((exact, one), grid) in exact.iter().zip(one).zip(grid) {
        assert!((one / exact - 1.0).abs() < 1e-9, "{one} {exact}");
        assert!((grid / exact - 1.0).abs() < 2e-3, "{grid} {exact}");
    }
}
