//! What the person's own hand sets off, on the thread that hears it: F11 first of all.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use deskside_platform::{HandCallback, HandEvent};
use deskside_session::Revoker;

use super::Desk;
use crate::sharing::net::Command;
use crate::sharing::{HandSign, News};

/// The network side hears of the hand at most this often; its rest after the hand is much longer.
const MOVES_EVERY: Duration = Duration::from_millis(100);

/// X11 keysyms (X11/keysymdef.h).
const RETURN: [u32; 3] = [0xff0d, 0xff8d, 0x20];
const TAB_AND_ARROWS: [u32; 6] = [0xff09, 0xfe20, 0xff51, 0xff52, 0xff53, 0xff54];
/// Shift goes with Tab, and Escape is a no: neither is typing into something else.
const SHIFT_AND_ESCAPE: [u32; 3] = [0xffe1, 0xffe2, 0xff1b];
/// Buttons 4 to 7 are the wheel.
const WHEEL: std::ops::RangeInclusive<u8> = 4..=7;

/// `lost` is called once, when the display is gone.
pub(super) fn callback(desk: Desk, lost: impl FnOnce() + Send + 'static) -> HandCallback {
    let Desk { links, control, listening, report, .. } = desk;
    let mut lost = Some(lost);
    let mut told: Option<Instant> = None;
    Box::new(move |event| {
        match event {
            HandEvent::F11 | HandEvent::DeviceGone => {
                control.with(Revoker::revoke);
                links.send(Command::F11);
                return report(News::F11);
            }
            HandEvent::Lost => {
                links.send(Command::DisplayLost);
                if let Some(lost) = lost.take() {
                    lost();
                }
                return;
            }
            HandEvent::Moved | HandEvent::Button { .. } | HandEvent::Key { .. } => {}
        }
        if told.is_none_or(|told| MOVES_EVERY <= told.elapsed()) {
            told = Some(Instant::now());
            // The other side's input rests from here on; what follows takes this over.
            control.with(Revoker::suspend);
            links.send(Command::HandMoved);
        }
        if listening.load(Ordering::SeqCst)
            && let Some(sign) = sign(event)
        {
            report(News::Hand(sign));
        }
    })
}

/// What a question needs to know of an event.
fn sign(event: HandEvent) -> Option<HandSign> {
    match event {
        HandEvent::Button { button, pressed, x, y, at } if !WHEEL.contains(&button) => {
            Some(HandSign::Button { pressed, x, y, at })
        }
        HandEvent::Key { keysym, pressed: true, at, .. } if RETURN.contains(&keysym) => {
            Some(HandSign::Confirm { at })
        }
        HandEvent::Key { keysym, pressed: true, at, .. } if TAB_AND_ARROWS.contains(&keysym) => {
            Some(HandSign::Navigate { at })
        }
        // That something was typed, never what.
        HandEvent::Key { keysym, pressed: true, at, .. } if !SHIFT_AND_ESCAPE.contains(&keysym) => {
            Some(HandSign::Typed { at })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_key_it_was_leaves_the_thread_only_for_those_of_a_question() {
        let at = Instant::now();
        for keysym in 0..0xffff {
            let key = HandEvent::Key { keysym, keycode: 38, pressed: true, at };
            let known = RETURN.contains(&keysym) || TAB_AND_ARROWS.contains(&keysym);
            let named = matches!(sign(key), Some(HandSign::Confirm { .. } | HandSign::Navigate { .. }));
            assert_eq!(named, known, "{keysym:#x}");
        }
        // Otherwise the key that says no would make the question wait for the end of typing.
        assert_eq!(sign(HandEvent::Key { keysym: 0xff1b, keycode: 9, pressed: true, at }), None);
        assert_eq!(sign(HandEvent::Button { button: 5, pressed: true, x: 0, y: 0, at }), None);
    }
}
