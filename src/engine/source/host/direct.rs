//! The reading straight from `/proc`, `/etc/os-release` and `statvfs`.

use std::fs;

use super::{
    facts::{Disk, Facts, Memory, Moving, Net},
    mounts::{is_interface_worth, is_worth},
};

/// Keeps the processor times of the tick before.
#[derive(Default)]
pub(super) struct Direct {
    before: Option<Times>,
    usage: Option<f64>,
}

/// Processor time spent since start, in clock ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Times {
    total: u64,
    idle: u64,
}

impl Direct {
    /// Ends an interval of processor usage and starts the next; the first call only starts one.
    pub(super) fn refresh_usage(&mut self) {
        let now = read("/proc/stat").as_deref().and_then(times);
        if let (Some(before), Some(now)) = (self.before, now) {
            self.usage = usage(before, now).or(self.usage);
        }
        self.before = now;
    }

    /// Reads what stands still during a tick, around what was read of what moves.
    pub(super) fn read(&self, moving: Moving) -> Facts {
        let stat = read("/proc/stat").unwrap_or_default();
        Facts {
            name: line("/proc/sys/kernel/hostname"),
            os: read("/etc/os-release").as_deref().and_then(os_release),
            kernel: line("/proc/sys/kernel/osrelease"),
            uptime: read("/proc/uptime").as_deref().and_then(|text| text.split(['.', ' ']).next()?.parse().ok()),
            boot_time: stat.lines().find_map(|line| line.strip_prefix("btime ")).and_then(|text| text.trim().parse().ok()),
            cpu_count: cpu_count(&stat),
            cpu_usage: self.usage,
            moving,
        }
    }

    /// The load averages of one, five and fifteen minutes.
    pub(super) fn load() -> Option<[f64; 3]> {
        read("/proc/loadavg").as_deref().and_then(load)
    }

    pub(super) fn memory() -> Option<Memory> {
        read("/proc/meminfo").as_deref().and_then(memory)
    }

    pub(super) fn disks() -> Vec<Disk> {
        read("/proc/mounts").as_deref().map(disks).unwrap_or_default()
    }

    pub(super) fn nets() -> Vec<Net> {
        read("/proc/net/dev").as_deref().map(nets).unwrap_or_default()
    }

    /// How many there are.
    pub(super) fn processes() -> Option<u64> {
        let entries = fs::read_dir("/proc").ok()?.filter_map(Result::ok);
        u64::try_from(entries.filter(|entry| entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit)).count()).ok()
    }
}

fn read(path: &str) -> Option<String> {
    fs::read(path).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn line(path: &str) -> Option<String> {
    read(path).map(|text| text.trim_end().to_owned()).filter(|text| !text.is_empty())
}

/// The `cpu` line of `/proc/stat`: user nice system idle iowait irq softirq steal; guest time is inside user and nice.
fn times(stat: &str) -> Option<Times> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let fields: Vec<u64> = line.split_whitespace().map_while(|field| field.parse().ok()).take(8).collect();
    let idle = fields.get(3)?.checked_add(*fields.get(4)?)?;
    let total = fields.iter().try_fold(0_u64, |sum, field| sum.checked_add(*field))?;
    Some(Times { total, idle })
}

#[expect(clippy::cast_precision_loss, reason = "clock ticks of one interval")]
fn usage(before: Times, now: Times) -> Option<f64> {
    let total = now.total.checked_sub(before.total).filter(|total| *total > 0)?;
    // The kernel may take idle and iowait time back.
    let idle = now.idle.saturating_sub(before.idle).min(total);
    Some(100.0 * (total - idle) as f64 / total as f64)
}

fn cpu_count(stat: &str) -> Option<u64> {
    let count = stat.lines().take_while(|line| line.starts_with("cpu")).skip(1).count();
    u64::try_from(count).ok().filter(|count| *count > 0)
}

fn load(text: &str) -> Option<[f64; 3]> {
    let mut fields = text.split_whitespace().map_while(|field| field.parse::<f64>().ok());
    Some([fields.next()?, fields.next()?, fields.next()?])
}

fn memory(text: &str) -> Option<Memory> {
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
    };
    Some(Memory {
        total: field("MemTotal")?,
        available: field("MemAvailable")?,
        swap_total: field("SwapTotal").unwrap_or(0),
        swap_free: field("SwapFree").unwrap_or(0),
    })
}

