//! What happens on the customer's display, in the X server's own order and by its own clock: raw events tell
//! the device that each came from, whoever has grabbed what.

use anyhow::{Context as _, Result};
use deskside_testkit::display::Display;
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xinput::{ConnectionExt as _, Device, DeviceType, EventMask, XIEventMask};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use crate::figures::Outcome;

/// F11's keycode: evdev's number of the key, and the 8 that X adds.
const F11: u32 = 87 + 8;

/// What was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// F11 went down on a real keyboard.
    F11,
    /// A program moved the pointer or pressed a key or button.
    Act,
    /// A program released one.
    LetGo,
}

/// What was heard when, in the server's milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heard {
    pub(crate) kind: Kind,
    pub(crate) at: u32,
}

/// A listener to all devices of a display.
pub(crate) struct Ear {
    connection: RustConnection,
    /// The devices through which programs act.
    xtest: Vec<u16>,
    heard: Vec<Heard>,
}

impl Ear {
    pub(crate) fn open(display: &Display) -> Result<Self> {
        let (connection, screen) = x11rb::connect(Some(display.name())).context("cannot open the display")?;
        let root = connection.setup().roots.get(screen).context("no such screen")?.root;
        // From 2.1 on raw events come to everybody, grabs or not.
        connection.xinput_xi_query_version(2, 2)?.reply()?;
        let devices = connection.xinput_xi_query_device(u16::from(Device::ALL))?.reply()?.infos;
        let xtest = devices.iter().filter(|device| {
            matches!(device.type_, DeviceType::SLAVE_POINTER | DeviceType::SLAVE_KEYBOARD)
                && device.name.windows(5).any(|part| part == b"XTEST")
        });
        let xtest = xtest.map(|device| device.deviceid).collect();
        let mask = XIEventMask::RAW_KEY_PRESS
            | XIEventMask::RAW_KEY_RELEASE
            | XIEventMask::RAW_BUTTON_PRESS
            | XIEventMask::RAW_BUTTON_RELEASE
            | XIEventMask::RAW_MOTION;
        let all = EventMask { deviceid: Device::ALL.into(), mask: vec![mask] };
        connection.xinput_xi_select_events(root, &[all])?.check()?;
        Ok(Self { connection, xtest, heard: Vec::new() })
    }

    /// Takes in what has happened so far.
    pub(crate) fn listen(&mut self) -> Result<()> {
        while let Some(event) = self.connection.poll_for_event()? {
            match event {
                Event::XinputRawKeyPress(event) => {
                    // Each event comes once more from the master of its device.
                    let is_f11 = event.detail == F11 && event.deviceid == event.sourceid;
                    self.hear(event.deviceid, event.time, Kind::Act, is_f11.then_some(Kind::F11));
                }
                Event::XinputRawButtonPress(event) | Event::XinputRawMotion(event) => {
                    self.hear(event.deviceid, event.time, Kind::Act, None);
                }
                Event::XinputRawKeyRelease(event) => {
                    self.hear(event.deviceid, event.time, Kind::LetGo, None);
                }
                Event::XinputRawButtonRelease(event) => {
                    self.hear(event.deviceid, event.time, Kind::LetGo, None);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Forgets all that has happened until now.
    pub(crate) fn forget(&mut self) -> Result<()> {
        self.connection.sync()?;
        self.listen()?;
        self.heard.clear();
        Ok(())
    }

    /// How often programs have acted.
    pub(crate) fn acts(&self) -> usize {
        self.heard.iter().filter(|heard| heard.kind == Kind::Act).count()
    }

    /// What came of F11, with so many events sent before it.
    pub(crate) fn outcome(&mut self, sent: usize) -> Result<Outcome> {
        self.connection.sync()?;
        self.listen()?;
        Outcome::of(&self.heard, sent)
    }

    /// Keeps what a program did, and of what a device did `of_device`.
    fn hear(&mut self, device: u16, at: u32, of_program: Kind, of_device: Option<Kind>) {
        let kind = if self.xtest.contains(&device) { Some(of_program) } else { of_device };
        self.heard.extend(kind.map(|kind| Heard { kind, at }));
    }
}
