//! One end of an emulated line: packets from a tun device here go to the other end when the line would have
//! carried them, and packets from there go into the device at once.
#![forbid(unsafe_code)]
#![expect(clippy::print_stderr, reason = "its log is what it prints")]

use std::collections::VecDeque;
use std::io;
use std::net::Ipv4Addr;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Parser;
use deskside_testkit::link::Line;
use tun_rs::{DeviceBuilder, SyncDevice};

/// Bytes of the largest packet.
const MTU: usize = 1500;

/// One end of an emulated line, inside its namespace.
#[derive(Parser)]
struct Arguments {
    /// Name of the tun device to make
    #[arg(long)]
    device: String,
    /// Its address
    #[arg(long)]
    address: Ipv4Addr,
    /// Address of the other end
    #[arg(long)]
    peer: Ipv4Addr,
    /// Socket that this end listens on
    #[arg(long)]
    here: PathBuf,
    /// Socket of the other end
    #[arg(long)]
    there: PathBuf,
    #[command(flatten)]
    line: Line,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let device =
        DeviceBuilder::new().name(&arguments.device).build_sync().context("cannot make a tun device")?;
    configure(&arguments)?;
    let device = Arc::new(device);
    let here = UnixDatagram::bind(&arguments.here).context("cannot listen")?;
    let waiting = Arc::new(Waiting::default());

    let incoming = Arc::clone(&device);
    thread::spawn(move || deliver(&here, &incoming));
    let outgoing = Arc::clone(&waiting);
    let there = arguments.there;
    thread::spawn(move || send(&outgoing, &there));
    eprintln!("up");
    receive(&device, &waiting, arguments.line)
}

fn configure(arguments: &Arguments) -> Result<()> {
    let Arguments { device, address, peer, .. } = arguments;
    ip(&["addr", "add", &address.to_string(), "peer", &peer.to_string(), "dev", device])?;
    // Without addresses of IPv6 a device does not talk by itself, so that runs can be repeated.
    ip(&["link", "set", device, "addrgenmode", "none"])?;
    ip(&["link", "set", device, "mtu", &MTU.to_string(), "up"])?;
    // There can be only one default route; who has several lines sets the routes himself.
    if ip(&["route", "add", "default", "dev", device]).is_err() {
        eprintln!("the default route stays");
    }
    Ok(())
}

fn ip(words: &[&str]) -> Result<()> {
    let done = Command::new("ip").args(words).output().context("cannot start ip")?;
    if !done.status.success() {
        bail!("ip {}: {}", words.join(" "), String::from_utf8_lossy(&done.stderr).trim());
    }
    Ok(())
}

/// Packets on the line, in the order in which they arrive at its other end.
#[derive(Default)]
struct Waiting {
    packets: Mutex<VecDeque<(Instant, Vec<u8>)>>,
    changed: Condvar,
}

/// Takes what this side sends and puts it on the line.
fn receive(device: &SyncDevice, waiting: &Waiting, line: Line) -> Result<()> {
    let mut random = Random::new(line.seed);
    let mut free_at = Instant::now();
    let mut last_due = Instant::now();
    let mut packet = vec![0; MTU + 64];
    loop {
        let length = device.recv(&mut packet).context("the tun device is gone")?;
        let now = Instant::now();
        if random.next() * 100.0 < line.loss_percent {
            continue;
        }
        let mut leaves = now;
        if line.rate_mbit > 0.0 {
            free_at = free_at.max(now);
            let bytes_a_second = line.rate_mbit * 125_000.0;
            let queued = (free_at - now).as_secs_f64() * bytes_a_second;
            if line.queue_kib * 1024.0 < queued {
                continue;
            }
            free_at += Duration::from_secs_f64(length as f64 / bytes_a_second);
            leaves = free_at;
        }
        let held = line.delay_ms + random.next() * line.jitter_ms;
        let due = (leaves + Duration::from_secs_f64(held / 1000.0)).max(last_due);
        last_due = due;
        let mut packets = waiting.packets.lock().unwrap_or_else(PoisonError::into_inner);
        packets.push_back((due, packet[..length].to_vec()));
        waiting.changed.notify_one();
    }
}

/// Hands packets to the other end when they are due.
fn send(waiting: &Waiting, there: &Path) -> Result<()> {
    let socket = UnixDatagram::unbound().context("cannot make a socket")?;
    loop {
        let mut packets = waiting.packets.lock().unwrap_or_else(PoisonError::into_inner);
        let packet = loop {
            let now = Instant::now();
            match packets.front() {
                Some((due, _)) if *due <= now => break packets.pop_front(),
                Some((due, _)) => {
                    let rest = *due - now;
                    let woken = waiting.changed.wait_timeout(packets, rest);
                    packets = woken.unwrap_or_else(PoisonError::into_inner).0;
                }
                None => packets = waiting.changed.wait(packets).unwrap_or_else(PoisonError::into_inner),
            }
        };
        drop(packets);
        if let Some((_, packet)) = packet
            && let Err(error) = socket.send_to(&packet, there)
            && error.kind() != io::ErrorKind::NotFound
            && error.kind() != io::ErrorKind::ConnectionRefused
        {
            // Without its other end a line swallows what is sent, as real ones do.
            eprintln!("cannot hand a packet over: {error}");
        }
    }
}

/// Puts what the other end sent into the device.
fn deliver(here: &UnixDatagram, device: &SyncDevice) -> Result<()> {
    let mut packet = vec![0; MTU + 64];
    loop {
        let length = here.recv(&mut packet).context("the socket is gone")?;
        if let Err(error) = device.send(&packet[..length]) {
            eprintln!("cannot deliver a packet: {error}");
        }
    }
}

/// Xorshift64: seeded, so that a run can be repeated.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Evenly from 0 up to 1, without 1.
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}
