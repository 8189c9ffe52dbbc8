//! Which input devices are real.

use std::collections::BTreeSet;

use x11rb::errors::ReplyError;
use x11rb::protocol::xinput::{ConnectionExt as _, Device, DeviceId, DeviceType, XIDeviceInfo};
use x11rb::protocol::xproto::{Atom, AtomEnum, ConnectionExt as _};
use x11rb::rust_connection::RustConnection;

use crate::PlatformError;

/// The devices that a person's hand moves: those that are neither a master, which only sums up others, nor
/// one of XTEST, through which programs inject. A device that somebody has detached from its master is one;
/// one that is switched off is none, as it says nothing.
#[derive(Debug)]
pub(super) struct Devices {
    xtest_property: Atom,
    physical: BTreeSet<DeviceId>,
}

impl Devices {
    pub(super) fn new(connection: &RustConnection) -> Result<Self, PlatformError> {
        let xtest_property = xtest_property(connection)?;
        let mut devices = Self { xtest_property, physical: BTreeSet::new() };
        devices.read(connection)?;
        Ok(devices)
    }

    /// Looks at the devices again, as is due whenever one comes or goes. Whether a real one is gone.
    pub(super) fn read(&mut self, connection: &RustConnection) -> Result<bool, PlatformError> {
        let mut physical = BTreeSet::new();
        for device in all(connection)? {
            let slave = !matches!(device.type_, DeviceType::MASTER_POINTER | DeviceType::MASTER_KEYBOARD);
            if slave && device.enabled && !is_xtest(connection, self.xtest_property, &device)? {
                physical.insert(device.deviceid);
            }
        }
        let gone = !self.physical.is_subset(&physical);
        self.physical = physical;
        Ok(gone)
    }

    /// Whether it is a real device. One that is not known is not real.
    pub(super) fn is_physical(&self, device: DeviceId) -> bool {
        self.physical.contains(&device)
    }
}

/// The keyboards through which programs inject.
pub(super) fn xtest_keyboards(connection: &RustConnection) -> Result<Vec<u8>, PlatformError> {
    let property = xtest_property(connection)?;
    let mut keyboards = Vec::new();
    for device in all(connection)? {
        if device.type_ == DeviceType::SLAVE_KEYBOARD && is_xtest(connection, property, &device)? {
            // The protocol numbers devices in 16 bits, and XKB and XTEST in 7.
            keyboards.extend(u8::try_from(device.deviceid));
        }
    }
    Ok(keyboards)
}

fn all(connection: &RustConnection) -> Result<Vec<XIDeviceInfo>, PlatformError> {
    Ok(connection.xinput_xi_query_device(u16::from(Device::ALL))?.reply()?.infos)
}

/// The property by which the server marks XTEST's devices; no program can change it.
fn xtest_property(connection: &RustConnection) -> Result<Atom, PlatformError> {
    Ok(connection.intern_atom(false, b"XTEST Device")?.reply()?.atom)
}

fn is_xtest(
    connection: &RustConnection,
    property: Atom,
    device: &XIDeviceInfo,
) -> Result<bool, PlatformError> {
    // By name and by property: either may be missing, and a wrong "real" would make a program a hand.
    if device.name.starts_with(b"Virtual core XTEST") {
        return Ok(true);
    }
    let kind = u32::from(AtomEnum::INTEGER);
    match connection.xinput_xi_get_property(device.deviceid, false, property, kind, 0, 1)?.reply() {
        Ok(property) => Ok(property.items.as_data8().is_some_and(|set| set.iter().any(|on| *on != 0))),
        // The device went away meanwhile.
        Err(ReplyError::X11Error(_)) => Ok(true),
        Err(error) => Err(error.into()),
    }
}
