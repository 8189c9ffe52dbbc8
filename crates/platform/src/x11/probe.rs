//! Questions to the display about where input would go just now. Each is one round trip, and none changes
//! anything that another program could notice.

use x11rb::connection::Connection as _;
use x11rb::cookie::{Cookie, VoidCookie};
use x11rb::errors::ReplyError;
use x11rb::protocol::xinput::{
    ConnectionExt as _, Device, DeviceId, DeviceType, GrabMode22, GrabOwner, GrabType,
    XIPassiveGrabDeviceReply,
};
use x11rb::protocol::xkb::ConnectionExt as _;
use x11rb::protocol::xproto::{
    ConnectionExt as _, CreateWindowAux, EventMask, GetInputFocusReply, GrabKeyboardReply, GrabMode,
    GrabStatus, InputFocus, Keycode, ModMask, QueryPointerReply, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;

use super::keymap::{Modifiers, State, core_keyboard};
use crate::PlatformError;

/// A key that is about to be pressed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Strike {
    pub(super) keycode: Keycode,
    /// What was held when it was chosen.
    pub(super) before: State,
    /// What will be in effect.
    pub(super) modifiers: Modifiers,
    /// Whether it counts that others have taken the chord for themselves.
    pub(super) heeds_others: bool,
}

/// The place under the pointer, or under where it is to go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spot {
    /// The uppermost child of the root that takes input there; 0 if there is none.
    pub(super) window: Window,
    pub(super) x: i16,
    pub(super) y: i16,
    /// Somebody gets all clicks, wherever they are made.
    pub(super) is_grabbed: bool,
}

/// Where keys go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Focus {
    /// The window; one that nobody owns if no window in particular has the focus.
    pub(super) window: Window,
    /// Somebody gets all keys, whatever window has the focus.
    pub(super) is_grabbed: bool,
    pub(super) under_pointer: Spot,
}

/// Where a key would go, and what would become of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeyFate {
    pub(super) focus: Focus,
    /// Somebody else has taken this chord for himself, wherever it is struck.
    pub(super) is_taken: bool,
    /// It is no longer what was held when the key was chosen.
    pub(super) is_other_chord: bool,
}

/// Asks.
#[derive(Debug)]
pub(super) struct Probe {
    root: Window,
    /// Never mapped. Who tries to grab input for such a window is told whether somebody else has grabbed it,
    /// before he is told that he cannot because it is not mapped.
    unseen: Window,
    /// The master keyboard, and the numbers for all devices and all masters.
    keyboards: [DeviceId; 3],
}

impl Probe {
    pub(super) fn new(connection: &RustConnection, root: Window) -> Result<Self, PlatformError> {
        let unseen = connection.generate_id()?;
        let (class, look) = (WindowClass::INPUT_ONLY, CreateWindowAux::new().override_redirect(1));
        connection.create_window(0, unseen, root, -10, -10, 1, 1, 0, class, 0, &look)?.check()?;
        let masters = connection.xinput_xi_query_device(Device::ALL_MASTER)?.reply()?.infos;
        let master = masters.iter().find(|device| device.type_ == DeviceType::MASTER_KEYBOARD);
        let master = master.ok_or(PlatformError::Missing("a keyboard"))?.deviceid;
        Ok(Self { root, unseen, keyboards: [master, Device::ALL.into(), Device::ALL_MASTER.into()] })
    }

    /// The place at these coordinates.
    pub(super) fn place(&self, connection: &RustConnection, x: i16, y: i16) -> Result<Spot, PlatformError> {
        let there = connection.translate_coordinates(self.root, self.root, x, y)?.reply()?;
        Ok(Spot { window: there.child, x, y, is_grabbed: false })
    }

    /// The place of the pointer.
    pub(super) fn pointer(&self, connection: &RustConnection) -> Result<Spot, PlatformError> {
        let (mode, none, now) = (GrabMode::ASYNC, EventMask::NO_EVENT, x11rb::CURRENT_TIME);
        let grab =
            connection.grab_pointer(false, self.unseen, none, mode, mode, x11rb::NONE, x11rb::NONE, now)?;
        let pointer = connection.query_pointer(self.root)?;
        let is_grabbed = grab.reply()?.status == GrabStatus::ALREADY_GRABBED;
        Ok(Spot { is_grabbed, ..spot(&pointer.reply()?) })
    }

