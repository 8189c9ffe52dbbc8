//! A desktop without a display, for models and tests: [`FakeScreen`] shows what a [`FakeDesktop`] is told
//! to show, [`FakeInjector`] remembers what it carried out, [`FakeOverlay`] what it drew. All ask the grant as the
//! real ones do.

mod injector;
mod overlay;
mod screen;

pub use injector::{FakeInjector, FakeInput};
pub use overlay::{FakeMarks, FakeOverlay};
pub use screen::{FakeDesktop, FakeScreen};
