//! A bar with the time that is left, on a terminal's standard error.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

/// The bar, or nothing where nobody looks.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    quiet: bool,
}

impl Progress {
    /// For `total` trials; hidden if `quiet` or if standard error is not a terminal. It is redrawn between trials only:
    /// a thread that drew in between would disturb what is measured.
    pub(super) fn new(total: u64, quiet: bool) -> Progress {
        let hidden = quiet || !std::io::stderr().is_terminal();
        let target = if hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let style = ProgressStyle::with_template("{bar:24} {pos}/{len}  left {eta}  {wide_msg}");
        let bar = ProgressBar::with_draw_target(Some(total), target);
        let bar = match style {
            Ok(style) => bar.with_style(style),
            Err(_) => bar,
        };
        Progress { bar, quiet }
    }

    /// What will be done, before it begins: said wherever a bar is not unwanted, on a terminal or not.
    pub(super) fn announce(&self, line: &str) {
        if !self.quiet {
            self.say(line);
        }
    }

    /// What comes next.
    pub(super) fn next(&self, name: &str) {
        self.bar.set_message(name.to_owned());
    }

    /// One more is done.
    pub(super) fn done(&self) {
        self.bar.inc(1);
    }

    /// A line above the bar, or just a line.
    pub(super) fn say(&self, line: &str) {
        self.bar.suspend(|| super::output::warn(line));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
