//! Telling a growing queue from a busy one, and from one that has not yet forgotten its empty start.
//!
//! A queue of load r forgets how it began on the scale of v / (1 - r)^2 jobs (reflected Brownian
//! motion: Abate & Whitt, Adv. Appl. Prob. 19, 1987), and the run lengths that means need are of the
//! same order (Whitt, Management Science 35, 1989; Asmussen, Ann. Appl. Prob. 2, 1992). A run that is
//! short by that measure may rise however stable the queue is: it is `growing`, and longer ones are
//! the cure. Only a load that is known to be 1 or more, or a rise through a run long enough to tell,
//! is `unstable`.

use super::critical::t_quantile;
use super::estimate::mean_difference;

/// Jobs, by the scale of forgetting, of a run that is long enough to tell.
const LONG: f64 = 10.0;
/// The same of a warm-up after which the start is forgotten, and of the one to use.
const WARM: (f64, f64) = (1.9, 2.0);
/// Mean holding times after which slots are as full as they will be.
const FILLED: f64 = 5.0;
/// Part of the window's jobs that slots may still be short of.
const UNFILLED: f64 = 0.02;
/// A rise from the first to the last third of the window by this part of the mean.
const RISE: f64 = 0.5;
/// Part of the jobs that came in which is more than luck piles up in the system.
const PILED: f64 = 0.05;
/// A rise by less is none, however sure.
const LEAST_RISE: f64 = 0.01;
/// Standard errors of a rise that luck does not reach, that it does once in a hundred times, and once
/// in twenty.
const ERRORS: (f64, f64, f64) = (3.5, 2.33, 1.65);
/// Risks of calling a rise by chance: of `unstable`, and of `growing`.
const RISKS: (f64, f64) = (0.01, 0.05);

/// How fast a system forgets, from what is known before a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Memory {
    /// The largest load known anywhere in it.
    pub load: f64,
    /// Squared coefficient of variation of the intervals plus that of a job's work, times the number
    /// of queues that are fed blindly.
    pub variability: f64,
    /// Jobs that it can hold in service.
    pub slots: f64,
}

impl Memory {
    /// Jobs in which the start is forgotten: m v / (1 - r)^2.
    pub fn scale(&self) -> f64 {
        self.variability / (1.0 - self.load).powi(2)
    }

    /// Jobs in which slots fill: c r / (1 - r).
    fn filling(&self) -> f64 {
        match self.load {
            0.0 => 0.0, // also of endless slots
            load => self.slots * load / (1.0 - load),
        }
    }

    /// Jobs of a warm-up that forgets the start.
    pub fn warmup(&self) -> f64 {
        (WARM.1 * self.scale()).max(FILLED * self.filling())
    }

    /// Jobs of a run that is long whatever its start.
    pub fn run(&self) -> f64 {
        LONG * self.scale()
    }

    /// Part of the mean number in system that slots lack over `jobs` after a warm-up.
    fn unfilled(&self, jobs: f64, warmup: f64) -> f64 {
        let time = self.filling();
        if time == 0.0 {
            return 0.0;
        }
        time / jobs * -(-jobs / time).exp_m1() * (-warmup / time).exp()
    }
}

/// What can be said of the number in system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Growth {
    /// Nothing against a steady state.
    None,
    /// It may still be growing towards its steady state.
    Growing,
    /// It grows without end.
    Unstable,
}

/// A run, as far as it tells whether it was long enough.
#[derive(Clone, Copy, Debug)]
pub struct Course<'a> {
    /// What is known of the system.
    pub memory: Memory,
    /// A law of its works is so heavy that a rise may be of one job.
    pub is_heavy: bool,
    /// Measured jobs of a replication.
    pub jobs: f64,
    /// Jobs before them.
    pub warmup: f64,
    /// By replication, the mean number in system in each third of the window.
    pub thirds: &'a [[f64; 3]],
}

