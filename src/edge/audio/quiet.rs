//! libasound complains on standard error whenever a device cannot be opened,
//! which would shred the screen. It is told to keep silent; the reason comes
//! back as an error all the same.

#[cfg(target_os = "linux")]
pub(super) fn silence_alsa() {
    use core::ffi::{c_char, c_int};

    type Handler = extern "C" fn(*const c_char, c_int, *const c_char, c_int, *const c_char);
    type Variadic =
        unsafe extern "C" fn(*const c_char, c_int, *const c_char, c_int, *const c_char, ...);

    extern "C" fn ignore(
        _file: *const c_char,
        _line: c_int,
        _function: *const c_char,
        _error: c_int,
        _format: *const c_char,
    ) {
    }

    #[expect(unsafe_code, reason = "libasound's only way to be silenced is a C function pointer")]
    // SAFETY: in the C calling conventions of Linux the caller of a variadic function removes its
    // arguments, so one that reads none of them may take their place; this one touches nothing.
    unsafe {
        let handler = core::mem::transmute::<Handler, Variadic>(ignore);
        alsa_sys::snd_lib_error_set_handler(Some(handler));
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn silence_alsa() {}
