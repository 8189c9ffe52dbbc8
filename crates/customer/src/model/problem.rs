//! What the person reads when connecting failed: no names of servers, relays or settings, which are in the log.

use deskside_net::Problem;

/// How the network side's words begin when the server no longer takes codes from this address. It has no
/// kind of its own for that; should the words change, they are shown as they are.
const TOO_MANY: &str = "Too many wrong codes";

/// The problem in words for a customer of this organisation: what happened and what to do.
pub(super) fn words(problem: &Problem, organisation: &str) -> String {
    match problem {
        Problem::Unreachable { .. } => format!(
            "{organisation} cannot be reached just now. If other web pages open, tell your helper; otherwise \
             check your internet connection."
        ),
        Problem::WrongServer { .. } => format!(
            "What answers in the place of {organisation} is somebody else, so nothing was sent there. Tell your \
             helper, or try again on another network."
        ),
        Problem::Refused(words) if words.starts_with(TOO_MANY) => {
            format!("{TOO_MANY} were typed here. Wait a few minutes, then try again.")
        }
        Problem::Relay { .. } => {
            "The connection to your helper failed. Ask for a new code and try again.".to_owned()
        }
        Problem::Identity(reason) => format!(
            "This is not a trustworthy helper: {}. The connection was ended and nothing was shown.",
            reason.trim_end_matches('.')
        ),
        Problem::Refused(_) | Problem::NoUdp { .. } | Problem::Peer(_) | Problem::Internal(_) => {
            problem.to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_customer_reads_has_no_addresses_and_no_error_numbers() {
        let (server, cause) = ("localhost:14443".to_owned(), "Connection refused (os error 111)".to_owned());
        let relay = "relay-1".to_owned();
        for (problem, expected) in [
            (
                Problem::Unreachable { server: server.clone(), cause: cause.clone() },
                "Example Help cannot be reached just now.",
            ),
            (
                Problem::WrongServer { server, cause: cause.clone() },
                "What answers in the place of Example Help",
            ),
            (Problem::Relay { relay, cause }, "The connection to your helper failed."),
        ] {
            let words = words(&problem, "Example Help");
            assert!(words.starts_with(expected), "{words}");
            for detail in ["localhost", "14443", "os error", "relay-1"] {
                assert!(!words.contains(detail), "{words}");
            }
        }
    }

    #[test]
    fn too_many_wrong_codes_promise_nothing_of_a_new_one() {
        let refused = "Too many wrong codes came from here. Wait, or ask your helper for a new code.";
        let words = words(&Problem::Refused(refused.into()), "Example Help");
        assert_eq!(words, "Too many wrong codes were typed here. Wait a few minutes, then try again.");
    }

    #[test]
    fn advice_ends_with_one_full_stop() {
        let words = words(&Problem::Identity("it was withdrawn. Call them.".into()), "Example Help");
        assert!(words.contains("Call them. The connection"), "{words}");
    }
}
