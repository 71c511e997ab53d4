//! Debug mode, which go-plugin calls reattach mode: a developer starts the plugin and passes its
//! address to hosts.

use serde_json::json;

use super::{error::Error, handshake::Plugin, listener::Address};

/// Returns the shell assignment that makes hosts use this process.
pub(super) fn reattach_assignment(plugin: &Plugin, address: &Address) -> Result<String, Error> {
    let connection = reattach(plugin, address, std::process::id())?;
    let assign = if cfg!(windows) { assign_in_powershell } else { assign_in_shell };
    Ok(assign(plugin.reattach_variable, &connection))
}

/// go-plugin's `ReattachConfig`, as hosts read it from their environment.
///
/// `Test` keeps hosts from ending the process: otherwise they would end it between the phases of one
/// command.
fn reattach(plugin: &Plugin, address: &Address, pid: u32) -> Result<String, Error> {
    let text = address.text.to_str().ok_or_else(|| Error::SocketPath {
        variable: "TMPDIR",
        path: address.text.clone().into(),
        problem: "is not Unicode",
    })?;
    let connection = json!({
        plugin.address: {
            "Protocol": "grpc",
            "ProtocolVersion": plugin.app_protocol,
            "Pid": pid,
            "Test": true,
            "Addr": { "Network": address.network, "String": text },
        }
    });
    Ok(connection.to_string())
}

/// Quotes for a POSIX shell, where a single quote has to stand outside of single quotes.
fn assign_in_shell(name: &str, value: &str) -> String {
    format!("{name}='{}'", value.replace('\'', r#"'"'"'"#))
}

/// Quotes for PowerShell, where a single quote is doubled.
fn assign_in_powershell(name: &str, value: &str) -> String {
    format!("$env:{name}='{}'", value.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::handshake::Cookie;

    const PLUGIN: Plugin = Plugin {
        address: "example.org/its/own",
        app_protocol: 5,
        cookie: Cookie { key: "COOKIE", value: "crumbs" },
        reattach_variable: "REATTACH",
    };

    #[test]
    fn reattach_config_has_the_keys_that_hosts_read() {
        let address = Address { network: "unix", text: "/tmp/p/s".into() };
        let text = reattach(&PLUGIN, &address, 7).unwrap();
        let connection: serde_json::Value = serde_json::from_str(&text).unwrap();
        let expected = json!({"example.org/its/own": {
            "Protocol": "grpc", "ProtocolVersion": 5, "Pid": 7, "Test": true,
            "Addr": {"Network": "unix", "String": "/tmp/p/s"},
        }});
        assert_eq!(connection, expected);
    }

    #[test]
    fn single_quotes_are_escaped_for_each_shell() {
        assert_eq!(assign_in_shell("A", r#"{"b":"c"}"#), r#"A='{"b":"c"}'"#);
        assert_eq!(assign_in_shell("A", "it's"), r#"A='it'"'"'s'"#);
        assert_eq!(assign_in_powershell("A", "it's"), "$env:A='it''s'");
    }
}