fn disks(mounts: &str) -> Vec<Disk> {
    let mut found: Vec<Disk> = Vec::new();
    for line in mounts.lines() {
        let mut fields = line.split_whitespace().skip(1);
        let (Some(mount), Some(file_system)) = (fields.next().map(unescape), fields.next()) else { continue };
        if found.iter().any(|other| other.mount == mount) || !is_worth(&mount, file_system) {
            continue;
        }
        if let Ok(stat) = rustix::fs::statvfs(mount.as_str())
            && stat.f_blocks > 0
        {
            let (total, available) = (stat.f_blocks.saturating_mul(stat.f_frsize), stat.f_bavail.saturating_mul(stat.f_frsize));
            found.push(Disk { mount, total, available });
        }
    }
    found.sort_by(|one, two| one.mount.cmp(&two.mount));
    found
}

/// Takes back what the kernel writes for characters that would split a line: `\040` and its like.
fn unescape(field: &str) -> String {
    field.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

fn nets(text: &str) -> Vec<Net> {
    let mut found: Vec<Net> = text
        .lines()
        .skip(2)
        .filter_map(|line| {
            let (name, counters) = line.rsplit_once(':')?;
            let mut counters = counters.split_whitespace().map_while(|field| field.parse::<u64>().ok());
            let (received, sent) = (counters.next()?, counters.nth(7)?);
            Some(Net { name: name.trim().to_owned(), received, sent })
        })
        .filter(|net| is_interface_worth(&net.name))
        .collect();
    found.sort_by(|one, two| one.name.cmp(&two.name));
    found
}

fn os_release(text: &str) -> Option<String> {
    let field = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))?;
        Some(value.trim().trim_matches(['"', '\'']).to_owned()).filter(|value| !value.is_empty())
    };
    match (field("NAME"), field("VERSION_ID")) {
        (Some(name), Some(version)) => Some(format!("{name} {version}")),
        (name, _) => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_what_was_not_idle() {
        let before = times("cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 1 2 3 4\n").unwrap();
        let now = times("cpu  125 0 75 820 80 0 0 0 99 0\n").unwrap();
        assert_eq!((before, now), (Times { total: 1000, idle: 850 }, Times { total: 1100, idle: 900 }));
        assert_eq!(usage(before, now), Some(50.0));
        assert_eq!(usage(now, now), None, "no time, no share of it");
        assert_eq!(usage(now, before), None, "a counter that went back says nothing");
        assert_eq!(times("cpu  1 2 3\n"), None);
        assert_eq!(cpu_count("cpu  1\ncpu0 1\ncpu1 1\nintr 5\n"), Some(2));
    }

    #[test]
    fn files_of_proc_are_read_as_the_kernel_writes_them() {
        assert_eq!(load("0.52 0.10 1.00 2/345 6789\n"), Some([0.52, 0.10, 1.0]));
        assert_eq!(load("garbage"), None);
        let text = "MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable:   250 kB\nSwapTotal: 8 kB\nSwapFree: 4 kB\n";
        assert_eq!(memory(text), Some(Memory { total: 1_024_000, available: 256_000, swap_total: 8192, swap_free: 4096 }));
        assert_eq!(memory("MemTotal: x kB\n"), None);
        let text = "Inter-|\n face |\n  eth0: 10 1 0 0 0 0 0 0 20 2 0 0 0 0 0 0\nveth1: 1 1 0 0 0 0 0 0 2 2 0 0 0 0 0 0\n    lo:7 1 0 0 0 0 0 0 8 2\n";
        let names: Vec<(String, u64, u64)> = nets(text).into_iter().map(|net| (net.name, net.received, net.sent)).collect();
        assert_eq!(names, [("eth0".to_owned(), 10, 20), ("lo".to_owned(), 7, 8)]);
        assert_eq!(unescape("/mnt/my\\040disk\\134x"), "/mnt/my disk\\x");
        assert_eq!(os_release("ID=x\nNAME=\"Some Linux\"\nVERSION_ID='12'\n").as_deref(), Some("Some Linux 12"));
        assert_eq!(os_release("NAME=Arch\n").as_deref(), Some("Arch"));
    }
}
