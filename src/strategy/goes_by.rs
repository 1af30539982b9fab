//! What placements go by, as far as it is known without running them: a setting that nothing goes by has no
//! effect, and who writes it should be told.

use super::Blueprint;
use super::fixed_split::{downcast, fixed_split};
use super::key::Key;
use super::placement::{
    adaptive::Adaptive, anti_affinity::AntiAffinity, batch_sampling::BatchSampling,
    best_fit::BestFit, consistent_hash::ConsistentHash, earliest_finish::EarliestFinish,
    first_fit::FirstFit, join_idle_queue::JoinIdleQueue, least_loaded::LeastLoaded,
    least_response_time::LeastResponseTime, peak_ewma::PeakEwma, power_of_d::PowerOfD,
    prequal::Prequal, resource_match::ResourceMatch,
    shortest_expected_delay::ShortestExpectedDelay, size_interval::SizeInterval, sticky::Sticky,
    worst_fit::WorstFit,
};

/// What a decision may hang on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoesBy {
    /// The state of nodes, and so what is seen of it and how ties are broken.
    pub nodes: bool,
    /// How long tasks take: the one to place, or those that nodes have.
    pub work: bool,
    /// What a job is about.
    pub key: bool,
}

impl GoesBy {
    const NODES: GoesBy = GoesBy {
        nodes: true,
        work: false,
        key: false,
    };

    fn or(self, other: GoesBy) -> GoesBy {
        GoesBy {
            nodes: self.nodes || other.nodes,
            work: self.work || other.work,
            key: self.key || other.key,
        }
    }
}

/// What `placement` goes by.
pub fn goes_by(placement: &dyn Blueprint) -> GoesBy {
    let nothing = GoesBy {
        nodes: false,
        ..GoesBy::NODES
    };
    if fixed_split(placement).is_some() {
        return nothing;
    }
    if let Some(Adaptive { among, .. }) = downcast(placement) {
        let parts = among.iter().map(|part| goes_by(part.0.as_ref()));
        return parts.fold(nothing, GoesBy::or);
    }
    if let Some(Sticky { then }) = downcast(placement) {
        let first = goes_by(then.0.as_ref());
        return GoesBy { key: true, ..first };
    }
    let work = downcast::<SizeInterval>(placement).map(|_| nothing);
    let work = work.or(downcast::<EarliestFinish>(placement).map(|_| GoesBy::NODES));
    if let Some(also) = work {
        return GoesBy { work: true, ..also };
    }
    by_nodes(placement)
}

/// The same of those that look at nodes.
fn by_nodes(placement: &dyn Blueprint) -> GoesBy {
    let by = key(placement);
    let of = |work: bool, key: bool| GoesBy {
        nodes: true,
        work,
        key,
    };
    if downcast::<ConsistentHash>(placement).is_some() {
        of(false, true)
    } else if by.is_some() || looks_at_nodes_alone(placement) {
        of(by == Some(Key::Work), false)
    } else {
        // Always right, as of placements that are not known here.
        of(true, true)
    }
}

/// By which figure of nodes it chooses, where that is a parameter.
fn key(placement: &dyn Blueprint) -> Option<Key> {
    let least = downcast(placement).map(|LeastLoaded { by }| *by);
    let of_d = downcast(placement).map(|PowerOfD { by, .. }| *by);
    let apart = downcast(placement).map(|AntiAffinity { by }| *by);
    let batch = downcast(placement).map(|BatchSampling { by, .. }| *by);
    least.or(of_d).or(apart).or(batch)
}

/// Those that go by numbers of tasks, by demands, or by what they have measured.
fn looks_at_nodes_alone(placement: &dyn Blueprint) -> bool {
    downcast::<JoinIdleQueue>(placement).is_some()
        || downcast::<ShortestExpectedDelay>(placement).is_some()
        || downcast::<FirstFit>(placement).is_some()
        || downcast::<BestFit>(placement).is_some()
        || downcast::<WorstFit>(placement).is_some()
        || downcast::<ResourceMatch>(placement).is_some()
        || downcast::<PeakEwma>(placement).is_some()
        || downcast::<LeastResponseTime>(placement).is_some()
        || downcast::<Prequal>(placement).is_some()
}
