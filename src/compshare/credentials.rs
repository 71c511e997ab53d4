//! API keys, and the search for them.
//!
//! Each key is searched separately: arguments first, then the environment, then a profile of the
//! credentials file, which is not read if both keys are found before. An error lists all places
//! that were checked, each with the reason why it has no key, but it never contains a key or other
//! content of the file except names of profiles.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString};

use super::credentials_file::{self, CredentialsFile, FileError, Keys};
use crate::environment::Environment;

/// The two API keys of an account. They are not printed, and are wiped when dropped.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Identifies the account; sent with each request.
    pub public_key: SecretString,
    /// Signs requests; never sent.
    pub private_key: SecretString,
}

/// Arguments of the search. An empty text counts as not set, and white space around a text does not
/// count, except in a path.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    pub public_key: Option<SecretString>,
    pub private_key: Option<SecretString>,
    pub profile: Option<String>,
    /// Path of the credentials file. A leading `~/` stands for the home directory.
    pub config_file: Option<PathBuf>,
}

/// Failed search for credentials. No variant contains a key.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    #[error("no API keys found; checked in this order: {}", places.join(", "))]
    NoKeys {
        /// The places that were checked, in order, each with the reason why it has no key.
        places: Vec<String>,
    },
    #[error(
        "the {found} was found ({place}), but no {missing}; checked in this order: {}",
        places.join(", ")
    )]
    OneKey {
        found: &'static str,
        place: String,
        missing: &'static str,
        /// The places that were checked for the missing key.
        places: Vec<String>,
    },
    #[error(transparent)]
    File(#[from] FileError),
    /// The requested profile is not in the file.
    #[error(
        "the credentials file `{}` has no profile `{profile}` ({named_by}); {}",
        path.display(),
        list(profiles)
    )]
    NoSuchProfile {
        path: PathBuf,
        profile: String,
        /// Argument or environment variable that names the profile.
        named_by: &'static str,
        /// Profiles in the file.
        profiles: Vec<String>,
    },
}

fn list(profiles: &[String]) -> String {
    if profiles.is_empty() {
        return "the file has no profiles".to_owned();
    }
    format!("the file has `{}`", profiles.join("`, `"))
}

/// One of the two keys, with its names and places.
struct Key {
    words: &'static str,
    /// Name of the argument, and of the member in the file.
    name: &'static str,
    variable: &'static str,
    argument: fn(&Arguments) -> &Option<SecretString>,
    in_profile: fn(&Keys) -> &Option<SecretString>,
}

const PUBLIC: Key = Key {
    words: "public key",
    name: "public_key",
    variable: "COMPSHARE_PUBLIC_KEY",
    argument: |arguments| &arguments.public_key,
    in_profile: |keys| &keys.public_key,
};
const PRIVATE: Key = Key {
    words: "private key",
    name: "private_key",
    variable: "COMPSHARE_PRIVATE_KEY",
    argument: |arguments| &arguments.private_key,
    in_profile: |keys| &keys.private_key,
};

const FILE_VARIABLE: &str = "COMPSHARE_CONFIG_FILE";
const PROFILE_VARIABLE: &str = "COMPSHARE_PROFILE";
const DEFAULT_PROFILE: &str = "default";

struct Found {
    value: SecretString,
    place: String,
}

