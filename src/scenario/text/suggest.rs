//! Names that were meant: typing mistakes and the names of other tools.
//!
//! The nearest name, where it is near enough to be meant; and what nginx, HAProxy, Envoy, Kubernetes or a paper calls a placement, by our name
//! for it.

pub use crate::text::nearest;

/// What to do about a name that is none of `known`.
pub fn hint<S: AsRef<str>>(wrong: &str, known: &[S], what: &str) -> String {
    match nearest(wrong, known) {
        Some(name) => format!("did you mean `{name}`?"),
        None if known.is_empty() => format!("there are no {what}"),
        None => format!("known {what}: {}", crate::text::quoted(known)),
    }
}

/// Placements of other tools and papers, by our name.
const FOREIGN: &[(&str, &str)] = &[
    ("random", "rnd rand uniform random-choice"),
    ("weighted-random", "wrandom weighted-rand"),
    (
        "round-robin",
        "rr roundrobin cyclic static-rr weighted-round-robin weighted-rr wrr swrr",
    ),
    (
        "least-loaded",
        "least-conn leastconn least-connections least-connection least-request least-requests \
         least-outstanding lc jsq join-shortest-queue shortest-queue sq lwl least-work-left \
         jsw least-load",
    ),
    (
        "power-of-d",
        "p2c po2 pod power-of-two power-of-two-choices two-choices random-two \
         random-2-choices sq2 jsq2 jsqd sqd least-request-2 supermarket",
    ),
    (
        "join-idle-queue",
        "jiq idle-queue join-the-idle-queue sita-idle",
    ),
    (
        "shortest-expected-delay",
        "sed expected-delay never-queue nq",
    ),
    ("first-fit", "ff firstfit"),
    (
        "best-fit",
        "bf bestfit mostallocated most-allocated noderesourcesmostallocated binpack \
         bin-packing bin-pack",
    ),
    ("peak-ewma", "peakewma ewma linkerd"),
    ("least-response-time", "least-time leasttime lrt fastest"),
    (
        "worst-fit",
        "wf worstfit leastallocated least-allocated noderesourcesleastallocated spread",
    ),
    (
        "resource-match",
        "dot-product cosine l2-norm tetris alignment balancedallocation balanced-allocation \
         drf",
    ),
    ("size-interval", "sita sita-e sita-u size-based"),
    (
        "earliest-finish",
        "heft eft mct ect minimum-completion-time earliest-completion earliest-finish-time",
    ),
    (
        "anti-affinity",
        "antiaffinity pod-anti-affinity podantiaffinity topology-spread podtopologyspread",
    ),
    ("batch-sampling", "batch-probing sparrow"),
    (
        "consistent-hash",
        "maglev ring-hash ringhash ketama chash consistent consistent-hashing bounded-load \
         bounded-loads ip-hash source uri url-hash hash",
    ),
    (
        "sticky",
        "sticky-session sticky-sessions session-affinity affinity cookie persistence",
    ),
    ("prequal", "hcl hot-cold rif"),
    ("score", "expression filter-and-score weigher weighers"),
    (
        "adaptive",
        "bandit ucb ucb1 exp3 thompson multi-armed-bandit learned",
    ),
];

/// What has a key of its own: what others may look for it by, and our key.
const ELSEWHERE: &[(&str, &str)] = &[
    ("timeout timeouts deadline", "faults.timeouts"),
    ("retry retries max-attempts backoff", "faults.retries"),
    ("node-failures failures mtbf mttr", "faults.node-failures"),
    ("task-failures failure-probability", "faults.task-failures"),
    ("events", "faults.events"),
    ("slow-downs slowdowns grey-failures", "faults.slow-downs"),
    ("zone zones rack region", "nodes.NAME.zone"),
    (
        "health-check health-checks healthcheck",
        "scheduling.health.checks",
    ),
    (
        "outlier-detection max-fails circuit-breaker circuit-breakers",
        "scheduling.health.ejection",
    ),
    ("slow-start slowstart", "scheduling.health.slow-start"),
    ("detection detection-delay", "scheduling.health.detection"),
    ("latency-matrix delay-matrix", "network.zones"),
    ("ties", "scheduling.ties"),
    ("staleness stale information", "scheduling.view"),
    ("sidecars proxies", "scheduling.dispatchers"),
    ("aperture subsetting", "scheduling.subset"),
    ("hedge hedging backup-request", "scheduling.copies.hedge"),
    ("steal work-stealing", "scheduling.stealing"),
    ("queue-limit max-queue queue-size", "nodes.NAME.queue-limit"),
    ("admission max-jobs-in-system shed", "scheduling.admission"),
    ("discipline preemption", "nodes.NAME.discipline"),
    ("priority", "jobs.NAME.priority"),
    ("need quorum k-of-n", "jobs.NAME.gather.need"),
    ("stages stage dag depends-on", "jobs.NAME.stages"),
    ("skew", "jobs.NAME.split.skew"),
    ("gangs coscheduling gang-scheduling", "jobs.NAME.gang"),
    ("backfilling easy conservative", "scheduling.binding"),
    ("bursts", "jobs.NAME.arrivals.mmpp"),
    ("clients think", "jobs.NAME.arrivals.closed"),
];

