//! The picture as it is on the screen, where nothing has to be kept back: DAMAGE of the root says where it
//! changed.

use deskside_codec::Rect;
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::damage::{ConnectionExt as _, Damage, ReportLevel};
use x11rb::protocol::xfixes::{ConnectionExt as _, Region as ServerRegion};
use x11rb::protocol::xproto::{ChangeWindowAttributesAux, ConnectionExt as _, EventMask, Window};
use x11rb::rust_connection::RustConnection;

use super::region::{Place, Region};
use crate::PlatformError;

#[derive(Debug)]
pub(super) struct Plain {
    damage: Damage,
    region: ServerRegion,
    has_changed: bool,
}

impl Plain {
    pub(super) fn new(connection: &RustConnection, root: Window) -> Result<Self, PlatformError> {
        let structure = ChangeWindowAttributesAux::new().event_mask(EventMask::STRUCTURE_NOTIFY);
        connection.change_window_attributes(root, &structure)?.check()?;
        let damage = connection.generate_id()?;
        connection.damage_create(damage, root, ReportLevel::NON_EMPTY)?.check()?;
        let region = connection.generate_id()?;
        connection.xfixes_create_region(region, &[])?.check()?;
        Ok(Self { damage, region, has_changed: false })
    }

    /// Takes in an event; whether there may be something to tell now.
    pub(super) fn happened(&mut self, event: &Event) -> bool {
        let is_damage = matches!(event, Event::DamageNotify(event) if event.damage == self.damage);
        self.has_changed |= is_damage;
        is_damage
    }

    /// What has changed since the last time, in pixels of the root.
    pub(super) fn look(&mut self, connection: &RustConnection) -> Result<Region, PlatformError> {
        if !std::mem::take(&mut self.has_changed) {
            return Ok(Region::default());
        }
        // Subtracting first: what is drawn from here on makes an event of its own.
        connection.damage_subtract(self.damage, x11rb::NONE, self.region)?;
        let fetched = connection.xfixes_fetch_region(self.region)?.reply()?;
        Ok(fetched.rectangles.into_iter().map(Place::from).collect())
    }

    pub(super) fn end(self, connection: &RustConnection) -> Result<(), PlatformError> {
        connection.damage_destroy(self.damage)?;
        connection.xfixes_destroy_region(self.region)?;
        Ok(())
    }
}

/// Few rectangles that cover a region: each costs the server a request and the encoder a look.
pub(super) fn at_most(places: Vec<Rect>, most: usize) -> Vec<Rect> {
    if places.len() <= most {
        return places;
    }
    let (mut left, mut top, mut right, mut bottom) = (u32::MAX, u32::MAX, 0, 0);
    for place in &places {
        (left, top) = (left.min(place.x), top.min(place.y));
        (right, bottom) = (right.max(place.right()), bottom.max(place.bottom()));
    }
    vec![Rect::new(left, top, right - left, bottom - top)]
}
