//! Facts about an instance that the data sources and `compshare_instance_power` share.

use jiff::{SignedDuration, Timestamp};

use crate::{
    compshare::{Instance, Login, State},
    cty::Number,
    framework::{Attr, model},
};

model! {
    /// Facts of one describe. A fact that the API does not report is unknown, so that an earlier
    /// value can take its place; one that does not exist is null.
    pub(crate) struct ReportedFacts {
        /// GPU model, for example `4090`.
        pub(crate) gpu_type: Attr<String> = computed(),

        /// Number of GPUs currently allocated; `0` unless the instance is running with its GPU.
        pub(crate) gpu_count: Attr<i64> = computed(),

        /// Billing method: `Postpay` (pay-as-you-go), `Dynamic` (prepaid by the hour), or `Day`,
        /// `Month`, or `Year` (prepaid).
        pub(crate) charge_type: Attr<String> = computed(),

        pub(crate) changing: ChangingFacts = flattened(),
    }
}

model! {
    /// Facts that change without a change of the configuration.
    pub(crate) struct ChangingFacts {
        /// Price of the instance in CNY per billing period of `charge_type`.
        pub(crate) price_cny: Attr<Number> = computed(),

        /// `true` for a spot instance, whose `charge_type` is also `Postpay`. Null if not reported.
        pub(crate) is_spot: Attr<bool> = computed(),

        /// Time of the last start in RFC 3339 format, for example `2026-01-31T01:00:00Z`.
        pub(crate) started_at: Attr<String> = computed(),

        /// Time at which CompShare stops the instance on schedule, in RFC 3339 format. Null if no
        /// stop is scheduled, or if the time has passed.
        pub(crate) scheduled_stop_at: Attr<String> = computed(),

        /// Time at which CompShare permanently deletes the instance if it stays stopped, in RFC
        /// 3339 format. Null if no deletion is scheduled.
        pub(crate) reclaim_at: Attr<String> = computed(),

        /// First public IP address. Null if there is none.
        pub(crate) public_ip: Attr<String> = computed(),

        /// First private IP address. Null if there is none.
        pub(crate) private_ip: Attr<String> = computed(),
    }
}

model! {
    /// SSH login without its secrets. Null unless the instance is running.
    pub(crate) struct SshLogin {
        /// Host name or IP address for SSH. Null unless the instance is running.
        pub(crate) ssh_host: Attr<String> = computed(),

        /// SSH port. Null unless the instance is running.
        pub(crate) ssh_port: Attr<i64> = computed(),

        /// SSH user, for example `root`. Null unless the instance is running. The password is only
        /// available from the ephemeral resource `compshare_instance_login`.
        pub(crate) ssh_user: Attr<String> = computed(),
    }
}

impl ReportedFacts {
    pub(crate) fn of(instance: &Instance) -> Self {
        Self {
            gpu_type: reported(instance.gpu_type.clone()),
            gpu_count: reported(instance.allocated_gpus().map(i64::from)),
            charge_type: reported(instance.charge_type.clone()),
            changing: ChangingFacts::of(instance),
        }
    }
}

impl ChangingFacts {
    /// The facts after a start or stop.
    pub(crate) fn unknown(is_spot: Attr<bool>) -> Self {
        Self {
            price_cny: Attr::Unknown,
            is_spot,
            started_at: Attr::Unknown,
            scheduled_stop_at: Attr::Unknown,
            reclaim_at: Attr::Unknown,
            public_ip: Attr::Unknown,
            private_ip: Attr::Unknown,
        }
    }

    pub(crate) fn of(instance: &Instance) -> Self {
        let has_addresses = !instance.addresses.is_empty();
        // A running instance has at least a private address.
        let address = |belongs: fn(&str) -> bool| match first_address(instance, belongs) {
            None if !has_addresses && instance.state == State::Running => Attr::Unknown,
            found => found.into(),
        };
        let ahead = |seconds: &i64| Timestamp::now().as_second() < *seconds;
        Self {
            price_cny: reported(instance.price.and_then(decimal)),
            is_spot: reported(instance.is_spot),
            started_at: reported(instance.start_time.and_then(rfc3339)),
            scheduled_stop_at: instance
                .scheduled_stop_time()
                .filter(ahead)
                .and_then(rfc3339)
                .into(),
            reclaim_at: instance.release_time.and_then(rfc3339).into(),
            public_ip: address(|kind| kind != "Private"),
            private_ip: address(|kind| kind == "Private"),
        }
    }

    /// Returns `reclaim_at` if it is less than `notice` ahead.
    pub(crate) fn deletion_within(&self, notice: SignedDuration) -> Option<&str> {
        let at = self.reclaim_at.text()?;
        let ahead = at.parse::<Timestamp>().ok()?.duration_since(Timestamp::now());
        (ahead < notice).then_some(at)
    }
}

impl SshLogin {
    /// The login after a start.
    pub(crate) const fn unknown() -> Self {
        Self { ssh_host: Attr::Unknown, ssh_port: Attr::Unknown, ssh_user: Attr::Unknown }
    }

    pub(crate) fn of(instance: &Instance) -> Self {
        if instance.state != State::Running {
            return Self::default();
        }
        let login = Login::of(instance);
        let ssh_user = if login.host.is_some() { login.user.into() } else { Attr::Unknown };
        Self {
            ssh_host: reported(login.host),
            ssh_port: reported(login.port.map(i64::from)),
            ssh_user,
        }
    }
}

/// A fact that every instance has: it is unknown if the API does not report it.
pub(crate) fn reported<T>(fact: Option<T>) -> Attr<T> {
    fact.map_or(Attr::Unknown, Attr::Known)
}

fn first_address(instance: &Instance, belongs: fn(&str) -> bool) -> Option<String> {
    let mut addresses = instance.addresses.iter();
    addresses.find(|address| address.kind.as_deref().is_some_and(belongs))?.ip.clone()
}

/// The shortest decimal text of a float is the text from which it was parsed.
pub(crate) fn decimal(number: f64) -> Option<Number> {
    Number::from_decimal(&number.to_string()).ok()
}

/// `None` outside the years that RFC 3339 can express.
pub(crate) fn rfc3339(seconds: i64) -> Option<String> {
    Timestamp::from_second(seconds).ok().map(|time| time.to_string())
}
