//! What is shown, as the other side may know it: names of what may be seen, never of what is kept back.

use prost::{Message, Oneof};

use crate::DecodeError;
use crate::error::{at_most, bounded, required};
use crate::picture::MAX_SIDE;

/// Longest name of an application or a monitor, in bytes of UTF-8.
pub const MAX_LABEL: usize = 128;
/// Most applications that are named; more are counted as hidden ones are.
pub const MAX_LABELS: usize = 24;
/// Most monitors of one screen.
pub const MAX_MONITORS: usize = 16;

/// Where the other side may look at all.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AreaNote {
    /// All monitors.
    Screen,
    /// One monitor, by its name.
    Monitor(String),
    /// These applications, by their names: at most [`MAX_LABELS`].
    Applications(Vec<String>),
}

/// What of the screen is shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ScopeNote {
    /// Where to look.
    pub area: AreaNote,
    /// How many applications are kept back by name.
    pub hidden: u32,
    /// The background of the desktop and its icons.
    pub desktop: bool,
    /// Task bars and docks.
    pub panels: bool,
    /// Notifications.
    pub notifications: bool,
}

impl ScopeNote {
    /// Everything.
    #[must_use]
    pub fn screen() -> Self {
        Self { area: AreaNote::Screen, hidden: 0, desktop: true, panels: true, notifications: true }
    }
}

/// A monitor of the screen that is shown.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct MonitorNote {
    /// Its name.
    pub name: String,
    /// From the left of the whole screen, in pixels.
    pub x: u16,
    /// From the top of the whole screen, in pixels.
    pub y: u16,
    /// Width in pixels, at least 1.
    pub width: u16,
    /// Height in pixels, at least 1.
    pub height: u16,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct WireScope {
    #[prost(uint32, tag = "1")]
    hidden: u32,
    #[prost(bool, tag = "2")]
    desktop: bool,
    #[prost(bool, tag = "3")]
    panels: bool,
    #[prost(bool, tag = "4")]
    notifications: bool,
    #[prost(oneof = "WireArea", tags = "10, 11, 12")]
    area: Option<WireArea>,
}

#[derive(Clone, PartialEq, Oneof)]
enum WireArea {
    #[prost(message, tag = "10")]
    Screen(()),
    #[prost(string, tag = "11")]
    Monitor(String),
    #[prost(message, tag = "12")]
    Applications(WireLabels),
}

#[derive(Clone, PartialEq, Message)]
struct WireLabels {
    #[prost(string, repeated, tag = "1")]
    names: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct WireMonitors {
    #[prost(message, repeated, tag = "1")]
    monitors: Vec<WireMonitor>,
}

#[derive(Clone, PartialEq, Message)]
struct WireMonitor {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(uint32, tag = "2")]
    x: u32,
    #[prost(uint32, tag = "3")]
    y: u32,
    #[prost(uint32, tag = "4")]
    width: u32,
    #[prost(uint32, tag = "5")]
    height: u32,
}

impl ScopeNote {
    pub(crate) fn encode(&self) -> WireScope {
        let area = match &self.area {
            AreaNote::Screen => WireArea::Screen(()),
            AreaNote::Monitor(name) => WireArea::Monitor(name.clone()),
            AreaNote::Applications(names) => WireArea::Applications(WireLabels { names: names.clone() }),
        };
        WireScope {
            hidden: self.hidden,
            desktop: self.desktop,
            panels: self.panels,
            notifications: self.notifications,
            area: Some(area),
        }
    }

    pub(crate) fn decode(wire: WireScope) -> Result<Self, DecodeError> {
        let area = match required(wire.area, "Scope.area")? {
            WireArea::Screen(()) => AreaNote::Screen,
            WireArea::Monitor(name) => AreaNote::Monitor(at_most(name, MAX_LABEL, "Scope.monitor")?),
            WireArea::Applications(WireLabels { names }) => {
                count(names.len(), MAX_LABELS, "Scope.applications")?;
                let names = names.into_iter().map(|name| at_most(name, MAX_LABEL, "Scope.applications.name"));
                AreaNote::Applications(names.collect::<Result<_, _>>()?)
            }
        };
        let WireScope { hidden, desktop, panels, notifications, .. } = wire;
        Ok(Self { area, hidden, desktop, panels, notifications })
    }
}

pub(crate) fn encode_monitors(monitors: &[MonitorNote]) -> WireMonitors {
    let wire = |monitor: &MonitorNote| WireMonitor {
        name: monitor.name.clone(),
        x: u32::from(monitor.x),
        y: u32::from(monitor.y),
        width: u32::from(monitor.width),
        height: u32::from(monitor.height),
    };
    WireMonitors { monitors: monitors.iter().map(wire).collect() }
}

pub(crate) fn decode_monitors(wire: WireMonitors) -> Result<Vec<MonitorNote>, DecodeError> {
    count(wire.monitors.len(), MAX_MONITORS, "Monitors.monitors")?;
    let at = |value, field| bounded::<u16>(value, MAX_SIDE, field, "at most 16384");
    let side = |value, field| match at(value, field)? {
        0 => Err(DecodeError::OutOfRange { field, value: 0, allowed: "1 to 16384" }),
        side => Ok(side),
    };
    let monitor = |wire: WireMonitor| {
        Ok(MonitorNote {
            name: at_most(wire.name, MAX_LABEL, "Monitor.name")?,
            x: at(wire.x, "Monitor.x")?,
            y: at(wire.y, "Monitor.y")?,
            width: side(wire.width, "Monitor.width")?,
            height: side(wire.height, "Monitor.height")?,
        })
    };
    wire.monitors.into_iter().map(monitor).collect()
}

fn count(length: usize, maximum: usize, field: &'static str) -> Result<(), DecodeError> {
    if length <= maximum { Ok(()) } else { Err(DecodeError::TooLong { field, length, maximum }) }
}
