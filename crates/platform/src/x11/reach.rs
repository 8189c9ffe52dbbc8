//! The pixels of the screen that a scope reaches at one instant.

use deskside_codec::Rect;
use deskside_session::{Area, Scope};
use x11rb::protocol::xproto::{ConnectionExt as _, Window};
use x11rb::rust_connection::RustConnection;

use super::monitors;
use super::region::{Place, Region};
use super::windows::{Owner, Windows};
use crate::PlatformError;

/// The rectangle to which a scope is limited at all: the screen, or its monitor. `None` if that is gone.
pub(super) fn limits(
    connection: &RustConnection,
    root: Window,
    scope: &Scope,
) -> Result<Option<Rect>, PlatformError> {
    if let Area::Monitor(id) = scope.area {
        let monitors = monitors::list(connection, root)?;
        return Ok(monitors.into_iter().find(|monitor| monitor.id == id).map(|monitor| monitor.place));
    }
    let geometry = connection.get_geometry(root)?.reply()?;
    Ok(Some(Rect::new(0, 0, geometry.width.into(), geometry.height.into())))
}

/// What can be seen within these limits of what the scope reaches, and not of this program's own windows
/// but for those that are to be `seen_through`.
pub(super) fn visible(
    windows: &Windows,
    scope: &Scope,
    limits: Rect,
    seen_through: impl Fn(Window) -> bool,
) -> Region {
    let limits = Region::of(place(limits));
    let is_ground_within = scope.desktop && !matches!(scope.area, Area::Applications(_));
    let ground = if is_ground_within { limits.clone() } else { Region::default() };
    let tops = windows.stacked().filter(|(window, _)| !seen_through(*window));
    let visible = tops.fold(ground, |below, (_, top)| {
        let nobodys = top.owner == Owner::Unknown && scope.is_unmasked();
        if top.is_within(scope) || nobodys {
            below.union(&top.outline())
        } else {
            below.subtract(&top.outline())
        }
    });
    visible.intersect(&limits)
}

pub(super) fn place(rect: Rect) -> Place {
    let start = |at: u32| i32::try_from(at).unwrap_or(i32::MAX);
    Place { x: start(rect.x), y: start(rect.y), width: rect.width, height: rect.height }
}
