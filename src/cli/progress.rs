//! A progress bar with the time left, on a terminal only.
//!
//! It goes to standard error, so a redirected result stays clean, and it is hidden where nobody
//! looks: a build server's log would hold a line for each step.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::experiment::Progress;

/// A bar of replications, behind what they are of; hidden unless standard error is a terminal.
pub fn bar(what: &str) -> ProgressBar {
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr_with_hz(10)
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(Some(0), target);
    let (what, width) = match what {
        "" => (String::new(), 40),
        what => (format!("{what}: "), 15),
    };
    bar.set_message(what);
    let template = format!("{{msg}}{{bar:{width}}} {{pos}}/{{len}} replications, {{eta}} left");
    if let Ok(style) = ProgressStyle::with_template(&template) {
        bar.set_style(style.progress_chars("=> "));
    }
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
