//! A wide-area line between two network namespaces: delay, jitter, loss, rate and a bounded queue, in user
//! space and without kernel modules. Needs root.
//!
//! Each end is a process of `deskside-linkem` inside its namespace. It reads packets from a tun device, holds
//! each for as long as the line would, and hands it to the other end through a Unix datagram socket; such
//! sockets are files, so that namespaces do not part them.

use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::process::{Process, command};
use crate::programs;
use crate::wait::wait_until;

/// How one direction of a line behaves.
#[derive(Debug, Clone, Copy, PartialEq, clap::Args)]
pub struct Line {
    /// One-way delay, in milliseconds
    #[arg(long, default_value_t = 0.0)]
    pub delay_ms: f64,
    /// Largest extra delay, drawn evenly for each packet; packets never overtake each other, in milliseconds
    #[arg(long, default_value_t = 0.0)]
    pub jitter_ms: f64,
    /// Packets lost, in per cent
    #[arg(long, default_value_t = 0.0)]
    pub loss_percent: f64,
    /// Megabits a second; 0 is without limit
    #[arg(long, default_value_t = 0.0)]
    pub rate_mbit: f64,
    /// How much waits before a limited rate; what comes on top is dropped, in KiB
    #[arg(long, default_value_t = 256.0)]
    pub queue_kib: f64,
    /// Seed of the losses and the jitter
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

impl Default for Line {
    fn default() -> Self {
        Self { delay_ms: 0.0, jitter_ms: 0.0, loss_percent: 0.0, rate_mbit: 0.0, queue_kib: 256.0, seed: 1 }
    }
}

impl Line {
    fn arguments(&self) -> Vec<String> {
        let Self { delay_ms, jitter_ms, loss_percent, rate_mbit, queue_kib, seed } = self;
        vec![
            format!("--delay-ms={delay_ms}"),
            format!("--jitter-ms={jitter_ms}"),
            format!("--loss-percent={loss_percent}"),
            format!("--rate-mbit={rate_mbit}"),
            format!("--queue-kib={queue_kib}"),
            format!("--seed={seed}"),
        ]
    }
}

/// A network namespace of its own, with its loopback up. It has no name: it is gone with the processes in it,
/// even if this one is killed.
#[derive(Debug)]
pub struct Namespace {
    // Lives as long as the namespace has to.
    holder: Process,
}

impl Namespace {
    /// Makes one; the log of what holds it is `<label>.log` in the folder.
    ///
    /// # Errors
    /// Without root.
    pub fn new(folder: &Path, label: &str) -> Result<Self> {
        let mut hold = command("unshare");
        hold.args(["--net", "--", "sleep", "infinity"]);
        let mut holder = Process::start(label, folder, hold)?;
        let here = fs::read_link("/proc/self/ns/net").context("no network namespaces")?;
        let there = format!("/proc/{}/ns/net", holder.id());
        wait_until("a network namespace", Duration::from_secs(10), || {
            let moved = fs::read_link(&there).is_ok_and(|there| there != here);
            moved || holder.ended().is_ok_and(|ended| ended.is_some())
        })?;
        holder.expect_running()?;
        let namespace = Self { holder };
        namespace.ip(&["link", "set", "lo", "up"])?;
        Ok(namespace)
    }

    /// Turns a command into the same command inside this namespace.
    #[must_use]
    pub fn enter(&self, inner: &Command) -> Command {
        let mut outer = command("nsenter");
        outer.arg(format!("--net=/proc/{}/ns/net", self.holder.id()));
        outer.arg("--").arg(inner.get_program()).args(inner.get_args());
        for (name, value) in inner.get_envs() {
            match value {
                Some(value) => outer.env(name, value),
                None => outer.env_remove(name),
            };
        }
        if let Some(folder) = inner.get_current_dir() {
            outer.current_dir(folder);
        }
        outer
    }

    /// `ip …` inside.
    ///
    /// # Errors
    /// What `ip` says.
    pub fn ip(&self, words: &[&str]) -> Result<()> {
        let mut command = Command::new("ip");
        command.args(words);
        let done = self.enter(&command).output().context("cannot start nsenter (package util-linux)")?;
        if !done.status.success() {
            bail!("ip {}: {}", words.join(" "), String::from_utf8_lossy(&done.stderr).trim());
        }
        Ok(())
    }

    /// What a device inside has carried so far.
    ///
    /// # Errors
    /// When there is no such device.
    pub fn counters(&self, device: &str) -> Result<Counters> {
        let mut cat = Command::new("cat");
        cat.arg("/proc/net/dev");
        let shown = self.enter(&cat).output().context("cannot read /proc/net/dev")?;
        let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
        let numbers = shown.lines().find_map(|line| line.trim().strip_prefix(&format!("{device}:")));
        let numbers: Vec<u64> = numbers
            .context("no such device")?
            .split_whitespace()
            .filter_map(|word| word.parse().ok())
            .collect();
        let number = |at: usize| numbers.get(at).copied().context("an odd /proc/net/dev");
        Ok(Counters {
            received_bytes: number(0)?,
            received_packets: number(1)?,
            sent_bytes: number(8)?,
            sent_packets: number(9)?,
        })
    }
}

/// What a network device has carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counters {
    /// Bytes in, with their IP headers.
    pub received_bytes: u64,
    /// Packets in.
    pub received_packets: u64,
    /// Bytes out, with their IP headers.
    pub sent_bytes: u64,
    /// Packets out.
    pub sent_packets: u64,
}

/// One end of a line.
#[derive(Debug, Clone, Copy)]
pub struct End<'a> {
    /// Where.
    pub namespace: &'a Namespace,
    /// Name of the device there.
    pub device: &'a str,
    /// Address of the device.
    pub address: Ipv4Addr,
    /// How what this end sends fares.
    pub sends: Line,
}

/// A line between two namespaces; cut when dropped.
#[derive(Debug)]
pub struct Link {
    ends: [Process; 2],
}

impl Link {
    /// Lays the line. Both ends have a default route over it unless they have one already.
    ///
    /// # Errors
    /// Without root, or when a device cannot be made.
    pub fn new(folder: &Path, name: &str, a: &End<'_>, b: &End<'_>) -> Result<Self> {
        let program = programs::own("deskside-linkem")?;
        let socket = |side: char| folder.join(format!("{name}-{side}.sock"));
        let start = |side: char, here: &End<'_>, there: &End<'_>, other: char| {
            let mut inner = Command::new(&program);
            inner.arg("--device").arg(here.device).arg("--address").arg(here.address.to_string());
            inner.arg("--peer").arg(there.address.to_string());
            inner
                .arg("--here")
                .arg(socket(side))
                .arg("--there")
                .arg(socket(other))
                .args(here.sends.arguments());
            Process::start(&format!("{name}-{side}"), folder, here.namespace.enter(&inner))
        };
        let mut link = Self { ends: [start('a', a, b, 'b')?, start('b', b, a, 'a')?] };
        for end in &mut link.ends {
            wait_until("a line's end", Duration::from_secs(10), || {
                end.log().contains("up") || end.ended().is_ok_and(|ended| ended.is_some())
            })?;
            end.expect_running()?;
        }
        Ok(link)
    }
}
