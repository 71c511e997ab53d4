//! Charge types.

use std::time::Duration;

use super::refusal::Refusal;

/// How an instance is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ChargeType {
    Month,
    Day,
    /// The prepaid hour.
    Dynamic,
    Postpay,
    Spot,
}

impl ChargeType {
    pub(super) const ALL: [Self; 5] =
        [Self::Month, Self::Day, Self::Dynamic, Self::Postpay, Self::Spot];

    pub(super) fn parse(name: &str) -> Result<Self, Refusal> {
        let found = Self::ALL.into_iter().find(|charge_type| charge_type.name() == name);
        found.ok_or_else(|| Refusal::unavailable("ChargeType"))
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Month => "Month",
            Self::Day => "Day",
            Self::Dynamic => "Dynamic",
            Self::Postpay => "Postpay",
            Self::Spot => "Spot",
        }
    }

    /// Length of its unit; `None` if it is not prepaid.
    pub(super) fn unit(self) -> Option<Duration> {
        match self {
            Self::Month => Some(Duration::from_hours(30 * 24)),
            Self::Day => Some(Duration::from_hours(24)),
            Self::Dynamic => Some(Duration::from_hours(1)),
            Self::Postpay | Self::Spot => None,
        }
    }

    /// Price of its unit, relative to an hour of `Postpay`.
    pub(super) fn rate(self) -> f64 {
        match self {
            Self::Month => 480.0,
            Self::Day => 21.0,
            Self::Dynamic | Self::Postpay => 1.0,
            Self::Spot => 0.7,
        }
    }
}
