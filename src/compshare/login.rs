//! SSH login of an instance, from the fields of a describe.

use base64::{Engine as _, engine::DecodePaddingMode, engine::general_purpose};
use secrecy::{ExposeSecret as _, SecretString};

use super::instance::Instance;

const SSH_PORT: u16 = 22;

/// SSH login of an instance. All fields are `None` if the instance is not running.
#[derive(Clone, Debug, Default)]
pub struct Login {
    pub host: Option<String>,
    pub port: Option<u16>,
    pub user: Option<String>,
    /// Login command as reported by the API.
    pub command: Option<SecretString>,
}

impl Login {
    /// The login of `instance`, parsed from its login command.
    pub fn of(instance: &Instance) -> Self {
        let Some(command) = &instance.ssh_login_command else { return Self::default() };
        Self { command: Some(command.clone()), ..parse(command.expose_secret()) }
    }
}

/// Error of a password that is not text in Base64.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not valid Base64 text")]
pub struct Undecodable;

/// Returns the decoded login password of `instance`; `None` if the API reported none.
///
/// # Errors
///
/// The password cannot be decoded. Returning it undecoded would be worse than returning none.
pub fn decode_password(instance: &Instance) -> Result<Option<SecretString>, Undecodable> {
    let Some(encoded) = &instance.password else { return Ok(None) };
    let bytes = BASE64.decode(encoded.expose_secret().trim()).map_err(|_| Undecodable)?;
    let text = String::from_utf8(bytes).map_err(|_| Undecodable)?;
    Ok(Some(text.into()))
}

/// Standard Base64 with optional padding.
const BASE64: general_purpose::GeneralPurpose = general_purpose::GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    general_purpose::GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Parses a command such as `ssh -p 23 root@203.0.113.2` with the options of `ssh(1)`.
fn parse(command: &str) -> Login {
    let mut words = command.split_whitespace().skip_while(|word| *word != "ssh").skip(1);
    let (mut host, mut user, mut port) = (None, None, SSH_PORT);
    while let Some(word) = words.next() {
        match word.strip_prefix('-') {
            Some("p") => port = words.next().and_then(|word| word.parse().ok()).unwrap_or(port),
            Some("l") => user = words.next().map(str::to_owned),
            Some(option) if option.starts_with('p') => port = option[1..].parse().unwrap_or(port),
            Some(option) => skip_argument(option, &mut words),
            None if host.is_none() => host = Some(word),
            // A second word begins the remote command.
            None => break,
        }
    }
    let Some(host) = host else { return Login::default() };
    let (named, host) = match host.rsplit_once('@') {
        Some((user, host)) => (Some(user.to_owned()), host),
        None => (None, host),
    };
    Login { host: Some(host.to_owned()), port: Some(port), user: named.or(user), command: None }
}

/// Skips the argument of an option such as `-i FILE`, unless both are one word.
fn skip_argument<'a>(option: &str, words: &mut impl Iterator<Item = &'a str>) {
    const WITH_ARGUMENT: &str = "BbcDEeFIiJLmOoPQRSWw";
    let mut letters = option.chars();
    let takes_one = letters.next().is_some_and(|letter| WITH_ARGUMENT.contains(letter));
    if takes_one && letters.next().is_none() {
        words.next();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(command: &str, want: Option<(&str, u16, Option<&str>)>) {
        let login = parse(command);
        let found = login.host.as_deref().zip(login.port);
        let found = found.map(|(host, port)| (host, port, login.user.as_deref()));
        assert_eq!(found, want, "{command}");
    }

    #[test]
    fn command_contains_host_port_and_user() {
        check("ssh -p 23 root@203.0.113.2", Some(("203.0.113.2", 23, Some("root"))));
        check("ssh root@203.0.113.2 -p 23", Some(("203.0.113.2", 23, Some("root"))));
        check("ssh root@203.0.113.2 reboot -p 23", Some(("203.0.113.2", 22, Some("root"))));
        check(" ssh  ubuntu@host.example ", Some(("host.example", 22, Some("ubuntu"))));
        check("ssh -p23 -l root 2001:db8::1", Some(("2001:db8::1", 23, Some("root"))));
        check(
            "ssh -o StrictHostKeyChecking=no -i key -4 -p 2222 a@b",
            Some(("b", 2222, Some("a"))),
        );
        check("ssh -oPort=1 host", Some(("host", 22, None)));
        check("ssh -p many root@host", Some(("host", 22, Some("root"))));
    }

    #[test]
    fn other_commands_contain_no_login() {
        for command in ["", "ssh", "ssh -p 23", "telnet host", "ssh -p"] {
            check(command, None);
        }
    }

    fn password(encoded: &str) -> Result<Option<String>, Undecodable> {
        let instance: Instance =
            serde_json::from_value(json!({"UHostId": "uhost-1", "Password": encoded})).unwrap();
        let decoded = decode_password(&instance)?;
        Ok(decoded.map(|password| password.expose_secret().to_owned()))
    }

    #[test]
    fn password_is_decoded_or_refused() {
        assert_eq!(password("ZGVtby1wYXNzd29yZA==").unwrap().unwrap(), "demo-password");
        assert_eq!(password("ZGVtby1wYXNzd29yZA").unwrap().unwrap(), "demo-password");
        assert_eq!(password("5a+G56CB").unwrap().unwrap(), "密码");
        assert_eq!(password("").unwrap(), None);
        for broken in ["not base64!", "/////w==", "A"] {
            assert_eq!(password(broken), Err(Undecodable), "{broken}");
        }
    }

    #[test]
    fn debug_shows_neither_command_nor_password() {
        let fields = json!({
            "UHostId": "uhost-1", "SshLoginCommand": "ssh root@canary-host", "Password": "canary",
        });
        let instance: Instance = serde_json::from_value(fields).unwrap();
        assert_eq!(Login::of(&instance).host.as_deref(), Some("canary-host"));
        assert!(!format!("{:?}", Login::of(&instance).command).contains("canary"));
        assert!(!format!("{instance:?}").contains("canary"));
    }
}
