//! Names and numbers that a plugin and its host have agreed on.

/// Contract between a plugin and its host.
#[derive(Clone, Copy, Debug)]
pub struct Plugin {
    /// Source address under which the host refers to the plugin; the key in the output of debug
    /// mode.
    pub address: &'static str,
    /// Version of the protocol that the plugin's services speak.
    pub app_protocol: u32,
    pub cookie: Cookie,
    /// Environment variable through which a host finds a plugin in debug mode.
    pub reattach_variable: &'static str,
}

/// Environment variable that the host sets to a fixed value. It distinguishes a start by the host
/// from a start by hand, and is not a security measure.
#[derive(Clone, Copy, Debug)]
pub struct Cookie {
    pub key: &'static str,
    pub value: &'static str,
}
