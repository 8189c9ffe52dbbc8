//! The monitors: parts of the screen that people take for one each (RANDR 1.5).

use deskside_codec::Rect;
use deskside_session::MonitorId;
use x11rb::protocol::randr::ConnectionExt as _;
use x11rb::protocol::xproto::{ConnectionExt as _, Window};
use x11rb::rust_connection::RustConnection;

use super::windows::clean;
use crate::PlatformError;

/// Most characters of a name, which anybody can give.
const MAX_NAME: usize = 32;
/// Most monitors; nobody sits in front of more.
const MAX_MONITORS: usize = 16;

/// A monitor, or what the customer has set up to be taken for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Monitor {
    /// Its number for a scope: the same as long as it bears the same name.
    pub id: MonitorId,
    /// Such as `HDMI-1`.
    pub name: String,
    /// Where it is on the screen.
    pub place: Rect,
    /// The first among them, by the customer's choice.
    pub is_primary: bool,
}

/// All monitors; on a display that knows of none, the screen as a whole.
pub(super) fn list(connection: &RustConnection, root: Window) -> Result<Vec<Monitor>, PlatformError> {
    let geometry = connection.get_geometry(root)?;
    let version = connection.randr_query_version(1, 5)?.reply()?;
    let mut monitors = Vec::new();
    let geometry = geometry.reply()?;
    let (width, height) = (u32::from(geometry.width), u32::from(geometry.height));
    if (1, 5) <= (version.major_version, version.minor_version) {
        for monitor in connection.randr_get_monitors(root, true)?.reply()?.monitors {
            let start = |at: i16| u32::try_from(at).unwrap_or(0);
            let place =
                Rect::new(start(monitor.x), start(monitor.y), monitor.width.into(), monitor.height.into());
            let name = connection.get_atom_name(monitor.name)?.reply()?.name;
            monitors.push(Monitor {
                id: MonitorId(monitor.name),
                name: clean(&String::from_utf8_lossy(&name)).chars().take(MAX_NAME).collect(),
                place: place.clipped(width, height),
                is_primary: monitor.primary,
            });
        }
    }
    monitors.retain(|monitor| !monitor.place.is_empty());
    monitors.truncate(MAX_MONITORS);
    if monitors.is_empty() {
        let place = Rect::new(0, 0, width, height);
        monitors.push(Monitor { id: MonitorId(0), name: "Screen".to_owned(), place, is_primary: true });
    }
    Ok(monitors)
}
