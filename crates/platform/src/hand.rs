//! The customer's own hand: what came from real devices, not from any program.

use std::time::Instant;

/// Something that the customer's own hand did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandEvent {
    /// The mouse was moved, or a held key repeats.
    Moved,
    /// A button went down or up.
    Button {
        /// The device's own number: 1 is the left one on a right-handed mouse; 4 to 7 are the wheel.
        button: u8,
        /// Down or up.
        pressed: bool,
        /// Where the pointer was, in pixels of the screen.
        x: i32,
        /// Where the pointer was, in pixels of the screen.
        y: i32,
        /// When it was heard.
        at: Instant,
    },
    /// A key went down or up.
    Key {
        /// X11 keysym of the key by itself, without modifiers, in the layout's first group.
        keysym: u32,
        /// X11 keycode, which is the evdev code and 8.
        keycode: u8,
        /// Down or up.
        pressed: bool,
        /// When it was heard.
        at: Instant,
    },
    /// F11 went down: control is to stop at once. The key is reported as [`HandEvent::Key`] as well.
    F11,
    /// A real device that was heard has gone away or has been switched off, and F11 may have gone with it:
    /// control is to stop at once, as with [`HandEvent::F11`]. Somebody with a terminal can switch devices
    /// off. So does pulling out a mouse, and leaving for another virtual terminal: they end control as well.
    DeviceGone,
    /// The display is gone, and nothing more will be heard: neither F11 nor the hand. Control must end.
    Lost,
}

/// Hears the hand, on the thread that does nothing else: it must be quick and must not block.
pub type HandCallback = Box<dyn FnMut(HandEvent) + Send>;
