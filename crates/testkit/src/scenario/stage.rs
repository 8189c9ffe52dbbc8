//! What a session needs before it begins: an organisation, its server, and two desktops.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::Person;
use crate::desktop::Desktop;
use crate::hand::Hand;
use crate::link::Namespace;
use crate::network::{self, Network};
use crate::organisation::{Organisation, Server};
use crate::process::Process;
use crate::programs::Program;

/// The customer's screen, in pixels.
const CUSTOMER_SCREEN: (u32, u32) = (1280, 800);
/// How much larger the operator's screen is: room for a window that shows the customer's whole, under its bar.
const MORE: (u32, u32) = (40, 200);

/// Organisation, server and desktops; everything ends when it is dropped, the customer's desktop last.
#[derive(Debug)]
pub struct Stage {
    organisation: Organisation,
    server: Server,
    /// The operator's desktop.
    pub operator: Desktop,
    /// The customer's desktop.
    pub customer: Desktop,
    network: Option<Network>,
    folder: PathBuf,
    path: Option<String>,
    /// The customer's, in pixels; on a display where a person sits, what the operator's window is made for.
    screen: (u32, u32),
}

impl Stage {
    /// Sets the stage in a folder, with virtual displays. `path` is handed to both programs as `--path`.
    ///
    /// # Errors
    /// When a part does not start.
    pub fn set(folder: &Path, path: Option<&str>) -> Result<Self> {
        let desktops = Self::virtual_desktops(folder, CUSTOMER_SCREEN, Desktop::simulated)?;
        Self::with(folder, path, desktops, CUSTOMER_SCREEN, None)
    }

    /// The same, where the operator's mouse and keyboard are physical as well: for whoever is asked something.
    ///
    /// # Errors
    /// When a part does not start.
    pub fn set_for_two(folder: &Path) -> Result<Self> {
        let desktops = Self::virtual_desktops(folder, CUSTOMER_SCREEN, Desktop::physical)?;
        Self::with(folder, None, desktops, CUSTOMER_SCREEN, None)
    }

    /// The same, with the customer, the server and the operator on machines of their own, and a customer's
    /// screen of so many pixels; needs root.
    ///
    /// # Errors
    /// When a part does not start.
    pub fn set_in(folder: &Path, network: Network, screen: (u32, u32)) -> Result<Self> {
        let desktops = Self::virtual_desktops(folder, screen, Desktop::simulated)?;
        Self::with(folder, None, desktops, screen, Some(network))
    }

    fn virtual_desktops(
        folder: &Path,
        screen: (u32, u32),
        operators: fn(&Path, u32, u32) -> Result<Desktop>,
    ) -> Result<[Desktop; 2]> {
        let desk = |who: &str| -> Result<PathBuf> {
            let desk = folder.join(who);
            fs::create_dir_all(&desk).with_context(|| format!("cannot make {}", desk.display()))?;
            Ok(desk)
        };
        let customer = Desktop::physical(&desk("customer")?, screen.0, screen.1)?;
        let operator = operators(&desk("operator")?, screen.0 + MORE.0, screen.1 + MORE.1)?;
        Ok([customer, operator])
    }

    /// Sets the stage on a display where a person sits, for both roles.
    ///
    /// # Errors
    /// When a part does not start.
    pub fn on_display(folder: &Path, display: &str) -> Result<Self> {
        let desk = |who: &str| -> Result<Desktop> {
            let desk = folder.join(who);
            fs::create_dir_all(&desk)?;
            Desktop::existing(&desk, display)
        };
        Self::with(folder, None, [desk("customer")?, desk("operator")?], CUSTOMER_SCREEN, None)
    }

    fn with(
        folder: &Path,
        path: Option<&str>,
        [customer, operator]: [Desktop; 2],
        screen: (u32, u32),
        network: Option<Network>,
    ) -> Result<Self> {
        let place = folder.join("organisation");
        let (organisation, server) = match &network {
            None => {
                let organisation = Organisation::new(&place)?;
                let server = organisation.start_server(folder)?;
                (organisation, server)
            }
            Some(network) => {
                let organisation = Organisation::at(&place, &network::SERVER.to_string(), 443)?;
                let server =
                    organisation.start_server_by(folder, |command| network.server.enter(&command))?;
                (organisation, server)
            }
        };
        let (folder, path) = (folder.to_path_buf(), path.map(str::to_owned));
        Ok(Self { organisation, server, operator, customer, network, folder, path, screen })
    }

    /// The machines, if each party has one of its own.
    #[must_use]
    pub fn network(&self) -> Option<&Network> {
        self.network.as_ref()
    }

    /// The organisation, with the operator's bundle.
    #[must_use]
    pub fn organisation(&self) -> &Organisation {
        &self.organisation
    }

