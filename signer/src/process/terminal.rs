//! Questions to the operator, on the terminal itself: never on standard input or output, which may
//! be files.

use std::fs::File;
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{
    LocalModes, OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr,
};
use zeroize::Zeroizing;

/// The longest line that is read: the kernel's own limit.
const MAX_LINE: usize = 4096;

/// How long nothing may come in before a question is asked: what is pasted arrives in pieces.
const QUIET: Duration = Duration::from_millis(50);

/// How long is waited for that.
const PATIENCE: Duration = Duration::from_secs(5);

/// The terminal that controls this process.
pub(crate) struct Terminal(File);

impl Terminal {
    /// Opens the terminal.
    ///
    /// # Errors
    ///
    /// When the process has none: it was started by a script.
    pub(crate) fn open() -> io::Result<Self> {
        File::options()
            .read(true)
            .write(true)
            .open("/dev/tty")
            .map(Terminal)
    }

    /// Shows text.
    pub(crate) fn show(&mut self, text: &str) -> io::Result<()> {
        self.0.write_all(text.as_bytes())?;
        self.0.flush()
    }

    /// Asks for a line and shows what is typed. What was typed before the question is thrown away:
    /// nobody answers what was not asked.
    pub(crate) fn ask(&mut self, question: &str) -> io::Result<Zeroizing<String>> {
        self.forget_typed_ahead()?;
        self.show(question)?;
        self.line()
    }

    /// Asks for a line and hides what is typed. What was typed before the question is thrown away.
    pub(crate) fn ask_secret(&mut self, question: &str) -> io::Result<Zeroizing<String>> {
        // Before the question, so that the first key after it is hidden too, and none of the answer
        // is dropped.
        let hidden = Hidden::new(&self.0)?;
        self.forget_typed_ahead()?;
        self.show(question)?;
        let line = self.line();
        drop(hidden);
        self.show("\n")?;
        line
    }

    /// Clears the screen, and what can be scrolled back to.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        self.show("\x1b[H\x1b[2J\x1b[3J")
    }

    /// Throws away what was typed or pasted, until nothing more comes.
    ///
    /// Once is not enough: the kernel holds 4 KiB of a terminal's input where a program can throw
    /// it away, and what waits behind that comes after.
    fn forget_typed_ahead(&self) -> io::Result<()> {
        let end = Instant::now() + PATIENCE;
        let quiet = Timespec::try_from(QUIET).map_err(io::Error::other)?;
        loop {
            tcflush(&self.0, QueueSelector::IFlush)?;
            let mut terminal = [PollFd::new(&self.0, PollFlags::IN)];
            match poll(&mut terminal, Some(&quiet)) {
                Ok(0) => return Ok(()),
                // It is gone, as reading will tell.
                Ok(_) if !terminal[0].revents().contains(PollFlags::IN) => return Ok(()),
                Err(error) if error != rustix::io::Errno::INTR => return Err(error.into()),
                _ if Instant::now() > end => {
                    return Err(io::Error::other(
                        "something is being typed before it is asked for",
                    ));
                }
                _ => {}
            }
        }
    }

    /// Reads one line, without its end, into memory that is never moved.
    fn line(&mut self) -> io::Result<Zeroizing<String>> {
        let mut line = Zeroizing::new(Vec::with_capacity(MAX_LINE));
        let mut byte = [0];
        loop {
            match self.0.read(&mut byte) {
                Ok(0) if line.is_empty() => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(0) => break,
                Ok(_) if byte[0] == b'\n' => break,
                Ok(_) if line.len() == MAX_LINE => {
                    return Err(io::Error::other("the line is too long"));
                }
                Ok(_) => line.push(byte[0]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        let text =
            str::from_utf8(&line).map_err(|_| io::Error::other("what was typed is not UTF-8"))?;
        Ok(Zeroizing::new(text.to_owned()))
    }
}

/// A terminal that does not show what is typed, until dropped.
struct Hidden {
    terminal: File,
    shown: Termios,
}

impl Hidden {
    fn new(terminal: &File) -> io::Result<Self> {
        let shown = tcgetattr(terminal)?;
        let mut hidden = shown.clone();
        hidden
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ECHONL);
        hidden
            .local_modes
            .insert(LocalModes::ICANON | LocalModes::ISIG);
        tcsetattr(terminal, OptionalActions::Flush, &hidden)?;
        Ok(Hidden {
            terminal: terminal.try_clone()?,
            shown,
        })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.shown);
    }
}
