//! What the rest of the program tells the model.

use std::path::PathBuf;

use deskside_net::Problem;
use deskside_net::customer::Stage;
use deskside_party::sharing;
use deskside_proto::journal::SessionEnd;
use deskside_trust::OperatorIdentity;

/// A report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Told {
    /// Connecting goes on.
    Stage(Stage),
    /// Connecting failed.
    Failed(Problem),
    /// The operator is proven.
    Operator(OperatorIdentity),
    /// The session began.
    Started,
    /// About what is asked and allowed in it.
    Sharing(sharing::Told),
    /// The session is over.
    Ended {
        /// Why.
        reason: SessionEnd,
        /// Where the journal is.
        kept: Kept,
    },
}

/// What became of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kept {
    /// There was no session, so there is none.
    Nothing,
    /// The readable one is here.
    At(PathBuf),
    /// It could not be saved; why.
    Failed(String),
}
