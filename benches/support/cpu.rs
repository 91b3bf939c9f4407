//! Processor time of a thread by its name, as Linux keeps it.

use std::fs;

/// Milliseconds that this program's threads of that name have used; 0 where
/// there is no `/proc`. Names are cut to 15 characters by the system.
pub fn thread_ms(name: &str) -> u64 {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let stats = tasks.filter_map(|task| fs::read_to_string(task.path().join("stat")).ok());
    stats.filter(|stat| name_of(stat) == Some(name)).filter_map(|stat| ms(&stat)).sum()
}

/// The same of a whole process.
pub fn process_ms(pid: u32) -> u64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    ms(&stat).unwrap_or(0)
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
