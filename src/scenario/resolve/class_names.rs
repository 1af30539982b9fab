//! Classes by the names that scenarios call them by.

use super::check::Check;
use crate::scenario::text::suggest;
use crate::workload::class::Class;

/// True if `wanted` names any class; else says so.
pub fn is_class(check: &mut Check<'_>, wanted: &str, classes: &[Class]) -> bool {
    let is_one = (classes.iter()).any(|class| narrowness(wanted, &class.name) > 0);
    if !is_one {
        let known: Vec<&str> = classes.iter().map(|class| class.name.as_str()).collect();
        let hint = suggest::hint(wanted, &known, "classes");
        check.error(format!("there is no class `{wanted}`"), hint);
    }
    is_one
}

/// How narrowly `wanted` names a class: in full, by the part of a trace, by the trace, or not (0).
pub fn narrowness(wanted: &str, class: &str) -> usize {
    let (source, part) = class.split_once('.').unwrap_or((class, ""));
    let names = [source, part, class];
    names
        .iter()
        .rposition(|name| *name == wanted)
        .map_or(0, |at| at + 1)
}
