//! What a process uses, as Linux keeps it; 0 where there is no `/proc`.

use std::fs;

/// Milliseconds of processor time of a process's threads of that name. Names
/// are cut to 15 characters by the system.
pub fn thread_ms(pid: u32, name: &str) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    let stats = tasks.filter_map(|task| fs::read_to_string(task.path().join("stat")).ok());
    stats.filter(|stat| name_of(stat) == Some(name)).filter_map(|stat| ms(&stat)).sum()
}

/// The same of the whole process.
pub fn process_ms(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    ms(&stat).unwrap_or(0)
}

/// Memory it has in the machine's, in kB.
pub fn resident_kb(pid: u32) -> u64 {
    status(pid, "VmRSS:")
}

pub fn threads(pid: u32) -> u64 {
    status(pid, "Threads:")
}

/// Files and sockets.
pub fn open_files(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().count()
}

fn status(pid: u32, field: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn name_of(stat: &str) -> Option<&str> {
    Some(stat.split_once('(')?.1.rsplit_once(')')?.0)
}

/// User and system time, the 14th and 15th field, in hundredths of a second.
fn ms(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((user + system) * 10)
}

/// Milliseconds that the host of a virtual machine has given to others, of
/// all processors together: packets are late by it whatever we do.
pub fn stolen_ms() -> u64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let stolen = stat.lines().next().and_then(|line| line.split_whitespace().nth(8));
    stolen.and_then(|hundredths| hundredths.parse::<u64>().ok()).unwrap_or(0) * 10
}
