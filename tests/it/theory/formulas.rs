//! The formulas of `equipoise::theory` against the rows of the reference, to their printed digits.

use equipoise::engine::law::Law;
use equipoise::theory::{fork_join, many, mean_field, quantile, round_robin, single, two};

use super::models::{self, number, text};
use super::reference;

/// What the formulas say of a row's quantity; `None` if they say nothing.
fn value(id: &str, p: &str, quantity: &str) -> Option<f64> {
    let n = |name| number(p, name);
    Some(match (id, quantity) {
        ("V4", _) => many_response(n("c"), n("rho")) + n("d"),
        ("V5", "P(wait)=C") => many::erlang_c(n("c") as u64, n("c") * n("rho")),
        ("V5", "E[Wq]") => many::wait(n("c") as u64, n("c") * n("rho")),
        ("V5", "E[T]") => many_response(n("c"), n("rho")),
        ("V5", "E[N]") => n("c") * n("rho") * many_response(n("c"), n("rho")),
        ("V5", "T p99") => {
            let (c, a) = (n("c") as u64, n("c") * n("rho"));
            quantile(|t| many::response_above(c, a, t), 0.99)
        }
        ("V9", _) => {
            let law = models::services(p).remove(0);
            let (mean, square) = (law.mean(), law.second_moment());
            single::wait(n("rho"), mean, square)
        }
        ("V10", "mean Wq") => single::wait(n("rho"), 1.0, 1.0),
        ("V10", _) => {
            let law = single::Constant::new(n("rho"));
            let q: f64 = quantity[1..].parse().unwrap();
            quantile(|t| law.above(t), q / 100.0)
        }
        ("V11", "E[Wq]") => many::constant_wait(n("c") as u64, n("c") * n("rho")),
        ("V13", _) if !text(p, "n").starts_with("inf") => {
            let rate = n("n") * n("rho");
            let interval = Law::Exponential { mean: 1.0 / rate };
            1.0 / (1.0 - round_robin::sigma(&interval, n("n") as u32).unwrap())
        }
        ("V13", _) => {
            let interval = Law::Constant(1.0 / n("rho"));
            1.0 / (1.0 - round_robin::sigma(&interval, 1).unwrap())
        }
        ("V14", "exact n=100" | "exact n=400") => {
            let servers: f64 = quantity[8..].parse().unwrap();
            many::erlang_c(servers as u64, servers - n("beta") * servers.sqrt())
        }
        ("V18", _) => 1.0 / (n("mu_d") - n("lam")) + many_response(n("c"), n("lam") / n("c")),
        ("V19", "E[T]") => single::wait(n("rho"), 1.0, 2.0) + 1.0,
        ("V19", "T p99") => quantile(|t| single::response_above(n("rho"), 1.0, t), 0.99),
        ("V20", _) => mean_field::response(n("d") as u32, n("rho")),
        ("V21", "mean field") => n("rho") * mean_field::response(n("d") as u32, n("rho")),
        ("V23", "prediction") => mean_field::response(n("d") as u32, n("rho")),
        ("V25", "M/M/2 lower bound") => many_response(2.0, n("rho")),
        ("V25", "E[T] JSQ") => two::shortest(n("rho")),
        ("V25", "P(wait)") => two::shortest_waits(n("rho")),
        ("V27", _) => two::idle(n("rho")),
        ("V31", _) if text(p, "policy") == "proportional random" => {
            2.0 / ((n("mu1") + n("mu2")) * (1.0 - n("rho")))
        }
        ("V35", _) => fork_join::two(n("rho")),
        ("V36", "NT approx") => fork_join::approximation(n("K") as u32, n("rho")),
        ("V36", "upper bound") => fork_join::bound(n("K") as u32, n("rho")),
        ("V37", _) => fork_join::harmonic(n("k") as u32),
        ("V61", "CoV") => mean_field::cov(n("d") as u32, n("rho")),
        ("V61", "Jain") => mean_field::jain(n("d") as u32, n("rho")),
        _ => return None,
    })
}

fn many_response(c: f64, rho: f64) -> f64 {
    many::wait(c as u64, c * rho) + 1.0
}

#[test]
fn formulas_give_the_printed_digits() {
    let (mut checked, mut wrong) = (0, Vec::new());
    for ((id, parameters), rows) in reference() {
        for row in rows {
            let Some(found) = value(&id, &parameters, &row.quantity) else {
                continue;
            };
            checked += 1;
            let (printed, rounding) = row.printed();
            if (found - printed).abs() > rounding * 1.001 {
                wrong.push(format!(
                    "{id} {parameters} {}: {printed}, found {found}",
                    row.quantity
                ));
            }
        }
    }
    assert!(checked > 300, "{checked}");
    assert!(wrong.is_empty(), "{checked} rows\n{}", wrong.join("\n"));
}
