//! How to strike a key so that it makes what it should: which modifiers to hold or lift for a moment,
//! which locks and which group to change. Pure: looks at a layout and a state, presses nothing.

use x11rb::protocol::xproto::{Keycode, Keysym};

use super::keymap::{Keymap, LOCK, Modifiers, Place, State};
use super::keysym;

/// What is held down when a key is to be struck.
#[derive(Debug, Clone, Copy)]
pub(super) struct Situation {
    /// Modifiers, locks and group as the display has them.
    pub(super) state: State,
    /// Modifiers that the injector itself holds, and so can lift.
    pub(super) ours: Modifiers,
    /// Modifiers that must stay as they are: for a command, Ctrl, Alt and Super.
    pub(super) fixed: Modifiers,
    /// Modifiers that must not be in effect: for a letter, Ctrl, Alt, Super and Caps Lock.
    pub(super) unwanted: Modifiers,
}

/// One key struck once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stroke {
    pub(super) keycode: Keycode,
    /// Modifiers of ours to let go of for the moment.
    pub(super) lift: Modifiers,
    /// Keys to hold for the moment.
    pub(super) hold: Vec<Keycode>,
    /// Locked modifiers and group for the moment, if others than now.
    pub(super) locks: Option<(Modifiers, u8)>,
}

impl Stroke {
    /// The best way to make what `fits` in this layout, if there is one. Keycodes in `except` do not count.
    pub(super) fn find(
        keymap: &Keymap,
        situation: Situation,
        fits: impl Fn(Keysym) -> bool,
        except: impl Fn(Keycode) -> bool,
    ) -> Option<Self> {
        let places = keymap.places(situation.state.group, fits);
        let places = places.into_iter().filter(|place| !except(place.keycode));
        // The first place that can be reached: the order already prefers the present group.
        places.filter_map(|place| Self::at(keymap, situation, place)).next()
    }

    /// The way with the fewest changes to one place.
    fn at(keymap: &Keymap, situation: Situation, place: Place) -> Option<Self> {
        let level_type = keymap.level_type(place.keycode, place.group)?;
        let Situation { state, fixed, unwanted, .. } = situation;
        // A modifier without a say in the level needs no change, unless it is unwanted anyway.
        let relevant = level_type.modifiers;
        let keeps = |way: Modifiers| way & fixed == state.modifiers & fixed & relevant;
        let stays = (level_type.level(state.modifiers) == place.level).then_some(state.modifiers & relevant);
        let ways = stays.into_iter().chain(level_type.ways_to(place.level)).filter(|way| keeps(*way));
        let strokes = ways.filter_map(|way| {
            let set = way & !state.modifiers;
            let clear = state.modifiers & ((relevant & !way) | (unwanted & !way));
            Self::changing(keymap, situation, place, set, clear).map(|stroke| (set | clear, stroke))
        });
        strokes.min_by_key(|(changes, _)| changes.count_ones()).map(|(_, stroke)| stroke)
    }

    /// A key by itself, whatever else is held.
    pub(super) fn just(keycode: Keycode) -> Self {
        Self { keycode, lift: 0, hold: Vec::new(), locks: None }
    }

    /// A key that makes the same whatever the modifiers are, as borrowed keys do.
    pub(super) fn plain(keymap: &Keymap, situation: Situation, keycode: Keycode) -> Option<Self> {
        let place =
            Place { keycode, group: keymap.effective_group(keycode, situation.state.group), level: 0 };
        let clear = situation.state.modifiers & situation.unwanted;
        Self::changing(keymap, situation, place, 0, clear)
    }

    /// The stroke that sets and clears these modifiers; `None` if the sharer's own hand holds one of
    /// those to be cleared, which nobody else can lift.
    fn changing(
        keymap: &Keymap,
        situation: Situation,
        place: Place,
        set: Modifiers,
        clear: Modifiers,
    ) -> Option<Self> {
        let Situation { state, ours, .. } = situation;
        if clear & state.base & !ours != 0 {
            return None;
        }
        let mut locked = state.locked & !clear;
        let mut hold = Vec::new();
        for modifier in (0..8).map(|bit| 1 << bit).filter(|modifier| set & modifier != 0) {
            match keymap.key_for_modifier(modifier).filter(|_| modifier != LOCK) {
                Some(keycode) => hold.push(keycode),
                None => locked |= modifier,
            }
        }
        let shift = place.group.wrapping_sub(keymap.effective_group(place.keycode, state.group));
        let locked_group = if shift == 0 {
            state.locked_group
        } else {
            // Beside the locked group there may be one that a held key adds.
            place.group.wrapping_add(state.locked_group).wrapping_sub(state.group) & 0x03
        };
        let locks = (locked, locked_group);
        Some(Self {
            keycode: place.keycode,
            lift: clear & ours & state.base,
            hold,
            locks: (locks != (state.locked, state.locked_group)).then_some(locks),
        })
    }
}

/// What a character needs in the present situation: `None` if the layout cannot make it.
pub(super) fn for_character(
    keymap: &Keymap,
    situation: Situation,
    character: char,
    except: impl Fn(Keycode) -> bool,
) -> Option<Stroke> {
    let fits = |symbol| !keysym::is_keypad(symbol) && keysym::character(symbol) == Some(character);
    Stroke::find(keymap, situation, fits, except)
}