impl Course<'_> {
    /// What the run says of growth.
    pub fn growth(&self) -> Growth {
        if self.memory.load >= 1.0 || self.is_endless() {
            Growth::Unstable
        } else if self.is_short() || self.is_rising() {
            Growth::Growing
        } else {
            Growth::None
        }
    }

    /// Lengths by the scale of forgetting: of the window, and of the warm-up.
    fn lengths(&self) -> (f64, f64) {
        let scale = self.memory.scale();
        (self.jobs / scale, self.warmup / scale)
    }

    fn third(&self, at: usize) -> Vec<f64> {
        self.thirds.iter().map(|thirds| thirds[at]).collect()
    }

    /// Means of the thirds over replications, and the rise from first to last by their mean.
    fn rise(&self) -> ([f64; 3], f64) {
        let n = self.thirds.len().max(1) as f64;
        let means = [0, 1, 2].map(|at| self.third(at).iter().sum::<f64>() / n);
        let mean = means.iter().sum::<f64>() / 3.0;
        let rise = if mean > 0.0 {
            (means[2] - means[0]) / mean
        } else {
            0.0
        };
        (means, rise)
    }

    /// The relative standard error of a rise.
    fn error(&self) -> f64 {
        (12.0 / (self.thirds.len() as f64 * self.lengths().0)).sqrt()
    }

    /// It rises, too much for luck, does not level off, and was watched for long.
    fn is_endless(&self) -> bool {
        let enough = self.thirds.len() >= 3 && !self.is_heavy;
        let is_long = self.lengths().0 >= LONG && self.jobs >= LONG * self.memory.slots;
        let ([first, second, third], rise) = self.rise();
        let is_beyond_luck = rise >= RISE && rise > ERRORS.0 * self.error();
        enough
            && is_long
            && (is_beyond_luck || self.piles_up())
            && third - second >= 0.5 * (second - first)
            && self.is_sure(RISKS.0)
    }

    /// Of the jobs that came between the first and the last third of the window, more stayed than luck
    /// explains. A system that has been filling for long rises little by its mean, and at a load that is
    /// felt at a part of the nodes alone luck is not what the load of all says.
    fn piles_up(&self) -> bool {
        let ([first, _, third], _) = self.rise();
        third - first >= PILED * self.jobs * 2.0 / 3.0
    }

    /// Neither the window nor the warm-up is long, or slots are still filling.
    fn is_short(&self) -> bool {
        let (window, warmup) = self.lengths();
        window < LONG && warmup < WARM.0 || self.memory.unfilled(self.jobs, self.warmup) > UNFILLED
    }

    /// It rises by more than luck. After a warm-up that is long for the load a rise must be large or
    /// rare by the load, or pile up, too: nearly all others are luck there, and the figures as right as any.
    fn is_rising(&self) -> bool {
        let (_, rise) = self.rise();
        let is_warm = self.lengths().1 >= WARM.0;
        let is_beyond = |errors: f64| rise > errors * self.error();
        let is_sure = match self.thirds.len() {
            0 => false,
            1 | 2 => is_beyond(ERRORS.2),
            _ => {
                let is_large = rise >= RISE || is_beyond(ERRORS.1) || self.piles_up();
                self.is_sure(RISKS.1) && (!is_warm || is_large)
            }
        };
        is_sure && rise > LEAST_RISE
    }

    /// Whether a paired one-sided t test rejects that nothing rises.
    fn is_sure(&self, risk: f64) -> bool {
        let rise = mean_difference(&self.third(0), &self.third(2), 1.0 - risk);
        let is_sure = |rise: super::Estimate| {
            let error = rise.standard_error()?;
            Some(rise.mean > 0.0 && rise.mean > t_quantile(risk, rise.n as f64 - 1.0) * error)
        };
        rise.and_then(is_sure).unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUSY: Memory = Memory {
        load: 0.8,
        variability: 2.0,
        slots: 1.0,
    };

    fn memory(load: f64, slots: f64) -> Memory {
        Memory {
            load,
            slots,
            ..BUSY
        }
    }

    #[test]
    fn slots_fill_and_lengths_scale() {
        let unfilled = memory(0.95, 100.0).unfilled(20_000.0, 2_000.0);
        assert!((unfilled - 0.03315582743).abs() < 1e-11, "{unfilled}");
        let unfilled = memory(0.85, 160.0).unfilled(20_000.0, 2_000.0);
        assert!((unfilled - 0.004993615737).abs() < 1e-12, "{unfilled}");
        assert!((20_000.0 / memory(0.95, 1.0).scale() - 25.0).abs() < 1e-9);
        // A thousand servers half a square root from full, 150,000 jobs after 60,000.
        assert!(memory(0.9842, 1_000.0).unfilled(150_000.0, 60_000.0) > UNFILLED);
        let unlimited = memory(0.0, f64::INFINITY);
        assert_eq!(
            (unlimited.filling(), unlimited.unfilled(10.0, 0.0)),
            (0.0, 0.0)
        );
        assert!((memory(0.98, 1.0).warmup() - 10_000.0).abs() < 1e-6);
        assert!((memory(0.5, 100.0).warmup() - 500.0).abs() < 1e-9);
    }

    fn course(memory: Memory, jobs: f64, warmup: f64, thirds: &[[f64; 3]]) -> Growth {
        Course {
            memory,
            is_heavy: false,
            jobs,
            warmup,
            thirds,
        }
        .growth()
    }

    #[test]
    fn a_known_overload_is_unstable_at_any_number_of_replications() {
        let over = memory(1.05, 1.0);
        assert_eq!(course(over, 1e6, 1e6, &[]), Growth::Unstable);
        assert_eq!(course(over, 10.0, 0.0, &[[1.0; 3]]), Growth::Unstable);
        assert_eq!(
            course(memory(1.0, 1.0), 1e6, 1e6, &[[1.0; 3]; 20]),
            Growth::Unstable
        );
    }

    #[test]
    fn a_short_run_is_growing_whatever_it_shows() {
        // The scale is 50 jobs.
        let calm = [[4.0, 4.0, 4.0], [4.0, 4.1, 3.9], [4.0, 3.9, 4.1]];
        assert_eq!(course(BUSY, 499.0, 94.0, &calm), Growth::Growing);
        assert_eq!(course(BUSY, 499.0, 96.0, &calm), Growth::None);
        assert_eq!(course(BUSY, 501.0, 0.0, &calm), Growth::None);
        assert_eq!(
            course(memory(0.8, 100.0), 2_000.0, 200.0, &calm),
            Growth::Growing
        );
    }

    #[test]
    fn a_rise_must_be_large_sure_and_go_on() {
        let rising = |slope: [f64; 3]| [0.0, 0.1, -0.1].map(|off| slope.map(|n| n + off * n));
        let long = 50_000.0;
        assert_eq!(
            course(BUSY, long, 100.0, &rising([10.0, 20.0, 30.0])),
            Growth::Unstable
        );
        assert_eq!(
            course(BUSY, long, 100.0, &rising([10.0, 11.0, 12.0])),
            Growth::Growing
        );
        // T = 1,000: 2.33 standard errors of a rise are 0.147.
        for (warmup, last, found) in [
            (100.0, 11.4, Growth::None),
            (100.0, 11.6, Growth::Growing),
            (90.0, 11.4, Growth::Growing),
        ] {
            assert_eq!(
                course(BUSY, long, warmup, &rising([10.0, 10.0, last])),
                found,
                "{warmup} {last}"
            );
        }
        assert_eq!(
            course(BUSY, long, 100.0, &rising([10.0, 28.0, 30.0])),
            Growth::Growing
        );
        assert_eq!(
            course(BUSY, long, 100.0, &rising([30.0, 20.0, 10.0])),
            Growth::None
        );
        assert_eq!(
            course(BUSY, 500.0, 100.0, &rising([10.0, 20.0, 30.0])),
            Growth::Growing
        );
        let thirds = rising([10.0, 20.0, 30.0]);
        let course = Course {
            memory: BUSY,
            is_heavy: true,
            jobs: long,
            warmup: 100.0,
            thirds: &thirds,
        };
        assert_eq!(course.growth(), Growth::Growing);
    }

    /// Jobs that pile up at a part of the nodes, which has been filling since long before the window.
    #[test]
    fn what_piles_up_is_no_luck() {
        let rising = |slope: [f64; 3]| [0.0, 0.1, -0.1].map(|off| slope.map(|n| n + off * n));
        let piling = rising([4_600.0, 5_150.0, 5_700.0]);
        // T = 4, and a rise by 0.21 of the mean is within its error; a third of the jobs stay.
        let memory = memory(0.96, 1.0);
        assert_eq!(course(memory, 5_000.0, 2_400.0, &piling), Growth::Growing);
        assert_eq!(course(memory, 12_600.0, 2_400.0, &piling), Growth::Unstable);
        assert_eq!(course(memory, 50_000.0, 2_400.0, &piling), Growth::None);
    }

    /// Constant intervals and works have no error, and a rise of a job's part at an end is none.
    #[test]
    fn without_luck_a_small_rise_is_none() {
        let still = Memory {
            variability: 0.0,
            ..BUSY
        };
        let even = [[1.0, 1.0, 1.001]; 3];
        for n in [1, 3] {
            assert_eq!(course(still, 1_000.0, 0.0, &even[..n]), Growth::None);
        }
    }

    #[test]
    fn one_replication_is_growing_by_the_size_of_its_rise() {
        // T = 100: the standard error of a rise is 0.346, and 1.65 of it 0.57.
        assert_eq!(
            course(BUSY, 5_000.0, 100.0, &[[10.0, 10.0, 17.0]]),
            Growth::None
        );
        assert_eq!(
            course(BUSY, 5_000.0, 100.0, &[[10.0, 10.0, 19.0]]),
            Growth::Growing
        );
    }
}
