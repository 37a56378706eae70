//! Mapped pages between two guard pages.

use std::io;
use std::ptr::{self, NonNull};

use libc::{
    MADV_DONTDUMP, MADV_DONTFORK, MADV_WIPEONFORK, MAP_ANONYMOUS, MAP_FAILED, MAP_FIXED,
    MAP_NORESERVE, MAP_PRIVATE, MAP_SHARED, PROT_NONE, PROT_READ, PROT_WRITE, c_int, c_void,
};

use crate::for_tests;
use crate::wipe::wipe;

/// The size of a page: that of x86-64, and of most others.
pub(crate) const PAGE: usize = 4096;

/// What lies untouchable on each side: the largest page that Linux has, so that the mapping is
/// aligned on every kernel.
const GUARD: usize = 64 * 1024;

/// What kind of pages secrets lie in, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pages {
    /// Of `memfd_secret` (Linux 5.14): never swapped or dumped, and out of the reach of the
    /// kernel's own maps, of `/proc/PID/mem` and of debuggers, even root's. While they exist, the
    /// machine does not hibernate.
    Secret,
    /// Locked by `mlock`: never swapped, and in no dump; root can read them.
    Locked,
    /// As any memory: may be swapped; wiped all the same.
    Ordinary,
}

impl Pages {
    /// The kinds, from the best.
    pub const ALL: [Pages; 3] = [Pages::Secret, Pages::Locked, Pages::Ordinary];
}

/// Mapped pages, wiped and unmapped when dropped.
pub(crate) struct Map {
    start: NonNull<u8>,
    length: usize,
    pages: Pages,
}

// SAFETY: the pages belong to the value, whichever thread has it.
unsafe impl Send for Map {}

