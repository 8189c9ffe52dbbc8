//! What the customer's desktop does while it is watched: real programs, driven by the customer's own hand, and
//! moving pictures.

use std::fs::File;
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use deskside_testkit::canvas::Canvas;
use deskside_testkit::film::{self, Film};
use deskside_testkit::glass::MARKER;
use deskside_testkit::hand::Hand;
use deskside_testkit::photo::Scene;
use deskside_testkit::picture::Rect;
use deskside_testkit::process::Process;
use deskside_testkit::scenario::Stage;

use crate::desk::{self, Opened, PANEL, WORDS};

/// Slides that are watched one by one once the work is over.
pub(crate) const SINGLE_SLIDES: usize = 3;
/// How long a slide stays.
const SLIDE: Duration = Duration::from_secs(2);
/// Lines of a listing at once, and how often.
const LINES: u64 = 12;
const LINES_EVERY: Duration = Duration::from_millis(40);
/// Size of the window that is dragged, in characters; a little less than [`DRAGGED_PIXELS`].
const DRAGGED: (u32, u32) = (88, 29);
const DRAGGED_PIXELS: (u32, u32) = (720, 560);
/// Size of the editor above a film, in characters, and where it ends, from the top.
const FILM_EDITOR: (u32, u32) = (110, 15);
const FILM_EDITOR_ENDS: u32 = 340;

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Workload {
    /// Twelve characters a second into an editor that holds a page of text.
    Typing,
    /// A browser page of text and tables, scrolled ten notches a second.
    Scroll,
    /// A terminal with an endless listing, 300 lines a second.
    Flood,
    /// A window full of text dragged over a photograph, about thirty times a second.
    Drag,
    /// A film of 1280 × 720 in a window, 24 pictures a second.
    Film,
    /// A photograph on the whole screen, another one every two seconds.
    Slides,
    /// Typing while the film plays elsewhere; the marker is small and near the pointer.
    TypingFilm,
    /// An editor that nobody touches.
    Idle,
}

/// A marker's place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct MarkerPlace {
    pub(crate) corner: (u32, u32),
    pub(crate) side: u32,
}

/// A workload that is ready to go.
pub(crate) struct Work {
    hand: Hand,
    kind: Kind,
    /// What it changes of the screen.
    pub(crate) area: Rect,
    pub(crate) marker: MarkerPlace,
    pub(crate) film: Option<Film>,
    pub(crate) slides: Option<Slides>,
    // Closed when the work is dropped.
    _program: Option<Process>,
}

enum Kind {
    Typing,
    Scroll,
    Flood(File),
    /// Where the window can be taken hold of, and how far it swings.
    Drag((i32, i32), (i32, i32)),
    Watch,
}

impl Workload {
    pub(crate) fn prepare(self, stage: &Stage, time: Duration) -> Result<Work> {
        let hand = stage.customer.hand();
        let screen = stage.customer.display().connect()?.size()?;
        // Above all windows, beside the panel.
        let mut marker = MarkerPlace { corner: (620, 0), side: MARKER };
        let (mut film, mut slides) = (None, None);
        let whole = Rect { x: 0, y: 0, width: screen.0, height: screen.1 };
        let open = |kind, Opened { program, window }| (kind, window, Some(program));
        let (kind, area, program) = match self {
            Self::Typing => open(Kind::Typing, typing(stage, &hand, desk::room(screen), (40, 90))?),
            Self::Scroll => {
                let opened = desk::browser(stage, screen)?;
                hand.move_to((500, 450))?;
                open(Kind::Scroll, opened)
            }
            Self::Flood => {
                let (opened, listing) = desk::listing(stage, desk::room(screen), (40, 90))?;
                open(Kind::Flood(listing), opened)
            }
            Self::Drag => drag(stage, screen)?,
            Self::Film => {
                let place = (screen.0.saturating_sub(1280).min(120), screen.1.saturating_sub(720).min(260));
                let opened = Film::open(stage.customer.display(), place)?;
                let area = opened.place();
                film = Some(opened);
                (Kind::Watch, area, None)
            }
            Self::TypingFilm => {
                let place = (screen.0.saturating_sub(1280), screen.1.saturating_sub(720));
                film = Some(Film::open(stage.customer.display(), place)?);
                let opened = typing(stage, &hand, FILM_EDITOR, (40, 60))?;
                let (x, y) = stage.customer.display().connect()?.pointer()?;
                marker = MarkerPlace { corner: (u32::try_from(x + 24)?, u32::try_from(y)?), side: 12 };
                (Kind::Typing, whole, Some(opened.program))
            }
            Self::Slides => {
                // Somewhat more than the time needs: a change that nobody sees is waited for beyond its end.
                let count = usize::try_from(time.as_secs() / SLIDE.as_secs())? + 4 + SINGLE_SLIDES;
                slides = Some(Slides::load(stage, whole, count)?);
                (Kind::Watch, whole, None)
            }
            Self::Idle => open(Kind::Watch, desk::editor(stage, desk::room(screen), (40, 90))?),
        };
        Ok(Work { hand, kind, area, marker, film, slides, _program: program })
    }
}

