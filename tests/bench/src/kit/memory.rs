//! Counts allocations by standing in for the C library's allocator: what Rust, OpenSSL or libsrtp ask for
//! passes here first, because a symbol of the program comes before one of a shared library.
//!
//! On Linux with glibc, which offers its own functions under `__libc_` names. Elsewhere nothing is counted.
#![allow(unsafe_code)] // An allocator's interface is unsafe to offer and to call.

use std::cell::Cell;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// How many this thread has made so far.
pub(crate) fn allocations() -> u64 {
    ALLOCATIONS.get()
}

/// Bytes that the program holds, of whichever thread.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(crate) fn heap_in_use() -> usize {
    /// glibc's `struct mallinfo2`: ten sizes.
    #[repr(C)]
    struct MallInfo2 {
        arena: usize,
        free_chunks: [usize; 2],
        mapped_chunks: usize,
        mapped: usize,
        freed: [usize; 2],
        in_use: usize,
        free: usize,
        keep: usize,
    }
    // SAFETY: glibc's own function, which takes nothing and returns this structure by value.
    unsafe extern "C" {
        fn mallinfo2() -> MallInfo2;
    }
    // SAFETY: it may be called at any time, from any thread.
    let info = unsafe { mallinfo2() };
    info.in_use + info.mapped
}

/// Not known here.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn heap_in_use() -> usize {
    0
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
mod interposed {
    use core::ffi::{c_int, c_void};
    use core::ptr;

    use super::ALLOCATIONS;

    // SAFETY: signatures of glibc's own `malloc` family, which it exports for those who stand in for it.
    unsafe extern "C" {
        fn __libc_malloc(size: usize) -> *mut c_void;
        fn __libc_calloc(count: usize, size: usize) -> *mut c_void;
        fn __libc_realloc(pointer: *mut c_void, size: usize) -> *mut c_void;
        fn __libc_memalign(align: usize, size: usize) -> *mut c_void;
        fn __libc_free(pointer: *mut c_void);
    }

    fn count() {
        // Constant initialisation, nothing to drop: the cell itself never allocates.
        ALLOCATIONS.set(ALLOCATIONS.get() + 1);
    }

    // SAFETY, of all that follow: the caller's promise is passed on to the function that is stood in for.

    #[unsafe(no_mangle)]
    unsafe extern "C" fn malloc(size: usize) -> *mut c_void {
        count();
        unsafe { __libc_malloc(size) }
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn calloc(number: usize, size: usize) -> *mut c_void {
        count();
        unsafe { __libc_calloc(number, size) }
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn realloc(pointer: *mut c_void, size: usize) -> *mut c_void {
        count();
        unsafe { __libc_realloc(pointer, size) }
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn memalign(align: usize, size: usize) -> *mut c_void {
        count();
        unsafe { __libc_memalign(align, size) }
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn aligned_alloc(align: usize, size: usize) -> *mut c_void {
        count();
        unsafe { __libc_memalign(align, size) }
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn posix_memalign(out: *mut *mut c_void, align: usize, size: usize) -> c_int {
        const EINVAL: c_int = 22;
        const ENOMEM: c_int = 12;
        if !align.is_power_of_two() || !align.is_multiple_of(size_of::<*mut c_void>()) {
            return EINVAL;
        }
        count();
        let pointer = unsafe { __libc_memalign(align, size) };
        if pointer.is_null() {
            return ENOMEM;
        }
        unsafe { ptr::write(out, pointer) };
        0
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn free(pointer: *mut c_void) {
        unsafe { __libc_free(pointer) }
    }
}
