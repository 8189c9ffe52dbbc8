//! Names for the numbers that X gives to what keys make (keysymdef.h), and characters for them.

use x11rb::protocol::xproto::Keysym;
use xkeysym::key;

pub(super) const F11: Keysym = key::F11;
pub(super) const NUM_LOCK: Keysym = key::Num_Lock;
pub(super) const RIGHT_CONTROL: Keysym = key::Control_R;

/// The character that a keysym stands for. Keys of the number pad are keys, not characters, when it is
/// about finding a character: the letter row is where people look.
pub(super) fn character(keysym: Keysym) -> Option<char> {
    xkeysym::Keysym::new(keysym).key_char().filter(|character| !character.is_control())
}

/// Whether a keysym belongs to the number pad.
pub(super) fn is_keypad(keysym: Keysym) -> bool {
    (key::KP_Space..=key::KP_9).contains(&keysym) || keysym == key::KP_Equal
}

/// The keysym of a character, 0 if it has none.
pub(super) fn of(character: char) -> Keysym {
    xkeysym::Keysym::from_char(character).raw()
}

/// Whether two keysyms mean the same: old names and Unicode's number of one character do.
pub(super) fn same(one: Keysym, other: Keysym) -> bool {
    let characters = (character(one), character(other));
    one == other
        || (characters.0.is_some() && characters.0 == characters.1 && is_keypad(one) == is_keypad(other))
}

/// Whether holding the key sets a modifier and releasing it takes the modifier back.
pub(super) fn holds_modifier(keysym: Keysym) -> bool {
    matches!(
        keysym,
        key::Shift_L
            | key::Shift_R
            | key::Control_L
            | key::Control_R
            | key::Alt_L
            | key::Alt_R
            | key::Meta_L
            | key::Meta_R
            | key::Super_L
            | key::Super_R
            | key::Hyper_L
            | key::Hyper_R
            | key::ISO_Level3_Shift
            | key::ISO_Level5_Shift
            | key::Mode_switch
    )
}

/// Whether the key sets what programs take for Alt.
pub(super) fn is_alt(keysym: Keysym) -> bool {
    matches!(keysym, key::Alt_L | key::Alt_R | key::Meta_L | key::Meta_R)
}

/// Whether the key is a modifier that makes a command of a letter.
pub(super) fn is_command_modifier(keysym: Keysym) -> bool {
    holds_modifier(keysym)
        && !matches!(
            keysym,
            key::Shift_L | key::Shift_R | key::ISO_Level3_Shift | key::ISO_Level5_Shift | key::Mode_switch
        )
}

/// Whether the key chooses what other keys make, which is settled on the operator's side: it does not
/// travel. Shift does, for Shift and arrows, Shift and clicks.
pub(super) fn stays_here(keysym: Keysym) -> bool {
    matches!(keysym, key::Caps_Lock | key::Shift_Lock | key::Num_Lock | key::Scroll_Lock | key::Mode_switch)
        || matches!(keysym, key::Multi_key)
        // ISO_Lock to ISO_Last_Group_Lock: levels and groups.
        || (key::ISO_Lock..=key::ISO_Last_Group_Lock).contains(&keysym)
}
