//! A regression test for placement algorithms that is right about its error rates.
//!
//! A baseline holds N replications of each watched strategy, N being large enough that the luck of
//! placements moves a mean by no more than a third of the margin d ([`plan`]). A change of the
//! algorithm is run on the same seeds, so that the jobs are equal and differences are taken pair by
//! pair ([`mod@judge`]):
//!
//! - It is *worse* if the estimate exceeds d and its lower bound at 1 % / m exceeds 0, where m is the
//!   number of figures judged by the whole command. So a change that changes nothing but luck
//!   fails the whole command in at most 1 % of the cases (Bonferroni).
//! - It passes only if a change for the worse of 2 d is excluded at 5 %. So a regression of 2 d is
//!   caught in at least 95 % of the cases, whatever the variance.
//! - Between the two it is *inconclusive*, which fails: not to know is not to pass.

pub mod baseline;
pub mod figures;
pub mod judge;
pub mod judgement;
pub mod plan;
pub mod verdicts;

pub use baseline::{Baseline, Subject};
pub use figures::{PointFigures, StrategyFigures, figures};
pub use judge::judge;
pub use judgement::{FALSE_ALARMS, Finding, Judgement, MISSES, judge_pairs};
pub use plan::{LEAST, MOST, Need, Plan, Refused, plan as plan_baseline};
pub use verdicts::{GateVerdicts, ScenarioVerdicts};
