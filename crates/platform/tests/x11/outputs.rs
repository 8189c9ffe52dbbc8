//! Outputs of a graphics card, as they are plugged in, turned and pulled out in mid-session.

use std::time::Duration;

use deskside_codec::Rect;
use deskside_platform::{PlatformError, Screen as _};
use deskside_session::Scope;
use x11rb::protocol::xproto::EventMask;

use crate::capture::{assert_shows, settle};
use crate::consent::Consent;
use crate::display::{Display, eventually};

/// Row W4: each output is a monitor that can be shown alone; its picture follows the output when that is turned, and
/// ends when it is pulled out.
#[test]
fn an_output_is_a_monitor_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let display = Display::with_outputs(folder.path());
    let desktop = display.open();
    let monitors = desktop.monitors().unwrap();
    let places: Vec<_> = monitors.iter().map(|monitor| (monitor.name.as_str(), monitor.place)).collect();
    assert_eq!(places, [("DUMMY0", Rect::new(0, 0, 640, 400)), ("DUMMY1", Rect::new(640, 0, 320, 400))]);

    let scope = Scope::monitor(monitors[1].id);
    let mut screen = desktop.screen(&scope).unwrap();
    let (consent, client) = (Consent::within(&scope), display.client());
    settle(&mut screen);
    assert_eq!((screen.size(), screen.origin()), ((320, 400), (640, 0)));
    client.window((600, 100, 100, 100), 0x12_34_56, EventMask::NO_EVENT);
    settle(&mut screen);
    let frame = screen.grab(&consent.see, &[Rect::new(0, 0, 320, 400)]).unwrap();
    let colour = |x, y| u32::from_le_bytes(frame.pixels(x, y, 1)[0]) & 0x00ff_ffff;
    assert_eq!(
        (colour(0, 150), colour(59, 150)),
        (0x12_34_56, 0x12_34_56),
        "what reaches over from the left"
    );
    assert_ne!(colour(60, 150), 0x12_34_56);

    // What turning an output means to programs: width and height change places.
    display.add_mode("DUMMY1", "upright", 400, 320);
    display.run("xrandr", &["--output", "DUMMY1", "--mode", "upright"]);
    eventually("the picture is turned", || {
        settle(&mut screen);
        (screen.size() == (400, 320)).then_some(())
    });
    screen.grab(&consent.see, &[Rect::new(0, 0, 400, 320)]).unwrap();

    display.second_output(false);
    let gone = eventually("the monitor is gone", || screen.next(Duration::from_millis(50)).err());
    assert!(matches!(gone, PlatformError::MonitorGone), "{gone:?}");
}

/// The whole screen goes on while outputs come and go: size and pixels follow.
#[test]
fn the_whole_screen_follows_its_outputs() {
    let folder = tempfile::tempdir().unwrap();
    let display = Display::with_outputs(folder.path());
    let (client, consent) = (display.client(), Consent::given());
    let mut screen = display.open().screen(&Scope::screen()).unwrap();
    settle(&mut screen);
    for (on, width) in [(false, 640), (true, 960), (false, 640), (true, 960)] {
        display.second_output(on);
        eventually("the new size", || {
            settle(&mut screen);
            (screen.size() == (width, 400)).then_some(())
        });
        client.window((width as i16 - 90, 40, 60, 60), width, EventMask::NO_EVENT);
        settle(&mut screen);
        assert_shows(&client, &mut screen, &consent, &[Rect::new(0, 0, width, 400)]);
    }
}