/// Title and hint for a key or form that stands for what is said by another key.
pub fn otherwise(name: &str) -> Option<(String, String)> {
    let simple = name.to_lowercase().replace(['_', ' '], "-");
    let is_it = |names: &str| names.split(' ').any(|known| known == simple);
    let (_, key) = ELSEWHERE.iter().find(|(names, _)| is_it(names))?;
    let title = format!("`{name}` is not a key here");
    Some((title, format!("it is said by `{key}`")))
}

/// What to write for the placement that another tool calls `name`.
pub fn foreign_placement(name: &str) -> Option<String> {
    let simple = name.to_lowercase().replace(['_', ' '], "-");
    if let Some((base, d)) = simple
        .strip_suffix(')')
        .and_then(|call| call.split_once('('))
    {
        let d: u32 = d.trim().parse().ok()?;
        return matches!(base, "jsq" | "sq" | "random" | "power-of-d" | "pod" | "po")
            .then(|| format!("placement.power-of-d.d = {d}"));
    }
    let (ours, _) = FOREIGN
        .iter()
        .find(|(_, names)| names.split(' ').any(|name| name == simple))?;
    Some(match simple.as_str() {
        "lwl" | "least-work-left" | "jsw" => "placement.least-loaded.by = \"work\"".to_owned(),
        "weighted-round-robin" | "weighted-rr" | "wrr" | "swrr" => {
            "placement.round-robin.weights = \"speed x slots\"".to_owned()
        }
        "dot-product" | "cosine" | "l2-norm" | "tetris" => {
            format!("placement.resource-match.score = \"{simple}\"")
        }
        _ => format!("placement = \"{ours}\""),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told to be elsewhere is there.
    #[test]
    fn what_is_said_of_keys_is_true() {
        let registry = crate::scenario::Registry::standard();
        let keys = crate::scenario::schema::keys(&registry, "");
        for (_, ours) in ELSEWHERE {
            let is_there = keys.iter().any(|key| key.path.starts_with(ours));
            assert!(is_there, "there is no key {ours}");
        }
    }

    #[test]
    fn foreign_names_are_answered_with_ours() {
        let registry = crate::scenario::Registry::standard();
        let names = registry.names();
        for (ours, _) in FOREIGN {
            assert!(names.contains(ours), "{ours}");
        }
        let answers = [
            ("least_conn", "placement = \"least-loaded\""),
            ("leastconn", "placement = \"least-loaded\""),
            ("jsq", "placement = \"least-loaded\""),
            ("jsq(2)", "placement.power-of-d.d = 2"),
            ("random(3)", "placement.power-of-d.d = 3"),
            ("p2c", "placement = \"power-of-d\""),
            ("MostAllocated", "placement = \"best-fit\""),
            ("LeastAllocated", "placement = \"worst-fit\""),
            ("sed", "placement = \"shortest-expected-delay\""),
            ("jiq", "placement = \"join-idle-queue\""),
            (
                "weighted_round_robin",
                "placement.round-robin.weights = \"speed x slots\"",
            ),
            ("LWL", "placement.least-loaded.by = \"work\""),
            ("sita", "placement = \"size-interval\""),
            ("HEFT", "placement = \"earliest-finish\""),
            ("maglev", "placement = \"consistent-hash\""),
            ("ring_hash", "placement = \"consistent-hash\""),
            ("tetris", "placement.resource-match.score = \"tetris\""),
            ("UCB1", "placement = \"adaptive\""),
        ];
        for (foreign, ours) in answers {
            assert_eq!(
                foreign_placement(foreign).as_deref(),
                Some(ours),
                "{foreign}"
            );
        }
        assert_eq!(foreign_placement("frobnicate"), None);
    }
}
