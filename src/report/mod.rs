//! What a run shows: tables, terminal, plots and one page, each a function of the result tables.

pub mod csv;
pub mod format;
pub mod lookup;
pub mod metric_facts;
pub mod plot;
#[cfg(test)]
mod sample;
pub mod verdict_text;
