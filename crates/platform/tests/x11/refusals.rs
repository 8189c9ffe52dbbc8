//! Displays that cannot be used say why.

use deskside_platform::{PlatformError, x11};
use deskside_session::Scope;

use crate::display::Display;

#[test]
fn a_display_that_is_not_there_is_named() {
    let Err(error) = x11::open(Some(":987")) else { panic!("there is no such display") };
    assert!(matches!(&error, PlatformError::NoDisplay { display, .. } if display == ":987"), "{error}");
    assert!(x11::open(Some("no display")).is_err());
}

#[test]
fn a_display_that_died_is_lost() {
    let mut display = Display::virtual_screen(100, 100);
    let x11 = display.open();
    let mut injector = x11.injector(None).unwrap();
    display.kill();
    use deskside_platform::Injector as _;
    assert!(matches!(injector.release_all(), Err(PlatformError::DisplayLost)));
    assert!(matches!(x11.screen(&Scope::screen()), Err(PlatformError::NoDisplay { .. })));
}
