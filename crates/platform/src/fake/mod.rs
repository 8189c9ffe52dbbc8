//! A desktop without a display, for models and tests: [`FakeScreen`] shows what a [`FakeDesktop`] is told
//! to show, [`FakeInjector`] remembers what it carried out. Both ask the grant as the real ones do.

mod injector;
mod screen;

pub use injector::{FakeInjector, FakeInput};
pub use screen::{FakeDesktop, FakeScreen};
