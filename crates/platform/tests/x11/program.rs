//! Another program with windows, in a process of its own: what it is told it does, and what reaches its
//! windows it writes down.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use deskside_platform::x11::X11;
use deskside_session::ApplicationId;
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    AtomEnum, ConfigureWindowAux, ConnectionExt as _, CreateWindowAux, EventMask, GrabMode, InputFocus,
    PropMode, StackMode, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use crate::display::{Display, PATIENCE, eventually};

const DISPLAY: &str = "DESKSIDE_TEST_PROGRAM";
/// Before everything that the program says, apart from what the test harness says.
const MARK: &str = "@";

/// What reached a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reached {
    Key { window: Window, keycode: u8, pressed: bool },
    Button { window: Window, button: u8, pressed: bool, x: i16, y: i16 },
    Motion { window: Window, x: i16, y: i16 },
}

/// The program; it ends with the value.
pub(crate) struct Program {
    child: Child,
    orders: ChildStdin,
    said: Receiver<Vec<String>>,
}

impl Program {
    pub(crate) fn start(display: &Display) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "program::part_program", "--ignored", "--nocapture"]);
        command.env(DISPLAY, &display.name).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let (orders, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (sender, said) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let Some(at) = line.find(MARK) else { continue };
                let words = line[at + 1..].split(' ').map(str::to_owned).collect();
                if sender.send(words).is_err() {
                    return;
                }
            }
        });
        Self { child, orders, said }
    }

    /// The program, as the customer would choose it. It must have had a window.
    pub(crate) fn application(&self, desktop: &X11) -> ApplicationId {
        let title = self.child.id().to_string();
        eventually("the application is known", || {
            let applications = desktop.applications().unwrap();
            Some(applications.into_iter().find(|application| application.titles.contains(&title))?.id)
        })
    }

    /// A window as applications have it; managed, if there is somebody to manage it.
    pub(crate) fn window(&mut self, place: (i16, i16, u16, u16)) -> Window {
        self.open("window", place)
    }

    /// A window that no window manager touches, as menus are.
    pub(crate) fn popup(&mut self, place: (i16, i16, u16, u16)) -> Window {
        self.open("popup", place)
    }

    fn open(&mut self, order: &str, (x, y, width, height): (i16, i16, u16, u16)) -> Window {
        self.order(&format!("{order} {x} {y} {width} {height}"))[0].parse().unwrap()
    }

    /// Carries out an order, and waits until it is done; gives what was said.
    pub(crate) fn order(&mut self, order: &str) -> Vec<String> {
        writeln!(self.orders, "{order}").unwrap();
        let words = self.said.recv_timeout(PATIENCE).unwrap();
        assert_eq!(words[0], "done", "{order}: {words:?}");
        words[1..].to_vec()
    }

    /// Everything that has reached the program's windows since the last time.
    pub(crate) fn take(&mut self) -> Vec<Reached> {
        writeln!(self.orders, "take").unwrap();
        let mut reached = Vec::new();
        loop {
            let words = self.said.recv_timeout(PATIENCE).unwrap();
            let number = |at: usize| words[at].parse::<i64>().unwrap();
            let window = || number(1) as Window;
            reached.push(match words[0].as_str() {
                "key" => Reached::Key { window: window(), keycode: number(2) as u8, pressed: number(3) != 0 },
                "button" => Reached::Button {
                    window: window(),
                    button: number(2) as u8,
                    pressed: number(3) != 0,
                    x: number(4) as i16,
                    y: number(5) as i16,
                },
                "motion" => Reached::Motion { window: window(), x: number(2) as i16, y: number(3) as i16 },
                "done" => return reached,
                other => panic!("{other}"),
            });
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

#[test]
#[ignore = "a program for the other tests, which start it as a process"]
fn part_program() {
    let Ok(display) = std::env::var(DISPLAY) else { return };
    let (connection, screen) = x11rb::connect(Some(&display)).unwrap();
    let root = connection.setup().roots[screen].root;
    let mut inside = Inside { connection, root, display, restless: Vec::new() };
    for order in std::io::stdin().lines().map_while(Result::ok) {
        let words: Vec<&str> = order.split(' ').collect();
        let numbers: Vec<i64> = words[1..].iter().filter_map(|word| word.parse().ok()).collect();
        let answer = inside.carry_out(words[0], &numbers);
        println!("{MARK}done {answer}");
    }
}

struct Inside {
    connection: RustConnection,
    root: Window,
    display: String,
    restless: Vec<JoinHandle<()>>,
}

impl Inside {
    fn carry_out(&mut self, order: &str, numbers: &[i64]) -> String {
        let connection = &self.connection;
        let window = || numbers[0] as Window;
        match order {
            "window" | "popup" => return self.open(order == "popup", numbers).to_string(),
            "focus" => {
                connection
                    .set_input_focus(InputFocus::PARENT, window(), x11rb::CURRENT_TIME)
                    .unwrap()
                    .check()
                    .unwrap();
            }
            "raise" => {
                let above = ConfigureWindowAux::new().stack_mode(StackMode::ABOVE);
                connection.configure_window(window(), &above).unwrap();
            }
            "move" => {
                let there = ConfigureWindowAux::new().x(numbers[1] as i32).y(numbers[2] as i32);
                connection.configure_window(window(), &there).unwrap();
            }
            "close" => drop(connection.destroy_window(window()).unwrap()),
            "show" => drop(connection.map_window(window()).unwrap()),
            "hide" => drop(connection.unmap_window(window()).unwrap()),
            "grab" => {
                let mode = GrabMode::ASYNC;
                let grabbed = connection.grab_keyboard(false, window(), x11rb::CURRENT_TIME, mode, mode);
                return format!("{}", u8::from(grabbed.unwrap().reply().unwrap().status));
            }
            "ungrab" => drop(connection.ungrab_keyboard(x11rb::CURRENT_TIME).unwrap()),
            "grabkey" => {
                let (key, modifiers) = (numbers[0] as u8, (numbers[1] as u16).into());
                let mode = GrabMode::ASYNC;
                connection.grab_key(false, self.root, modifiers, key, mode, mode).unwrap().check().unwrap();
            }
            "steal" => self.keep_on(numbers[1], steal(window())),
            "lift" => self.keep_on(numbers[1], lift(window())),
            "wander" => self.keep_on(numbers[1], wander(window())),
            "rest" => self.restless.drain(..).for_each(|thread| thread.join().unwrap()),
            "take" => self.take(),
            other => panic!("{other}"),
        }
        self.connection.sync().unwrap();
        String::new()
    }

    /// Does something again and again for so many milliseconds, beside everything else.
    fn keep_on(&mut self, milliseconds: i64, mut act: impl FnMut(&RustConnection) + Send + 'static) {
        let display = self.display.clone();
        self.restless.push(std::thread::spawn(move || {
            let connection = x11rb::connect(Some(&display)).unwrap().0;
            let end = Instant::now() + Duration::from_millis(milliseconds as u64);
            while Instant::now() < end {
                act(&connection);
                connection.sync().unwrap();
            }
        }));
    }

    fn open(&self, unmanaged: bool, numbers: &[i64]) -> Window {
        let events = EventMask::KEY_PRESS
            | EventMask::KEY_RELEASE
            | EventMask::BUTTON_PRESS
            | EventMask::BUTTON_RELEASE
            | EventMask::POINTER_MOTION;
        let window = self.connection.generate_id().unwrap();
        let look = CreateWindowAux::new().background_pixel(0x0080_8080).event_mask(events);
        let look = look.override_redirect(u32::from(unmanaged));
        let [x, y, width, height] = numbers else { panic!("{numbers:?}") };
        let (x, y, width, height) = (*x as i16, *y as i16, *width as u16, *height as u16);
        let class = WindowClass::INPUT_OUTPUT;
        self.connection
            .create_window(24, window, self.root, x, y, width, height, 0, class, 0, &look)
            .unwrap();
        // The place is the user's wish (ICCCM 4.1.2.3), or a window manager would choose one.
        let size_hints =
            [1 | 2, x as u32, y as u32, width.into(), height.into(), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let (normal, kind) = (AtomEnum::WM_NORMAL_HINTS, AtomEnum::WM_SIZE_HINTS);
        self.connection.change_property32(PropMode::REPLACE, window, normal, kind, &size_hints).unwrap();
        let (name, text) = (AtomEnum::WM_NAME, AtomEnum::STRING);
        let title = std::process::id().to_string();
        self.connection.change_property8(PropMode::REPLACE, window, name, text, title.as_bytes()).unwrap();
        self.connection.map_window(window).unwrap();
        self.connection.sync().unwrap();
        window
    }

    fn take(&self) {
        self.connection.sync().unwrap();
        while let Some(event) = self.connection.poll_for_event().unwrap() {
            match event {
                Event::KeyPress(e) => println!("{MARK}key {} {} 1", e.event, e.detail),
                Event::KeyRelease(e) => println!("{MARK}key {} {} 0", e.event, e.detail),
                Event::ButtonPress(e) => {
                    println!("{MARK}button {} {} 1 {} {}", e.event, e.detail, e.root_x, e.root_y);
                }
                Event::ButtonRelease(e) => {
                    println!("{MARK}button {} {} 0 {} {}", e.event, e.detail, e.root_x, e.root_y);
                }
                Event::MotionNotify(e) => println!("{MARK}motion {} {} {}", e.event, e.root_x, e.root_y),
                _ => {}
            }
        }
    }
}

/// Takes the focus.
fn steal(window: Window) -> impl FnMut(&RustConnection) + Send {
    move |connection| {
        let taken = connection.set_input_focus(InputFocus::PARENT, window, x11rb::CURRENT_TIME).unwrap();
        // Not while it is hidden.
        taken.ignore_error();
    }
}

/// Puts itself above everything else.
fn lift(window: Window) -> impl FnMut(&RustConnection) + Send {
    move |connection| {
        let above = ConfigureWindowAux::new().stack_mode(StackMode::ABOVE);
        connection.configure_window(window, &above).unwrap();
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// Goes here and there, below and above other windows, and away and back.
fn wander(window: Window) -> impl FnMut(&RustConnection) + Send {
    let mut seed = window;
    move |connection| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let number = |range: u32, shift: u32| (seed >> shift) % range;
        match number(8, 28) {
            0 => drop(connection.unmap_window(window).unwrap()),
            1..=3 => drop(connection.map_window(window).unwrap()),
            _ => {
                let (x, y) = (number(600, 8) as i32 - 50, number(400, 16) as i32 - 50);
                let mode = if number(4, 4) == 0 { StackMode::BELOW } else { StackMode::ABOVE };
                let there = ConfigureWindowAux::new().x(x).y(y).stack_mode(mode);
                connection.configure_window(window, &there).unwrap();
            }
        }
    }
}
