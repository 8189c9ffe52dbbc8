//! Three machines on one: the customer's, the operator's, and a server in the middle of the line between
//! them, each in a network namespace. Needs root.

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::link::{Counters, End, Line, Link, Namespace};

/// Where the customer's machine is.
pub const CUSTOMER: Ipv4Addr = Ipv4Addr::new(10, 9, 1, 1);
/// Where the operator's machine is.
pub const OPERATOR: Ipv4Addr = Ipv4Addr::new(10, 9, 2, 1);
/// Where the server is, for both.
pub const SERVER: Ipv4Addr = Ipv4Addr::new(10, 9, 0, 1);
/// The operator's only device besides its loopback.
const DEVICE: &str = "wan0";

/// The machines and the lines between them. Lines are cut before machines go.
#[derive(Debug)]
pub struct Network {
    _lines: [Link; 2],
    /// The customer's machine.
    pub customer: Namespace,
    /// The server's machine.
    pub server: Namespace,
    /// The operator's machine.
    pub operator: Namespace,
}

impl Network {
    /// Lays them out. `line` is the whole way between customer and operator: each leg has half of its delay,
    /// and loss and rate are on the operator's leg alone, so that they count once.
    ///
    /// # Errors
    /// Without root.
    pub fn new(folder: &Path, line: Line) -> Result<Self> {
        let machine = |name: &str| Namespace::new(folder, &format!("{name}-machine"));
        let (customer, server, operator) = (machine("customer")?, machine("server")?, machine("operator")?);
        server.ip(&["addr", "add", &SERVER.to_string(), "dev", "lo"])?;
        let half = Line { delay_ms: line.delay_ms / 2.0, jitter_ms: line.jitter_ms / 2.0, ..Line::default() };
        let rest = Line { delay_ms: half.delay_ms, jitter_ms: half.jitter_ms, ..line };
        let end = |namespace, device, address, sends| End { namespace, device, address, sends };
        let near = Ipv4Addr::new(10, 9, 1, 2);
        let far = Ipv4Addr::new(10, 9, 2, 2);
        let lines = [
            Link::new(
                folder,
                "customer-line",
                &end(&customer, DEVICE, CUSTOMER, half),
                &end(&server, "customer", near, half),
            )?,
            Link::new(
                folder,
                "operator-line",
                &end(&operator, DEVICE, OPERATOR, rest),
                &end(&server, "operator", far, rest),
            )?,
        ];
        let mut forward = Command::new("sh");
        forward.args(["-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"]);
        let done = server.enter(&forward).output().context("cannot let the server's machine forward")?;
        if !done.status.success() {
            bail!("cannot let the server's machine forward: {}", String::from_utf8_lossy(&done.stderr));
        }
        Ok(Self { _lines: lines, customer, server, operator })
    }

    /// What the operator's line has carried.
    ///
    /// # Errors
    /// When the line is gone.
    pub fn operator_line(&self) -> Result<Counters> {
        self.operator.counters(DEVICE)
    }
}
