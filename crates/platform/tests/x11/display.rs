//! Displays for one test each, and a second client on them.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use deskside_platform::x11::{self, X11};
use x11rb::connection::Connection as _;
use x11rb::protocol::xinput::ConnectionExt as _;
use x11rb::protocol::xkb::{BoolCtrl, ConnectionExt as _, ID};
use x11rb::protocol::xproto::{
    BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ConnectionExt as _, CreateGCAux, CreateWindowAux, EventMask,
    KEY_PRESS_EVENT, KEY_RELEASE_EVENT, MOTION_NOTIFY_EVENT, ModMask, Rectangle, Window, WindowClass,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

/// How long anything may take before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// Outputs without a graphics card.
const XORG: &str = r#"
Section "ServerFlags"
  Option "AutoAddDevices" "false"
  Option "AutoAddGPU" "false"
EndSection
Section "Device"
  Identifier "card"
  Driver "dummy"
  VideoRam 65536
EndSection
Section "Screen"
  Identifier "screen"
  Device "card"
  DefaultDepth 24
  SubSection "Display"
    Depth 24
    Virtual 1920 1080
  EndSubSection
EndSection
"#;

/// An X server that ends with the test.
pub(crate) struct Display {
    pub(crate) name: String,
    server: Child,
}

impl Display {
    pub(crate) fn virtual_screen(width: u32, height: u32) -> Self {
        let mut server = Command::new("Xvfb");
        server.args(["-nolisten", "tcp", "-noreset", "-screen", "0", &format!("{width}x{height}x24")]);
        Self::start(server)
    }

    /// A display in a window, at the upper left of the outer display.
    pub(crate) fn inside(outer: &Self, width: u32, height: u32) -> Self {
        let mut server = Command::new("Xephyr");
        server.args(["-nolisten", "tcp", "-noreset", "-resizeable", "-no-host-grab"]);
        server.args(["-screen", &format!("{width}x{height}x24")]).env("DISPLAY", &outer.name);
        let inside = Self::start(server);
        // The display answers before its window is on the outer screen; what is done until then is lost.
        let (hand, client) = (outer.client(), inside.client());
        for x in [90, 100] {
            eventually("the window is there", || {
                hand.move_to(x - 1, 100);
                hand.move_to(x, 100);
                (client.pointer() == (x, 100)).then_some(())
            });
        }
        inside
    }

    /// A display with two outputs side by side, as a graphics card has them: Xorg, the first output 640 × 400 pixels,
    /// the second 320 × 400.
    pub(crate) fn with_outputs(folder: &Path) -> Self {
        let config = folder.join("xorg.conf");
        fs::write(&config, XORG).unwrap();
        let mut server = Command::new("Xorg");
        server.args(["-nolisten", "tcp", "-noreset", "-novtswitch", "-keeptty"]);
        server.arg("-config").arg(config).arg("-logfile").arg(folder.join("xorg.log"));
        let display = Self::start(server);
        for (output, mode, width) in [("DUMMY0", "left", 640), ("DUMMY1", "right", 320)] {
            display.add_mode(output, mode, width, 400);
        }
        display.run("xrandr", &["--output", "DUMMY0", "--mode", "left"]);
        display.second_output(true);
        display
    }

    /// Lets an output have this size.
    pub(crate) fn add_mode(&self, output: &str, mode: &str, width: u32, height: u32) {
        let across = [width, width + 8, width + 40, width + 80].map(|at| at.to_string());
        let down = [height, height + 3, height + 6, height + 20].map(|at| at.to_string());
        let mut line = vec!["--newmode", mode, "25"];
        line.extend(across.iter().chain(&down).map(String::as_str));
        self.run("xrandr", &line);
        self.run("xrandr", &["--addmode", output, mode]);
    }

    /// Plugs in the second of two outputs, to the right of the first, or pulls it out.
    pub(crate) fn second_output(&self, on: bool) {
        let there: &[&str] = if on { &["--mode", "right", "--right-of", "DUMMY0"] } else { &["--off"] };
        self.run("xrandr", &[&["--output", "DUMMY1"], there].concat());
    }

    fn start(mut server: Command) -> Self {
        server.args(["-displayfd", "1"]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut server =
            server.spawn().expect("an X server (packages xvfb, xserver-xephyr, xserver-xorg-core)");
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        assert!(!number.trim().is_empty(), "the X server did not start");
        Self { name: format!(":{}", number.trim()), server }
    }

    pub(crate) fn open(&self) -> X11 {
        x11::open(Some(&self.name)).unwrap()
    }

    pub(crate) fn client(&self) -> Client {
        let (connection, screen) = x11rb::connect(Some(&self.name)).unwrap();
        let root = connection.setup().roots[screen].root;
        connection.xkb_use_extension(1, 0).unwrap().reply().unwrap();
        Client { connection, root }
    }

    /// Runs a tool on the display to its end.
    pub(crate) fn run(&self, tool: &str, arguments: &[&str]) {
        let status = Command::new(tool).args(arguments).env("DISPLAY", &self.name).status().unwrap();
        assert!(status.success(), "{tool} {arguments:?}: {status}");
    }

    /// Takes the display away, as a crash does.
    pub(crate) fn kill(&mut self) {
        self.server.kill().unwrap();
        self.server.wait().unwrap();
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        // It may have been killed by the test.
        let _gone = self.server.kill();
        let _gone = self.server.wait();
    }
}

/// Another program on the display. What it presses comes from XTEST.
pub(crate) struct Client {
    pub(crate) connection: RustConnection,
    pub(crate) root: Window,
}

impl Client {
    /// A window of one colour on the screen, without a window manager's doing.
    pub(crate) fn window(&self, place: (i16, i16, u16, u16), colour: u32, events: EventMask) -> Window {
        let (x, y, width, height) = place;
        let window = self.connection.generate_id().unwrap();
        let look = CreateWindowAux::new().background_pixel(colour).override_redirect(1).event_mask(events);
        let class = WindowClass::INPUT_OUTPUT;
        self.connection
            .create_window(24, window, self.root, x, y, width, height, 0, class, 0, &look)
            .unwrap();
        self.connection.map_window(window).unwrap();
        self.sync();
        window
    }

    pub(crate) fn fill(&self, window: Window, place: (i16, i16, u16, u16), colour: u32) {
        let context = self.connection.generate_id().unwrap();
        let foreground = CreateGCAux::new().foreground(colour);
        self.connection.create_gc(context, window, &foreground).unwrap();
        let (x, y, width, height) = place;
        let rectangle = Rectangle { x, y, width, height };
        self.connection.poly_fill_rectangle(window, context, &[rectangle]).unwrap();
        self.connection.free_gc(context).unwrap();
        self.sync();
    }

    pub(crate) fn key(&self, keycode: u8, pressed: bool) {
        self.fake(if pressed { KEY_PRESS_EVENT } else { KEY_RELEASE_EVENT }, keycode, 0, 0);
    }

    pub(crate) fn tap(&self, keycode: u8) {
        self.key(keycode, true);
        self.key(keycode, false);
    }

    pub(crate) fn button(&self, button: u8, pressed: bool) {
        self.fake(if pressed { BUTTON_PRESS_EVENT } else { BUTTON_RELEASE_EVENT }, button, 0, 0);
    }

    pub(crate) fn move_to(&self, x: i16, y: i16) {
        self.fake(MOTION_NOTIFY_EVENT, 0, x, y);
    }

    /// Moves the pointer a little, so that Xephyr takes in what it has left lying; true.
    pub(crate) fn nudge(&self) -> bool {
        self.move_to(101, 100);
        self.move_to(100, 100);
        true
    }

    fn fake(&self, kind: u8, detail: u8, x: i16, y: i16) {
        self.connection.xtest_fake_input(kind, detail, 0, self.root, x, y, 0).unwrap();
        self.sync();
    }

    pub(crate) fn pointer(&self) -> (i16, i16) {
        let pointer = self.connection.query_pointer(self.root).unwrap().reply().unwrap();
        (pointer.root_x, pointer.root_y)
    }

    pub(crate) fn window_below_pointer(&self) -> Window {
        self.connection.query_pointer(self.root).unwrap().reply().unwrap().child
    }

    /// The keys that are down, and the buttons and modifiers that have effect.
    pub(crate) fn held(&self) -> (Vec<u8>, u16) {
        let keys = self.connection.query_keymap().unwrap().reply().unwrap().keys;
        let is_down = |key: &u8| keys[usize::from(key / 8)] & (1 << (key % 8)) != 0;
        let pointer = self.connection.query_pointer(self.root).unwrap().reply().unwrap();
        ((0..=u8::MAX).filter(is_down).collect(), u16::from(pointer.mask))
    }

    /// Locks these modifiers and this group, and no others.
    pub(crate) fn set_locks(&self, modifiers: u8, group: u8) {
        let (all, none) = (ModMask::from(0xffu16), ModMask::from(0u16));
        let (keyboard, locks) = (u16::from(ID::USE_CORE_KBD), ModMask::from(u16::from(modifiers)));
        self.connection
            .xkb_latch_lock_state(keyboard, all, locks, true, group.into(), none, false, 0)
            .unwrap();
        self.sync();
    }

    pub(crate) fn xtest_keyboard(&self) -> u16 {
        self.connection.xinput_xi_query_version(2, 2).unwrap().reply().unwrap();
        let devices = self.connection.xinput_xi_query_device(0u16).unwrap().reply().unwrap().infos;
        devices.iter().find(|device| device.name == b"Virtual core XTEST keyboard").unwrap().deviceid
    }

    /// Whether held keys repeat, on XTEST's keyboards and on the one that programs see.
    pub(crate) fn repeats(&self) -> (Vec<bool>, bool) {
        let repeats = |device: u16| {
            let controls = self.connection.xkb_get_controls(device).unwrap().reply().unwrap();
            u32::from(controls.enabled_controls) & u32::from(BoolCtrl::REPEAT_KEYS) != 0
        };
        self.connection.xinput_xi_query_version(2, 2).unwrap().reply().unwrap();
        let devices = self.connection.xinput_xi_query_device(0u16).unwrap().reply().unwrap().infos;
        let xtest = devices.iter().filter(|device| device.name.ends_with(b"XTEST keyboard"));
        (xtest.map(|device| repeats(device.deviceid)).collect(), repeats(u16::from(ID::USE_CORE_KBD)))
    }

    /// What all keys make, as the core protocol tells it.
    pub(crate) fn keyboard_mapping(&self) -> Vec<u32> {
        let setup = self.connection.setup();
        let count = setup.max_keycode - setup.min_keycode + 1;
        let mapping = self.connection.get_keyboard_mapping(setup.min_keycode, count).unwrap();
        let mapping = mapping.reply().unwrap();
        // Its width changes with what was ever mapped; the first column does not.
        mapping.keysyms.chunks(mapping.keysyms_per_keycode.into()).map(|key| key[0]).collect()
    }

    pub(crate) fn sync(&self) {
        self.connection.sync().unwrap();
    }
}

/// Asks again and again until it is so.
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}
