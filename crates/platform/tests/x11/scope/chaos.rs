//! Everything that can happen to windows, at random but the same each time.

use x11rb::protocol::shape::{ConnectionExt as _, SK, SO};
use x11rb::protocol::xproto::{
    AtomEnum, ClientMessageEvent, ClipOrdering, ConfigureWindowAux, ConnectionExt as _, EventMask, PropMode,
    Rectangle, StackMode, Window,
};
use x11rb::wrapper::ConnectionExt as _;

use super::Desktop;
use super::actor::{Actor, Make, Paint};

/// Colours that chosen windows are painted in.
pub(super) const SHOWN: u32 = 0xc0_20_20;
const GLASS: u32 = 0x4020_2020;
/// Of the passing windows of one application.
const MOST_PASSING: usize = 4;

/// xorshift64*, Vigna 2016.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, sides: u32) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as u32;
        high % sides
    }

    fn pick(&mut self, windows: &[Window]) -> Window {
        windows[self.roll(windows.len() as u32) as usize]
    }
}

pub(super) struct Chaos<'d> {
    pub(super) desktop: &'d Desktop,
    pub(super) dice: Dice,
    editor: Actor,
    bank: Actor,
    /// That stay, of the chosen application: painted by themselves, by the server, and never.
    pub(super) shown: Vec<Window>,
    /// That stay, of the hidden one.
    pub(super) hidden: Vec<Window>,
    passing: Vec<Window>,
    hidden_passing: Vec<Window>,
}

impl<'d> Chaos<'d> {
    /// With windows of this application hidden.
    pub(super) fn new(desktop: &'d Desktop, seed: u64, bank: Actor) -> Self {
        let (mut editor, mut bank) = (desktop.actor(), bank);
        let hidden =
            vec![bank.show((150, 80, 300, 220), Paint::Canary), bank.show((20, 20, 200, 120), Paint::Canary)];
        let shown = vec![
            editor.show((60, 60, 260, 200), Paint::Colour(SHOWN)),
            editor.show((300, 150, 200, 160), Paint::Background(SHOWN)),
            editor.show((200, 30, 160, 160), Paint::Nothing),
        ];
        let (passing, hidden_passing) = (Vec::new(), Vec::new());
        Self { desktop, dice: Dice(seed), editor, bank, shown, hidden, passing, hidden_passing }
    }

