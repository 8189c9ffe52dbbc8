//! The keyboard layout of a display, as XKB describes it: which key makes what, in which group, with
//! which modifiers. Terms are those of the X Keyboard Extension's protocol specification, §2.2 and §12.

use x11rb::protocol::xkb::{
    ConnectionExt as _, EventType, GetStateReply, ID, KTMapEntry, KeySymMap, KeyType, MapPart,
    SelectEventsAux,
};
use x11rb::protocol::xproto::{Keycode, Keysym, ModMask};
use x11rb::rust_connection::RustConnection;

use super::keysym;
use crate::PlatformError;

/// A set of the eight real modifiers: Shift is 1, Lock 2, Control 4, Mod1 to Mod5 8 to 128.
pub(super) type Modifiers = u8;
/// Shift.
pub(super) const SHIFT: Modifiers = 1;
/// Caps Lock.
pub(super) const LOCK: Modifiers = 2;
/// Control.
pub(super) const CONTROL: Modifiers = 4;

/// The keyboard that programs see: the master.
pub(super) fn core_keyboard() -> u16 {
    ID::USE_CORE_KBD.into()
}

/// What a modifier set looks like among the core protocol's 16 bits.
pub(super) fn real(mask: ModMask) -> Modifiers {
    (u16::from(mask) & 0xff) as Modifiers
}

/// What is held, locked and chosen at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    /// Held down by keys.
    pub(super) base: Modifiers,
    /// Locked: Caps Lock, Num Lock.
    pub(super) locked: Modifiers,
    /// All that have effect.
    pub(super) modifiers: Modifiers,
    /// The group that has effect.
    pub(super) group: u8,
    /// The group that is locked.
    pub(super) locked_group: u8,
}

impl State {
    pub(super) fn read(connection: &RustConnection) -> Result<Self, PlatformError> {
        Ok(Self::from(connection.xkb_get_state(core_keyboard())?.reply()?))
    }
}

impl From<GetStateReply> for State {
    fn from(reply: GetStateReply) -> Self {
        Self {
            base: real(reply.base_mods),
            locked: real(reply.locked_mods),
            modifiers: real(reply.mods),
            group: reply.group.into(),
            locked_group: reply.locked_group.into(),
        }
    }
}

/// How a key of a certain type chooses its level.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LevelType {
    /// The modifiers that have a say.
    pub(super) modifiers: Modifiers,
    /// Exactly these of them choose that level; anything else chooses level 0.
    pub(super) levels: Vec<(Modifiers, u8)>,
}

impl LevelType {
    /// The level that these modifiers choose.
    pub(super) fn level(&self, modifiers: Modifiers) -> u8 {
        let relevant = modifiers & self.modifiers;
        self.levels.iter().find(|(mask, _)| *mask == relevant).map_or(0, |(_, level)| *level)
    }

    /// The modifier sets that choose a level, within [`LevelType::modifiers`].
    pub(super) fn ways_to(&self, level: u8) -> impl Iterator<Item = Modifiers> {
        let none = self.level(0) == level;
        let listed = self.levels.iter().filter(move |(_, chosen)| *chosen == level).map(|(mask, _)| *mask);
        none.then_some(0).into_iter().chain(listed)
    }
}

impl From<&KeyType> for LevelType {
    fn from(key_type: &KeyType) -> Self {
        // An inactive entry is about a virtual modifier that no key sets.
        let active = key_type.map.iter().filter(|entry: &&KTMapEntry| entry.active);
        Self {
            modifiers: real(key_type.mods_mask),
            levels: active.map(|entry| (real(entry.mods_mask), entry.level)).collect(),
        }
    }
}

#[derive(Debug, Clone)]
struct Key {
    groups: u8,
    /// What groups beyond the last mean; the two top bits are wrap, clamp or redirect.
    group_info: u8,
    types: [u8; 4],
    width: u8,
    symbols: Vec<Keysym>,
    modifiers: Modifiers,
}

/// One place in the layout: press this key, in this group, at this level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) keycode: Keycode,
    pub(super) group: u8,
    pub(super) level: u8,
}

