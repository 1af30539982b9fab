//! The words of page and plots: metrics in words, and numbers as printers set them.
//!
//! Prose has words and tables have names: a reader should not have to know what a column is called to read an
//! answer.

use crate::metrics::columns::{MetricRef, Part};
use crate::text::printable;

/// "p99 response time of class checkout": what the tables call `checkout.response_p99`.
pub fn words(metric: &MetricRef) -> String {
    let title = metric.metric.title();
    let is_quantile = |which: &str| {
        which.starts_with('p') && which[1..].starts_with(|c: char| c.is_ascii_digit())
    };
    let phrase = match title.rsplit_once(", ") {
        Some((what, which)) if is_quantile(which) => format!("{which} {what}"),
        _ => title,
    };
    match &metric.part {
        Part::All => phrase,
        Part::Class(name) => format!("{phrase} of class {}", printable(name)),
        Part::Group(name) => format!("{phrase} of node group {}", printable(name)),
    }
}

/// [`words`] at the start of a line; "p99" stays as it is.
pub fn heading(metric: &MetricRef) -> String {
    let words = words(metric);
    let is_quantile =
        words.starts_with('p') && words[1..].starts_with(|c: char| c.is_ascii_digit());
    match words.get(..1) {
        Some(first) if !is_quantile => first.to_uppercase() + &words[1..],
        _ => words,
    }
}

/// `text` with minus signs before numbers, narrow blanks before "%" and the Greek letter of microseconds.
pub fn set(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek().copied().unwrap_or(' ');
        let is_sign = c == '-' && next.is_ascii_digit() && matches!(before, ' ' | '[' | ',' | '(');
        let is_micro = c == 'u' && next == 's' && before == ' ';
        out.push(match c {
            ' ' if next == '%' => '\u{202f}',
            _ if is_sign => '−',
            _ if is_micro => 'µ',
            _ => c,
        });
        before = c;
    }
    out
}

/// "46 – 48", or one number where both read alike.
pub fn dashed(low: String, high: &str) -> String {
    match low == high {
        true => low,
        false => format!("{low} – {high}"),
    }
}

/// "a", "a and b", "a, b and c".
pub fn and(items: &[String]) -> String {
    match items.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn metrics_are_named_in_words() {
        let of = |name: &str| heading(&name.parse().unwrap());
        assert_eq!(of("response_p99"), "p99 response time");
        let of_class = of("checkout.response_p99");
        assert_eq!(of_class, "p99 response time of class checkout");
        assert_eq!(of("response_mean"), "Mean response time");
    }

    #[test]
    fn numbers_are_set_with_true_signs() {
        let set = set("-70 % [-71,-69] two-choices");
        assert_eq!(set, "−70\u{202f}% [−71,−69] two-choices");
    }
}