impl Map {
    /// Maps pages of the best kind that the kernel gives, not better than `best`.
    ///
    /// # Errors
    ///
    /// When not even ordinary pages are left.
    pub(crate) fn best(length: usize, best: Pages) -> io::Result<Map> {
        let best = best.max(for_tests::best_pages());
        let mut failed = io::Error::from(io::ErrorKind::OutOfMemory);
        for pages in Pages::ALL.into_iter().filter(|pages| *pages >= best) {
            match Map::new(length, pages) {
                Ok(map) => return Ok(map),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    /// Maps pages of one kind; `length` is a multiple of the page.
    pub(crate) fn new(length: usize, pages: Pages) -> io::Result<Map> {
        assert!(length.is_multiple_of(PAGE) && length > 0, "whole pages");
        // The place, guards included, that nothing may touch.
        // SAFETY: a new mapping where the kernel likes.
        let place = unsafe {
            mmap(
                ptr::null_mut(),
                length + 2 * GUARD,
                PROT_NONE,
                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                -1,
            )?
        };
        let start = place.wrapping_byte_add(GUARD);
        let filled = match pages {
            Pages::Secret => fill_secret(start, length),
            Pages::Locked => fill_locked(start, length),
            Pages::Ordinary => fill_anonymous(start, length),
        };
        match (filled, NonNull::new(start.cast::<u8>())) {
            (Ok(()), Some(start)) => Ok(Map {
                start,
                length,
                pages,
            }),
            (filled, _) => {
                // SAFETY: the place is this function's, and nothing in it is in use.
                unsafe { libc::munmap(place, length + 2 * GUARD) };
                Err(filled
                    .err()
                    .unwrap_or_else(|| io::ErrorKind::OutOfMemory.into()))
            }
        }
    }

    pub(crate) fn start(&self) -> *mut u8 {
        self.start.as_ptr()
    }

    pub(crate) fn length(&self) -> usize {
        self.length
    }

    pub(crate) fn pages(&self) -> Pages {
        self.pages
    }

    /// Makes locked pages zero in whatever process is forked from this one. Secret pages are in
    /// none at all.
    pub(crate) fn wipe_on_fork(&self) {
        if self.pages == Pages::Locked {
            // SAFETY: the pages are mapped, private and anonymous. Where the kernel refuses, the
            // process still forks nothing.
            unsafe { libc::madvise(self.start().cast(), self.length, MADV_WIPEONFORK) };
        }
    }

    /// Unmaps pages that nothing was written to.
    pub(crate) fn discard(self) {
        let map = std::mem::ManuallyDrop::new(self);
        // SAFETY: the value goes without being dropped, and nobody uses the pages.
        unsafe { map.unmap() };
    }

    /// # Safety
    ///
    /// Nobody may use the pages any more, nor the value.
    unsafe fn unmap(&self) {
        // SAFETY: the place with its guards was mapped by `new`; the rest is this function's own
        // condition.
        unsafe {
            libc::munmap(
                self.start().wrapping_sub(GUARD).cast(),
                self.length + 2 * GUARD,
            )
        };
    }

    /// Writes zeros over all of it.
    ///
    /// # Safety
    ///
    /// Nothing may rely on what the pages hold.
    pub(crate) unsafe fn wipe(&self) {
        // SAFETY: the pages are mapped for writing; the rest is this function's own condition.
        unsafe { wipe(self.start(), self.length) };
    }
}

impl Drop for Map {
    fn drop(&mut self) {
        if for_tests::wipes() {
            // SAFETY: the value goes, and whoever used the pages borrowed it.
            unsafe {
                self.wipe();
                self.unmap();
            }
        }
    }
}

/// # Safety
///
/// With `MAP_FIXED`, what `place` holds must be the caller's.
unsafe fn mmap(
    place: *mut c_void,
    length: usize,
    access: c_int,
    flags: c_int,
    file: c_int,
) -> io::Result<*mut c_void> {
    // SAFETY: by this function's own condition.
    let mapped = unsafe { libc::mmap(place, length, access, flags, file, 0) };
    if mapped == MAP_FAILED {
        Err(io::Error::last_os_error())
    } else {
        Ok(mapped)
    }
}

fn done(result: c_int) -> io::Result<()> {
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

fn fill_secret(start: *mut c_void, length: usize) -> io::Result<()> {
    // SAFETY: a system call with one integer argument; an older kernel answers ENOSYS.
    let file = unsafe { libc::syscall(libc::SYS_memfd_secret, libc::O_CLOEXEC) };
    let file = c_int::try_from(file)
        .ok()
        .filter(|file| *file >= 0)
        .ok_or_else(io::Error::last_os_error)?;
    let size = libc::off_t::try_from(length).map_err(io::Error::other)?;
    // SAFETY: the descriptor is open and this function's; the place is the caller's. The mapping
    // outlives the descriptor. A fork must not share the pages with a child, for they are shared
    // memory.
    unsafe {
        let mapped = done(libc::ftruncate(file, size)).and_then(|()| {
            mmap(
                start,
                length,
                PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_FIXED,
                file,
            )?;
            done(libc::madvise(start, length, MADV_DONTFORK))
        });
        libc::close(file);
        mapped
    }
}

/// Without `MADV_WIPEONFORK`, which [`Map::wipe_on_fork`] adds where no child runs on its copy of
/// the stack (see [`crate::Forking`]).
fn fill_locked(start: *mut c_void, length: usize) -> io::Result<()> {
    fill_anonymous(start, length)?;
    // SAFETY: the pages were just mapped.
    unsafe {
        done(libc::madvise(start, length, MADV_DONTDUMP))?;
        done(libc::mlock(start, length))
    }
}

fn fill_anonymous(start: *mut c_void, length: usize) -> io::Result<()> {
    // SAFETY: the place is the caller's.
    unsafe {
        mmap(
            start,
            length,
            PROT_READ | PROT_WRITE,
            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
            -1,
        )
    }
    .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(map: &Map) -> String {
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let head = format!(
            "{:x}-{:x} ",
            map.start() as usize,
            map.start() as usize + map.length()
        );
        let at = maps.find(&head).expect("a mapping of its own");
        let rest = &maps[at..];
        let end = rest.find("VmFlags:").unwrap();
        let line = rest[end..].find('\n').unwrap();
        rest[..end + line].to_owned()
    }

    #[test]
    fn locked_pages_are_locked_and_in_no_dump() {
        let map = Map::new(4 * PAGE, Pages::Locked).unwrap();
        let facts = facts(&map);
        let flags = facts.rsplit("VmFlags:").next().unwrap();
        assert!(flags.split(' ').any(|flag| flag == "lo"), "{facts}");
        assert!(flags.split(' ').any(|flag| flag == "dd"), "{facts}");
        assert!(facts.contains("Locked:               16 kB"), "{facts}");
    }

    #[test]
    fn locked_pages_can_be_zero_in_a_fork() {
        let map = Map::new(PAGE, Pages::Locked).unwrap();
        let wiped = |facts: String| {
            facts
                .rsplit("VmFlags:")
                .next()
                .unwrap()
                .split(' ')
                .any(|flag| flag == "wf")
        };
        assert!(!wiped(facts(&map)));
        map.wipe_on_fork();
        assert!(wiped(facts(&map)));
    }

    #[test]
    fn secret_pages_are_out_of_reach_of_proc_mem_and_no_fork_inherits_them() {
        use std::os::unix::fs::FileExt as _;
        let map = match Map::new(PAGE, Pages::Secret) {
            Ok(map) => map,
            // The kernel has none; the test of the whole program says so too.
            Err(error) => {
                return assert!(
                    matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EAGAIN)),
                    "{error}"
                );
            }
        };
        // SAFETY: the pages are mapped and this test's.
        unsafe { map.start().write(7) };
        let memory = std::fs::File::open("/proc/self/mem").unwrap();
        assert!(memory.read_exact_at(&mut [0], map.start() as u64).is_err());
        let facts = facts(&map);
        let flags = facts.rsplit("VmFlags:").next().unwrap();
        assert!(
            flags.split(' ').any(|flag| flag == "lo") && flags.split(' ').any(|flag| flag == "dc"),
            "{facts}"
        );
    }

    #[test]
    fn what_is_before_and_after_is_not_accessible() {
        let map = Map::new(PAGE, Pages::Locked).unwrap();
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let start = map.start() as usize;
        let guard = |ends: String| {
            maps.lines()
                .any(|line| line.contains(&ends) && line.contains(" ---p "))
        };
        assert!(guard(format!("-{start:x} ")), "{maps}");
        assert!(guard(format!("{:x}-", start + PAGE)), "{maps}");
    }
}
