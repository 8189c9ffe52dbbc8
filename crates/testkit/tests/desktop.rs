//! The harness's own promises: hands are physical where they should be, pictures are true, nothing is left.

#[cfg(test)]
mod desktop {
    use std::fs;
    use std::time::Duration;

    use deskside_testkit::desktop::Desktop;
    use deskside_testkit::display::Display;
    use deskside_testkit::glass::{Latency, Marker, View};
    use deskside_testkit::process::{Process, command};
    use deskside_testkit::wait::{wait_for, wait_until};
    use tempfile::TempDir;
    use x11rb::connection::Connection as _;
    use x11rb::protocol::Event;
    use x11rb::protocol::xinput::{ConnectionExt as _, Device, DeviceType, EventMask, XIEventMask};
    use x11rb::protocol::xproto::{ConfigureWindowAux, ConnectionExt as _};

    const SOON: Duration = Duration::from_secs(20);

    #[test]
    fn what_is_typed_outside_arrives_in_an_editor_inside() {
        let folder = TempDir::new().unwrap();
        let desktop = Desktop::physical(folder.path(), 800, 600).unwrap();
        let target = desktop.home().join("typed.txt");
        let editor = desktop.start("editor", "xterm", |command| {
            command
                .args(["-title", "editor", "-e", "sh", "-c", "cat > typed.txt"])
                .current_dir(desktop.home());
        });
        let mut editor = editor.unwrap();
        let window = desktop.display().window("editor").unwrap();
        let hand = desktop.hand();
        hand.click(window.rect.centre()).unwrap();
        wait_until("the file", SOON, || target.exists()).unwrap();
        hand.types("Hello, A-Z: {4711} ~@#!", 10).unwrap();
        hand.keys(&["Return", "ctrl+d"]).unwrap();
        editor.wait(SOON).unwrap();
        assert_eq!(fs::read_to_string(target).unwrap(), "Hello, A-Z: {4711} ~@#!\n");
    }

    #[test]
    fn a_hand_at_the_outer_display_is_physical_inside() {
        let folder = TempDir::new().unwrap();
        let desktop = Desktop::physical(folder.path(), 640, 480).unwrap();
        let (inside, screen) = x11rb::connect(Some(desktop.display().name())).unwrap();
        let root = inside.setup().roots[screen].root;
        inside.xinput_xi_query_version(2, 2).unwrap().reply().unwrap();
        let mask = EventMask { deviceid: Device::ALL.into(), mask: vec![XIEventMask::RAW_MOTION] };
        inside.xinput_xi_select_events(root, &[mask]).unwrap().check().unwrap();
        desktop.hand().move_to((321, 123)).unwrap();
        let source = wait_for("a raw movement", SOON, || {
            Ok(match inside.poll_for_event()? {
                Some(Event::XinputRawMotion(moved)) => Some(moved.sourceid),
                _ => None,
            })
        })
        .unwrap();
        let devices = inside.xinput_xi_query_device(source).unwrap().reply().unwrap();
        let name = String::from_utf8_lossy(&devices.infos[0].name).into_owned();
        assert_eq!(devices.infos[0].type_, DeviceType::SLAVE_POINTER);
        assert!(!name.contains("XTEST"), "{name}");
        let looker = desktop.display().connect().unwrap();
        wait_until("the pointer inside", SOON, || looker.pointer().unwrap() == (321, 123)).unwrap();
    }

    #[test]
    fn a_picture_shows_what_is_on_the_display() {
        let folder = TempDir::new().unwrap();
        let desktop = Desktop::simulated(folder.path(), 640, 480).unwrap();
        let done = desktop.command("xsetroot").args(["-solid", "#123456"]).status().unwrap();
        assert!(done.success());
        let picture = wait_for("the colour", SOON, || {
            let picture = desktop.display().picture()?;
            Ok((picture.pixel(100, 100) == Some(0x12_34_56)).then_some(picture))
        })
        .unwrap();
        assert_eq!((picture.width(), picture.height()), (640, 480));
        let path = folder.path().join("picture.png");
        picture.save(&path).unwrap();
        assert!(fs::metadata(path).unwrap().len() > 100);
    }

    /// The viewer here is the outer screen itself, which shows the inner one at its own size.
    #[test]
    fn a_view_is_located_and_latency_is_measured() {
        let folder = TempDir::new().unwrap();
        let outer = Display::virtual_screen(folder.path(), "outer", 900, 700).unwrap();
        let inner = Display::inside(&outer, folder.path(), "inner", 640, 480).unwrap();
        let window = outer.window("inner").unwrap();
        outer_move(&outer, window.id, 100, 50);
        let view = View::locate(&inner, &outer, SOON).unwrap();
        assert_eq!((view.origin, view.scale), ((100.0, 50.0), 1.0));
        let marker = Marker::show(&inner, 300, 200, 0).unwrap();
        let eye = outer.connect().unwrap();
        let latency =
            Latency::measure(&marker, &eye, view.place((316, 216)), 12, Duration::from_millis(20)).unwrap();
        assert_eq!((latency.seen.len(), latency.lost), (12, 0));
    }

    fn outer_move(display: &Display, window: u32, x: i32, y: i32) {
        let (connection, _) = x11rb::connect(Some(display.name())).unwrap();
        connection.configure_window(window, &ConfigureWindowAux::new().x(x).y(y)).unwrap().check().unwrap();
    }

    #[test]
    fn a_guard_ends_the_whole_group() {
        let folder = TempDir::new().unwrap();
        let mut stubborn = command("sh");
        stubborn.args(["-c", "trap '' TERM; sleep 600 & sleep 600 & echo up; wait; wait"]);
        let guard = Process::start("stubborn", folder.path(), stubborn).unwrap();
        wait_until("the shell", SOON, || guard.log().contains("up")).unwrap();
        let members = guard.group_members();
        assert_eq!(members.len(), 3);
        drop(guard);
        for member in members {
            // Killed, it may still be on its way out.
            wait_until(&format!("the end of {member}"), SOON, || {
                let state = fs::read_to_string(format!("/proc/{member}/stat")).unwrap_or_default();
                state.is_empty() || state.contains(") Z ")
            })
            .unwrap();
        }
    }

    #[test]
    fn a_condition_that_never_holds_ends_with_its_reason() {
        let error = wait_until("a miracle", Duration::from_millis(50), || false).unwrap_err();
        assert!(error.to_string().contains("a miracle"), "{error}");
    }
}
