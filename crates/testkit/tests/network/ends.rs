//! Both programs' network sides, without windows, against the real server.

use std::fs;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use deskside_net::{PathChoice, customer, operator};
use deskside_proto::Code;
use deskside_testkit::organisation::{Organisation, Server};
use deskside_trust::{Descriptor, OperatorBundle, Secret, UnixTime};
use tempfile::TempDir;

/// Long enough for a machine that does much else; nothing waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(20);

/// An organisation whose real server listens.
pub(crate) struct Place {
    pub(crate) folder: TempDir,
    pub(crate) organisation: Organisation,
    pub(crate) server: Server,
}

impl Place {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let organisation = Organisation::new(&folder.path().join("organisation")).unwrap();
        let server = organisation.start_server(folder.path()).unwrap();
        Self { folder, organisation, server }
    }

    pub(crate) fn descriptor(&self) -> Descriptor {
        read_descriptor(&self.organisation.packet().unwrap())
    }

    pub(crate) fn bundle(&self) -> OperatorBundle {
        let bytes = fs::read(self.organisation.bundle()).unwrap();
        let passphrase = Secret::new(Organisation::PASSPHRASE.into());
        OperatorBundle::open(&bytes, &passphrase, UnixTime::now()).unwrap()
    }

    pub(crate) fn operator(&self, path: PathChoice) -> Operator {
        Operator::start(self.bundle(), path)
    }

    pub(crate) fn customer(&self, path: PathChoice) -> Customer {
        Customer::start(self.descriptor(), path)
    }
}

pub(crate) fn read_descriptor(path: &Path) -> Descriptor {
    Descriptor::read(&fs::read(path).unwrap(), UnixTime::now()).unwrap()
}

/// Waits for the event that `find` accepts; what comes before it is passed over.
fn wait<E: std::fmt::Debug, T>(events: &Receiver<E>, find: impl Fn(E) -> Result<T, E>) -> T {
    let deadline = Instant::now() + PATIENCE;
    let mut passed = Vec::new();
    while let Ok(event) = events.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        match find(event) {
            Ok(found) => return found,
            Err(other) => passed.push(format!("{other:?}")),
        }
    }
    panic!("the event did not come; before it came {passed:#?}")
}

pub(crate) struct Operator {
    pub(crate) handle: operator::Handle,
    events: Receiver<operator::Event>,
}

impl Operator {
    fn start(bundle: OperatorBundle, path: PathChoice) -> Self {
        let (sender, events) = channel();
        let config = operator::OperatorConfig { bundle, path, product: "test".into() };
        let handle = operator::start(config, Box::new(move |event| drop(sender.send(event)))).unwrap();
        Self { handle, events }
    }

    pub(crate) fn wait<T>(&self, find: impl Fn(operator::Event) -> Result<T, operator::Event>) -> T {
        wait(&self.events, find)
    }

    pub(crate) fn log_in(&self) {
        let password = Secret::new(Organisation::PASSWORD.into());
        self.handle.send(operator::Command::Login { user: Organisation::USER.into(), password });
        self.wait(|event| match event {
            operator::Event::LoggedIn { user, .. } => {
                assert_eq!(user, Organisation::USER);
                Ok(())
            }
            other => Err(other),
        });
    }

    pub(crate) fn new_code(&self) -> Code {
        self.handle.send(operator::Command::NewSession);
        self.wait(|event| match event {
            operator::Event::CodeReady { code, .. } => Ok(code),
            other => Err(other),
        })
    }
}

pub(crate) struct Customer {
    pub(crate) handle: customer::Handle,
    events: Receiver<customer::Event>,
}

impl Customer {
    pub(crate) fn start(descriptor: Descriptor, path: PathChoice) -> Self {
        let (sender, events) = channel();
        let config = customer::CustomerConfig { descriptor, path, product: "test".into() };
        let handle = customer::start(config, Box::new(move |event| drop(sender.send(event)))).unwrap();
        Self { handle, events }
    }

    pub(crate) fn wait<T>(&self, find: impl Fn(customer::Event) -> Result<T, customer::Event>) -> T {
        wait(&self.events, find)
    }

    pub(crate) fn join(&self, code: Code) {
        self.handle.send(customer::Command::Join(code));
    }

    /// The problem that ended the attempt, as the person would read it.
    pub(crate) fn failure(&self) -> String {
        self.wait(|event| match event {
            customer::Event::Failed(problem) => Ok(problem.to_string()),
            other => Err(other),
        })
    }
}
