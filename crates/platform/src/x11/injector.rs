//! The operator's mouse and keyboard on the sharer's display, by XTEST.
//!
//! Characters are looked up in the sharer's own layout, whatever the operator's is; a character that the
//! layout lacks is put on a keycode that makes nothing, for a while. For a scope that is not the whole screen
//! every press passes the [`Gate`]; the whole screen, with nothing hidden, costs no question.

mod scoped;

use deskside_proto::input::{Button, InputEvent};
use deskside_session::{Control, Grant, Scope};
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{ConnectionExt as _, Keycode, Keysym, Window};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use super::devices;
use super::fingers::Fingers;
use super::gate::{Gate, Touch};
use super::keymap::{Keymap, LOCK, Modifiers, Place, State, core_keyboard};
use super::keysym;
use super::spare::Spares;
use super::stroke::{Situation, Stroke, for_character};
use super::windows::Processes;
use crate::injector::lets_go;
use crate::watchdog::{Note, Watchdog};
use crate::{InjectError, Injector, PlatformError};

/// A notch of the wheel in the units of [`InputEvent::Wheel`].
const NOTCH: i32 = 120;
/// An evdev code and the X keycode of the same key differ by this.
const EVDEV_OFFSET: u16 = 8;

/// A key that the operator holds: released by its position, or by what it made if that is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Held {
    keysym: Keysym,
    position: u16,
    keycode: Keycode,
}

/// Injection into an X display.
#[derive(Debug)]
pub struct X11Injector {
    fingers: Fingers,
    processes: Processes,
    root: Window,
    /// What holds input to the last event's scope, once one was not the whole screen.
    gate: Option<Gate>,
    /// This program's own windows are out of reach whatever the scope is.
    spares_own: bool,
    /// That scope; `None` for the whole screen.
    scope: Option<Scope>,
    keyboard: u16,
    keymap: Keymap,
    stale: bool,
    spares: Spares,
    held: Vec<Held>,
    /// What the wheel has turned since its last whole notch, sideways and up and down.
    turned: (i32, i32),
}

impl X11Injector {
    pub(super) fn new(
        connection: RustConnection,
        screen: usize,
        watchdog: Option<Watchdog>,
        processes: Processes,
    ) -> Result<Self, PlatformError> {
        connection.xtest_get_version(2, 2)?.reply()?;
        // What XTEST's keyboard has is what counts once it is used, even if a real one has another layout.
        let keyboard = devices::xtest_keyboards(&connection)?.first().copied();
        let keyboard = keyboard.map_or_else(core_keyboard, u16::from);
        Keymap::follow(&connection, keyboard)?;
        let keymap = Keymap::read(&connection, keyboard)?;
        let root = connection.setup().roots[screen].root;
        Ok(Self {
            fingers: Fingers::new(connection, root, watchdog)?,
            processes,
            root,
            gate: None,
            spares_own: false,
            scope: None,
            keyboard,
            keymap,
            stale: false,
            spares: Spares::default(),
            held: Vec::new(),
            turned: (0, 0),
        })
    }

    /// Keeps this program's own windows out of reach, also where everything on the screen may be used.
    #[must_use]
    pub fn sparing_own(mut self) -> Self {
        self.spares_own = true;
        self
    }

    /// Reads the layout again if it has changed, and the modifiers and locks of this instant.
    fn look(&mut self) -> Result<State, PlatformError> {
        // The state's reply comes after all events that were there before, changes of the layout too.
        let state = State::read(&self.fingers.connection)?;
        while let Some(event) = self.fingers.connection.poll_for_event()? {
            match event {
                Event::XkbMapNotify(_) | Event::XkbNewKeyboardNotify(_) => self.stale = true,
                Event::Error(error) => tracing::warn!(?error, "the display refused an injection"),
                event => {
                    if let Some(gate) = &mut self.gate {
                        gate.happened(&event);
                    }
                }
            }
        }
        self.stale |= self.gate.as_mut().is_some_and(Gate::take_new_layout);
        if std::mem::take(&mut self.stale) {
            self.keymap = Keymap::read(&self.fingers.connection, self.keyboard)?;
            for keycode in self.spares.forget_replaced(&self.keymap) {
                self.fingers.note(Note::Borrowed { keycode, keysym: 0 });
            }
        }
        Ok(state)
    }

