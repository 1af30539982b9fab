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

/// [`scale`] for the metric of this name; plain numbers for an unknown one.
pub fn scale_of(metric: &str, values: impl IntoIterator<Item = f64>) -> Scale {
    match Metric::find(metric) {
        Some(metric) => scale(&metric, values),
        None => Scale::plain("1"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_follow_unit_and_kind() {
        let unit = |metric: &str| scale_of(metric, [0.5]).unit;
        assert_eq!(unit("utilization_cpu"), "%");
        assert_eq!(unit("node_utilization_gini"), "");
        assert_eq!(unit("slowdown_p99"), "");
        assert_eq!(unit("wait_p75"), "ms");
        assert_eq!(unit("throughput"), "/s");
    }
}
