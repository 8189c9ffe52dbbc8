//! The window of a viewer with a made-up sharer who allows everything, for trying it by hand:
//! `cargo run -p deskside-party --example watching`. What goes to the network is written to standard output.

use std::io::{Error, Write as _};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use deskside_codec::{Encoder, FrameView, Rect};
use deskside_party::viewing::net::{Command, Event};
use deskside_party::viewing::{Feed, News, Watching, Wish, feed};
use deskside_proto::journal::{Action, GrantEnd, Verdict};
use deskside_proto::{GrantId, RequestId};
use deskside_ui::winit::event::WindowEvent;
use deskside_ui::{App, Handling, Options, Picture, Proxy, Shell, WindowKey, egui, run};

const WINDOW: WindowKey = WindowKey(0);
const NAME: &str = "Olga Operator";
/// The made-up screen.
const SCREEN: (u32, u32) = (1280, 800);

struct Program {
    watching: Option<Watching>,
}

fn tell(proxy: &Proxy<News>, news: News) {
    // A loop that has ended shows nothing any more.
    let _ended = proxy.send(news);
}

/// The other side: answers commands, and shows one picture.
fn sharer(command: &Command, feed: &Feed, proxy: &Proxy<News>) {
    let hear = |event| feed.take(event, |news| tell(proxy, news));
    match command {
        Command::Ask(_) => {
            hear(Event::Asked { request: RequestId(2), action: Action::Control });
            let verdict = Verdict::Allowed(GrantId(2));
            hear(Event::Answered { request: RequestId(2), action: Action::Control, verdict });
        }
        Command::GiveBack(grant) => {
            let reason = GrantEnd::GivenBack;
            hear(Event::GrantEnded { action: Action::Control, grant: *grant, reason });
        }
        _ => {}
    }
}

/// Something to look at, coded as it is on the wire.
fn picture() -> Vec<Vec<u8>> {
    let (width, height) = SCREEN;
    let colour = |at: u32| [at / width / 4, at % width / 6, 120, 0].map(|channel| channel as u8);
    let data: Vec<u8> = (0..width * height).flat_map(colour).collect();
    let mut updates = Vec::new();
    let view = FrameView::new(width, height, width as usize * 4, &data);
    let (Ok(view), Ok(mut encoder)) = (view, Encoder::new(width, height)) else { return updates };
    encoder.mark(&[Rect::new(0, 0, width, height)]);
    while let Ok(Some(update)) = encoder.next_update(&view, 60_000, None) {
        updates.push(update);
    }
    updates
}

fn start(proxy: &Proxy<News>) -> Result<Watching, Error> {
    let (feed, orders) = feed();
    let (commands, heard): (Sender<Command>, _) = channel();
    let windows = proxy.clone();
    let send = move |command| commands.send(command).unwrap_or_default();
    let watching = Watching::start(WINDOW, orders, send, move |news| tell(&windows, news))?;
    let proxy = proxy.clone();
    thread::spawn(move || {
        let hear = |event| feed.take(event, |news| tell(&proxy, news));
        let verdict = Verdict::Allowed(GrantId(1));
        hear(Event::Answered { request: RequestId(1), action: Action::See, verdict });
        hear(Event::Screen { epoch: 1, width: SCREEN.0, height: SCREEN.1 });
        for (body, number) in picture().into_iter().zip(0..) {
            hear(Event::Update { epoch: 1, number, body });
        }
        for command in heard {
            // Without an output there is still something to look at.
            writeln!(std::io::stdout(), "{command:?}").unwrap_or_default();
            sharer(&command, &feed, &proxy);
        }
    });
    Ok(watching)
}

impl App for Program {
    type Event = News;

    fn start(&mut self, shell: &mut Shell<'_>) {
        match &mut self.watching {
            Some(watching) => watching.open(NAME, shell),
            None => shell.exit(),
        }
    }

    fn event(&mut self, news: News, shell: &mut Shell<'_>) {
        if let Some(watching) = &mut self.watching {
            watching.event(news, shell);
        }
    }

    fn draw(&mut self, _window: WindowKey, ui: &mut egui::Ui, shell: &mut Shell<'_>) {
        let wish = self.watching.as_mut().and_then(|watching| watching.draw(ui, shell));
        self.wish(wish, shell);
    }

    fn input(&mut self, _window: WindowKey, event: &WindowEvent, shell: &mut Shell<'_>) -> Handling {
        self.watching.as_mut().map_or(Handling::Widgets, |watching| watching.input(event, shell))
    }

    fn close_requested(&mut self, _window: WindowKey, shell: &mut Shell<'_>) {
        let wish = self.watching.as_mut().and_then(|watching| watching.close_requested(shell));
        self.wish(wish, shell);
    }

    fn picture(&mut self, _window: WindowKey) -> Option<&mut Picture> {
        self.watching.as_mut().and_then(Watching::picture)
    }
}

impl Program {
    fn wish(&mut self, wish: Option<Wish>, shell: &mut Shell<'_>) {
        if let (Some(Wish::StopWatching), Some(watching)) = (wish, &mut self.watching) {
            watching.close(shell);
            shell.exit();
        }
    }
}

fn main() -> Result<(), deskside_ui::UiError> {
    run(Options::default(), |proxy: Proxy<News>| Program { watching: start(&proxy).ok() })?;
    Ok(())
}
