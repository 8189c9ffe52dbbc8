//! An injector that remembers.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use deskside_proto::input::{Button, InputEvent};
use deskside_session::{Control, Grant};

use crate::injector::lets_go;
use crate::{InjectError, Injector, PlatformError};

#[derive(Debug, Default)]
struct Desktop {
    events: Vec<InputEvent>,
    keys: BTreeSet<u32>,
    buttons: BTreeSet<Button>,
}

/// What a [`FakeInjector`] did, to be looked at from outside.
#[derive(Debug, Clone, Default)]
pub struct FakeInput(Arc<Mutex<Desktop>>);

impl FakeInput {
    /// Every event that was carried out, in order.
    #[must_use]
    pub fn events(&self) -> Vec<InputEvent> {
        self.with(|desktop| desktop.events.clone())
    }

    /// Whether any key or button is held down.
    #[must_use]
    pub fn holds_anything(&self) -> bool {
        self.with(|desktop| !desktop.keys.is_empty() || !desktop.buttons.is_empty())
    }

    fn with<T>(&self, look: impl FnOnce(&mut Desktop) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// An [`Injector`] without a display. It knows no windows, so everything is within every scope.
#[derive(Debug, Default)]
pub struct FakeInjector(FakeInput);

impl FakeInjector {
    /// The injector, and the place to look at what it did.
    #[must_use]
    pub fn new() -> (Self, FakeInput) {
        let input = FakeInput::default();
        (Self(input.clone()), input)
    }
}

impl Injector for FakeInjector {
    fn inject(&mut self, grant: &Grant<Control>, event: InputEvent) -> Result<(), InjectError> {
        if !lets_go(event) {
            grant.check()?;
        }
        self.0.with(|desktop| {
            match event {
                InputEvent::Key { keysym, pressed: true, .. } => drop(desktop.keys.insert(keysym)),
                InputEvent::Key { keysym, pressed: false, .. } => drop(desktop.keys.remove(&keysym)),
                InputEvent::PointerButton { button, pressed: true } => drop(desktop.buttons.insert(button)),
                InputEvent::PointerButton { button, pressed: false } => drop(desktop.buttons.remove(&button)),
                InputEvent::ReleaseAll => {
                    desktop.keys.clear();
                    desktop.buttons.clear();
                }
                InputEvent::PointerMove { .. } | InputEvent::Wheel { .. } | InputEvent::Text(_) => {}
            }
            desktop.events.push(event);
        });
        Ok(())
    }

    fn let_go_outside(&mut self) -> Result<bool, PlatformError> {
        Ok(false)
    }

    fn release_all(&mut self) -> Result<(), PlatformError> {
        self.0.with(|desktop| {
            desktop.keys.clear();
            desktop.buttons.clear();
        });
        Ok(())
    }
}
