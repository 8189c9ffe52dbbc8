//! The customer's end of a session: the sharer who is helped and, once a demonstration was allowed, the viewer of
//! what the operator shows in return. Both speak over one control stream.

use std::time::Duration;

use deskside_proto::GrantId;
use deskside_proto::control::Control as Message;
use deskside_proto::journal::Action;

use crate::parties::{Direction, Parties};
use crate::{Now, Sharer, SharerConfig, SharerOutput, Viewer, ViewerOutput};
use deskside_trust::Signer;

/// What the driver of a customer's end has to do.
#[derive(Debug)]
pub enum CustomerOutput {
    /// Of the customer's own screen.
    Help(SharerOutput),
    /// Of the operator's.
    Demonstration(ViewerOutput),
}

/// The customer's end.
#[derive(Debug)]
pub struct CustomerEnd {
    parties: Parties,
    signer: Signer,
    /// The customer's own screen.
    pub help: Sharer,
    /// The operator's, once that was allowed.
    pub demonstration: Option<Viewer>,
    /// The living permission to show it.
    allowed: Option<GrantId>,
}

impl CustomerEnd {
    /// Begins when the end-to-end handshake has proven the operator.
    #[must_use]
    pub fn new(config: SharerConfig, now: Now) -> Self {
        let (parties, signer) = (config.parties.clone(), config.signer.clone());
        Self { parties, signer, help: Sharer::new(config, now), demonstration: None, allowed: None }
    }

    /// What is to be done next. Also to be asked after every call of a machine.
    pub fn poll(&mut self, now: Now) -> Option<CustomerOutput> {
        self.follow_the_end(now);
        while let Some(output) = self.help.poll() {
            match output {
                SharerOutput::Demonstration(message) => self.receive(&message, now),
                output => {
                    self.heed(&output);
                    return Some(CustomerOutput::Help(output));
                }
            }
        }
        Some(CustomerOutput::Demonstration(self.demonstration.as_mut()?.poll()?))
    }

    /// Whether everything is done and the connection may close.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.help.is_over() && self.demonstration.as_ref().is_none_or(Viewer::is_over)
    }

    /// When [`CustomerEnd::tick`] must be called at the latest.
    #[must_use]
    pub fn deadline(&self, now: Now) -> Option<Duration> {
        let demonstration = self.demonstration.as_ref().and_then(Viewer::deadline);
        self.help.deadline(now).into_iter().chain(demonstration).min()
    }

    /// Lets time pass.
    pub fn tick(&mut self, now: Now) {
        self.help.tick(now);
        if let Some(demonstration) = &mut self.demonstration {
            demonstration.tick(now);
        }
    }

    /// The connection is gone: whatever is missing of the goodbye will not come.
    pub fn connection_lost(&mut self, now: Now) {
        self.help.connection_lost(now);
        if let Some(demonstration) = &mut self.demonstration {
            demonstration.connection_lost();
        }
    }

    /// The person does not want to see any more of the operator's screen.
    pub fn stop_watching(&mut self, now: Now) {
        self.help.revoke(Action::Demonstrate, now);
    }

    fn receive(&mut self, message: &[u8], now: Now) {
        if let Some(demonstration) = &mut self.demonstration {
            demonstration.tick(now);
            demonstration.take(Message::decode(message), now);
        }
    }

    /// Begins to look when the person has allowed it, and ends with that.
    fn heed(&mut self, output: &SharerOutput) {
        match output {
            SharerOutput::DemonstrationGranted { grant, follows } => {
                self.allowed = Some(*grant);
                let demonstration = self.demonstration.get_or_insert_with(|| {
                    let direction = Direction::demonstration(self.parties.clone(), *follows);
                    Viewer::demonstration(direction, self.signer.clone())
                });
                // The operator's program asks its person what is to be shown.
                demonstration.ask(&[Action::See].into());
            }
            SharerOutput::GrantEnded { action: Action::Demonstrate, .. } => {
                self.allowed = None;
                if let Some(demonstration) = &mut self.demonstration {
                    demonstration.let_go();
                }
            }
            _ => {}
        }
    }

    /// Each ends with the other: a demonstration by itself only because the other program broke the rules.
    fn follow_the_end(&mut self, now: Now) {
        let Some(demonstration) = &mut self.demonstration else { return };
        match (self.help.ended(), demonstration.ended()) {
            (Some(reason), None) => demonstration.end(reason, now),
            (None, Some(reason)) => self.help.end(reason, now),
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
}
