//! No-GPU mode: the parameters of a start without GPU.

use std::{fmt, str::FromStr};

/// Parameters of a start in no-GPU mode.
///
/// The API documentation has a boolean, `WithoutGpu`; CompShare's own programs now send
/// `WithoutGpuSpec`. The API ignores unknown parameters and would then start a *billed* GPU, so
/// both are sent where the API accepts both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WithoutGpu {
    /// Size of the instance, sent as `WithoutGpuSpec`.
    pub spec: Spec,
    /// Also sends the documented `WithoutGpu=true`.
    pub send_flag: bool,
}

/// Size of an instance in no-GPU mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spec {
    /// 2 cores and 4 GiB; the only size of containers.
    A,
    /// 8 cores and 16 GiB.
    B,
}

impl Spec {
    /// The letter that the API uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Error of a text that is not a [`Spec`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither `A` nor `B`")]
pub struct InvalidSpec;

impl FromStr for Spec {
    type Err = InvalidSpec;

    fn from_str(letter: &str) -> Result<Self, Self::Err> {
        match letter {
            "A" => Ok(Self::A),
            "B" => Ok(Self::B),
            _ => Err(InvalidSpec),
        }
    }
}