/// Searches the keys in `arguments`, in `environment` and in a profile of the credentials file.
///
/// The file is named by an argument or `COMPSHARE_CONFIG_FILE`, and is otherwise
/// `compshare/config.json` in `XDG_CONFIG_HOME` or `~/.config`. The profile is named by an argument
/// or `COMPSHARE_PROFILE`, and is otherwise the file's `current_profile`, or `default`.
///
/// # Errors
///
/// A key was not found, the file is unreadable, or the requested profile does not exist.
pub async fn locate(
    arguments: &Arguments,
    environment: &Environment,
) -> Result<Credentials, LookupError> {
    let public = given(&PUBLIC, arguments, environment);
    let private = given(&PRIVATE, arguments, environment);
    if let (Some(public), Some(private)) = (&public, &private) {
        let (public_key, private_key) = (public.value.clone(), private.value.clone());
        return Ok(Credentials { public_key, private_key });
    }
    let profile = find_profile(arguments, environment).await?;
    let one_key = |found: &Key, place, missing: &Key| LookupError::OneKey {
        found: found.words,
        place,
        missing: missing.words,
        places: places(&[missing], &profile),
    };
    match (public.or_else(|| profile.key(&PUBLIC)), private.or_else(|| profile.key(&PRIVATE))) {
        (Some(Found { value: public_key, .. }), Some(Found { value: private_key, .. })) => {
            Ok(Credentials { public_key, private_key })
        }
        (Some(found), None) => Err(one_key(&PUBLIC, found.place, &PRIVATE)),
        (None, Some(found)) => Err(one_key(&PRIVATE, found.place, &PUBLIC)),
        (None, None) => Err(LookupError::NoKeys { places: places(&[&PUBLIC, &PRIVATE], &profile) }),
    }
}

/// Returns `key` if it is set by argument or environment.
fn given(key: &Key, arguments: &Arguments, environment: &Environment) -> Option<Found> {
    if let Some(value) = (key.argument)(arguments).as_ref().and_then(trimmed) {
        return Some(Found { value, place: format!("argument `{}`", key.name) });
    }
    let value = environment.text(key.variable)?.into();
    Some(Found { value, place: format!("environment variable `{}`", key.variable) })
}

/// Returns `key` without the white space around it, since a key that was read from a file ends with
/// a line break. Returns `None` if nothing remains.
fn trimmed(key: &SecretString) -> Option<SecretString> {
    let key = key.expose_secret().trim();
    (!key.is_empty()).then(|| key.into())
}

/// Returns the places that were checked for the `missing` keys, with the reason for each.
fn places(missing: &[&Key], profile: &Profile) -> Vec<String> {
    let plural = if missing.len() == 1 { "" } else { "s" };
    let names = |name: fn(&Key) -> &'static str| {
        let names: Vec<_> = missing.iter().map(|key| format!("`{}`", name(key))).collect();
        names.join(" and ")
    };
    let reason = match (&profile.keys, missing) {
        (Err(reason), _) => reason.clone(),
        (Ok(_), [key]) => format!("has no `{}`", key.name),
        (Ok(_), _) => "has neither key".to_owned(),
    };
    vec![
        format!("argument{plural} {} (not set)", names(|key| key.name)),
        format!("environment variable{plural} {} (not set)", names(|key| key.variable)),
        format!("{} ({reason})", profile.place),
    ]
}

/// Profile to search in.
struct Profile {
    /// Name of the profile and path of its file.
    place: String,
    /// Keys of the profile, or the reason why it does not exist.
    keys: Result<Keys, String>,
}

impl Profile {
    fn key(&self, key: &Key) -> Option<Found> {
        let value = (key.in_profile)(self.keys.as_ref().ok()?).as_ref().and_then(trimmed)?;
        Some(Found { value, place: self.place.clone() })
    }
}

async fn find_profile(
    arguments: &Arguments,
    environment: &Environment,
) -> Result<Profile, LookupError> {
    let requested = requested_profile(arguments, environment);
    let name = requested.map_or(DEFAULT_PROFILE, |(name, _)| name);
    let Some((path, named_by)) = location(arguments, environment) else {
        let place = format!("profile `{name}` of the credentials file");
        let reason = "no home directory: `XDG_CONFIG_HOME` and `HOME` are not set";
        return Ok(Profile { place, keys: Err(reason.to_owned()) });
    };
    let place = |name: &str| format!("profile `{name}` of `{}`", path.display());
    let Some(CredentialsFile { current_profile, mut profiles }) =
        credentials_file::read(&path, named_by).await?
    else {
        return Ok(Profile { place: place(name), keys: Err("no such file".to_owned()) });
    };
    let current = current_profile.as_deref().filter(|name| !name.is_empty());
    let name = requested.map(|(name, _)| name).or(current).unwrap_or(DEFAULT_PROFILE);
    if let Some(keys) = profiles.remove(name) {
        return Ok(Profile { place: place(name), keys: Ok(keys) });
    }
    let profiles: Vec<_> = profiles.into_keys().collect();
    if let Some((profile, named_by)) = requested {
        let profile = profile.to_owned();
        return Err(LookupError::NoSuchProfile { path, profile, named_by, profiles });
    }
    let reason = format!("no such profile; {}", list(&profiles));
    Ok(Profile { place: place(name), keys: Err(reason) })
}