    pub(super) fn focus(&self, connection: &RustConnection) -> Result<Focus, PlatformError> {
        self.ask_for_focus(connection)?.hear()
    }

    pub(super) fn key(&self, connection: &RustConnection, strike: Strike) -> Result<KeyFate, PlatformError> {
        let taken = if strike.heeds_others { Some(self.ask_who_takes(connection, strike)?) } else { None };
        let state = connection.xkb_get_state(core_keyboard())?;
        // The last answer first: all others are then there, and errors are known without asking.
        let focus = self.ask_for_focus(connection)?.hear()?;
        let state = State::from(state.reply()?);
        Ok(KeyFate {
            focus,
            is_taken: taken.map(Taken::hear).transpose()?.unwrap_or(false),
            is_other_chord: (state.modifiers, state.group) != (strike.before.modifiers, strike.before.group),
        })
    }

    fn ask_for_focus<'c>(&self, connection: &'c RustConnection) -> Result<FocusQuestion<'c>, PlatformError> {
        let mode = GrabMode::ASYNC;
        Ok(FocusQuestion {
            grab: connection.grab_keyboard(false, self.unseen, x11rb::CURRENT_TIME, mode, mode)?,
            focus: connection.get_input_focus()?,
            pointer: connection.query_pointer(self.root)?,
        })
    }

    /// Takes the chord on the root for ourselves and gives it back at once. Who cannot have it learns that
    /// somebody else has it; while the server is held nobody could strike it meanwhile.
    fn ask_who_takes<'c>(
        &self,
        connection: &'c RustConnection,
        strike: Strike,
    ) -> Result<Taken<'c>, PlatformError> {
        let Strike { keycode, modifiers, .. } = strike;
        let (mask, mode) = (ModMask::from(u16::from(modifiers)), GrabMode::ASYNC);
        let core = connection.grab_key(true, self.root, mask, keycode, mode, mode)?;
        connection.ungrab_key(keycode, self.root, mask)?.ignore_error();
        let (detail, masks) = (u32::from(keycode), [u32::from(modifiers)]);
        let mut devices = Vec::with_capacity(self.keyboards.len());
        for device in self.keyboards {
            let (now, kind, owner) = (x11rb::CURRENT_TIME, GrabType::KEYCODE, GrabOwner::OWNER);
            devices.push(connection.xinput_xi_passive_grab_device(
                now,
                self.root,
                x11rb::NONE,
                detail,
                device,
                kind,
                GrabMode22::ASYNC,
                mode,
                owner,
                &[],
                &masks,
            )?);
            connection
                .xinput_xi_passive_ungrab_device(self.root, detail, device, kind, &masks)?
                .ignore_error();
        }
        Ok(Taken { core, devices })
    }
}

struct FocusQuestion<'c> {
    grab: Cookie<'c, RustConnection, GrabKeyboardReply>,
    focus: Cookie<'c, RustConnection, GetInputFocusReply>,
    pointer: Cookie<'c, RustConnection, QueryPointerReply>,
}

impl FocusQuestion<'_> {
    fn hear(self) -> Result<Focus, PlatformError> {
        let under_pointer = spot(&self.pointer.reply()?);
        let focus = self.focus.reply()?.focus;
        let follows_pointer = focus == u32::from(InputFocus::POINTER_ROOT);
        Ok(Focus {
            window: if follows_pointer { under_pointer.window } else { focus },
            is_grabbed: self.grab.reply()?.status == GrabStatus::ALREADY_GRABBED,
            under_pointer,
        })
    }
}

fn spot(pointer: &QueryPointerReply) -> Spot {
    Spot { window: pointer.child, x: pointer.root_x, y: pointer.root_y, is_grabbed: false }
}

struct Taken<'c> {
    core: VoidCookie<'c, RustConnection>,
    devices: Vec<Cookie<'c, RustConnection, XIPassiveGrabDeviceReply>>,
}

impl Taken<'_> {
    fn hear(self) -> Result<bool, PlatformError> {
        let mut is_taken = match self.core.check() {
            Ok(()) => false,
            Err(ReplyError::X11Error(_)) => true,
            Err(error) => return Err(error.into()),
        };
        for device in self.devices {
            is_taken |= !device.reply()?.modifiers.is_empty();
        }
        Ok(is_taken)
    }
}
