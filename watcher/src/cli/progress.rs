//! The progress bar of a sync, on standard error.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::service::{Phase, Progress};

/// Shows how far a sync is; or nothing, when nobody would see it.
#[derive(Debug)]
pub(super) struct ProgressLine(ProgressBar);

impl ProgressLine {
    /// Makes a bar that is drawn only when `visible`.
    pub(super) fn new(visible: bool) -> Self {
        let target = if visible {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        let template = "{msg} {wide_bar} {human_pos}/{human_len} blocks, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        ProgressLine(bar)
    }
}

impl Progress for ProgressLine {
    fn begins(&self, phase: Phase) {
        self.0.set_message(match phase {
            Phase::Headers => "headers",
            Phase::Blocks => "searching",
            Phase::MemoryPool => "memory pool",
        });
    }

    fn reached(&self, done: u32, of: u32) {
        self.0.set_length(u64::from(of));
        self.0.set_position(u64::from(done));
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
