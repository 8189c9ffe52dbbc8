//! The thread on which a program's network side lives.

use std::future::Future;
use std::thread::JoinHandle;

use crate::Problem;

/// Runs a future to its end on a thread of its own, with a runtime of its own.
pub(crate) fn spawn(
    name: &str,
    main: impl Future<Output = ()> + Send + 'static,
) -> Result<JoinHandle<()>, Problem> {
    let internal = |e: std::io::Error| Problem::Internal(e.to_string());
    // One thread does it all: for a datagram that carries a letter, waking a second one costs more than the work.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(internal)?;
    std::thread::Builder::new().name(name.into()).spawn(move || runtime.block_on(main)).map_err(internal)
}