    /// The modifiers that keys pressed by us hold.
    fn our_modifiers(&self) -> Modifiers {
        self.fingers.keys().iter().fold(0, |all, keycode| all | self.keymap.modifiers_of(*keycode))
    }

    fn type_character(&mut self, grant: &Grant<Control>, character: char) -> Result<(), InjectError> {
        let state = self.look()?;
        let commands = self.keymap.command_modifiers();
        let ours = self.our_modifiers();
        if state.base & !ours & commands != 0 {
            return Err(InjectError::HandHoldsModifier);
        }
        let situation = Situation { state, ours, fixed: 0, unwanted: commands | LOCK };
        let in_layout =
            for_character(&self.keymap, situation, character, |keycode| self.spares.contains(keycode));
        let stroke = match in_layout {
            Some(stroke) => stroke,
            None => self.borrowed_stroke(grant, situation, keysym::of(character))?,
        };
        let touch = Touch::Key(self.strike_of(state, &stroke, None)?);
        self.within(touch, |this| {
            let outcome = this.strike(grant, state, &stroke);
            this.held.retain(|held| held.keycode != stroke.keycode);
            let released = this.fingers.release_key(stroke.keycode);
            outcome?;
            Ok(released?)
        })
    }

    fn press(&mut self, grant: &Grant<Control>, keysym: Keysym, position: u16) -> Result<(), InjectError> {
        let state = self.look()?;
        if let Some(held) = self.find_held(keysym, position) {
            let again = Stroke::just(held.keycode);
            let touch = Touch::Key(self.strike_of(state, &again, Some(keysym))?);
            return self.within(touch, |this| this.fingers.press_key(grant, held.keycode));
        }
        let commands = self.keymap.command_modifiers();
        let situation = Situation { state, ours: self.our_modifiers(), fixed: commands, unwanted: 0 };
        let stroke = if keysym::holds_modifier(keysym) {
            let plain = |symbol| symbol == keysym;
            let place = self.keymap.places(state.group, plain).into_iter().next();
            place.map(|Place { keycode, .. }| Stroke::just(keycode))
        } else {
            let borrowed = |keycode| self.spares.contains(keycode);
            Stroke::find(&self.keymap, situation, |symbol| keysym::same(symbol, keysym), borrowed)
        };
        let by_position = || {
            let keycode = Keycode::try_from(position.checked_add(EVDEV_OFFSET)?).ok()?;
            (position != 0 && self.keymap.keycodes().any(|there| there == keycode))
                .then_some(Stroke::just(keycode))
        };
        let stroke = match stroke {
            Some(stroke) => stroke,
            // A letter that the layout lacks keeps its meaning; what is no letter is a place on the keyboard.
            None if keysym::character(keysym).is_some() => self.borrowed_stroke(grant, situation, keysym)?,
            None => match by_position() {
                Some(stroke) => stroke,
                None => self.borrowed_stroke(grant, situation, keysym)?,
            },
        };
        let touch = Touch::Key(self.strike_of(state, &stroke, Some(keysym))?);
        self.within(touch, |this| this.strike(grant, state, &stroke))?;
        self.held.push(Held { keysym, position, keycode: stroke.keycode });
        Ok(())
    }

    fn release(&mut self, keysym: Keysym, position: u16) -> Result<(), PlatformError> {
        let Some(held) = self.find_held(keysym, position) else { return Ok(()) };
        self.held.retain(|other| *other != held);
        let still_held = self.held.iter().any(|other| other.keycode == held.keycode);
        if still_held { Ok(()) } else { self.letting_go(|fingers| fingers.release_key(held.keycode)) }
    }

