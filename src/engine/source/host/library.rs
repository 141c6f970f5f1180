//! The reading through the `sysinfo` crate.

use sysinfo::{CpuRefreshKind, DiskRefreshKind, Disks, MemoryRefreshKind, Networks, ProcessRefreshKind, ProcessesToUpdate, System};

use super::{
    facts::{Disk, Facts, Memory, Moving, Net},
    mounts::{is_interface_worth, is_worth},
};

/// Keeps what `sysinfo` needs from one tick to the next.
pub(super) struct Library {
    system: Option<System>,
    disks: Option<Disks>,
    networks: Option<Networks>,
    usage: Option<f64>,
}

impl Library {
    pub(super) fn new() -> Self {
        Self { system: System::new().ok(), disks: Disks::new().ok(), networks: Networks::new().ok(), usage: None }
    }

    /// Starts the first interval of processor usage.
    pub(super) fn prime(&mut self) {
        if let Some(system) = &mut self.system {
            system.refresh_cpu_specifics(CpuRefreshKind::nothing().with_usage());
        }
    }

    /// Ends an interval of processor usage and starts the next.
    pub(super) fn refresh_usage(&mut self) {
        self.prime();
        self.usage = self.system.as_ref().map(|system| f64::from(system.global_cpu_usage()));
    }

    /// Reads what stands still during a tick, around what was read of what moves.
    pub(super) fn read(&self, moving: Moving) -> Facts {
        let name = System::name().ok();
        let os = match (name, System::os_version().ok()) {
            (Some(name), Some(version)) => Some(format!("{name} {version}")),
            (name, _) => name,
        };
        Facts {
            name: System::host_name().ok(),
            os,
            kernel: System::kernel_version().ok(),
            uptime: System::uptime().ok(),
            boot_time: System::boot_time().ok(),
            cpu_count: self.system.as_ref().and_then(|system| u64::try_from(system.cpus().len()).ok()),
            cpu_usage: self.usage,
            moving,
        }
    }

    /// The load averages of one, five and fifteen minutes.
    pub(super) fn load() -> Option<[f64; 3]> {
        System::load_average().ok().map(|load| [load.one, load.five, load.fifteen])
    }

    pub(super) fn memory(&mut self) -> Option<Memory> {
        let system = self.system.as_mut()?;
        system.refresh_memory_specifics(MemoryRefreshKind::everything());
        Some(Memory {
            total: system.total_memory(),
            available: system.available_memory(),
            swap_total: system.total_swap(),
            swap_free: system.free_swap(),
        })
    }

    /// How many there are.
    pub(super) fn processes(&mut self) -> Option<u64> {
        let system = self.system.as_mut()?;
        system.refresh_processes_specifics(ProcessesToUpdate::All, true, ProcessRefreshKind::nothing().without_tasks());
        u64::try_from(system.processes().len()).ok()
    }

    pub(super) fn disks(&mut self) -> Vec<Disk> {
        let Some(disks) = &mut self.disks else { return Vec::new() };
        disks.refresh_specifics(true, DiskRefreshKind::nothing().with_storage());
        let mut found: Vec<Disk> = Vec::new();
        for disk in disks.iter() {
            let Some(mount) = disk.mount_point().to_str() else { continue };
            let known = found.iter().any(|other| other.mount == mount);
            if !known && disk.total_space() > 0 && is_worth(mount, &disk.file_system().to_string_lossy()) {
                found.push(Disk { mount: mount.to_owned(), total: disk.total_space(), available: disk.available_space() });
            }
        }
        found.sort_by(|one, two| one.mount.cmp(&two.mount));
        found
    }

    pub(super) fn nets(&mut self) -> Vec<Net> {
        let Some(networks) = &mut self.networks else { return Vec::new() };
        networks.refresh(true);
        let mut found: Vec<Net> = networks
            .iter()
            .filter_map(|(name, data)| Some((name.to_str()?, data)))
            .filter(|(name, _)| is_interface_worth(name))
            .map(|(name, data)| Net { name: name.to_owned(), received: data.total_received(), sent: data.total_transmitted() })
            .collect();
        found.sort_by(|one, two| one.name.cmp(&two.name));
        found
    }
}
