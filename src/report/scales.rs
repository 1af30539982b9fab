//! The unit in which values of a metric read best.

use crate::metrics::registry::{Kind, Metric};
use crate::text::Scale;

/// The one unit in which all of `values` of `metric` read best.
pub fn scale(metric: &Metric, values: impl IntoIterator<Item = f64>) -> Scale {
    match (metric.row.unit, metric.row.kind) {
        ("s", _) => Scale::time(values),
        ("1", Kind::Share) => Scale::percent(),
        (unit, _) => Scale::plain(unit),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn scales_follow_unit_and_kind() {
        let unit = |metric: &str| scale(&Metric::find(metric).unwrap(), [0.5]).unit;
        assert_eq!(unit("utilization_cpu"), "%");
        assert_eq!(unit("node_utilization_gini"), "");
        assert_eq!(unit("slowdown_p99"), "");
        assert_eq!(unit("wait_p75"), "ms");
        assert_eq!(unit("throughput"), "/s");
    }
}
