//! What of the injector is about scopes: every press through the gate, every release where its press went.

use deskside_session::{Area, Control, Grant};
use x11rb::protocol::xproto::Keysym;

use super::super::chord::{self, Commands};
use super::super::fingers::Fingers;
use super::super::gate::{self, Gate, Touch};
use super::super::keymap::{CONTROL, State};
use super::super::keysym;
use super::super::probe::Strike;
use super::super::stroke::Stroke;
use super::X11Injector;
use crate::{InjectError, PlatformError};

impl X11Injector {
    /// From now on input is held to this grant's scope.
    pub(super) fn adopt(&mut self, grant: &Grant<Control>) -> Result<(), PlatformError> {
        let scope = grant.scope();
        let is_everything = scope.area == Area::Screen && scope.is_unmasked() && !self.spares_own;
        if is_everything {
            self.scope = None;
        } else if self.scope.as_ref() != Some(scope) {
            self.scope = Some(scope.clone());
        }
        if !is_everything && self.gate.is_none() {
            self.gate = Some(Gate::new(&self.fingers.connection, self.root, self.processes.clone())?);
        }
        Ok(())
    }

    /// Does something in one step with finding out whether the scope reaches that far.
    pub(super) fn within(
        &mut self,
        touch: Touch,
        act: impl FnOnce(&mut Self) -> Result<(), InjectError>,
    ) -> Result<(), InjectError> {
        let (Some(gate), Some(scope)) = (&mut self.gate, &self.scope) else { return act(self) };
        gate.enter(&self.fingers.connection, scope, touch)?;
        let outcome = act(self);
        gate::leave(&self.fingers.connection)?;
        outcome
    }

    /// Lets keys go: within the scope where they were pressed, and elsewhere so that nobody hears of it.
    pub(super) fn letting_go(
        &mut self,
        act: impl FnOnce(&mut Fingers) -> Result<(), PlatformError>,
    ) -> Result<(), PlatformError> {
        let (Some(gate), Some(scope)) = (&mut self.gate, &self.scope) else {
            return act(&mut self.fingers);
        };
        let in_sink = gate.let_go(&self.fingers.connection, scope)?;
        let outcome = act(&mut self.fingers);
        gate.have_let_go(&self.fingers.connection, in_sink)?;
        outcome
    }

    /// Lets go of all keys, if there are any.
    pub(super) fn release_keys(&mut self) -> Result<(), PlatformError> {
        self.held.clear();
        if self.fingers.keys().is_empty() { Ok(()) } else { self.letting_go(Fingers::release_keys) }
    }

    /// A key that is about to be struck, if it may be within a scope of applications.
    pub(super) fn strike_of(
        &self,
        before: State,
        stroke: &Stroke,
        meant: Option<Keysym>,
    ) -> Result<Strike, InjectError> {
        let Stroke { keycode, lift, ref hold, locks } = *stroke;
        let State { base, locked, modifiers, group, .. } = before;
        let held = hold.iter().fold(base & !lift, |held, key| held | self.keymap.modifiers_of(*key));
        let modifiers = (modifiers & !(base | locked)) | held | locks.map_or(locked, |(locked, _)| locked);
        let sets = |fits: fn(Keysym) -> bool| self.keymap.modifiers_that(fits) & modifiers & !locked != 0;
        let commands = Commands {
            control: modifiers & CONTROL != 0,
            alt: sets(keysym::is_alt),
            desktop: sets(chord::is_desktop_modifier),
        };
        let mut meanings = self.keymap.meanings(keycode, group, modifiers);
        meanings.extend(meant);
        // A screenshot, a launcher or a switcher would show what is kept back.
        let is_part = self.scope.as_ref().is_some_and(|scope| !matches!(scope.area, Area::Monitor(_)));
        let is_chosen = matches!(self.scope.as_ref().map(|scope| &scope.area), Some(Area::Applications(_)));
        if is_part && meanings.iter().any(|symbol| chord::escapes(*symbol, commands)) {
            return Err(InjectError::EscapeChord);
        }
        let closes_window = meanings.iter().any(|symbol| chord::closes_window(*symbol, commands));
        Ok(Strike { keycode, before, modifiers, heeds_others: is_chosen && !closes_window })
    }
}
