//! The program's hold on its network side.

use std::thread::JoinHandle;

use tokio::sync::mpsc;

/// Sends commands to the network side. Dropping it ends whatever is under way and waits for the goodbye.
#[derive(Debug)]
pub struct Handle<C> {
    commands: Option<mpsc::UnboundedSender<C>>,
    thread: Option<JoinHandle<()>>,
}

impl<C> Handle<C> {
    pub(crate) fn new(commands: mpsc::UnboundedSender<C>, thread: JoinHandle<()>) -> Self {
        Self { commands: Some(commands), thread: Some(thread) }
    }

    /// Tells the network side something; never blocks. After the end nothing is left to be told.
    pub fn send(&self, command: C) {
        if let Some(commands) = &self.commands {
            commands.send(command).unwrap_or_default();
        }
    }

    /// A sender for other threads, which does not keep the network side alive.
    #[must_use]
    pub fn sender(&self) -> CommandSender<C> {
        CommandSender(self.commands.as_ref().map(mpsc::UnboundedSender::downgrade))
    }
}

impl<C> Drop for Handle<C> {
    fn drop(&mut self) {
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            // The loop ends by itself when there are no commands any more; it cannot panic.
            thread.join().unwrap_or_default();
        }
    }
}

/// Sends commands from another thread.
#[derive(Debug)]
pub struct CommandSender<C>(Option<mpsc::WeakUnboundedSender<C>>);

impl<C> Clone for CommandSender<C> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<C> CommandSender<C> {
    /// Tells the network side something; after the end nothing is left to be told.
    pub fn send(&self, command: C) {
        if let Some(commands) = self.0.as_ref().and_then(mpsc::WeakUnboundedSender::upgrade) {
            commands.send(command).unwrap_or_default();
        }
    }
}
