//! Applications: each a process of its own, as the display tells whose a window is by the process that made it;
//! or a thread of this one, whose windows are this program's own. They make windows and paint them when asked to;
//! everything else the test does to their windows.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};

use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    AtomEnum, ChangeWindowAttributesAux, ColormapAlloc, ConfigureWindowAux, ConnectionExt as _, CreateGCAux,
    CreateWindowAux, EventMask, ImageFormat, PropMode, Rectangle, StackMode, VisualClass, Visualid, Window,
    WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use super::canary;
use crate::display::{Display, PATIENCE};

const DISPLAY: &str = "DESKSIDE_TEST_DISPLAY";
/// The test program says other things on the same line of output.
const ANSWER: &str = "window=";

/// What a window shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Paint {
    /// Painted when asked to; until then whatever the display left there.
    Colour(u32),
    /// The pseudo-random pattern, painted when asked to.
    Canary,
    /// Never painted.
    Nothing,
    /// Painted by the server itself.
    Background(u32),
}

impl Paint {
    fn to_text(self) -> String {
        match self {
            Self::Colour(colour) => format!("colour {colour}"),
            Self::Canary => "canary 0".to_owned(),
            Self::Nothing => "nothing 0".to_owned(),
            Self::Background(colour) => format!("background {colour}"),
        }
    }

    fn parse(kind: &str, value: &str) -> Self {
        let colour = value.parse().unwrap();
        match kind {
            "colour" => Self::Colour(colour),
            "canary" => Self::Canary,
            "nothing" => Self::Nothing,
            _ => Self::Background(colour),
        }
    }
}

/// What kind of window is to be made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Make {
    pub(crate) place: (i16, i16, u16, u16),
    pub(crate) paint: Paint,
    /// Not the window manager's business.
    pub(crate) free: bool,
    /// With alpha.
    pub(crate) glass: bool,
}

/// An application with windows.
pub(crate) struct Actor {
    /// Unless it is a thread of this one.
    process: Option<Child>,
    orders: Option<Box<dyn Write>>,
    answers: Receiver<Window>,
}

impl Actor {
    pub(crate) fn on(display: &Display) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "scope::actor::part_actor", "--ignored", "--nocapture"]);
        command.env(DISPLAY, &display.name).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let (orders, answers) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Self { process: Some(process), orders: Some(Box::new(orders)), answers: listen(answers) }
    }

    /// This program itself.
    pub(crate) fn own(display: &Display) -> Self {
        let ((theirs, orders), (answers, mut answer)) = (std::io::pipe().unwrap(), std::io::pipe().unwrap());
        let display = display.name.clone();
        // Ends with its input.
        std::thread::spawn(move || play(&display, BufReader::new(theirs), &mut answer));
        Self { process: None, orders: Some(Box::new(orders)), answers: listen(answers) }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.as_ref().map_or_else(std::process::id, Child::id)
    }

    /// Makes a window, which is not mapped.
    pub(crate) fn make(&mut self, make: Make) -> Window {
        let Make { place: (x, y, width, height), paint, free, glass } = make;
        let (free, glass, paint) = (u8::from(free), u8::from(glass), paint.to_text());
        let orders = self.orders.as_mut().unwrap();
        writeln!(orders, "{x} {y} {width} {height} {free} {glass} {paint}").unwrap();
        self.answers.recv_timeout(PATIENCE).expect("the other process made a window")
    }

    /// Makes an ordinary window and maps it.
    pub(crate) fn show(&mut self, place: (i16, i16, u16, u16), paint: Paint) -> Window {
        let window = self.make(Make { place, paint, free: false, glass: false });
        self.map(window)
    }

    /// The same, without the window manager.
    pub(crate) fn pop_up(&mut self, place: (i16, i16, u16, u16), paint: Paint) -> Window {
        let window = self.make(Make { place, paint, free: true, glass: false });
        self.map(window)
    }

    /// Paints 32 × 32 pixels of a window in another colour, above all others.
    pub(crate) fn repaint(&mut self, window: Window, colour: u32) {
        let orders = self.orders.as_mut().unwrap();
        writeln!(orders, "repaint {window} {colour}").unwrap();
        assert_eq!(self.answers.recv_timeout(PATIENCE), Ok(window));
    }

    fn map(&mut self, window: Window) -> Window {
        let orders = self.orders.as_mut().unwrap();
        writeln!(orders, "map {window}").unwrap();
        assert_eq!(self.answers.recv_timeout(PATIENCE), Ok(window));
        window
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        // Its input ends, and so does it; it may have been ended before.
        self.orders = None;
        if let Some(process) = &mut self.process {
            let _ended = process.wait();
        }
    }
}

fn listen(answers: impl Read + Send + 'static) -> Receiver<Window> {
    let (answer, received) = mpsc::channel();
    std::thread::spawn(move || {
        for line in BufReader::new(answers).lines().map_while(Result::ok) {
            let Some((_, window)) = line.split_once(ANSWER) else { continue };
            if answer.send(window.parse().unwrap()).is_err() {
                return;
            }
        }
    });
    received
}

struct Stage {
    connection: RustConnection,
    root: Window,
    depth: u8,
    /// A visual with alpha.
    glass: Option<Visualid>,
    paints: Mutex<BTreeMap<Window, Paint>>,
}

#[test]
#[ignore = "a part of other tests, which start it as a process"]
fn part_actor() {
    let Ok(display) = std::env::var(DISPLAY) else { return };
    play(&display, std::io::stdin().lock(), &mut std::io::stdout());
}

