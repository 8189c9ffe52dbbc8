//! Puts the program together: model, windows, network side, and the side that is shown.

mod network;
mod program;

use std::convert::Infallible;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use deskside_net::customer::{Command, CustomerConfig};
use deskside_party::sharing::{self, Desk};
use deskside_party::viewing::{self, Watching};
use deskside_platform::{PlatformError, x11};
use deskside_trust::Descriptor;
use deskside_ui::program::log;
use deskside_ui::{Options, Proxy};
use time::UtcOffset;

use crate::config::{self, Arguments, Folders, Settings};
use crate::model::{Model, Organisation, Told};
use crate::packets;
use crate::roots::{self, RootNote};
use crate::view::trouble;

use self::network::Events;
use self::program::{Program, Running, WATCHING};

/// Product and version, for the other side's log.
const PRODUCT: &str = concat!("deskside-customer/", env!("CARGO_PKG_VERSION"));
const NO_DISPLAY: &str = "There is no display. Start this program on a desktop.";
/// How long the goodbye may take when there is no window any more to show it.
const GOODBYE_LASTS: Duration = Duration::from_secs(5);

/// What other threads tell the program's window loop.
#[derive(Debug)]
enum News {
    Told(Told),
    Sharing(sharing::News),
    Watching(viewing::News),
}

/// The whole program.
#[must_use]
pub(crate) fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.let_go {
        return sharing::let_go();
    }
    // Before any thread exists: the local time zone cannot be asked for safely afterwards.
    let offset = UtcOffset::current_local_offset().unwrap_or(UtcOffset::UTC);
    let program = std::env::current_exe().ok().and_then(|path| path.parent().map(ToOwned::to_owned));
    let folders = Folders::of(program.unwrap_or_default(), |name| std::env::var_os(name).map(Into::into));
    let (appearance, settings) = match folders {
        Ok(folders) => config::gather(arguments, &folders),
        Err(error) => (config::Appearance::default(), Err(error.into())),
    };
    log::start(appearance.log, std::env::var("RUST_LOG").ok().as_deref());
    let options = Options { theme: appearance.theme };
    let outcome = settings.and_then(|settings| session(options, &settings, offset));
    match outcome {
        Ok(code) => code,
        Err(error) => {
            let causes: Vec<_> = error.chain().skip(1).map(ToString::to_string).collect();
            tracing::error!(cause = (!causes.is_empty()).then(|| causes.join(": ")), "{error}");
            // Shown as well to whoever started the program by a click. Without a display the log line is all.
            if let Err(no_window) = trouble::show(options, error.to_string()) {
                tracing::debug!(%no_window, "the trouble could not be shown in a window");
            }
            ExitCode::FAILURE
        }
    }
}

fn session(options: Options, settings: &Settings, offset: UtcOffset) -> anyhow::Result<ExitCode> {
    let descriptor = packets::read(&settings.packet)?;
    let organisation = organisation(&descriptor, settings);
    tracing::info!(
        organisation = organisation.name,
        fingerprint = organisation.fingerprint,
        packet = descriptor.packet_id(),
        "the packet is genuine"
    );
    let unusable = |error: PlatformError| {
        let words = match error {
            PlatformError::NoDisplay { .. } => NO_DISPLAY,
            _ => "The screen of this computer cannot be used. Tell your helper.",
        };
        anyhow::Error::from(error).context(words)
    };
    let desktop = x11::open(None).map_err(unusable)?;
    // Should the display go away, the session is still ended and its journal saved.
    let _survival = x11::Survival::new().map_err(unusable)?;
    let program = deskside_ui::run(options, |proxy: Proxy<News>| {
        let windows = proxy.clone();
        let report = move |news| {
            // A loop that has ended shows nothing any more.
            let _ended = windows.send(News::Sharing(news));
        };
        let desk = Desk::new(desktop.clone(), Arc::new(report));
        let started = start(&descriptor, settings, offset, &proxy, &desk);
        if let Err(error) = &started {
            tracing::error!("{error:#}");
        }
        let started = started.map_err(|error| format!("{error:#}"));
        Program::new(Model::new(organisation), started, desk)
    })
    .map_err(|error| {
        anyhow::Error::from(error).context("No window can be shown on this screen. Tell your helper.")
    })?;
    Ok(if program.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Starts what reports to the window loop.
fn start(
    descriptor: &Descriptor,
    settings: &Settings,
    offset: UtcOffset,
    proxy: &Proxy<News>,
    desk: &Desk,
) -> anyhow::Result<Running> {
    let config =
        CustomerConfig { descriptor: descriptor.clone(), path: settings.path, product: PRODUCT.to_owned() };
    let (running, ended) = mpsc::channel();
    let (feed, orders) = viewing::feed();
    let mut events = Events {
        sharing: desk.router().context("The threads of the program could not be started.")?,
        watching: feed,
        windows: proxy.clone(),
        journals: (settings.journal_dir.clone(), offset),
        _running: running,
    };
    let network = deskside_net::customer::start(config, Box::new(move |event| events.hear(event)))
        .map_err(|problem| anyhow::anyhow!("{problem}"))?;
    desk.connect(network.sender().part(Command::Help));
    let watch = desk.watch_hand(move || end_without_display(ended)).map_err(|error| {
        anyhow::anyhow!(
            "Mouse and keyboard of this computer cannot be heard ({error}), so nobody could stop a helper. \
             The program does not start without that."
        )
    })?;
    let windows = proxy.clone();
    let tell = move |news| {
        // A loop that has ended shows nothing any more.
        let _ended = windows.send(News::Watching(news));
    };
    let network_end = network.sender();
    let send = move |command| network_end.send(Command::Demonstration(command));
    let watching = Watching::start(WATCHING, orders, send, tell)
        .context("The threads of the program could not be started.")?;
    Ok(Running { network, watch, watching })
}

/// Without a display the window loop stands still for good: the rest of the program ends without it.
fn end_without_display(ended: Receiver<Infallible>) {
    let wait = move || {
        // Either way it is over: the network side has said goodbye, or cannot.
        let _ended = ended.recv_timeout(GOODBYE_LASTS);
        tracing::error!("The screen of this computer is gone, so the program has ended.");
        #[expect(
            clippy::exit,
            clippy::disallowed_methods,
            reason = "the main thread can never return; what had to be released was, with the threads that owned it"
        )]
        std::process::exit(1);
    };
    if let Err(error) = std::thread::Builder::new().name("end".into()).spawn(wait) {
        tracing::error!(%error, "the program cannot end by itself");
    }
}

fn organisation(descriptor: &Descriptor, settings: &Settings) -> Organisation {
    let (name, fingerprint) = (descriptor.organisation().to_owned(), descriptor.fingerprint());
    let root = roots::note(&settings.roots, &name, &fingerprint).unwrap_or_else(|error| {
        // It is a help to memory, not a lock: without it the fingerprint on the screen still stands.
        tracing::warn!(%error, file = %settings.roots.display(), "known organisations could not be looked up");
        RootNote::First
    });
    Organisation {
        name,
        fingerprint,
        acknowledgement: descriptor.acknowledgement().to_owned(),
        root,
        longest: descriptor.policy().longest(),
    }
}
