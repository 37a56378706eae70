//! Codes on a terminal, until a key ends it.

use std::fs::File;
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use cofferdam_transport::code::{DrawError, Drawing};
use cofferdam_transport::render;
pub use cofferdam_transport::render::Theme;
use cofferdam_transport::schedule::{Schedule, ScheduleError, Version};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcgetwinsize, tcsetattr,
};

/// Lines below the code.
const FOOT: usize = 2;

/// What the terminal gives for Ctrl-C.
const CTRL_C: u8 = 3;

/// Why codes are not shown.
#[derive(Debug, thiserror::Error)]
pub enum ShowError {
    /// There is no terminal.
    #[error("codes are shown on a terminal, and there is none: {0}")]
    NoTerminal(io::Error),
    /// It is too small.
    #[error(
        "the terminal has {columns} columns and {lines} lines, and the smallest code needs {needed_columns} and {needed_lines}"
    )]
    TooSmall {
        /// Columns that it has.
        columns: usize,
        /// Lines that it has.
        lines: usize,
        /// Columns that are needed.
        needed_columns: usize,
        /// Lines that are needed.
        needed_lines: usize,
    },
    /// The message cannot be shown so.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// A part is no code.
    #[error(transparent)]
    Draw(#[from] DrawError),
}

/// Returns the largest code that fits the terminal of this process, with its quiet zone and the
/// line below it.
///
/// # Errors
///
/// There is no terminal, or not even the smallest code fits.
pub fn largest_on_terminal() -> Result<Version, ShowError> {
    let terminal = File::open("/dev/tty").map_err(ShowError::NoTerminal)?;
    largest(&terminal)
}

/// Shows the codes of a schedule, each for its time, until the operator ends it with `q`, Enter,
/// Escape or Ctrl-C.
///
/// `+` and `-` make the codes denser and sparser, `f` and `s` faster and slower, `t` changes dark
/// and light, the space bar holds one. None is greater than the terminal.
///
/// # Errors
///
/// [`ShowError`].
pub fn show(mut schedule: Schedule, mut theme: Theme, title: &str) -> Result<(), ShowError> {
    let mut screen = Screen::open()?;
    let mut held = false;
    screen.write("\x1b[2J")?;
    'codes: loop {
        let shown = schedule.next_shown();
        let matrix = Drawing::default().draw(&shown.content)?;
        loop {
            let foot = format!(
                "{title}: {} codes, {} ms each{}   [+/-] density  [f/s] pace  [t] colours  [space] hold  [q] end",
                schedule.count(),
                schedule.millis(),
                if held { ", held" } else { "" }
            );
            let columns = screen.columns()?;
            let foot: String = foot.chars().take(columns).collect();
            screen.write(&format!(
                "\x1b[H{}\x1b[0m\x1b[K\n{foot}\x1b[K\x1b[J",
                render::terminal(&matrix, theme).replace('\n', "\x1b[K\n")
            ))?;
            let until = Instant::now() + Duration::from_millis(shown.millis.into());
            let Some(key) = screen.key((!held).then_some(until))? else {
                continue 'codes;
            };
            let largest = largest(&screen.terminal)?;
            let again = match key {
                b'q' | b'\r' | b'\n' | 0x1b | CTRL_C => {
                    screen.write("\x1b[H\x1b[2J")?;
                    return Ok(());
                }
                b'+' | b'=' if schedule.version() < largest => schedule.denser()?,
                b'-' => schedule.sparser().unwrap_or(false),
                b'f' | b'>' => {
                    schedule.faster();
                    false
                }
                b's' | b'<' => {
                    schedule.slower();
                    false
                }
                b't' => {
                    theme = match theme {
                        Theme::Colours => Theme::Dark,
                        Theme::Dark => Theme::Light,
                        Theme::Light => Theme::Colours,
                    };
                    false
                }
                b' ' => {
                    held = !held;
                    !held
                }
                _ => false,
            };
            if again {
                screen.write("\x1b[2J")?;
                continue 'codes;
            }
        }
    }
}

fn largest(terminal: &File) -> Result<Version, ShowError> {
    let size = tcgetwinsize(terminal).map_err(|error| ShowError::NoTerminal(error.into()))?;
    let (columns, lines) = (usize::from(size.ws_col), usize::from(size.ws_row));
    let fits = |number: &u8| render::fits(*number, columns, lines.saturating_sub(FOOT));
    (Version::MIN.number()..=Version::MAX.number())
        .rev()
        .find(fits)
        .and_then(Version::new)
        .ok_or({
            // Modules of version 1 with the quiet zone.
            ShowError::TooSmall {
                columns,
                lines,
                needed_columns: 29,
                needed_lines: 15 + FOOT,
            }
        })
}

/// The terminal, with every key given at once and not shown; as it was when dropped.
struct Screen {
    terminal: File,
    before: Termios,
}

impl Screen {
    fn open() -> Result<Screen, ShowError> {
        let open = || -> io::Result<Screen> {
            let terminal = File::options().read(true).write(true).open("/dev/tty")?;
            let before = tcgetattr(&terminal)?;
            let mut keys = before.clone();
            // Without signals from keys, which would end the program and leave the terminal so.
            let removed = LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
            keys.local_modes.remove(removed);
            keys.special_codes[SpecialCodeIndex::VMIN] = 1;
            keys.special_codes[SpecialCodeIndex::VTIME] = 0;
            tcsetattr(&terminal, OptionalActions::Flush, &keys)?;
            Ok(Screen { terminal, before })
        };
        open().map_err(ShowError::NoTerminal)
    }

    fn write(&mut self, text: &str) -> Result<(), ShowError> {
        self.terminal
            .write_all(text.as_bytes())
            .and_then(|()| self.terminal.flush())
            .map_err(ShowError::NoTerminal)
    }

    fn columns(&self) -> Result<usize, ShowError> {
        let size =
            tcgetwinsize(&self.terminal).map_err(|error| ShowError::NoTerminal(error.into()))?;
        Ok(size.ws_col.into())
    }

    /// Waits for a key until a moment, or for ever.
    fn key(&mut self, until: Option<Instant>) -> Result<Option<u8>, ShowError> {
        let failed = |error: io::Error| ShowError::NoTerminal(error);
        loop {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            let timeout = left.and_then(|left| Timespec::try_from(left).ok());
            match poll(
                &mut [PollFd::new(&self.terminal, PollFlags::IN)],
                timeout.as_ref(),
            ) {
                Ok(0) => return Ok(None),
                Ok(_) => break,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(failed(error.into())),
            }
        }
        let mut key = [0];
        match self.terminal.read(&mut key).map_err(failed)? {
            0 => Err(failed(io::ErrorKind::UnexpectedEof.into())),
            _ => Ok(Some(key[0])),
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}
