//! Dead keys and Compose, by the tables of libxkbcommon. The library is loaded if it is there; without it
//! dead keys travel as keys.

use std::ffi::{CString, c_char};
use std::fmt;
use std::ptr::NonNull;

use x11rb::protocol::xproto::Keysym;
use xkbcommon_dl::{
    XkbCommon, XkbCommonCompose, xkb_compose_compile_flags, xkb_compose_feed_result, xkb_compose_state,
    xkb_compose_state_flags, xkb_compose_status, xkb_context_flags,
};

/// Longest text that one sequence makes, in bytes; tables hold single characters, and few words.
const MAX_TEXT: usize = 256;

/// What a key did to the sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Composed {
    /// It has no part in any: the key stands for itself.
    Nothing,
    /// It is taken in, or it broke the sequence off: there is nothing to type.
    Pending,
    /// The sequence is complete and makes this.
    Text(String),
}

/// The sequence under way, in one locale's table.
pub(super) struct Compose {
    library: &'static XkbCommonCompose,
    state: NonNull<xkb_compose_state>,
}

impl fmt::Debug for Compose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Compose")
    }
}

// SAFETY: the state is used by whoever holds the `Compose`, one at a time; libxkbcommon keeps nothing per
// thread.
unsafe impl Send for Compose {}

impl Compose {
    /// The table of a locale, as in `LC_CTYPE`; `None` without the library or a table.
    pub(super) fn new(locale: &str) -> Option<Self> {
        let (common, library): (&XkbCommon, _) =
            (xkbcommon_dl::xkbcommon_option()?, xkbcommon_dl::xkbcommon_compose_option()?);
        let locale = CString::new(locale).ok()?;
        // SAFETY: the signatures are those of libxkbcommon 0.5 and later. Each pointer is checked before
        // it is used; the table holds the context and the state holds the table, so that our references
        // to them are given back here; `locale` outlives the call.
        unsafe {
            let context = (common.xkb_context_new)(xkb_context_flags::XKB_CONTEXT_NO_FLAGS);
            if context.is_null() {
                return None;
            }
            let flags = xkb_compose_compile_flags::XKB_COMPOSE_COMPILE_NO_FLAGS;
            let table = (library.xkb_compose_table_new_from_locale)(context, locale.as_ptr(), flags);
            (common.xkb_context_unref)(context);
            if table.is_null() {
                return None;
            }
            let flags = xkb_compose_state_flags::XKB_COMPOSE_STATE_NO_FLAGS;
            let state = (library.xkb_compose_state_new)(table, flags);
            (library.xkb_compose_table_unref)(table);
            Some(Self { library, state: NonNull::new(state)? })
        }
    }

    /// Feeds the keysym of a key press. Modifiers have no part in sequences.
    pub(super) fn feed(&mut self, keysym: Keysym) -> Composed {
        let (library, state) = (self.library, self.state.as_ptr());
        // SAFETY: the state is valid until dropped and nobody else has it.
        let (fed, status) = unsafe {
            let fed = (library.xkb_compose_state_feed)(state, keysym);
            (fed, (library.xkb_compose_state_get_status)(state))
        };
        if fed == xkb_compose_feed_result::XKB_COMPOSE_FEED_IGNORED {
            return Composed::Nothing;
        }
        match status {
            xkb_compose_status::XKB_COMPOSE_NOTHING => Composed::Nothing,
            xkb_compose_status::XKB_COMPOSE_COMPOSING | xkb_compose_status::XKB_COMPOSE_CANCELLED => {
                Composed::Pending
            }
            xkb_compose_status::XKB_COMPOSE_COMPOSED => Composed::Text(self.text()),
        }
    }

    /// Forgets the sequence under way.
    pub(super) fn reset(&mut self) {
        // SAFETY: as in `feed`.
        unsafe { (self.library.xkb_compose_state_reset)(self.state.as_ptr()) }
    }

    fn text(&self) -> String {
        let mut buffer = [0u8; MAX_TEXT];
        let pointer = buffer.as_mut_ptr().cast::<c_char>();
        // SAFETY: the library writes at most as many bytes as it is told there are, a final 0 included,
        // and returns how many there would be without it.
        let length =
            unsafe { (self.library.xkb_compose_state_get_utf8)(self.state.as_ptr(), pointer, buffer.len()) };
        let length = usize::try_from(length).unwrap_or(0).min(MAX_TEXT - 1);
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    }
}

impl Drop for Compose {
    fn drop(&mut self) {
        // SAFETY: our one reference, not used afterwards.
        unsafe { (self.library.xkb_compose_state_unref)(self.state.as_ptr()) }
    }
}