impl Work {
    /// Works until it is told to stop, and leaves the desktop still.
    pub(crate) fn go(&self, stop: &AtomicBool) -> Result<()> {
        let goes_on = || !stop.load(Ordering::Relaxed);
        if let Some(film) = &self.film {
            film.play();
        }
        match &self.kind {
            Kind::Typing => self.types(&goes_on)?,
            Kind::Scroll => {
                for number in 0_u32.. {
                    if !goes_on() {
                        break;
                    }
                    let button = if number / 12 % 2 == 0 { "5" } else { "4" };
                    self.hand.act(&["click", "--repeat", "5", "--delay", "100", button])?;
                }
            }
            Kind::Flood(listing) => flood(listing, &goes_on)?,
            Kind::Drag(grip, swing) => self.drags(*grip, *swing, &goes_on)?,
            Kind::Watch => {
                let mut due = Instant::now();
                while goes_on() {
                    if let Some(slides) = &self.slides
                        && due <= Instant::now()
                    {
                        slides.next()?;
                        due += SLIDE;
                    }
                    thread::sleep(Duration::from_millis(20));
                }
            }
        }
        if let Some(film) = &self.film {
            film.pause();
        }
        Ok(())
    }

    fn types(&self, goes_on: &dyn Fn() -> bool) -> Result<()> {
        for (number, word) in WORDS.split(' ').cycle().enumerate() {
            if !goes_on() {
                break;
            }
            self.hand.types(&format!("{word} "), 80)?;
            if number % 12 == 11 {
                self.hand.keys(&["Return"])?;
            }
        }
        Ok(())
    }

    fn drags(&self, grip: (i32, i32), swing: (i32, i32), goes_on: &dyn Fn() -> bool) -> Result<()> {
        self.hand.move_to(grip)?;
        self.hand.act(&["mousedown", "1"])?;
        let mut step = 0_u16;
        while goes_on() {
            // Ten steps at once: starting a program for each would be work that is not the desktop's.
            let mut words = Vec::new();
            for _ in 0..10 {
                let turn = f32::from(step);
                let x = grip.0 + (swing.0 as f32 * (turn / 12.0).sin()) as i32;
                let y = grip.1 + (swing.1 as f32 * (1.0 - (turn / 9.0).cos())) as i32;
                words.extend(["mousemove".to_owned(), x.to_string(), y.to_string()]);
                words.extend(["sleep".to_owned(), "0.033".to_owned()]);
                step += 1;
            }
            self.hand.act(&words.iter().map(String::as_str).collect::<Vec<_>>())?;
        }
        self.hand.act(&["mouseup", "1"])
    }
}

/// An editor with the caret at its text's end.
fn typing(stage: &Stage, hand: &Hand, size: (u32, u32), place: (u32, u32)) -> Result<Opened> {
    let opened = desk::editor(stage, size, place)?;
    hand.click(opened.window.centre())?;
    hand.keys(&["ctrl+End"])?;
    Ok(opened)
}

fn drag(stage: &Stage, screen: (u32, u32)) -> Result<(Kind, Rect, Option<Process>)> {
    desk::hang_photograph(stage, screen)?;
    let room = (screen.0.saturating_sub(PANEL + 50), screen.1.saturating_sub(150));
    let swing = (
        (room.0.saturating_sub(DRAGGED_PIXELS.0) / 2).clamp(60, 350),
        (room.1.saturating_sub(DRAGGED_PIXELS.1) / 2).clamp(60, 180),
    );
    let Opened { program, window } = desk::editor(stage, DRAGGED, (50 + swing.0, 150))?;
    // The title bar is just above the content.
    let grip = (window.centre().0, i32::try_from(window.y)? - 8);
    let swept = Rect {
        x: window.x.saturating_sub(swing.0),
        y: window.y.saturating_sub(30),
        width: (window.width + 2 * swing.0).min(screen.0),
        height: (window.height + 30 + 2 * swing.1).min(screen.1.saturating_sub(window.y)),
    };
    let swing = (i32::try_from(swing.0)?, i32::try_from(swing.1)?);
    Ok((Kind::Drag(grip, swing), swept, Some(program)))
}

fn flood(mut listing: &File, goes_on: &dyn Fn() -> bool) -> Result<()> {
    let mut due = Instant::now();
    for number in 0_u64.. {
        if !goes_on() {
            break;
        }
        let lines: String = (0..LINES).map(|line| desk::listing_line(number * LINES + line)).collect();
        listing.write_all(lines.as_bytes()).context("cannot write the listing")?;
        due = (due + LINES_EVERY).max(Instant::now());
        thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    Ok(())
}

/// Photographs of the screen's size, kept by the X server.
pub(crate) struct Slides {
    canvas: Canvas,
    kept: Vec<u32>,
    shown: AtomicUsize,
}

impl Slides {
    fn load(stage: &Stage, screen: Rect, count: usize) -> Result<Self> {
        let canvas = Canvas::open(stage.customer.display(), screen)?;
        let size = (u16::try_from(screen.width)?, u16::try_from(screen.height)?);
        let load = |seed: u32| {
            let scene = Scene::new(screen.width as usize, screen.height as usize, seed);
            canvas.keep(size, &scene.taken(seed))
        };
        let kept = (100_u32..).take(count).map(load).collect::<Result<Vec<_>>>()?;
        Ok(Self { canvas, kept, shown: AtomicUsize::new(0) })
    }

    /// Shows another photograph; none is shown twice.
    pub(crate) fn next(&self) -> Result<()> {
        let next = self.shown.fetch_add(1, Ordering::Relaxed);
        self.canvas.show(*self.kept.get(next).context("there are no more slides")?)
    }
}

/// How much of a film at this place nothing covers, from the left: the panel lies above its right. `None` where
/// the screen has no room for both the film and the editor.
pub(crate) fn uncovered(workload: Workload, place: Rect, screen: (u32, u32)) -> Option<u32> {
    if workload == Workload::TypingFilm && place.y < FILM_EDITOR_ENDS {
        return None;
    }
    let free = screen.0.saturating_sub(PANEL).saturating_sub(place.x);
    let whole = u32::from(film::WIDTH);
    Some(if place.y < 230 { free.min(whole) } else { whole })
}