    /// Does one thing; its name.
    pub(super) fn act(&mut self) -> &'static str {
        let name = match self.dice.roll(if self.desktop.has_outputs { 24 } else { 22 }) {
            0 | 1 => self.restack(),
            2 | 3 => self.shift(),
            4 | 5 => self.resize(),
            6 => self.toggle(),
            7 | 8 => self.pop_up(),
            9 => self.pop_up_hidden(),
            10 => self.shape(),
            11 => self.lay_glass(),
            12 => self.take_in(),
            13 => self.take_out(),
            14 => self.iconify(),
            15 => self.change_workspace(),
            16 => self.storm(),
            17 => self.pretend(),
            18 => self.fade(),
            19 => self.change_state(),
            20 => self.paint(),
            21 => self.swap(),
            _ => self.plug(),
        };
        self.desktop.client.sync();
        name
    }

    fn any(&mut self) -> Window {
        let all: Vec<Window> = [&self.shown, &self.hidden, &self.passing, &self.hidden_passing]
            .into_iter()
            .flatten()
            .copied()
            .collect();
        self.dice.pick(&all)
    }

    /// What the window manager moves about: the window, or the frame around it.
    fn outer(&self, window: Window) -> Window {
        let root = self.desktop.client.root;
        let mut outer = window;
        loop {
            let tree = self.desktop.client.connection.query_tree(outer).unwrap().reply();
            match tree.map(|tree| tree.parent) {
                Ok(parent) if parent != root && parent != x11rb::NONE => outer = parent,
                _ => return outer,
            }
        }
    }

    fn configure(&mut self, window: Window, change: &ConfigureWindowAux) {
        self.desktop.client.connection.configure_window(window, change).unwrap();
    }

    fn restack(&mut self) -> &'static str {
        let any = self.any();
        let outer = self.outer(any);
        let mode = if self.dice.roll(2) == 0 { StackMode::ABOVE } else { StackMode::BELOW };
        self.configure(outer, &ConfigureWindowAux::new().stack_mode(mode));
        "restack"
    }

    fn place(&mut self) -> (i16, i16) {
        (self.dice.roll(600) as i16 - 60, self.dice.roll(380) as i16 - 40)
    }

    fn shift(&mut self) -> &'static str {
        let any = self.any();
        // By the window manager, or behind its back.
        let window = if self.dice.roll(2) == 0 { any } else { self.outer(any) };
        let (x, y) = self.place();
        self.configure(window, &ConfigureWindowAux::new().x(i32::from(x)).y(i32::from(y)));
        "move"
    }

    fn resize(&mut self) -> &'static str {
        let window = self.any();
        let (width, height) = (40 + self.dice.roll(300), 40 + self.dice.roll(200));
        self.configure(window, &ConfigureWindowAux::new().width(width).height(height));
        "resize"
    }

    fn toggle(&mut self) -> &'static str {
        let window = self.any();
        let connection = &self.desktop.client.connection;
        connection.unmap_window(window).unwrap();
        if self.dice.roll(4) != 0 {
            connection.map_window(window).unwrap();
        }
        "map"
    }

    fn pop_up(&mut self) -> &'static str {
        let (x, y) = self.place();
        let paint = [Paint::Nothing, Paint::Colour(SHOWN)][self.dice.roll(2) as usize];
        let window = self.editor.pop_up((x, y, 120, 90), paint);
        self.passing.push(window);
        self.let_pass();
        "pop up"
    }

    fn pop_up_hidden(&mut self) -> &'static str {
        let (x, y) = self.place();
        let window = self.bank.pop_up((x, y, 150, 100), Paint::Canary);
        self.hidden_passing.push(window);
        self.let_pass();
        "hidden pop up"
    }

    fn let_pass(&mut self) {
        for passing in [&mut self.passing, &mut self.hidden_passing] {
            if MOST_PASSING < passing.len() {
                let oldest = passing.remove(0);
                self.desktop.client.connection.destroy_window(oldest).unwrap();
            }
        }
    }

    fn shape(&mut self) -> &'static str {
        let window = self.any();
        let connection = &self.desktop.client.connection;
        if self.dice.roll(3) == 0 {
            connection.shape_mask(SO::SET, SK::BOUNDING, window, 0, 0, x11rb::NONE).unwrap();
        } else {
            let mut part = || Rectangle {
                x: self.dice.roll(100) as i16,
                y: self.dice.roll(100) as i16,
                width: 150,
                height: 60,
            };
            let parts = [part(), part()];
            let order = ClipOrdering::UNSORTED;
            connection.shape_rectangles(SO::SET, SK::BOUNDING, order, window, 0, 0, &parts).unwrap();
        }
        "shape"
    }

    fn lay_glass(&mut self) -> &'static str {
        let (x, y) = self.place();
        let paint = [Paint::Nothing, Paint::Background(GLASS)][self.dice.roll(2) as usize];
        let glass = self.editor.make(Make { place: (x, y, 200, 120), paint, free: true, glass: true });
        self.desktop.client.connection.map_window(glass).unwrap();
        self.passing.push(glass);
        self.let_pass();
        "glass"
    }

    /// A hidden window comes to lie in a chosen one, or in its frame.
    fn take_in(&mut self) -> &'static str {
        let (hidden, mut into) = (self.dice.pick(&self.hidden), self.dice.pick(&self.shown));
        if self.dice.roll(2) == 0 {
            into = self.outer(into);
        }
        self.desktop.client.connection.reparent_window(hidden, into, 10, 10).unwrap();
        self.desktop.client.connection.map_window(hidden).unwrap();
        "take in"
    }

    fn take_out(&mut self) -> &'static str {
        let (hidden, root) = (self.dice.pick(&self.hidden), self.desktop.client.root);
        let (x, y) = self.place();
        self.desktop.client.connection.reparent_window(hidden, root, x, y).unwrap();
        self.desktop.client.connection.map_window(hidden).unwrap();
        "take out"
    }

    fn iconify(&mut self) -> &'static str {
        let window = self.any();
        // ICCCM 4.1.4: the state is iconic.
        self.ask_manager("WM_CHANGE_STATE", window, [3, 0, 0, 0, 0]);
        "iconify"
    }

    fn change_workspace(&mut self) -> &'static str {
        let number = self.dice.roll(2);
        self.ask_manager("_NET_CURRENT_DESKTOP", self.desktop.client.root, [number, 0, 0, 0, 0]);
        "workspace"
    }

    fn ask_manager(&self, message: &str, window: Window, data: [u32; 5]) {
        let message = ClientMessageEvent::new(32, window, self.desktop.atom(message), data);
        let mask = EventMask::SUBSTRUCTURE_NOTIFY | EventMask::SUBSTRUCTURE_REDIRECT;
        let client = &self.desktop.client;
        client.connection.send_event(false, client.root, mask, message).unwrap();
    }

    fn storm(&mut self) -> &'static str {
        let any = self.any();
        let outer = self.outer(any);
        for _ in 0..40 {
            let (x, y) = self.place();
            let size = 60 + self.dice.roll(250);
            let change = ConfigureWindowAux::new().x(i32::from(x)).y(i32::from(y)).width(size);
            self.configure(outer, &change);
        }
        "storm"
    }

    /// What a compositor is to show half-transparent.
    fn fade(&mut self) -> &'static str {
        let window = self.any();
        let (name, opacity) = (self.desktop.atom("_NET_WM_WINDOW_OPACITY"), self.dice.roll(u32::MAX));
        let connection = &self.desktop.client.connection;
        connection
            .change_property32(PropMode::REPLACE, window, name, AtomEnum::CARDINAL, &[opacity])
            .unwrap();
        "fade"
    }

    /// Over the whole screen, rolled up, or maximised, and back.
    fn change_state(&mut self) -> &'static str {
        let window = self.any();
        let states = ["FULLSCREEN", "SHADED", "MAXIMIZED_VERT", "ABOVE"];
        let state = self.desktop.atom(&format!("_NET_WM_STATE_{}", states[self.dice.roll(4) as usize]));
        let (toggle, by_a_program) = (2, 1);
        self.ask_manager("_NET_WM_STATE", window, [toggle, state, 0, by_a_program, 0]);
        "state"
    }

    /// A window is to paint itself anew, from nothing.
    fn paint(&mut self) -> &'static str {
        let window = self.any();
        let (x, y) = (self.dice.roll(60) as i16, self.dice.roll(60) as i16);
        self.desktop.client.connection.clear_area(true, window, x, y, 120, 80).unwrap();
        "paint"
    }

    /// Two windows change places in the stack in one go.
    fn swap(&mut self) -> &'static str {
        let (shown, hidden) = (self.dice.pick(&self.shown), self.dice.pick(&self.hidden));
        let (shown, hidden) = (self.outer(shown), self.outer(hidden));
        for (upper, lower) in [(hidden, shown), (shown, hidden)] {
            // They need not be siblings: then nothing happens.
            let over = ConfigureWindowAux::new().sibling(lower).stack_mode(StackMode::ABOVE);
            self.configure(upper, &over);
        }
        "swap"
    }

    /// The second output comes or goes.
    fn plug(&mut self) -> &'static str {
        self.desktop.display.second_output(self.dice.roll(2) == 0);
        "plug"
    }

    /// A hidden window says that it is something that it is not.
    fn pretend(&mut self) -> &'static str {
        let hidden = self.dice.pick(&self.hidden);
        let connection = &self.desktop.client.connection;
        match self.dice.roll(3) {
            0 => {
                let (name, kind) = (AtomEnum::WM_TRANSIENT_FOR, AtomEnum::WINDOW);
                let whom = [self.shown[0]];
                connection.change_property32(PropMode::REPLACE, hidden, name, kind, &whom).unwrap();
            }
            1 => {
                let kinds = ["DOCK", "DESKTOP", "NOTIFICATION", "NORMAL"];
                let kind = kinds[self.dice.roll(4) as usize];
                self.desktop.set_kind(hidden, &format!("_NET_WM_WINDOW_TYPE_{kind}"));
            }
            _ => {
                let (name, pid) = (self.desktop.atom("_NET_WM_PID"), [self.editor.pid()]);
                connection
                    .change_property32(PropMode::REPLACE, hidden, name, AtomEnum::CARDINAL, &pid)
                    .unwrap();
            }
        }
        "pretend"
    }
}