    fn find_held(&self, keysym: Keysym, position: u16) -> Option<Held> {
        let by_position = |held: &&Held| position != 0 && held.position == position;
        let by_keysym = |held: &&Held| (position == 0 || held.position == 0) && held.keysym == keysym;
        let found = self.held.iter().find(by_position).or_else(|| self.held.iter().find(by_keysym));
        found.copied()
    }

    /// A stroke on a keycode that makes nothing and is given this meaning.
    fn borrowed_stroke(
        &mut self,
        grant: &Grant<Control>,
        situation: Situation,
        keysym: Keysym,
    ) -> Result<Stroke, InjectError> {
        if keysym == 0 {
            return Err(InjectError::NoKey);
        }
        let keycode = match self.spares.find(keysym) {
            Some(keycode) => keycode,
            None => {
                let keys = self.fingers.keys();
                let chosen = self.spares.choose(&self.keymap, |keycode| keys.contains(&keycode));
                let keycode = chosen.ok_or(InjectError::NoKey)?;
                self.fingers.note(Note::Borrowed { keycode, keysym });
                grant.check()?;
                self.spares.borrow(&self.fingers.connection, keycode, keysym)?;
                keycode
            }
        };
        Stroke::plain(&self.keymap, situation, keycode).ok_or(InjectError::NoKey)
    }

    /// Presses the stroke's key amid its changes, and takes the changes back; the key itself stays down.
    fn strike(&mut self, grant: &Grant<Control>, before: State, stroke: &Stroke) -> Result<(), InjectError> {
        let Stroke { keycode, lift, ref hold, locks } = *stroke;
        let lifted = |key: &Keycode| self.keymap.modifiers_of(*key) & lift != 0 && *key != keycode;
        let lifted: Vec<Keycode> = self.fingers.keys().iter().copied().filter(lifted).collect();

        let mut down = || {
            for key in &lifted {
                self.fingers.release_key(*key)?;
            }
            if let Some((modifiers, group)) = locks {
                self.fingers.change_locks(grant, before, modifiers, group)?;
            }
            for key in hold {
                self.fingers.press_key(grant, *key)?;
            }
            self.fingers.press_key(grant, keycode)
        };
        let outcome = down();
        for key in hold {
            self.fingers.release_key(*key)?;
        }
        if locks.is_some() {
            self.fingers.restore_locks(before)?;
        }
        if outcome.is_ok() {
            for key in &lifted {
                self.fingers.press_key(grant, *key)?;
            }
        }
        outcome
    }

    fn press_button(
        &mut self,
        grant: &Grant<Control>,
        button: Button,
        pressed: bool,
    ) -> Result<(), InjectError> {
        let meant = match button {
            Button::Left => 1,
            Button::Middle => 2,
            Button::Right => 3,
            Button::Back => 8,
            Button::Forward => 9,
        };
        // A left-handed sharer has the buttons exchanged; the operator means the primary one.
        let mapping = self.pointer_mapping()?;
        let exchanged = (1u8..).zip(mapping).find(|(_, does)| *does == meant);
        let exchanged = exchanged.map_or(meant, |(number, _)| number);
        if pressed {
            let in_drag = self.fingers.holds_button();
            self.within(Touch::Press { in_drag }, |this| this.fingers.press_button(grant, exchanged))
        } else {
            Ok(self.fingers.release_button(exchanged)?)
        }
    }

    fn pointer_mapping(&self) -> Result<Vec<u8>, PlatformError> {
        Ok(self.fingers.connection.get_pointer_mapping()?.reply()?.map)
    }

    fn turn(&mut self, grant: &Grant<Control>, dx: i16, dy: i16) -> Result<(), InjectError> {
        let (x, y) = (self.turned.0 + i32::from(dx), self.turned.1 + i32::from(dy));
        self.turned = (x % NOTCH, y % NOTCH);
        if x.abs().max(y.abs()) < NOTCH {
            return Ok(());
        }
        let in_drag = self.fingers.holds_button();
        self.within(Touch::Press { in_drag }, |this| {
            for (turned, back, forth) in [(y, 4, 5), (x, 6, 7)] {
                let button = if turned < 0 { back } else { forth };
                for _ in 0..turned.abs() / NOTCH {
                    let pressed = this.fingers.press_button(grant, button);
                    this.fingers.release_button(button)?;
                    pressed?;
                }
            }
            Ok(())
        })
    }

