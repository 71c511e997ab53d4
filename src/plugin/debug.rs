//! Debug mode, also called reattach mode: a developer starts the plugin, and tells hosts where it
//! is.

use serde_json::json;

use super::{Address, Plugin};

/// The assignment that makes hosts use this process, for the shell that is usual here.
pub(super) fn announcement(plugin: &Plugin, address: &Address) -> String {
    let connection = reattach(plugin, address, std::process::id());
    let assign = if cfg!(windows) { assign_in_powershell } else { assign_in_shell };
    assign(plugin.reattach_variable, &connection)
}

/// go-plugin's `ReattachConfig` in the form the host reads from its environment.
///
/// `Test` makes the host leave the process alone when it is done with it: otherwise it would end it between the phases
/// of one command.
fn reattach(plugin: &Plugin, address: &Address, pid: u32) -> String {
    json!({
        plugin.address: {
            "Protocol": "grpc",
            "ProtocolVersion": plugin.app_protocol,
            "Pid": pid,
            "Test": true,
            "Addr": { "Network": address.network(), "String": address.to_string() },
        }
    })
    .to_string()
}

/// In a POSIX shell a single quote is written by leaving the quotes for it.
fn assign_in_shell(name: &str, value: &str) -> String {
    format!("{name}='{}'", value.replace('\'', r#"'"'"'"#))
}

/// In PowerShell a single quote is doubled.
fn assign_in_powershell(name: &str, value: &str) -> String {
    format!("$env:{name}='{}'", value.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::Cookie;

    const PLUGIN: Plugin = Plugin {
        address: "example.org/its/own",
        app_protocol: 5,
        cookie: Cookie { key: "COOKIE", value: "crumbs" },
        reattach_variable: "REATTACH",
    };

    #[test]
    fn the_connection_has_the_keys_a_host_looks_for() {
        let text = reattach(&PLUGIN, &Address::Unix("/tmp/p/socket".to_owned()), 7);
        let connection: serde_json::Value = serde_json::from_str(&text).unwrap();
        let expected = json!({"example.org/its/own": {
            "Protocol": "grpc", "ProtocolVersion": 5, "Pid": 7, "Test": true,
            "Addr": {"Network": "unix", "String": "/tmp/p/socket"},
        }});
        assert_eq!(connection, expected);
    }

    #[test]
    fn single_quotes_survive_the_shell() {
        assert_eq!(assign_in_shell("A", r#"{"b":"c"}"#), r#"A='{"b":"c"}'"#);
        assert_eq!(assign_in_shell("A", "it's"), r#"A='it'"'"'s'"#);
        assert_eq!(assign_in_powershell("A", "it's"), "$env:A='it''s'");
    }
}
