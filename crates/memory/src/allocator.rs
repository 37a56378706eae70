//! The program's allocator.

use std::alloc::{GlobalAlloc, Layout, System};

use crate::arena::{ARENA, Arena};
use crate::wipe::wipe;

/// Blocks from here on the C library maps one by one and gives back to the kernel when they are
/// freed, which hands no page on without clearing it: glibc's threshold grows to 32 MiB and no
/// further (mallopt(3), `M_MMAP_THRESHOLD`). They are the matrix of Argon2, which wipes itself, and
/// need no second time.
const UNMAPPED: usize = 64 * 1024 * 1024;

/// Allocates from the locked pages of whoever holds secrets, else from the system; wipes every
/// block that is freed or moved.
pub struct Allocator;

// SAFETY: every block comes from the arena or from the system's allocator, and goes back to where
// its address says that it came from; neither unwinds.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match ARENA.allocate(layout) {
            Some(block) => block,
            // SAFETY: the caller's layout has a size above zero.
            None => unsafe { System.alloc(layout) },
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        match ARENA.allocate(layout) {
            // Fresh pages are zero, and freed blocks were wiped.
            Some(block) => block,
            // SAFETY: the caller's layout has a size above zero.
            None => unsafe { System.alloc_zeroed(layout) },
        }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the block came from this allocator with this layout, and is not used any more.
        unsafe {
            if ARENA.owns(block) {
                ARENA.free(block, layout);
                return;
            }
            if layout.size() < UNMAPPED {
                wipe(block, layout.size());
            }
            System.dealloc(block, layout);
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        let owned = ARENA.owns(block);
        if owned && Arena::fits(layout, size) {
            return block;
        }
        // SAFETY: the caller's size is above zero and its layout valid; the bytes copied are in
        // both blocks, which are different ones.
        unsafe {
            if !owned && layout.size() >= UNMAPPED && size >= UNMAPPED {
                return System.realloc(block, layout, size);
            }
            let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !new.is_null() {
                new.copy_from_nonoverlapping(block, layout.size().min(size));
                self.dealloc(block, layout);
            }
            new
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growing_moves_the_bytes() {
        let layout = Layout::from_size_align(40, 8).unwrap();
        // SAFETY: the blocks are this test's and used within their sizes.
        unsafe {
            let block = Allocator.alloc(layout);
            block.write_bytes(5, 40);
            let grown = Allocator.realloc(block, layout, 4000);
            assert!((0..40).all(|at| grown.add(at).read() == 5));
            Allocator.dealloc(grown, Layout::from_size_align(4000, 8).unwrap());
        }
    }
}
