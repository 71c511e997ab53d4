//! How to log in to an instance, out of what a describe answers.

use base64::{Engine as _, engine::DecodePaddingMode, engine::general_purpose};
use secrecy::{ExposeSecret as _, SecretString};

use super::instance::Instance;

/// Where SSH listens unless a command says otherwise.
const SSH_PORT: u16 = 22;

/// A way into an instance. What an answer does not say is `None`: host, port and user of an instance that does not run, for
/// one.
#[derive(Clone, Debug, Default)]
pub struct Login {
    /// Host name or address.
    pub host: Option<String>,
    /// Port of SSH on the host.
    pub port: Option<u16>,
    /// Who to log in as.
    pub user: Option<String>,
    /// The command that logs in, as the cloud words it.
    pub command: Option<SecretString>,
}

/// A password that is not text in Base64, as the API promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not text in Base64")]
pub struct Undecodable;

impl Instance {
    /// Host, port and user, taken out of the command that the cloud gives for an instance that runs.
    pub fn login(&self) -> Login {
        let Some(command) = &self.ssh_login_command else { return Login::default() };
        Login { command: Some(command.clone()), ..parse(command.expose_secret()) }
    }

    /// The login password as it is to be typed; `None` if the answer has none.
    ///
    /// # Errors
    ///
    /// It cannot be decoded. A wrong password would be worse than none.
    pub fn decoded_password(&self) -> Result<Option<SecretString>, Undecodable> {
        let Some(encoded) = &self.password else { return Ok(None) };
        let bytes = LENIENT.decode(encoded.expose_secret().trim()).map_err(|_| Undecodable)?;
        let text = String::from_utf8(bytes).map_err(|_| Undecodable)?;
        Ok(Some(text.into()))
    }
}

/// Standard Base64, its padding optional.
const LENIENT: general_purpose::GeneralPurpose = general_purpose::GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    general_purpose::GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Reads a command such as `ssh -p 23 root@203.0.113.2`, by the options that `ssh(1)` takes for the same.
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
            // A second word is the beginning of a command to run there.
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

/// Passes over the argument of an option such as `-i FILE`, unless it is written in one word with it.
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
    fn a_command_says_host_port_and_user() {
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
    fn what_is_no_such_command_says_nothing() {
        for command in ["", "ssh", "ssh -p 23", "telnet host", "ssh -p"] {
            check(command, None);
        }
    }

    fn password(encoded: &str) -> Result<Option<String>, Undecodable> {
        let instance: Instance =
            serde_json::from_value(json!({"UHostId": "uhost-1", "Password": encoded})).unwrap();
        let decoded = instance.decoded_password()?;
        Ok(decoded.map(|password| password.expose_secret().to_owned()))
    }

    #[test]
    fn a_password_is_decoded_or_refused() {
        assert_eq!(password("ZGVtby1wYXNzd29yZA==").unwrap().unwrap(), "demo-password");
        assert_eq!(password("ZGVtby1wYXNzd29yZA").unwrap().unwrap(), "demo-password");
        assert_eq!(password("5a+G56CB").unwrap().unwrap(), "密码");
        assert_eq!(password("").unwrap(), None);
        for broken in ["not base64!", "/////w==", "A"] {
            assert_eq!(password(broken), Err(Undecodable), "{broken}");
        }
    }

    #[test]
    fn neither_command_nor_password_prints() {
        let fields = json!({"UHostId": "uhost-1", "SshLoginCommand": "ssh root@canary-host", "Password": "canary"});
        let instance: Instance = serde_json::from_value(fields).unwrap();
        assert_eq!(instance.login().host.as_deref(), Some("canary-host"));
        assert!(!format!("{:?}", instance.login().command).contains("canary"));
        assert!(!format!("{instance:?}").contains("canary"));
    }
}
