//! The products: how each is started on a stage, and which processes are its own.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;
use deskside_testkit::network;
use deskside_testkit::process::Process;
use deskside_testkit::scenario::{self, Person, Stage};
use deskside_testkit::wait::wait_until;

/// Where TigerVNC's server listens.
const VNC_PORT: u16 = 5999;
/// Where FreeRDP's server listens.
const RDP_PORT: u16 = 3389;
/// How long a server may take to listen.
const LISTENS: Duration = Duration::from_secs(20);

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Product {
    /// Through its relay, end to end encrypted.
    Deskside,
    /// `X0tigervnc` and its viewer as Debian has them, directly and without encryption.
    Tigervnc,
    /// `freerdp-shadow-cli` and `xfreerdp /gfx` as Debian has them, directly, by TLS.
    Freerdp,
}

/// CPU seconds so far.
pub(crate) struct Cpu {
    pub(crate) customer: f64,
    pub(crate) operator: f64,
    pub(crate) server: f64,
}

/// A product at work.
pub(crate) enum Running<'a> {
    Deskside { operator: Person<'a>, customer: Person<'a> },
    Peer { viewer: Process, server: Process },
}

impl Running<'_> {
    pub(crate) fn cpu(&self, stage: &Stage) -> Cpu {
        let server = match self {
            Self::Deskside { .. } => stage.server().process().cpu_seconds(),
            Self::Peer { .. } => 0.0,
        };
        Cpu { customer: self.customer().cpu_seconds(), operator: self.operator().cpu_seconds(), server }
    }

    /// The program on the customer's machine.
    pub(crate) fn customer(&self) -> &Process {
        match self {
            Self::Deskside { customer, .. } => customer.program(),
            Self::Peer { server, .. } => server,
        }
    }

    fn operator(&self) -> &Process {
        match self {
            Self::Deskside { operator, .. } => operator.program(),
            Self::Peer { viewer, .. } => viewer,
        }
    }
}

impl Product {
    pub(crate) fn start(self, stage: &Stage) -> Result<Running<'_>> {
        match self {
            Self::Deskside => {
                let (operator, customer) = scenario::watch(stage)?;
                Ok(Running::Deskside { operator, customer })
            }
            Self::Tigervnc => tigervnc(stage),
            Self::Freerdp => freerdp(stage),
        }
    }
}

fn tigervnc(stage: &Stage) -> Result<Running<'_>> {
    let server = stage.start_at_customer("vnc-server", Path::new("X0tigervnc"), |command| {
        command.args(["-SecurityTypes", "None", "-localhost=0", "-AcceptSetDesktopSize=0"]);
        command.args(["-rfbport", &VNC_PORT.to_string()]);
    })?;
    wait_until("TigerVNC's server listens", LISTENS, || listens(&server, VNC_PORT))?;
    let viewer = stage.start_at_operator("vnc-viewer", Path::new("xtigervncviewer"), |command| {
        command.args(["-RemoteResize=0", "-MenuKey=", "-DotWhenNoCursor=0"]);
        command.arg(format!("{}::{VNC_PORT}", network::CUSTOMER));
    })?;
    stage.operator.display().window("TigerVNC")?;
    Ok(Running::Peer { viewer, server })
}

fn freerdp(stage: &Stage) -> Result<Running<'_>> {
    let server = stage.start_at_customer("rdp-server", Path::new("freerdp-shadow-cli"), |command| {
        command.args([&format!("/port:{RDP_PORT}"), "-auth", "/sec:tls"]);
    })?;
    wait_until("FreeRDP's server listens", LISTENS, || listens(&server, RDP_PORT))?;
    let (width, height) = stage.customer.display().connect()?.size()?;
    let viewer = stage.start_at_operator("rdp-viewer", Path::new("xfreerdp"), |command| {
        command.arg(format!("/v:{}:{RDP_PORT}", network::CUSTOMER));
        command.args([format!("/w:{width}"), format!("/h:{height}")]);
        // The user and the password are nobody's: the server asks for none.
        command.args(["/u:x", "/p:x", "/cert:ignore", "/sec:tls", "/gfx", "-decorations", "/log-level:WARN"]);
    })?;
    stage.operator.display().window("FreeRDP")?;
    Ok(Running::Peer { viewer, server })
}

/// Whether somebody on the machine of this process listens on a TCP port (proc(5), `/proc/net/tcp`).
fn listens(process: &Process, port: u16) -> bool {
    let place = format!(":{port:04X}");
    ["tcp", "tcp6"].iter().any(|table| {
        let sockets = fs::read_to_string(format!("/proc/{}/net/{table}", process.id())).unwrap_or_default();
        sockets.lines().any(|socket| {
            let fields: Vec<&str> = socket.split_whitespace().collect();
            // State 0A is listening.
            fields.get(1).is_some_and(|local| local.ends_with(&place)) && fields.get(3) == Some(&"0A")
        })
    })
}
