//! The way to the network side, as the threads of the sharing side have it.

use std::sync::{Arc, OnceLock};

use crate::sharing::net::{Command, CommandSender};

/// The network side's own end, which exists only after the router does.
#[derive(Debug, Clone, Default)]
pub(super) struct Links(Arc<OnceLock<CommandSender>>);

impl Links {
    pub(super) fn connect(&self, network: CommandSender) {
        // It is connected once, by the only caller.
        self.0.set(network).unwrap_or_default();
    }

    /// `None` only before [`Links::connect`], when there is no session yet either.
    pub(super) fn get(&self) -> Option<&CommandSender> {
        self.0.get()
    }

    pub(super) fn send(&self, command: Command) {
        if let Some(network) = self.get() {
            network.send(command);
        }
    }
}