/// A whole layout.
#[derive(Debug, Clone)]
pub(super) struct Keymap {
    types: Vec<LevelType>,
    first: Keycode,
    keys: Vec<Key>,
}

impl Keymap {
    /// Asks to be told (by `XkbMapNotify` and `XkbNewKeyboardNotify`) when the layout changes.
    pub(super) fn follow(connection: &RustConnection, keyboard: u16) -> Result<(), PlatformError> {
        let events = EventType::NEW_KEYBOARD_NOTIFY | EventType::MAP_NOTIFY;
        let parts = MapPart::KEY_TYPES | MapPart::KEY_SYMS | MapPart::MODIFIER_MAP;
        let details = SelectEventsAux::new();
        let none = EventType::from(0u16);
        connection.xkb_select_events(keyboard, none, events, parts, parts, &details)?.check()?;
        Ok(())
    }

    /// Reads the layout of a keyboard.
    pub(super) fn read(connection: &RustConnection, keyboard: u16) -> Result<Self, PlatformError> {
        let full = MapPart::KEY_TYPES | MapPart::KEY_SYMS | MapPart::MODIFIER_MAP;
        let none = MapPart::from(0u16);
        let (k, v) = (keyboard, 0u16.into());
        let map =
            connection.xkb_get_map(k, full, none, 0, 0, 0, 0, 0, 0, 0, 0, v, 0, 0, 0, 0, 0, 0)?.reply()?;
        let (first, map) = (map.first_key_sym, map.map);
        let key = |key: KeySymMap| Key {
            groups: key.group_info & 0x0f,
            group_info: key.group_info,
            types: key.kt_index,
            width: key.width,
            symbols: key.syms,
            modifiers: 0,
        };
        let mut keys: Vec<Key> = map.syms_rtrn.unwrap_or_default().into_iter().map(key).collect();
        for entry in map.modmap_rtrn.unwrap_or_default() {
            if let Some(key) = entry.keycode.checked_sub(first).and_then(|at| keys.get_mut(usize::from(at))) {
                key.modifiers = real(entry.mods);
            }
        }
        let types = map.types_rtrn.unwrap_or_default().iter().map(LevelType::from).collect();
        Ok(Self { types, first, keys })
    }

    /// Every keycode, lowest first.
    pub(super) fn keycodes(&self) -> impl Iterator<Item = Keycode> {
        (self.first..=Keycode::MAX).take(self.keys.len())
    }

    /// What a place makes, 0 for nothing.
    pub(super) fn symbol(&self, Place { keycode, group, level }: Place) -> Keysym {
        let Some(key) = self.key(keycode) else { return 0 };
        if group < key.groups && level < key.width {
            let at = usize::from(group) * usize::from(key.width) + usize::from(level);
            key.symbols.get(at).copied().unwrap_or(0)
        } else {
            0
        }
    }

    /// What a key makes now, and the modifiers that had a say in it.
    pub(super) fn translate(&self, keycode: Keycode, group: u8, modifiers: Modifiers) -> (Keysym, Modifiers) {
        let group = self.effective_group(keycode, group);
        let Some(level_type) = self.level_type(keycode, group) else { return (0, 0) };
        let level = level_type.level(modifiers);
        (self.symbol(Place { keycode, group, level }), level_type.modifiers)
    }

    /// The places whose symbol fits, those of `group` first, then low levels, then low keycodes.
    pub(super) fn places(&self, group: u8, fits: impl Fn(Keysym) -> bool) -> Vec<Place> {
        let mut places: Vec<Place> = self
            .keycodes()
            .zip(&self.keys)
            .flat_map(|(keycode, key)| {
                let levels = move |group| (0..key.width).map(move |level| Place { keycode, group, level });
                (0..key.groups).flat_map(levels)
            })
            .filter(|place| fits(self.symbol(*place)))
            .collect();
        places.sort_by_key(|place| {
            let now = self.effective_group(place.keycode, group) == place.group;
            (!now, place.group, place.level, place.keycode)
        });
        places
    }

