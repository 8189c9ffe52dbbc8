//! A hidden window with a pattern that is found again is in no frame, whatever happens.

use std::path::Path;
use std::time::Duration;

use deskside_codec::Rect;
use deskside_platform::Screen as _;
use deskside_session::Scope;
use x11rb::protocol::xproto::{ConnectionExt as _, ImageFormat};

use super::actor::{Actor, Paint};
use super::canary::Detector;
use super::chaos::{Chaos, SHOWN};
use super::wire::Wire;
use super::{Desktop, SIZE, View};
use crate::capture::resize;
use crate::display::{Display, eventually};

impl Desktop {
    /// What is on the screen, as a program sees it that may see everything.
    fn bare(&self) -> Vec<u32> {
        let (root, format) = (self.client.root, ImageFormat::Z_PIXMAP);
        // What a second output adds is left out.
        let (width, height) = (SIZE.0 as u16, SIZE.1 as u16);
        let image = self.client.connection.get_image(format, root, 0, 0, width, height, !0).unwrap();
        let data = image.reply().unwrap().data;
        data.chunks_exact(4).map(|pixel| u32::from_le_bytes([pixel[0], pixel[1], pixel[2], 0])).collect()
    }

    fn with_outputs(folder: &Path) -> Self {
        Self { has_outputs: true, ..Self::of(Display::with_outputs(folder)) }.managed()
    }

    fn with_compositor() -> Self {
        Self::with_window_manager().composed()
    }

    fn composed(self) -> Self {
        let mut desktop = self;
        desktop.start("picom", &["--config", "/dev/null", "--backend", "xrender"]);
        let name = desktop.atom("_NET_WM_CM_S0");
        eventually("the compositor is there", || {
            let owner = desktop.client.connection.get_selection_owner(name).unwrap().reply().unwrap();
            (owner.owner != x11rb::NONE).then_some(())
        });
        desktop
    }
}

/// The scopes under which the second application must not be seen.
fn scopes(chaos: &Chaos<'_>) -> [Scope; 2] {
    let editor = chaos.desktop.number(chaos.shown[0], "editor");
    let bank = chaos.desktop.number(chaos.hidden[0], "bank");
    // The switches are on: what a hidden application calls itself does not show it.
    let all = Scope { hidden: [bank].into(), ..Scope::screen() };
    [Scope::applications([editor]), all]
}

/// Looks for the canary in frames, and in what is sent of them.
struct Search {
    detector: Detector,
    /// Of the view that is looked at.
    wire: Option<Wire>,
    frames: usize,
    updates: usize,
    with_shown: usize,
}

impl Search {
    fn new() -> Self {
        Self { detector: Detector::new(), wire: None, frames: 0, updates: 0, with_shown: 0 }
    }

    /// From here on it is another view: both coders begin afresh, as with each epoch.
    fn begin(&mut self) {
        self.wire = None;
    }

    fn look(&mut self, view: &mut View, history: &[&str]) {
        let (width, height) = view.screen.size();
        view.grab(&[Rect::new(0, 0, width, height)]);
        let found = self.detector.find(&view.pixels, width as usize);
        if found.is_some()
            && let Ok(path) = std::env::var("DESKSIDE_TEST_PICTURE")
        {
            let header = format!("P6 {width} {height} 255\n").into_bytes();
            let bytes = view.pixels.iter().flat_map(|pixel| pixel.to_be_bytes()[1..].to_vec());
            std::fs::write(path, header.into_iter().chain(bytes).collect::<Vec<u8>>()).unwrap();
        }
        let (frame, before) = (self.frames, &history[history.len().saturating_sub(12)..]);
        assert_eq!(found, None, "in frame {frame} after {before:?}");
        let wire = self.wire.take().filter(|wire| wire.size() == (width, height));
        let wire = self.wire.insert(wire.unwrap_or_else(|| Wire::new(width, height)));
        let sent = wire.send(&view.pixels, &self.detector);
        assert_eq!(sent.found, [], "in what is sent of frame {frame} after {before:?}");
        self.updates += sent.updates;
        self.frames += 1;
        self.with_shown += usize::from(view.pixels.contains(&SHOWN));
    }

