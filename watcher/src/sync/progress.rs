//! The progress bar of a sync, on standard error.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Shows how far a sync is; or nothing, when nobody would see it.
#[derive(Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    /// Makes a bar that is drawn only when `visible`.
    pub fn new(visible: bool) -> Self {
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
        Progress(bar)
    }

    /// Sets what is done and what there is to do.
    pub fn set(&self, done: u32, of: u32) {
        self.0.set_length(u64::from(of));
        self.0.set_position(u64::from(done));
    }

    /// Says what is being done.
    pub fn say(&self, what: &'static str) {
        self.0.set_message(what);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
