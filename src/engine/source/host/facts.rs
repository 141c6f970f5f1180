//! What one side read, and the keys it becomes.

use serde_json::Value as Json;

use crate::fact::{Key, Value};

use super::super::collect::refused;

/// Everything one side read. What could not be read is absent, never zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Facts {
    pub(super) name: Option<String>,
    pub(super) os: Option<String>,
    pub(super) kernel: Option<String>,
    /// Seconds since start.
    pub(super) uptime: Option<u64>,
    /// Unix seconds of the start.
    pub(super) boot_time: Option<u64>,
    pub(super) cpu_count: Option<u64>,
    /// Percent of all processors, since the tick before.
    pub(super) cpu_usage: Option<f64>,
    pub(super) moving: Moving,
}

/// What moves from one moment to the next.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Moving {
    pub(super) load: Option<[f64; 3]>,
    pub(super) memory: Option<Memory>,
    pub(super) disks: Vec<Disk>,
    pub(super) nets: Vec<Net>,
    pub(super) processes: Option<u64>,
}

/// In bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Memory {
    pub(super) total: u64,
    pub(super) available: u64,
    pub(super) swap_total: u64,
    pub(super) swap_free: u64,
}

/// A mounted file system, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Disk {
    pub(super) mount: String,
    pub(super) total: u64,
    pub(super) available: u64,
}

/// A network interface's counters, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Net {
    pub(super) name: String,
    pub(super) received: u64,
    pub(super) sent: u64,
}

/// One key and value, or the reason why a name makes no key.
pub(super) struct Reading {
    pub(super) key: Result<String, String>,
    pub(super) value: Value,
    pub(super) same_origin: Option<&'static str>,
}

/// The place both sides read a figure from on Linux; elsewhere there is one side, which shares with nobody.
fn shared(place: &'static str) -> Option<&'static str> {
    cfg!(target_os = "linux").then_some(place)
}

impl Facts {
    /// The readings of everything there is.
    pub(super) fn report(&self) -> Vec<Reading> {
        let mut out = Report::default();
        // gethostname, uname and /proc/sys/kernel are three doors to the kernel's one record of names.
        out.text("host/name", self.name.as_deref(), shared("uts"));
        out.text("host/kernel", self.kernel.as_deref(), shared("uts"));
        out.text("host/os", self.os.as_deref(), shared("/etc/os-release"));
        out.whole("host/uptime", self.uptime, shared("/proc/uptime"));
        out.whole("host/boot_time", self.boot_time, shared("/proc/stat"));
        out.whole("host/cpu/count", self.cpu_count, shared("/proc/stat"));
        out.decimal("host/cpu/usage", self.cpu_usage, 1, shared("/proc/stat"));
        self.moving.report(&mut out);
        out.readings
    }
}

impl Moving {
    fn report(&self, out: &mut Report) {
        for (index, name) in ["1m", "5m", "15m"].into_iter().enumerate() {
            let load = self.load.and_then(|load| load.get(index).copied());
            out.decimal(&format!("host/load/{name}"), load, 2, shared("/proc/loadavg"));
        }
        if let Some(memory) = self.memory {
            let origin = shared("/proc/meminfo");
            out.whole("host/memory/total", Some(memory.total), origin);
            out.whole("host/memory/available", Some(memory.available), origin);
            out.whole("host/memory/used", Some(memory.total.saturating_sub(memory.available)), origin);
            out.whole("host/memory/swap_total", Some(memory.swap_total), origin);
            out.whole("host/memory/swap_free", Some(memory.swap_free), origin);
        }
        for disk in &self.disks {
            let origin = shared("statvfs");
            out.named("host/disk", &disk.mount, "total", whole(disk.total), origin);
            out.named("host/disk", &disk.mount, "available", whole(disk.available), origin);
            if let Some(percent) = decimal(used_percent(disk), 1) {
                out.named("host/disk", &disk.mount, "used_percent", percent, origin);
            }
        }
        for net in &self.nets {
            // /sys/class/net and /proc/net/dev are two files, so this is no shared origin, if one counter behind both.
            out.named("host/net", &net.name, "rx_bytes", whole(net.received), None);
            out.named("host/net", &net.name, "tx_bytes", whole(net.sent), None);
        }
        out.whole("host/process/count", self.processes, shared("/proc"));
    }
}

#[expect(clippy::cast_precision_loss, reason = "a percentage with one decimal needs no 53 bits")]
fn used_percent(disk: &Disk) -> f64 {
    if disk.total == 0 { 0.0 } else { 100.0 * (1.0 - disk.available as f64 / disk.total as f64) }
}

#[derive(Default)]
struct Report {
    readings: Vec<Reading>,
}

impl Report {
    fn text(&mut self, key: &str, text: Option<&str>, same_origin: Option<&'static str>) {
        if let Some(text) = text {
            self.push(key, Value::string(text), same_origin);
        }
    }

    fn whole(&mut self, key: &str, number: Option<u64>, same_origin: Option<&'static str>) {
        if let Some(number) = number {
            self.push(key, whole(number), same_origin);
        }
    }

    fn decimal(&mut self, key: &str, number: Option<f64>, decimals: i32, same_origin: Option<&'static str>) {
        if let Some(value) = number.and_then(|number| decimal(number, decimals)) {
            self.push(key, value, same_origin);
        }
    }

    fn named(&mut self, group: &str, name: &str, what: &str, value: Value, same_origin: Option<&'static str>) {
        let key = Key::encode_segment(name).map(|name| format!("{group}/{name}/{what}")).map_err(|error| refused(&error));
        self.readings.push(Reading { key, value, same_origin });
    }

    fn push(&mut self, key: &str, value: Value, same_origin: Option<&'static str>) {
        self.readings.push(Reading { key: Ok(key.to_owned()), value, same_origin });
    }
}

fn whole(number: u64) -> Value {
    Value::from_json(&Json::from(number))
}

fn decimal(number: f64, decimals: i32) -> Option<Value> {
    let scale = 10_f64.powi(decimals);
    Value::number((number * scale).round() / scale).ok()
}