    /// Looks at so many frames of a view while everything happens.
    fn go_on(&mut self, view: &mut View, chaos: &mut Chaos<'_>, frames: usize) {
        self.begin();
        let mut history = Vec::new();
        for _ in 0..frames {
            for _ in 0..=chaos.dice.roll(2) {
                history.push(chaos.act());
            }
            view.step(Duration::from_millis(u64::from(chaos.dice.roll(4))));
            self.look(view, &history);
        }
        let on_screen = self.detector.find(&chaos.desktop.bare(), SIZE.0 as usize).is_some();
        eprintln!("canary on the screen at the end: {on_screen}");
    }

    fn conclude(self) {
        let Self { frames, updates, with_shown, .. } = self;
        eprintln!(
            "{frames} frames and {updates} updates without the canary, {with_shown} frames with chosen windows"
        );
        assert!(frames < 4 * with_shown, "chosen windows were seen in {with_shown} of {frames} frames only");
        assert!(frames < 6 * updates, "{updates} updates were sent of {frames} frames only");
    }
}

/// A canary of another application, which is not chosen or hidden.
fn search(desktop: &Desktop, seed: u64, frames: usize) {
    let (mut chaos, mut search) = (Chaos::new(desktop, seed, desktop.actor()), Search::new());
    eventually("the canary is on the screen", || search.detector.find(&desktop.bare(), SIZE.0 as usize));
    for scope in scopes(&chaos) {
        search.go_on(&mut desktop.view(&scope), &mut chaos, frames / 2);
    }
    search.conclude();
}

/// A canary of this program itself, which shows everything but its own windows: so it shows a demonstration.
fn search_own(desktop: &Desktop, seed: u64, frames: usize) {
    let own = Actor::own(&desktop.display);
    let (mut chaos, mut search) = (Chaos::new(desktop, seed, own), Search::new());
    eventually("the canary is on the screen", || search.detector.find(&desktop.bare(), SIZE.0 as usize));
    let mut view = desktop.view(&Scope::screen());
    view.screen.shield(true).unwrap();
    search.go_on(&mut view, &mut chaos, frames);
    search.conclude();
}

/// Row W4, the window manager alone.
#[test]
fn t28_a_hidden_window_is_in_no_frame() {
    search(&Desktop::with_window_manager(), 28, 1000);
}

/// The same while a compositor works beside.
#[test]
fn t28_a_hidden_window_is_in_no_frame_beside_a_compositor() {
    search(&Desktop::with_compositor(), 29, 1000);
}

/// Windows on two outputs of which one comes and goes, with a compositor.
#[test]
fn t28_a_hidden_window_is_in_no_frame_of_two_outputs() {
    let folder = tempfile::tempdir().unwrap();
    search(&Desktop::with_outputs(folder.path()).composed(), 33, 300);
}

/// Row L16, with the window manager alone.
#[test]
fn t28_own_windows_are_in_no_frame_of_a_demonstration() {
    search_own(&Desktop::with_window_manager(), 34, 600);
}

/// The same while a compositor works beside.
#[test]
fn t28_own_windows_are_in_no_frame_of_a_demonstration_beside_a_compositor() {
    search_own(&Desktop::with_compositor(), 35, 400);
}

#[test]
#[ignore = "slow: run by ./dev test --full"]
fn t28_a_hidden_window_is_in_none_of_ten_thousand_frames() {
    search(&Desktop::with_window_manager(), 280, 5000);
    search(&Desktop::with_compositor(), 281, 4000);
    let folder = tempfile::tempdir().unwrap();
    search(&Desktop::with_outputs(folder.path()), 282, 1000);
    search_own(&Desktop::with_compositor(), 283, 2000);
}

/// A hundred thousand frames with the next two tests, and those of a demonstration.
#[test]
#[ignore = "soak: run by ./dev soak"]
fn t28_soak_a_hidden_window_is_in_no_frame() {
    search(&Desktop::with_window_manager(), 2800, 50_000);
}

