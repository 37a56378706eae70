//! Wiping that is not optimized away.

use core::arch::asm;

/// Writes zeros.
///
/// # Safety
///
/// `start` must be valid for writes of `length` bytes, and nothing may rely on their content.
pub(crate) unsafe fn wipe(start: *mut u8, length: usize) {
    // SAFETY: by this function's own condition.
    unsafe { start.write_bytes(0, length) };
    barrier(start);
}

/// Makes the compiler believe that the memory is read here.
fn barrier(start: *mut u8) {
    // SAFETY: no instruction; the compiler must assume that it reads what the pointer leads to.
    unsafe { asm!("/* {0} */", in(reg) start, options(nostack, preserves_flags)) };
}

/// Zeroes the vector registers: they may hold what a cipher or a copy last moved, and whatever
/// saves registers would put it on a stack that is not wiped.
#[cfg(target_arch = "x86_64")]
pub(crate) fn wipe_registers() {
    if std::arch::is_x86_feature_detected!("avx") {
        // SAFETY: the processor has the instruction, and every register that it changes is named.
        unsafe {
            asm!("vzeroall", out("xmm0") _, out("xmm1") _, out("xmm2") _, out("xmm3") _, out("xmm4") _, out("xmm5") _,
                out("xmm6") _, out("xmm7") _, out("xmm8") _, out("xmm9") _, out("xmm10") _, out("xmm11") _,
                out("xmm12") _, out("xmm13") _, out("xmm14") _, out("xmm15") _, options(nomem, nostack, preserves_flags));
        }
    }
}

/// Other processors: nothing; `docs/threat-model.md` says so.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn wipe_registers() {}