    fn move_to(&mut self, grant: &Grant<Control>, x: u16, y: u16) -> Result<(), InjectError> {
        let (x, y) = match (&mut self.gate, &self.scope) {
            (Some(gate), Some(scope)) => gate.on_screen(&self.fingers.connection, scope, x, y)?,
            // The server keeps the pointer on the screen; the protocol reaches no further than this.
            _ => (i16::try_from(x).unwrap_or(i16::MAX), i16::try_from(y).unwrap_or(i16::MAX)),
        };
        self.within(Touch::Move { x, y }, |this| this.fingers.move_to(grant, x, y))
    }

    fn carry_out(&mut self, grant: &Grant<Control>, event: InputEvent) -> Result<(), InjectError> {
        match event {
            InputEvent::PointerMove { x, y } => self.move_to(grant, x, y),
            InputEvent::PointerButton { button, pressed } => self.press_button(grant, button, pressed),
            InputEvent::Wheel { dx, dy } => self.turn(grant, dx, dy),
            InputEvent::Text(character) => self.type_character(grant, character),
            InputEvent::Key { keysym, position, pressed: true } => self.press(grant, keysym, position),
            InputEvent::Key { keysym, position, pressed: false } => Ok(self.release(keysym, position)?),
            InputEvent::ReleaseAll => Ok(self.release_all()?),
        }
    }
}

impl Injector for X11Injector {
    fn inject(&mut self, grant: &Grant<Control>, event: InputEvent) -> Result<(), InjectError> {
        if !lets_go(event) {
            grant.check()?;
        }
        self.adopt(grant)?;
        let outcome = self.carry_out(grant, event);
        if matches!(outcome, Err(InjectError::OutOfScope))
            && matches!(event, InputEvent::Text(_) | InputEvent::Key { .. })
        {
            self.release_keys()?;
        }
        // Nothing of this event is left in a buffer or in the server's queue when the next one comes.
        self.fingers.connection.sync().map_err(PlatformError::from)?;
        outcome
    }

    fn let_go_outside(&mut self) -> Result<bool, PlatformError> {
        let (has_keys, has_buttons) = (!self.fingers.keys().is_empty(), self.fingers.holds_button());
        if !has_keys && !has_buttons {
            return Ok(false);
        }
        let (Some(gate), Some(scope)) = (&mut self.gate, &self.scope) else { return Ok(false) };
        let (keys_within, pointer_within) = gate.is_still_within(&self.fingers.connection, scope)?;
        if has_keys && !keys_within {
            self.release_keys()?;
        }
        if has_buttons && !pointer_within {
            self.fingers.release_buttons()?;
        }
        self.fingers.connection.sync()?;
        Ok((has_keys && !keys_within) || (has_buttons && !pointer_within))
    }

    fn release_all(&mut self) -> Result<(), PlatformError> {
        self.turned = (0, 0);
        self.fingers.release_buttons()?;
        self.release_keys()?;
        Ok(self.fingers.connection.sync()?)
    }
}

impl Drop for X11Injector {
    fn drop(&mut self) {
        let borrowed = self.spares.keycodes();
        let outcome = self
            .release_all()
            .and_then(|()| self.fingers.stop_keeping_quiet())
            .and_then(|()| self.spares.give_back(&self.fingers.connection));
        match outcome {
            Ok(()) => {
                for keycode in borrowed {
                    self.fingers.note(Note::Borrowed { keycode, keysym: 0 });
                }
            }
            // A display that is gone holds nothing down any more.
            Err(PlatformError::DisplayLost) => {}
            Err(error) => tracing::warn!(%error, "cannot let go of everything"),
        }
    }
}