/// Returns the profile that is named by argument or environment, and which of them names it.
fn requested_profile<'a>(
    arguments: &'a Arguments,
    environment: &'a Environment,
) -> Option<(&'a str, &'static str)> {
    let argument = arguments.profile.as_deref().map(str::trim).filter(|name| !name.is_empty());
    if let Some(name) = argument {
        return Some((name, "argument `profile`"));
    }
    Some((environment.text(PROFILE_VARIABLE)?, "environment variable `COMPSHARE_PROFILE`"))
}

/// Returns the path of the file, and the argument or environment variable that names it, if one
/// does. Returns `None` if no file is named and there is no home directory.
fn location(
    arguments: &Arguments,
    environment: &Environment,
) -> Option<(PathBuf, Option<&'static str>)> {
    let is_set = |path: &&Path| !path.to_string_lossy().trim().is_empty();
    if let Some(path) = arguments.config_file.as_deref().filter(is_set) {
        return Some((expand(path, environment), Some("argument `config_file`")));
    }
    if let Some(path) = environment.path(FILE_VARIABLE).map(Path::new).filter(is_set) {
        let named_by = "environment variable `COMPSHARE_CONFIG_FILE`";
        return Some((expand(path, environment), Some(named_by)));
    }
    let folder = match environment.path("XDG_CONFIG_HOME") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(home(environment)?).join(".config"),
    };
    Some((folder.join("compshare").join("config.json"), None))
}

fn home(environment: &Environment) -> Option<&OsStr> {
    environment.path(if cfg!(windows) { "USERPROFILE" } else { "HOME" })
}

