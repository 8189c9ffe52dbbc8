//! The program's hold on its network side.

use std::sync::Arc;
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
    pub fn sender(&self) -> CommandSender<C>
    where
        C: Send + 'static,
    {
        let commands = self.commands.as_ref().map(mpsc::UnboundedSender::downgrade);
        CommandSender(Arc::new(move |command| {
            if let Some(commands) = commands.as_ref().and_then(mpsc::WeakUnboundedSender::upgrade) {
                commands.send(command).unwrap_or_default();
            }
        }))
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
pub struct CommandSender<C>(Arc<dyn Fn(C) + Send + Sync>);

impl<C> std::fmt::Debug for CommandSender<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("CommandSender").finish()
    }
}

impl<C> Clone for CommandSender<C> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<C: 'static> CommandSender<C> {
    /// Tells the network side something; after the end nothing is left to be told.
    pub fn send(&self, command: C) {
        (self.0)(command);
    }

    /// A sender of commands that `wrap` makes part of these.
    #[must_use]
    pub fn part<D>(&self, wrap: impl Fn(D) -> C + Send + Sync + 'static) -> CommandSender<D> {
        let whole = Arc::clone(&self.0);
        CommandSender(Arc::new(move |command| whole(wrap(command))))
    }
}
