//! What a report needs to know of a metric: how to name it, how to print it, which way is better.

pub use crate::metrics::registry::Better;

use crate::metrics::registry;
use crate::text::Scale;

/// How a metric's values are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Seconds, scaled to ns ... h.
    Time,
    /// A share of one, printed in percent.
    Share,
    /// A plain number, with the unit of the table if there is one.
    Number,
}

/// The facts of one metric.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Axis title without a unit.
    pub title: String,
    /// How its values are printed.
    pub kind: Kind,
    /// Which way is better.
    pub better: Better,
}

impl Facts {
    /// The one unit in which all of `values` (in the tables' `unit`) read best.
    pub fn scale(&self, unit: &str, values: impl IntoIterator<Item = f64>) -> Scale {
        match self.kind {
            Kind::Time => Scale::time(values),
            Kind::Share => Scale::percent(),
            Kind::Number => Scale::plain(unit),
        }
    }
}

/// Facts of the metric `name` (`class.metric` and `nodes.GROUP.metric` too); `unit` is the tables'.
pub fn facts(name: &str, unit: &str) -> Facts {
    let metric = name.rsplit('.').next().unwrap_or(name);
    Facts {
        title: title(metric),
        kind: kind(metric, unit),
        better: better(metric),
    }
}

/// Whether the metric is a response time, to which an objective applies.
pub fn is_response_time(name: &str) -> bool {
    let metric = name.rsplit('.').next().unwrap_or(name);
    metric.starts_with("response_")
}

fn kind(metric: &str, unit: &str) -> Kind {
    match unit {
        "s" => Kind::Time,
        "1" if is_share(metric) => Kind::Share,
        _ => Kind::Number,
    }
}

fn is_share(metric: &str) -> bool {
    const SHARES: [&str; 4] = [
        "waste",
        "slo_attained",
        "availability",
        "idle_while_waiting",
    ];
    metric.contains("utilization") && !metric.contains("gini") || SHARES.contains(&metric)
}

/// As the registry says; what it does not list by name is a utilization of a resource.
fn better(metric: &str) -> Better {
    registry::find(metric, &[]).map_or(Better::Neither, |facts| facts.better)
}

fn title(metric: &str) -> String {
    let words = match metric {
        "response_mean" => "mean response time",
        "response_max" => "largest response time",
        "wait_mean" => "mean waiting time",
        "slowdown_mean" => "mean slowdown",
        "imbalance_cov" => "imbalance (coefficient of variation of node loads)",
        "imbalance_max_over_mean" => "imbalance (largest over mean node load)",
        "messages_per_task" => "messages per task",
        "waste" => "waste (share of slot-time)",
        "slo_attained" => "jobs within their objective",
        "throughput" => "throughput",
        _ => return quantile_title(metric),
    };
    words.to_string()
}

/// `response_p999` -> "response time, p99.9"; anything else with spaces for underscores.
fn quantile_title(metric: &str) -> String {
    let named = metric.rsplit_once("_p").and_then(|(stem, digits)| {
        let quantile = digits.parse::<u32>().ok().map(|_| digits)?;
        let noun = match stem {
            "response" => "response time",
            "wait" => "waiting time",
            other => other,
        };
        Some(format!("{noun}, p{}", with_point(quantile)))
    });
    named.unwrap_or_else(|| metric.replace('_', " "))
}

fn with_point(digits: &str) -> String {
    match digits.len() {
        0..=2 => digits.to_string(),
        _ => format!("{}.{}", &digits[..2], &digits[2..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_titled_with_their_point() {
        assert_eq!(
            facts("query.response_p999", "s").title,
            "response time, p99.9"
        );
        assert_eq!(facts("wait_p99", "s").title, "waiting time, p99");
    }

    #[test]
    fn kinds_follow_unit_and_name() {
        assert_eq!(facts("nodes.gen1.utilization", "1").kind, Kind::Share);
        assert_eq!(facts("node_utilization_gini", "1").kind, Kind::Number);
        assert_eq!(facts("slowdown_p99", "1").kind, Kind::Number);
        assert_eq!(facts("throughput", "1/s").better, Better::Higher);
    }
}
