//! The changes of one instance that an operation sends.

use crate::compshare::{
    call::Call,
    calls::{
        power::{Accepted, PowerCall},
        resize::ResizeInstance,
        terminate::TerminateInstance,
    },
    form::Form,
};

/// A change that a describe confirms. None is resent on a guess.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InstanceChange {
    Power(PowerCall),
    Resize(ResizeInstance),
    Terminate(TerminateInstance),
}

impl Call for InstanceChange {
    const REPEATABLE: bool = false;
    type Reply = Accepted;

    fn action(&self) -> &'static str {
        match self {
            Self::Power(call) => call.action(),
            Self::Resize(call) => call.action(),
            Self::Terminate(call) => call.action(),
        }
    }

    fn form(&self, form: &mut Form) {
        match self {
            Self::Power(call) => call.form(form),
            Self::Resize(call) => call.form(form),
            Self::Terminate(call) => call.form(form),
        }
    }

    fn instance_id(&self) -> Option<&str> {
        match self {
            Self::Power(call) => call.instance_id(),
            Self::Resize(call) => call.instance_id(),
            Self::Terminate(call) => call.instance_id(),
        }
    }
}
