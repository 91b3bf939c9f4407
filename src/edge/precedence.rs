//! Sound comes before other work on a busy machine: a late packet is a hole
//! in somebody's sentence.

/// Priority (`nice`) of the threads that beat the 20 ms.
#[cfg(target_os = "linux")]
const NICE: i32 = -11;

/// Asks the system to prefer the calling thread. Without leave to do so (a
/// common user, a service without `LimitNICE=`) nothing changes.
pub fn prefer_this_thread() {
    // On Linux it concerns the thread alone; elsewhere the whole process.
    #[cfg(target_os = "linux")]
    let _ = rustix::process::setpriority_process(None, NICE);
}