    /// How a key chooses its level in a group that it has.
    pub(super) fn level_type(&self, keycode: Keycode, group: u8) -> Option<&LevelType> {
        let index = *self.key(keycode)?.types.get(usize::from(group))?;
        self.types.get(usize::from(index))
    }

    /// The group that counts for a key: a key may have fewer groups than the keyboard.
    pub(super) fn effective_group(&self, keycode: Keycode, group: u8) -> u8 {
        let Some(key) = self.key(keycode) else { return group };
        match key.groups {
            0 => 0,
            groups if group < groups => group,
            groups if key.group_info & 0xc0 == 0x40 => groups - 1,
            groups if key.group_info & 0xc0 == 0x80 => {
                Some((key.group_info >> 4) & 0x03).filter(|to| *to < groups).unwrap_or(0)
            }
            groups => group % groups,
        }
    }

    /// The modifiers that a key sets.
    pub(super) fn modifiers_of(&self, keycode: Keycode) -> Modifiers {
        self.key(keycode).map_or(0, |key| key.modifiers)
    }

    /// A key that sets this one modifier as long as it is held, if there is one.
    pub(super) fn key_for_modifier(&self, modifier: Modifiers) -> Option<Keycode> {
        self.keycodes().find(|keycode| {
            let symbol = self.symbol(Place { keycode: *keycode, group: 0, level: 0 });
            self.modifiers_of(*keycode) == modifier && keysym::holds_modifier(symbol)
        })
    }

    /// The modifiers that make a command of a letter: Control, and whatever Alt, Meta and Super are.
    pub(super) fn command_modifiers(&self) -> Modifiers {
        CONTROL | self.modifiers_that(keysym::is_command_modifier)
    }

    /// The modifiers that keys of these symbols set, but for Shift and Caps Lock.
    pub(super) fn modifiers_that(&self, fits: impl Fn(Keysym) -> bool) -> Modifiers {
        let fits = |keycode: &Keycode| fits(self.symbol(Place { keycode: *keycode, group: 0, level: 0 }));
        let set = self.keycodes().filter(fits).map(|keycode| self.modifiers_of(keycode));
        set.fold(0, |all, modifiers| all | modifiers) & !(SHIFT | LOCK)
    }

    /// What a key makes with these modifiers, and what it makes by itself in each group.
    pub(super) fn meanings(&self, keycode: Keycode, group: u8, modifiers: Modifiers) -> Vec<Keysym> {
        let plain = (0..4).map(|group| self.symbol(Place { keycode, group, level: 0 }));
        let now = self.translate(keycode, group, modifiers).0;
        plain.chain([now]).filter(|symbol| *symbol != 0).collect()
    }

    /// The modifier that Num Lock locks, 0 if none.
    pub(super) fn num_lock(&self) -> Modifiers {
        let is_num_lock = |keycode: &Keycode| {
            self.symbol(Place { keycode: *keycode, group: 0, level: 0 }) == keysym::NUM_LOCK
        };
        self.keycodes().find(is_num_lock).map_or(0, |keycode| self.modifiers_of(keycode))
    }

    /// The keys that are F11 without modifiers, in any group.
    pub(super) fn keys_of_f11(&self) -> impl Iterator<Item = Keycode> {
        let places = self.places(0, |symbol| symbol == keysym::F11).into_iter();
        places.filter(|place| place.level == 0).map(|place| place.keycode)
    }

    /// Keys that make nothing at all, highest first: programs look at low ones for real keys.
    pub(super) fn unused(&self) -> impl Iterator<Item = Keycode> {
        let unused = |key: &Key| key.modifiers == 0 && key.symbols.iter().all(|symbol| *symbol == 0);
        self.keycodes().zip(&self.keys).filter(move |(_, key)| unused(key)).map(|(keycode, _)| keycode)
    }

    fn key(&self, keycode: Keycode) -> Option<&Key> {
        keycode.checked_sub(self.first).and_then(|at| self.keys.get(usize::from(at)))
    }
}
