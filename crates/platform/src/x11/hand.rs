//! The customer's own hand: a thread that hears raw events of real devices, and does nothing else.
//!
//! Raw events come straight from the devices, even while a menu, a game or a locked screen has grabbed the
//! keyboard, and name the device. What programs inject comes from the devices of XTEST; moving the pointer
//! by `WarpPointer` and sending events by `SendEvent` make no raw event at all.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xinput::{
    ConnectionExt as _, Device, DeviceId, EventMask, HierarchyEvent, HierarchyMask, KeyEventFlags,
    RawButtonPressEvent, RawKeyPressEvent, XIEventMask,
};
use x11rb::protocol::xproto::{ConnectionExt as _, Keycode, Window};
use x11rb::rust_connection::RustConnection;

use super::devices::Devices;
use super::keymap::{Keymap, Place, core_keyboard};
use super::stop::Stop;
use crate::{HandCallback, HandEvent, PlatformError};

/// The watch; it ends when dropped.
#[derive(Debug)]
pub struct HandWatch {
    connection: Arc<RustConnection>,
    stop: Stop,
    thread: Option<JoinHandle<()>>,
}

impl HandWatch {
    pub(super) fn new(
        connection: RustConnection,
        screen: usize,
        callback: HandCallback,
    ) -> Result<Self, PlatformError> {
        let root = connection.setup().roots[screen].root;
        let mask = XIEventMask::HIERARCHY
            | XIEventMask::RAW_KEY_PRESS
            | XIEventMask::RAW_KEY_RELEASE
            | XIEventMask::RAW_BUTTON_PRESS
            | XIEventMask::RAW_BUTTON_RELEASE
            | XIEventMask::RAW_MOTION
            | XIEventMask::RAW_TOUCH_BEGIN
            | XIEventMask::RAW_TOUCH_END;
        // From all devices, not only through their masters: a program could detach one from its master.
        let all = EventMask { deviceid: Device::ALL.into(), mask: vec![mask] };
        connection.xinput_xi_select_events(root, &[all])?.check()?;
        Keymap::follow(&connection, core_keyboard())?;
        let stop = Stop::new(&connection, screen)?;
        let keymap = Keymap::read(&connection, core_keyboard())?;
        let connection = Arc::new(connection);
        let listener = Listener {
            devices: Devices::new(&connection)?,
            f11: keymap.keys_of_f11().collect(),
            keymap,
            connection: Arc::clone(&connection),
            root,
            callback,
        };
        let ear = stop.clone();
        let thread = std::thread::Builder::new().name("hand".to_owned()).spawn(move || listener.run(&ear))?;
        Ok(Self { connection, stop, thread: Some(thread) })
    }
}

impl Drop for HandWatch {
    fn drop(&mut self) {
        self.stop.stop(&self.connection);
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that hears the hand panicked");
        }
    }
}

struct Listener {
    connection: Arc<RustConnection>,
    root: Window,
    devices: Devices,
    keymap: Keymap,
    /// Every key that has been F11 since the watch began. It only grows: an operator with a terminal
    /// could otherwise change the layout and so take F11 from the customer.
    f11: BTreeSet<Keycode>,
    callback: HandCallback,
}

impl Listener {
    fn run(mut self, stop: &Stop) {
        let lost = loop {
            match self.connection.wait_for_event() {
                Ok(event) if stop.is(&event) => return,
                Ok(event) => match self.hear(event) {
                    Ok(()) => {}
                    Err(PlatformError::DisplayLost) => break PlatformError::DisplayLost,
                    Err(error) => tracing::warn!(%error, "the hand's watch goes on"),
                },
                Err(error) => break error.into(),
            }
        };
        tracing::info!(error = %lost, "the hand is no longer heard");
        (self.callback)(HandEvent::Lost);
    }

    fn hear(&mut self, event: Event) -> Result<(), PlatformError> {
        match event {
            Event::XinputRawKeyPress(event) => self.key(&event, true),
            Event::XinputRawKeyRelease(event) => self.key(&event, false),
            Event::XinputRawButtonPress(event) => return self.button(&event, true),
            Event::XinputRawButtonRelease(event) => return self.button(&event, false),
            Event::XinputRawTouchBegin(event) if self.is_hand(event.deviceid, event.sourceid) => {
                return self.pointed(1, true);
            }
            Event::XinputRawTouchEnd(event) if self.is_hand(event.deviceid, event.sourceid) => {
                return self.pointed(1, false);
            }
            Event::XinputRawMotion(event) if self.is_hand(event.deviceid, event.sourceid) => {
                (self.callback)(HandEvent::Moved);
            }
            Event::XinputHierarchy(event) => return self.devices_changed(&event),
            Event::XkbMapNotify(_) | Event::XkbNewKeyboardNotify(_) => {
                self.keymap = Keymap::read(&self.connection, core_keyboard())?;
                self.f11.extend(self.keymap.keys_of_f11());
            }
            _ => {}
        }
        Ok(())
    }

    fn devices_changed(&mut self, event: &HierarchyEvent) -> Result<(), PlatformError> {
        let off = HierarchyMask::SLAVE_REMOVED | HierarchyMask::DEVICE_DISABLED;
        // One that was switched off and on again is back already when the devices are looked at.
        let switched_off = event.infos.iter().any(|info| {
            u32::from(info.flags) & u32::from(off) != 0 && self.devices.is_physical(info.deviceid)
        });
        if switched_off {
            (self.callback)(HandEvent::DeviceGone);
        }
        if self.devices.read(&self.connection)? && !switched_off {
            (self.callback)(HandEvent::DeviceGone);
        }
        Ok(())
    }

    /// Whether an event comes straight from a real device. The same event comes once more from its master.
    fn is_hand(&self, device: DeviceId, source: DeviceId) -> bool {
        device == source && self.devices.is_physical(source)
    }

    fn key(&mut self, event: &RawKeyPressEvent, pressed: bool) {
        let Ok(keycode) = Keycode::try_from(event.detail) else { return };
        if !self.is_hand(event.deviceid, event.sourceid) {
            return;
        }
        if u32::from(event.flags) & u32::from(KeyEventFlags::KEY_REPEAT) != 0 {
            return (self.callback)(HandEvent::Moved);
        }
        if pressed && self.f11.contains(&keycode) {
            (self.callback)(HandEvent::F11);
        }
        let keysym = self.keymap.symbol(Place { keycode, group: 0, level: 0 });
        (self.callback)(HandEvent::Key { keysym, keycode, pressed, at: Instant::now() });
    }

    fn button(&mut self, event: &RawButtonPressEvent, pressed: bool) -> Result<(), PlatformError> {
        if !self.is_hand(event.deviceid, event.sourceid) {
            return Ok(());
        }
        self.pointed(u8::try_from(event.detail).unwrap_or(u8::MAX), pressed)
    }

    fn pointed(&mut self, button: u8, pressed: bool) -> Result<(), PlatformError> {
        let pointer = self.connection.query_pointer(self.root)?.reply()?;
        let (x, y) = (i32::from(pointer.root_x), i32::from(pointer.root_y));
        (self.callback)(HandEvent::Button { button, pressed, x, y, at: Instant::now() });
        Ok(())
    }
}
