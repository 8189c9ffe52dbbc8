//! The products: how each is started on a stage, and which processes are its own.

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

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Product {
    /// Through its relay, end to end encrypted.
    Deskside,
    /// `x0vncserver` and its viewer as Debian has them, directly and without encryption.
    Tigervnc,
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
    Tigervnc { viewer: Process, server: Process },
}

impl Running<'_> {
    pub(crate) fn cpu(&self, stage: &Stage) -> Cpu {
        match self {
            Self::Deskside { operator, customer } => Cpu {
                customer: customer.program().cpu_seconds(),
                operator: operator.program().cpu_seconds(),
                server: stage.server().process().cpu_seconds(),
            },
            Self::Tigervnc { viewer, server } => {
                Cpu { customer: server.cpu_seconds(), operator: viewer.cpu_seconds(), server: 0.0 }
            }
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
            Self::Tigervnc => {
                let server = stage.start_at_customer("vnc-server", Path::new("X0tigervnc"), |command| {
                    command.args(["-SecurityTypes", "None", "-localhost=0", "-AcceptSetDesktopSize=0"]);
                    command.args(["-rfbport", &VNC_PORT.to_string()]);
                })?;
                wait_until("TigerVNC's server listens", Duration::from_secs(20), || {
                    server.log().contains("Listening")
                })?;
                let viewer =
                    stage.start_at_operator("vnc-viewer", Path::new("xtigervncviewer"), |command| {
                        command.args(["-RemoteResize=0", "-MenuKey=", "-DotWhenNoCursor=0"]);
                        command.arg(format!("{}::{VNC_PORT}", network::CUSTOMER));
                    })?;
                stage.operator.display().window("TigerVNC")?;
                Ok(Running::Tigervnc { viewer, server })
            }
        }
    }
}