/// Expands a leading `~`, as CompShare's CLI does. No shell has processed the path.
fn expand(path: &Path, environment: &Environment) -> PathBuf {
    match (path.strip_prefix("~"), home(environment)) {
        (Ok(rest), Some(home)) => Path::new(home).join(rest),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn found(arguments: &Arguments, environment: &Environment) -> Result<Credentials, LookupError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(locate(arguments, environment))
    }

    /// Home directory with a credentials file.
    struct Home(tempfile::TempDir);

    impl Home {
        fn empty() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn with(text: &str) -> Self {
            let home = Self::empty();
            fs::create_dir_all(home.file().parent().unwrap()).unwrap();
            fs::write(home.file(), text).unwrap();
            home
        }

        fn file(&self) -> PathBuf {
            self.0.path().join(".config/compshare/config.json")
        }

        fn environment(&self, variables: &[(&str, &str)]) -> Environment {
            let home = ("HOME", self.0.path().to_str().unwrap());
            std::iter::once(&home).chain(variables).copied().collect()
        }

        /// Returns the text of the error with this directory replaced by `~`, and asserts that it
        /// contains no key.
        #[track_caller]
        fn refusal(&self, arguments: &Arguments, variables: &[(&str, &str)]) -> String {
            let error = found(arguments, &self.environment(variables)).unwrap_err();
            let texts = format!("{error} {error:?}");
            assert!(!texts.contains("canary"), "{texts}");
            error.to_string().replace(self.0.path().to_str().unwrap(), "~")
        }
    }

    const TWO_PROFILES: &str = r#"{"current_profile": "work", "language": "zh", "profiles": {
        "default": {"public_key": "canary-default-public", "private_key": "canary-default-private"},
        "work": {"public_key": "canary-work-public", "private_key": "canary-work-private"},
        "half": {"public_key": "canary-half-public"}}}"#;

    fn arguments(public_key: &str, private_key: &str, profile: &str) -> Arguments {
        Arguments {
            public_key: Some(public_key.into()),
            private_key: Some(private_key.into()),
            profile: Some(profile.to_owned()),
            config_file: None,
        }
    }

    fn exposed(credentials: &Credentials) -> (&str, &str) {
        (credentials.public_key.expose_secret(), credentials.private_key.expose_secret())
    }

    #[track_caller]
    fn check(arguments: &Arguments, environment: &Environment, want: (&str, &str)) {
        assert_eq!(exposed(&found(arguments, environment).unwrap()), want);
    }

    const VARIABLES: [(&str, &str); 2] = [
        ("COMPSHARE_PUBLIC_KEY", "canary-env-public"),
        ("COMPSHARE_PRIVATE_KEY", "canary-env-private"),
    ];

    #[test]
    fn each_key_comes_from_the_first_place_that_has_it() {
        let home = Home::with(TWO_PROFILES);
        let none = Arguments::default();
        let env = home.environment(&VARIABLES);
        check(&arguments("canary-a", "canary-b", ""), &env, ("canary-a", "canary-b"));
        check(&none, &env, ("canary-env-public", "canary-env-private"));
        check(&arguments("canary-a", "", ""), &env, ("canary-a", "canary-env-private"));
        check(
            &none,
            &home.environment(&VARIABLES[1..]),
            ("canary-work-public", "canary-env-private"),
        );
        check(
            &arguments("", "canary-b", ""),
            &home.environment(&[]),
            ("canary-work-public", "canary-b"),
        );
        // A profile with one key is enough if the other key is set elsewhere.
        check(
            &arguments("", "canary-b", "half"),
            &home.environment(&[]),
            ("canary-half-public", "canary-b"),
        );
        // An empty variable counts as not set.
        let empty = home.environment(&[("COMPSHARE_PUBLIC_KEY", ""), ("COMPSHARE_PROFILE", "")]);
        check(&none, &empty, ("canary-work-public", "canary-work-private"));
    }

    #[test]
    fn profile_is_the_requested_the_current_or_default() {
        let home = Home::with(TWO_PROFILES);
        let default = ("canary-default-public", "canary-default-private");
        let work = ("canary-work-public", "canary-work-private");
        check(&Arguments::default(), &home.environment(&[]), work);
        check(
            &Arguments::default(),
            &home.environment(&[("COMPSHARE_PROFILE", "default")]),
            default,
        );
        check(
            &arguments("", "", "work"),
            &home.environment(&[("COMPSHARE_PROFILE", "default")]),
            work,
        );
        for current in ["", r#""current_profile": null,"#, r#""current_profile": "","#] {
            let keys = r#"{"public_key": "p", "private_key": "q"}"#;
            let home = Home::with(&format!(r#"{{{current} "profiles": {{"default": {keys}}}}}"#));
            check(&Arguments::default(), &home.environment(&[]), ("p", "q"));
        }
    }

    #[test]
    fn file_is_the_named_one_or_in_the_default_location() {
        let home =
            Home::with(r#"{"profiles": {"default": {"public_key": "usual", "private_key": "x"}}}"#);
        let path = |name: &str| home.0.path().join(name);
        for name in ["argument", "variable", "xdg/compshare/config.json"] {
            fs::create_dir_all(path(name).parent().unwrap()).unwrap();
            let text = format!(
                r#"{{"profiles": {{"default": {{"public_key": "{name}", "private_key": "x"}}}}}}"#
            );
            fs::write(path(name), text).unwrap();
        }
        let xdg = path("xdg");
        let xdg = ("XDG_CONFIG_HOME", xdg.to_str().unwrap());
        let variable = ("COMPSHARE_CONFIG_FILE", "~/variable");
        let argument = Arguments { config_file: Some("~/argument".into()), ..Arguments::default() };
        check(&argument, &home.environment(&[variable, xdg]), ("argument", "x"));
        check(&Arguments::default(), &home.environment(&[variable, xdg]), ("variable", "x"));
        check(&Arguments::default(), &home.environment(&[xdg]), ("xdg/compshare/config.json", "x"));
        check(&Arguments::default(), &home.environment(&[]), ("usual", "x"));
    }

    #[test]
    fn broken_file_is_not_read_if_both_keys_are_set() {
        let home = Home::with("canary");
        check(&arguments("a", "b", "none"), &home.environment(&[]), ("a", "b"));
    }

    #[test]
    fn missing_keys_are_reported_with_all_places() {
        let start = "no API keys found; checked in this order: arguments `public_key` and \
                     `private_key` (not set), environment variables `COMPSHARE_PUBLIC_KEY` and \
                     `COMPSHARE_PRIVATE_KEY` (not set),";
        let none = Arguments::default();
        let file = "~/.config/compshare/config.json";
        assert_eq!(
            Home::empty().refusal(&none, &[]),
            format!("{start} profile `default` of `{file}` (no such file)")
        );
        assert_eq!(
            Home::empty().refusal(&arguments("", "", "work"), &[]),
            format!("{start} profile `work` of `{file}` (no such file)")
        );
        assert_eq!(
            Home::with(r#"{"profiles": {"default": {}}}"#).refusal(&none, &[]),
            format!("{start} profile `default` of `{file}` (has neither key)")
        );
        assert_eq!(
            Home::with(r#"{"current_profile": "gone", "profiles": {"a": {}, "b": {}}}"#)
                .refusal(&none, &[]),
            format!("{start} profile `gone` of `{file}` (no such profile; the file has `a`, `b`)")
        );
        assert_eq!(
            Home::with("{}").refusal(&none, &[]),
            format!(
                "{start} profile `default` of `{file}` (no such profile; the file has no profiles)"
            )
        );
        let homeless = found(&none, &Environment::default()).unwrap_err().to_string();
        let want = "profile `default` of the credentials file (no home directory: \
                    `XDG_CONFIG_HOME` and `HOME` are not set)";
        assert_eq!(homeless, format!("{start} {want}"));
        let nowhere: Environment = [("HOME", "/dev/null")].into_iter().collect();
        assert!(found(&none, &nowhere).unwrap_err().to_string().ends_with("(no such file)"));
    }

    #[test]
    fn missing_key_is_reported_with_the_found_one() {
        let home = Home::with(TWO_PROFILES);
        assert_eq!(
            home.refusal(&arguments("canary", "", "half"), &[]),
            "the public key was found (argument `public_key`), but no private key; checked in this \
             order: argument `private_key` (not set), environment variable `COMPSHARE_PRIVATE_KEY` \
             (not set), profile `half` of `~/.config/compshare/config.json` (has no `private_key`)"
        );
        assert_eq!(
            home.refusal(&arguments("", "", "half"), &[]),
            "the public key was found (profile `half` of `~/.config/compshare/config.json`), but \
             no private key; checked in this order: argument `private_key` (not set), environment \
             variable `COMPSHARE_PRIVATE_KEY` (not set), profile `half` of \
             `~/.config/compshare/config.json` (has no `private_key`)"
        );
        assert_eq!(
            Home::empty().refusal(&Arguments::default(), &VARIABLES[1..]),
            "the private key was found (environment variable `COMPSHARE_PRIVATE_KEY`), but no \
             public key; checked in this order: argument `public_key` (not set), environment variable \
             `COMPSHARE_PUBLIC_KEY` (not set), profile `default` of \
             `~/.config/compshare/config.json` (no such file)"
        );
    }

    #[test]
    fn named_file_must_exist() {
        let argument = Arguments { config_file: Some("~/none".into()), ..Arguments::default() };
        let variable = [("COMPSHARE_CONFIG_FILE", "~/none")];
        let home = Home::empty();
        let by_argument = home.refusal(&argument, &[]);
        assert!(by_argument.starts_with(
            "the credentials file `~/none` (argument `config_file`) cannot be read: "
        ));
        let by_variable = home.refusal(&Arguments::default(), &variable);
        assert!(
            by_variable.contains("(environment variable `COMPSHARE_CONFIG_FILE`) cannot be read: "),
            "{by_variable}"
        );
    }

    #[test]
    fn existing_file_must_be_readable() {
        let home = Home::empty();
        fs::create_dir_all(home.file()).unwrap();
        let refusal = home.refusal(&Arguments::default(), &[]);
        let want = "the credentials file `~/.config/compshare/config.json` (default location) \
                    cannot be read: ";
        assert!(refusal.starts_with(want), "{refusal}");
    }

    #[test]
    fn malformed_file_is_not_quoted() {
        let file = "the credentials file `~/.config/compshare/config.json`";
        let table = [
            ("canary", "is not valid JSON (line 1, column 1)"),
            ("{\n\"profiles\": canary}", "is not valid JSON (line 2, column 13)"),
            ("", "is not valid JSON (line 1, column 0)"),
            (r#""canary""#, "has an unexpected structure (line 1, column 8)"),
            (r#"{"profiles": "canary"}"#, "has an unexpected structure (line 1, column 21)"),
            (
                r#"{"profiles": {"default": "canary"}}"#,
                "has an unexpected structure (line 1, column 33)",
            ),
            (
                r#"{"profiles": {"default": {"public_key": 123456}}}"#,
                "has an unexpected structure (line 1, column 46)",
            ),
        ];
        for (text, want) in table {
            assert_eq!(
                Home::with(text).refusal(&Arguments::default(), &[]),
                format!("{file} {want}"),
                "{text}"
            );
        }
    }

    #[test]
    fn white_space_around_keys_and_profile_does_not_count() {
        let home = Home::with(
            r#"{"profiles": {"work": {"public_key": "canary-p\n", "private_key": " canary-q"}}}"#,
        );
        let padded = arguments("\n", " ", " work\r\n");
        check(&padded, &home.environment(&[]), ("canary-p", "canary-q"));
        let padded = arguments(" canary-a\n", "canary-b\r\n", "");
        check(&padded, &home.environment(&[]), ("canary-a", "canary-b"));
        let variables = VARIABLES.map(|(name, key)| (name, format!(" {key}\n")));
        let variables = variables.each_ref().map(|(name, key)| (*name, key.as_str()));
        check(
            &Arguments::default(),
            &home.environment(&variables),
            ("canary-env-public", "canary-env-private"),
        );
    }

    #[test]
    fn byte_order_mark_is_skipped() {
        let home = Home::with(&format!("\u{feff}{TWO_PROFILES}"));
        let work = ("canary-work-public", "canary-work-private");
        check(&Arguments::default(), &home.environment(&[]), work);
    }

    #[test]
    fn utf_16_is_reported() {
        let home = Home::with("");
        let text = TWO_PROFILES.encode_utf16().flat_map(u16::to_le_bytes);
        fs::write(home.file(), [0xff, 0xfe].into_iter().chain(text).collect::<Vec<_>>()).unwrap();
        let refusal = home.refusal(&Arguments::default(), &[]);
        assert!(refusal.contains("is encoded in UTF-16"), "{refusal}");
    }

    #[test]
    fn requested_profile_must_exist() {
        let home = Home::with(TWO_PROFILES);
        let profiles = "the file has `default`, `half`, `work`";
        let file = "the credentials file `~/.config/compshare/config.json` has no profile";
        assert_eq!(
            home.refusal(&arguments("", "", "prod"), &[]),
            format!("{file} `prod` (argument `profile`); {profiles}")
        );
        assert_eq!(
            home.refusal(&Arguments::default(), &[("COMPSHARE_PROFILE", "prod")]),
            format!("{file} `prod` (environment variable `COMPSHARE_PROFILE`); {profiles}")
        );
    }

    #[test]
    fn endless_file_is_cut_off() {
        let home = Home::with(&format!("{{}}{}", " ".repeat(2 << 20)));
        let file = "the credentials file `~/.config/compshare/config.json`";
        assert_eq!(
            home.refusal(&Arguments::default(), &[]),
            format!("{file} (default location) cannot be read: longer than 1048576 bytes")
        );
        #[cfg(unix)]
        {
            let endless = [("COMPSHARE_CONFIG_FILE", "/dev/zero")];
            assert!(home.refusal(&Arguments::default(), &endless).contains("longer than"));
        }
    }

    #[test]
    fn debug_shows_no_key() {
        let given = arguments("canary-a", "canary-b", "");
        let credentials = found(&given, &Environment::default()).unwrap();
        assert!(!format!("{credentials:?} {given:?}").contains("canary"));
    }
}
