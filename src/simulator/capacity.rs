//! Free GPUs by zone and GPU type, as data.

use std::time::Duration;

use jiff::{Timestamp, fmt::serde::unsigned_duration::friendly::compact::optional};
use serde::{Deserialize, Serialize};

use super::{catalog, clock::later};

/// Number of free GPUs: the same value in a Rust test and in the body of
/// `POST /simulator/capacity`.
///
/// It applies to starts, creates, capacity checks and the inventory. No operation changes it. Without
/// a value, 64 GPUs are free; if several values apply, the last one counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Capacity {
    /// Zone; `None`: all zones.
    #[serde(default)]
    pub zone: Option<String>,
    /// GPU type; `None`: all types.
    #[serde(default)]
    pub gpu_type: Option<String>,
    pub free_gpus: usize,
    /// Duration, by the simulator's clock; `None`: unlimited.
    #[serde(default, with = "optional")]
    pub lasts: Option<Duration>,
}

const DEFAULT_FREE_GPUS: usize = 64;

/// Capacities that were set, in their order.
#[derive(Debug, Default)]
pub(super) struct Capacities(Vec<(Capacity, Timestamp)>);

impl Capacities {
    pub(super) fn set(&mut self, capacity: Capacity, now: Timestamp) {
        let until = capacity.lasts.map_or(Timestamp::MAX, |duration| later(now, duration));
        self.0.push((capacity, until));
    }

    pub(super) fn free_gpus(&self, zone: &str, gpu_type: &str, now: Timestamp) -> usize {
        let applies = |(capacity, until): &&(Capacity, Timestamp)| {
            *until > now
                && capacity.zone.as_deref().is_none_or(|at| at == zone)
                && capacity.gpu_type.as_deref().is_none_or(|name| name == gpu_type)
        };
        if let Some((capacity, _)) = self.0.iter().rev().find(applies) {
            return capacity.free_gpus;
        }
        let is_on_sale = catalog::find(zone, gpu_type).is_none_or(|gpu_type| gpu_type.is_on_sale());
        if is_on_sale { DEFAULT_FREE_GPUS } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn last_capacity_that_applies_counts() {
        let now = Timestamp::UNIX_EPOCH;
        let zone = || Some("cn-wlcb-01".to_owned());
        let mut capacities = Capacities::default();
        assert_eq!(capacities.free_gpus("cn-wlcb-01", "4090", now), 64);
        assert_eq!(capacities.free_gpus("cn-sh2-02", "A100", now), 0);
        let lasts = Some(Duration::from_secs(60));
        capacities.set(Capacity { zone: zone(), gpu_type: None, free_gpus: 3, lasts: None }, now);
        capacities.set(Capacity { zone: None, gpu_type: None, free_gpus: 0, lasts }, now);
        assert_eq!(capacities.free_gpus("cn-wlcb-01", "4090", now), 0);
        let then = later(now, Duration::from_secs(60));
        assert_eq!(capacities.free_gpus("cn-wlcb-01", "4090", then), 3);
        assert_eq!(capacities.free_gpus("cn-sh2-02", "4090", then), 64);
    }
}