    /// The server.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Starts a program on the customer's desktop and machine.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_at_customer(
        &self,
        name: &str,
        program: &Path,
        set: impl FnOnce(&mut Command),
    ) -> Result<Process> {
        Self::start(
            &self.customer,
            self.network.as_ref().map(|network| &network.customer),
            name,
            program,
            set,
        )
    }

    /// Starts a program on the operator's desktop and machine.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start_at_operator(
        &self,
        name: &str,
        program: &Path,
        set: impl FnOnce(&mut Command),
    ) -> Result<Process> {
        Self::start(
            &self.operator,
            self.network.as_ref().map(|network| &network.operator),
            name,
            program,
            set,
        )
    }

    fn start(
        desktop: &Desktop,
        machine: Option<&Namespace>,
        name: &str,
        program: &Path,
        set: impl FnOnce(&mut Command),
    ) -> Result<Process> {
        let mut command = desktop.command(program);
        set(&mut command);
        let command = match machine {
            Some(machine) => machine.enter(&command),
            None => command,
        };
        Process::start(name, desktop.folder(), command)
    }

    /// Keeps a picture of both displays in the stage's folder.
    ///
    /// # Errors
    /// When one cannot be taken or written.
    pub fn keep(&self, name: &str) -> Result<()> {
        for (who, desktop) in [("customer", &self.customer), ("operator", &self.operator)] {
            desktop.display().picture()?.save(&self.folder.join(format!("{name}-{who}.png")))?;
        }
        Ok(())
    }

    /// Where everything is kept.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The operator's account.
    #[must_use]
    pub fn user(&self) -> &str {
        Organisation::USER
    }

    /// The operator's password.
    #[must_use]
    pub fn password(&self) -> &str {
        Organisation::PASSWORD
    }

    /// The operator's name as the certificate has it.
    #[must_use]
    pub fn operator_name(&self) -> &str {
        Organisation::OPERATOR
    }

    /// The organisation's name as the certificate has it.
    #[must_use]
    pub fn organisation_name(&self) -> &str {
        Organisation::NAME
    }

    /// Starts the operator's program; its bundle's passphrase comes from a file that only it can read.
    ///
    /// # Errors
    /// When its window does not appear.
    pub fn start_operator(&self) -> Result<Person<'_>> {
        let eyes = self.operator.accessibility()?;
        let program = self.spawn_operator()?;
        let person = Person::new(&self.operator, eyes, program, "Deskside Operator")?;
        self.fit_window("Deskside Operator")?;
        Ok(person)
    }

    /// Starts the operator's program without looking at it.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn_operator(&self) -> Result<Process> {
        let passphrase = self.organisation.passphrase_file();
        let bundle = self.organisation.bundle();
        self.start_at_operator("operator", &Program::Operator.path()?, |command| {
            command
                .arg("--bundle")
                .arg(bundle)
                .arg("--passphrase-file")
                .arg(passphrase)
                .args(self.path_choice());
        })
    }

    /// Starts the customer's program from a folder that holds only it and its packet, as it is downloaded.
    ///
    /// # Errors
    /// When its window does not appear.
    pub fn start_customer(&self) -> Result<Person<'_>> {
        let eyes = self.customer.accessibility()?;
        let program = self.spawn_customer()?;
        Person::new(&self.customer, eyes, program, "Deskside")
    }

    /// Starts the customer's program without looking at it.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn spawn_customer(&self) -> Result<Process> {
        let download = self.customer.home().join("Downloads");
        fs::create_dir_all(&download)?;
        let program = download.join(Program::Customer.name());
        fs::copy(Program::Customer.path()?, &program).context("cannot copy the customer's program")?;
        let packet = self.organisation.packet()?;
        fs::copy(&packet, download.join(packet.file_name().context("a packet without a name")?))?;
        self.start_at_customer("customer", &program, |command| {
            command.args(self.path_choice());
        })
    }

    fn path_choice(&self) -> Vec<String> {
        self.path.iter().map(|path| format!("--path={path}")).collect()
    }

    /// Makes the operator's window as wide as the customer's screen and higher, so that a picture which
    /// fits it has its own size.
    fn fit_window(&self, title: &str) -> Result<()> {
        let window = self.operator.display().window(title)?;
        let (width, height) = (self.screen.0.to_string(), (self.screen.1 + MORE.1 - 40).to_string());
        let id = window.id.to_string();
        // Where the windows are, which is not where a physical hand is.
        let arrange = Hand::at(self.operator.display().name());
        arrange.act(&["windowmove", "--sync", &id, "10", "10"])?;
        arrange.act(&["windowsize", "--sync", &id, &width, &height])
    }

    /// Opens a page in a browser on the customer's desktop, and waits for it.
    ///
    /// # Errors
    /// When it does not appear.
    pub fn open_page(&self) -> Result<Process> {
        let page = self.customer.home().join("page.html");
        fs::write(&page, PAGE)?;
        let browser = self.customer.start("browser", "chromium", |command| {
            // Chromium's own sandbox does not work for root, which tests may run as; nothing here is hostile.
            command.args([
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
            ]);
            command.args(["--disable-component-update", "--disable-sync", "--password-store=basic"]);
            // Without its warning about the flags above, and without bars that show where the page lies.
            command.args(["--test-type", "--window-size=560,620", "--window-position=690,120"]);
            command.arg(format!("--app=file://{}", page.display()));
        })?;
        self.customer.display().window("How printing works")?;
        Ok(browser)
    }
}

/// What the customer reads in the browser.
const PAGE: &str = "<!doctype html><meta charset=utf-8><title>How printing works</title>\
    <body style='font:16px sans-serif;margin:32px;line-height:1.5;background:#fbfaf7;color:#222'>\
    <h1>How printing works here</h1><p>The printer on the second floor answers to the name of the floor. \
    Choose it once; the program remembers it.</p><table border=1 cellpadding=6><tr><th>floor<th>printer<th>paper\
    <tr><td>1<td>north-1<td>A4<tr><td>2<td>north-2<td>A4, A3<tr><td>3<td>south-3<td>labels</table>\
    <p>When nothing comes out, look whether the queue is paused, and ask for help.</p>";
