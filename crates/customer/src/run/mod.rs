//! Puts the program together: model, windows, network side, and the threads that see, inject and listen.

mod hand;
mod injection;
mod offer;
mod picture;
mod pointing;
mod program;
mod router;
mod showing;

use std::convert::Infallible;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use deskside_net::customer::CustomerConfig;
use deskside_platform::{PlatformError, x11};
use deskside_trust::Descriptor;
use deskside_ui::program::log;
use deskside_ui::{Options, Proxy};
use time::UtcOffset;

use crate::config::{self, Arguments, Folders, Settings};
use crate::model::{HandSign, Model, Organisation, Told};
use crate::packets;
use crate::roots::{self, RootNote};
use crate::view::trouble;

use self::hand::Ears;
use self::program::{Program, Running};
use self::router::Router;
use self::showing::Showing;

/// Product and version, for the other side's log.
const PRODUCT: &str = concat!("deskside-customer/", env!("CARGO_PKG_VERSION"));
const NO_DISPLAY: &str = "There is no display. Start this program on a desktop.";
/// How long the goodbye may take when there is no window any more to show it.
const GOODBYE_LASTS: Duration = Duration::from_secs(5);

/// What other threads tell the program's window loop.
#[derive(Debug)]
enum News {
    Told(Told),
    Hand(HandSign),
}

/// The whole program.
#[must_use]
pub(crate) fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.let_go {
        return let_go();
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

/// The work of the second process: see [`deskside_platform::watchdog`].
fn let_go() -> ExitCode {
    match deskside_platform::watchdog::run(None, std::io::stdin().lock()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
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
        let ears = Ears::default();
        let showing = Showing::default();
        let started = start(&descriptor, settings, offset, &desktop, &proxy, &ears, &showing);
        if let Err(error) = &started {
            tracing::error!("{error:#}");
        }
        let started = started.map_err(|error| format!("{error:#}"));
        Program::new(Model::new(organisation), started, ears, desktop.clone(), showing)
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
    desktop: &x11::X11,
    proxy: &Proxy<News>,
    ears: &Ears,
    showing: &Showing,
) -> anyhow::Result<Running> {
    let config =
        CustomerConfig { descriptor: descriptor.clone(), path: settings.path, product: PRODUCT.to_owned() };
    let (running, ended) = mpsc::channel();
    let mut router = Router::new(
        desktop.clone(),
        proxy.clone(),
        Arc::clone(&ears.control),
        settings.journal_dir.clone(),
        offset,
        running,
        showing.clone(),
    )
    .context("The threads of the program could not be started.")?;
    let links = router.links();
    let network = deskside_net::customer::start(config, Box::new(move |event| router.route(event)))
        .map_err(|problem| anyhow::anyhow!("{problem}"))?;
    links.connect(network.sender(), network.picture());
    let lost = move || end_without_display(ended);
    let heard = hand::callback(ears, network.sender(), proxy.clone(), lost);
    let watch = desktop.watch_hand(heard).map_err(|error| {
        anyhow::anyhow!(
            "Mouse and keyboard of this computer cannot be heard ({error}), so nobody could stop a helper. \
             The program does not start without that."
        )
    })?;
    Ok(Running { network, watch, windows: proxy.clone() })
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

/// A flag that threads share.
type Flag = Arc<AtomicBool>;
