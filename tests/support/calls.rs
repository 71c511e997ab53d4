//! Assertions on the calls that a simulator received.

use terraform_provider_compshare::simulator::Simulator;

use super::actions::{START, STOP};

/// Queries and assertions on the received calls.
pub(crate) trait Calls {
    /// Actions of the received calls that are not read-only, in order.
    fn mutating_calls(&self) -> Vec<String>;

    /// Number of starts and stops received for the instance `id`.
    fn starts_and_stops(&self, id: &str) -> (usize, usize);

    /// Panics if any call was received.
    #[track_caller]
    fn assert_no_calls(&self);

    /// Panics if a call that is not read-only was received.
    #[track_caller]
    fn assert_no_mutating_calls(&self) {
        assert!(self.mutating_calls().is_empty(), "unexpected: {:?}", self.mutating_calls());
    }
}

impl Calls for Simulator {
    fn mutating_calls(&self) -> Vec<String> {
        let actions = self.calls().into_iter().map(|call| call.action);
        let is_read = |action: &String| {
            ["Describe", "Get", "Check"].iter().any(|verb| action.starts_with(verb))
        };
        actions.filter(|action| !is_read(action)).collect()
    }

    fn starts_and_stops(&self, id: &str) -> (usize, usize) {
        let calls = self.calls();
        let count = |action| {
            let matching = calls
                .iter()
                .filter(|call| call.action == action && call.instance.as_deref() == Some(id));
            matching.count()
        };
        (count(START), count(STOP))
    }

    fn assert_no_calls(&self) {
        assert!(self.calls().is_empty(), "unexpected: {:?}", self.calls());
    }
}