fn play(display: &str, orders: impl BufRead, answer: &mut impl Write) {
    let (connection, screen) = x11rb::connect(Some(display)).unwrap();
    let setup = connection.setup().roots[screen].clone();
    let deep = setup.allowed_depths.iter().find(|depth| depth.depth == 32);
    let visuals = deep.map(|deep| deep.visuals.clone()).unwrap_or_default();
    let glass = visuals.iter().find(|visual| visual.class == VisualClass::TRUE_COLOR);
    let stage = Arc::new(Stage {
        connection,
        root: setup.root,
        depth: setup.root_depth,
        glass: glass.map(|visual| visual.visual_id),
        paints: Mutex::default(),
    });
    let painter = Arc::clone(&stage);
    // Ends with the process, or the display.
    std::thread::spawn(move || {
        while let Ok(event) = painter.connection.wait_for_event() {
            if let Event::Expose(event) = event {
                painter.paint(event.window);
            }
        }
    });
    for line in orders.lines().map_while(Result::ok) {
        writeln!(answer, "\n{ANSWER}{}", stage.obey(&line)).unwrap();
        answer.flush().unwrap();
    }
}

impl Stage {
    fn obey(&self, order: &str) -> Window {
        let words: Vec<&str> = order.split(' ').collect();
        if let ["map", window] = words[..] {
            let window = window.parse().unwrap();
            self.connection.map_window(window).unwrap();
            self.connection.sync().unwrap();
            return window;
        }
        if let ["repaint", window, colour] = words[..] {
            return self.repaint(window.parse().unwrap(), colour.parse().unwrap());
        }
        let [x, y, width, height, free, glass, kind, value] = words[..] else { panic!("{order}") };
        let paint = Paint::parse(kind, value);
        let window = self.connection.generate_id().unwrap();
        let mut look = CreateWindowAux::new()
            .event_mask(EventMask::EXPOSURE)
            .override_redirect(u32::from(free == "1"))
            .border_pixel(0);
        if let Paint::Background(colour) = paint {
            look = look.background_pixel(colour);
        }
        let (mut depth, mut visual) = (self.depth, x11rb::COPY_FROM_PARENT);
        if glass == "1" {
            (depth, visual) = (32, self.glass.expect("a visual with alpha"));
            let colours = self.connection.generate_id().unwrap();
            self.connection.create_colormap(ColormapAlloc::NONE, colours, self.root, visual).unwrap();
            look = look.colormap(colours);
        }
        let (x, y, class) = (x.parse().unwrap(), y.parse().unwrap(), WindowClass::INPUT_OUTPUT);
        let (width, height) = (width.parse().unwrap(), height.parse().unwrap());
        self.connection
            .create_window(depth, window, self.root, x, y, width, height, 0, class, visual, &look)
            .unwrap();
        let class = b"actor\0Actor\0";
        let (name, kind) = (AtomEnum::WM_CLASS, AtomEnum::STRING);
        self.connection.change_property8(PropMode::REPLACE, window, name, kind, class).unwrap();
        self.paints.lock().unwrap().insert(window, paint);
        self.connection.sync().unwrap();
        window
    }

    fn repaint(&self, window: Window, colour: u32) -> Window {
        let connection = &self.connection;
        connection.configure_window(window, &ConfigureWindowAux::new().stack_mode(StackMode::ABOVE)).unwrap();
        let context = connection.generate_id().unwrap();
        connection.create_gc(context, window, &CreateGCAux::new().foreground(colour)).unwrap();
        let ground = ChangeWindowAttributesAux::new().background_pixel(colour);
        connection.change_window_attributes(window, &ground).unwrap();
        let all = Rectangle { x: 0, y: 0, width: 32, height: 32 };
        connection.poly_fill_rectangle(window, context, &[all]).unwrap();
        connection.free_gc(context).unwrap();
        connection.sync().unwrap();
        window
    }

    fn paint(&self, window: Window) {
        let Some(paint) = self.paints.lock().unwrap().get(&window).copied() else { return };
        // A window may be gone by now; the display says so by an event that nobody reads.
        let Ok(geometry) = self.connection.get_geometry(window).unwrap().reply() else { return };
        let (width, height) = (geometry.width, geometry.height);
        let context = self.connection.generate_id().unwrap();
        let colour = match paint {
            Paint::Colour(colour) => colour,
            Paint::Canary | Paint::Nothing | Paint::Background(_) => 0,
        };
        self.connection.create_gc(context, window, &CreateGCAux::new().foreground(colour)).unwrap();
        match paint {
            Paint::Colour(_) => {
                let all = Rectangle { x: 0, y: 0, width, height };
                self.connection.poly_fill_rectangle(window, context, &[all]).unwrap();
            }
            Paint::Canary => {
                let rows = (1 << 17) / (usize::from(width) * 4);
                for top in (0..usize::from(height)).step_by(rows.max(1)) {
                    let count = rows.max(1).min(usize::from(height) - top);
                    let bytes: Vec<u8> = (top..top + count)
                        .flat_map(|y| (0..usize::from(width)).map(move |x| canary::pixel(x, y)))
                        .flat_map(u32::to_le_bytes)
                        .collect();
                    let format = ImageFormat::Z_PIXMAP;
                    let (count, top, depth) = (count as u16, top as i16, geometry.depth);
                    self.connection
                        .put_image(format, window, context, width, count, 0, top, 0, depth, &bytes)
                        .unwrap();
                }
            }
            Paint::Nothing | Paint::Background(_) => {}
        }
        self.connection.free_gc(context).unwrap();
        self.connection.flush().unwrap();
    }
}
