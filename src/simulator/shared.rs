//! State that all connections share.

use std::{
    sync::{Mutex, MutexGuard},
    time::Duration,
};

use super::{account::Account, clock::Time, options::Options};
use crate::lock::lock;

/// State that all connections share.
pub(super) struct Shared {
    /// A mutex of the standard library: it is never held across an await.
    account: Mutex<Account>,
    pub(super) time: Time,
    pub(super) public_key: String,
    pub(super) private_key: String,
    pub(super) latency: Duration,
}

impl Shared {
    /// The error begins with the index of the malformed instance.
    pub(super) fn new(options: Options) -> Result<Self, String> {
        let time = Time::new(options.clock);
        let public_key = options.public_key.clone();
        let private_key = options.private_key.clone();
        let latency = options.latency;
        let account = Mutex::new(Account::new(options, time.now())?);
        Ok(Self { account, time, public_key, private_key, latency })
    }

    pub(super) fn account(&self) -> MutexGuard<'_, Account> {
        lock(&self.account)
    }
}
