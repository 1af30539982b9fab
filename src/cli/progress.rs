//! A progress bar with the time left, on a terminal only.
//!
//! It goes to standard error, so a redirected result stays clean, and it is hidden where nobody
//! looks: a build server's log would hold a line for each step.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::experiment::Progress;

/// A bar of replications; hidden unless standard error is a terminal.
pub fn bar() -> ProgressBar {
    bar_of("", 40, "{eta} left")
}

/// The same of a part of more, with what it is of and what is left of all.
pub fn bar_of(what: &str, width: usize, left: &str) -> ProgressBar {
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr_with_hz(10)
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(0), target);
    let template = format!("{{msg}}{{bar:{width}}} {{pos}}/{{len}} replications, {left}");
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_message(what.to_owned());
    if !bar.is_hidden() {
        bar.enable_steady_tick(Duration::from_millis(250));
    }
    bar
}

/// Shows `progress` on `bar`.
pub fn show(bar: &ProgressBar, progress: Progress) {
    match progress {
        Progress::Planned(more) => bar.inc_length(more),
        Progress::Done => bar.inc(1),
    }
}