#[test]
#[ignore = "soak: run by ./dev soak"]
fn t28_soak_a_hidden_window_is_in_no_frame_beside_a_compositor() {
    search(&Desktop::with_compositor(), 2801, 40_000);
}

#[test]
#[ignore = "soak: run by ./dev soak"]
fn t28_soak_a_hidden_window_is_in_no_frame_of_two_outputs() {
    let folder = tempfile::tempdir().unwrap();
    search(&Desktop::with_outputs(folder.path()), 2802, 10_000);
}

#[test]
#[ignore = "soak: run by ./dev soak"]
fn t28_soak_own_windows_are_in_no_frame_of_a_demonstration() {
    search_own(&Desktop::with_compositor(), 2803, 10_000);
}

/// The first frames after each change of mind: seeing begins anew, with what was hidden until then or is from
/// then on.
fn toggle(desktop: &Desktop, seed: u64, toggles: usize) {
    let mut chaos = Chaos::new(desktop, seed, desktop.actor());
    let mut search = Search::new();
    let [chosen, all] = scopes(&chaos);
    let mut seen = 0;
    for turn in 0..toggles {
        let history: Vec<&str> = (0..4).map(|_| chaos.act()).collect();
        // Between, everything may be seen.
        let mut open = desktop.view(&Scope::screen());
        open.grab(&[Rect::new(0, 0, SIZE.0, SIZE.1)]);
        seen += usize::from(search.detector.find(&open.pixels, SIZE.0 as usize).is_some());
        drop(open);
        let mut view = desktop.view(if turn % 2 == 0 { &chosen } else { &all });
        search.begin();
        for _ in 0..6 {
            search.look(&mut view, &history);
            view.step(Duration::from_millis(4));
        }
    }
    eprintln!("{} first frames, {seen} of {toggles} times the canary was seen between", search.frames);
    assert!(toggles < 4 * seen, "the canary was on the screen {seen} times only");
}

#[test]
fn t29_the_first_frames_after_hiding_hold_nothing_hidden() {
    toggle(&Desktop::with_window_manager(), 30, 60);
}

#[test]
fn t29_the_first_frames_after_hiding_hold_nothing_hidden_beside_a_compositor() {
    toggle(&Desktop::with_compositor(), 31, 60);
}

#[test]
#[ignore = "slow: run by ./dev test --full"]
fn t29_the_first_frames_after_a_thousand_toggles_hold_nothing_hidden() {
    toggle(&Desktop::with_window_manager(), 300, 500);
    toggle(&Desktop::with_compositor(), 301, 500);
}

/// The screen changes its size while the picture is composed.
#[test]
fn t28_a_hidden_window_is_in_no_frame_of_another_size() {
    let outer = Display::virtual_screen(900, 700);
    let desktop = Desktop::of(Display::inside(&outer, SIZE.0, SIZE.1));
    let mut chaos = Chaos::new(&desktop, 32, desktop.actor());
    let mut search = Search::new();
    let [_, all] = scopes(&chaos);
    let mut view = desktop.view(&all);
    for _ in 0..6 {
        let (width, height) = (400 + chaos.dice.roll(300), 300 + chaos.dice.roll(300));
        resize(&outer.client(), width, height);
        view.until("the new size", |view| view.screen.size() == (width, height));
        for _ in 0..20 {
            let history = [chaos.act()];
            view.step(Duration::from_millis(2));
            search.look(&mut view, &history);
        }
    }
}

/// The detector finds the canary where nothing is kept back, so it would find it above.
#[test]
fn the_canary_is_found_in_a_frame_of_everything() {
    let desktop = Desktop::of(Display::virtual_screen(SIZE.0, SIZE.1));
    let mut bank = desktop.actor();
    bank.show((100, 100, 64, 64), Paint::Canary);
    let detector = Detector::new();
    let mut view = desktop.view(&Scope::screen());
    view.until("the canary", |view| detector.find(&view.pixels, SIZE.0 as usize).is_some());
}
