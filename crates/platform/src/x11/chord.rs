//! Keys that reach beyond the application which has the keyboard: the window manager's, the desktop's and
//! the system's own. Pure.

use x11rb::protocol::xproto::Keysym;
use xkeysym::key;

/// The modifiers that are in effect when a key goes down, pressed by whomever, in whatever order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Commands {
    pub(super) control: bool,
    pub(super) alt: bool,
    /// Super or Hyper: the desktop's own.
    pub(super) desktop: bool,
}

/// Whether a key would leave the application. Alt and F4 does not: it closes a window that may be clicked
/// shut as well.
pub(super) fn escapes(symbol: Keysym, commands: Commands) -> bool {
    let Commands { control, alt, desktop } = commands;
    let is_function_key = (key::F1..=key::F35).contains(&symbol);
    if closes_window(symbol, commands) {
        return false;
    }
    is_desktop_modifier(symbol)
        || is_system_key(symbol)
        || desktop
        || (control && alt && !is_modifier(symbol))
        || (control && symbol == key::Escape)
        || (alt && (is_function_key || switches(symbol)))
}

/// Whether it is Alt and F4 and nothing else.
pub(super) fn closes_window(symbol: Keysym, commands: Commands) -> bool {
    symbol == key::F4 && commands == Commands { alt: true, ..Commands::default() }
}

/// Whether the key belongs to the desktop, alone or with others.
pub(super) fn is_desktop_modifier(symbol: Keysym) -> bool {
    (key::Super_L..=key::Hyper_R).contains(&symbol)
}

/// With Alt: other windows, other workspaces, the window's menu.
fn switches(symbol: Keysym) -> bool {
    matches!(symbol, key::Tab | key::KP_Tab | key::ISO_Left_Tab | key::Escape | key::space | key::KP_Space)
}

/// Pictures of the screen, power, sound, brightness, other terminals, starting programs.
fn is_system_key(symbol: Keysym) -> bool {
    // All that the vendors XFree86 and Sun have added.
    matches!(symbol >> 16, 0x1008 | 0x1005)
        || matches!(symbol, key::Print | key::Sys_Req | key::Execute | key::Terminate_Server)
}

fn is_modifier(symbol: Keysym) -> bool {
    (key::Shift_L..=key::Hyper_R).contains(&symbol) || symbol == key::ISO_Level3_Shift
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Commands = Commands { control: false, alt: false, desktop: false };
    const ALT: Commands = Commands { alt: true, ..NONE };
    const CONTROL: Commands = Commands { control: true, ..NONE };
    const BOTH: Commands = Commands { control: true, alt: true, desktop: false };
    const DESKTOP: Commands = Commands { desktop: true, ..NONE };

    #[test]
    fn what_belongs_to_the_desktop_escapes() {
        for (symbol, commands) in [
            (key::Tab, ALT),
            (key::ISO_Left_Tab, ALT),
            (key::Escape, ALT),
            (key::space, ALT),
            (key::F1, ALT),
            (key::F2, ALT),
            (key::F10, ALT),
            (key::F4, BOTH),
            (key::Delete, BOTH),
            (key::BackSpace, BOTH),
            (key::Left, BOTH),
            (key::t, BOTH),
            (key::F1, BOTH),
            (key::Escape, CONTROL),
            (key::d, DESKTOP),
            (key::F4, DESKTOP),
            (key::Super_L, NONE),
            (key::Super_R, CONTROL),
            (key::Hyper_L, NONE),
            (key::Print, NONE),
            (key::Print, CONTROL),
            (key::Sys_Req, ALT),
            (key::XF86_AudioMute, NONE),
            (key::XF86_PowerOff, NONE),
            (key::XF86_Switch_VT_1, BOTH),
            (key::SUN_PowerSwitch, NONE),
            (key::Terminate_Server, BOTH),
        ] {
            assert!(escapes(symbol, commands), "{symbol:#x} {commands:?}");
        }
    }

    #[test]
    fn what_belongs_to_the_application_does_not() {
        for (symbol, commands) in [
            (key::a, NONE),
            (key::Tab, NONE),
            (key::Tab, CONTROL),
            (key::Escape, NONE),
            (key::F5, NONE),
            (key::F5, CONTROL),
            (key::F4, ALT),
            (key::c, CONTROL),
            (key::f, ALT),
            (key::Left, ALT),
            (key::Return, ALT),
            (key::Control_L, ALT),
            (key::Alt_L, CONTROL),
            (key::Shift_L, BOTH),
            (key::Menu, NONE),
            (key::Delete, CONTROL),
        ] {
            assert!(!escapes(symbol, commands), "{symbol:#x} {commands:?}");
        }
    }
}
