//! Which input devices are real.

use std::collections::BTreeSet;

use x11rb::protocol::xinput::{ConnectionExt as _, Device, DeviceId, DeviceType, XIDeviceInfo};
use x11rb::protocol::xproto::{Atom, AtomEnum, ConnectionExt as _};
use x11rb::rust_connection::RustConnection;

use crate::PlatformError;

/// The devices that a person's hand moves: attached ones that are neither a master, which only sums up
/// others, nor one of XTEST, through which programs inject.
#[derive(Debug)]
pub(super) struct Devices {
    xtest_property: Atom,
    physical: BTreeSet<DeviceId>,
}

impl Devices {
    pub(super) fn new(connection: &RustConnection) -> Result<Self, PlatformError> {
        let xtest_property = connection.intern_atom(false, b"XTEST Device")?.reply()?.atom;
        let mut devices = Self { xtest_property, physical: BTreeSet::new() };
        devices.read(connection)?;
        Ok(devices)
    }

    /// Looks at the devices again, as is due whenever one comes or goes.
    pub(super) fn read(&mut self, connection: &RustConnection) -> Result<(), PlatformError> {
        let devices = connection.xinput_xi_query_device(u16::from(Device::ALL))?.reply()?.infos;
        let mut physical = BTreeSet::new();
        for device in devices {
            if is_slave(&device) && !self.is_xtest(connection, &device)? {
                physical.insert(device.deviceid);
            }
        }
        self.physical = physical;
        Ok(())
    }

    /// Whether it is a real device. One that is not known is not real.
    pub(super) fn is_physical(&self, device: DeviceId) -> bool {
        self.physical.contains(&device)
    }

    fn is_xtest(&self, connection: &RustConnection, device: &XIDeviceInfo) -> Result<bool, PlatformError> {
        // By name and by property: either may be missing, and a wrong yes would be a program's hand.
        if device.name.starts_with(b"Virtual core XTEST") {
            return Ok(true);
        }
        let kind = u32::from(AtomEnum::INTEGER);
        let property = self.xtest_property;
        let reply = connection.xinput_xi_get_property(device.deviceid, false, property, kind, 0, 1)?.reply();
        match reply {
            Ok(property) => Ok(property.items.as_data8().is_some_and(|set| set.iter().any(|on| *on != 0))),
            // The device went away meanwhile.
            Err(x11rb::errors::ReplyError::X11Error(_)) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }
}

fn is_slave(device: &XIDeviceInfo) -> bool {
    matches!(device.type_, DeviceType::SLAVE_POINTER | DeviceType::SLAVE_KEYBOARD)
}
