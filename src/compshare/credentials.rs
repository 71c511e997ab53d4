//! The keys, and where to find them.
//!
//! Each key is looked for by itself: what the caller was given, then the environment, then a profile of the official
//! CLI's file, which works unchanged:
//!
//! ```json
//! {"current_profile": "default", "profiles": {"default": {"public_key": "…", "private_key": "…"}}}
//! ```
//!
//! That file holds nothing else of interest (version 0.5.6 writes the two keys and a language). It is not opened if
//! both keys came from elsewhere. What goes wrong is told in full, each place with the reason why it did not help, but
//! never with a value or a piece of the file.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fmt,
    fs::File,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};
use serde::{Deserialize, Deserializer};

use crate::environment::Environment;

/// The two keys of an account. They do not print, and are wiped when dropped.
#[derive(Clone)]
pub struct Credentials {
    public_key: SecretString,
    private_key: SecretString,
}

impl Credentials {
    /// The keys as given.
    pub fn new(public_key: SecretString, private_key: SecretString) -> Self {
        Self { public_key, private_key }
    }

    /// Says who is asking; sent with each request.
    pub fn public_key(&self) -> &SecretString {
        &self.public_key
    }

    /// Signs requests; never sent.
    pub fn private_key(&self) -> &SecretString {
        &self.private_key
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Credentials").finish_non_exhaustive()
    }
}

/// What the caller was given explicitly. An empty text counts as not given.
#[derive(Clone, Debug, Default)]
pub struct Arguments {
    /// The public key.
    pub public_key: Option<SecretString>,
    /// The private key.
    pub private_key: Option<SecretString>,
    /// Name of the profile to use.
    pub profile: Option<String>,
    /// The file to look for profiles in; a leading `~/` is the home directory.
    pub config_file: Option<PathBuf>,
}

/// One of the two keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// The one that is sent.
    Public,
    /// The one that signs.
    Private,
}

impl Key {
    /// Its name as an argument and in the file.
    fn name(self) -> &'static str {
        match self {
            Self::Public => "public_key",
            Self::Private => "private_key",
        }
    }

    fn variable(self) -> &'static str {
        match self {
            Self::Public => "COMPSHARE_PUBLIC_KEY",
            Self::Private => "COMPSHARE_PRIVATE_KEY",
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Public => "public key",
            Self::Private => "private key",
        })
    }
}

/// Why there are no credentials. No variant holds a key or a piece of the file.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// Neither key is anywhere.
    #[error("no API keys found; looked at {}", looked_at.join(", then "))]
    Nothing {
        /// Each place and why it did not help, in the order they were looked at.
        looked_at: Vec<String>,
    },
    /// One key without the other.
    #[error("the {found} was found ({found_at}) but no {missing}; looked for that at {}", looked_at.join(", then "))]
    Half {
        /// The one that was found.
        found: Key,
        /// Where.
        found_at: String,
        /// The one that was not.
        missing: Key,
        /// Each place where that was looked for, and why it did not help, in order.
        looked_at: Vec<String>,
    },
    /// The file cannot be read; or it does not exist, but was named explicitly.
    #[error("the credentials file `{}` ({named_by}) cannot be read: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Who chose it.
        named_by: &'static str,
        /// What the system said.
        cause: io::Error,
    },
    /// The file can be read, but is not what the official CLI writes.
    #[error("the credentials file `{}` {trouble} (line {line}, column {column})", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What kind of trouble.
        trouble: &'static str,
        /// Where, from 1.
        line: usize,
        /// Where, from 1; 0 before the first character of a line.
        column: usize,
    },
    /// The profile that was asked for is not in the file.
    #[error("the credentials file `{}` has no profile `{profile}` ({named_by}); {}", path.display(), there(profiles))]
    NoSuchProfile {
        /// The file.
        path: PathBuf,
        /// The profile.
        profile: String,
        /// Who asked for it.
        named_by: &'static str,
        /// The profiles that are there.
        profiles: Vec<String>,
    },
}

/// What profiles there are, in words.
fn there(profiles: &[String]) -> String {
    if profiles.is_empty() {
        return "it has no profiles at all".to_owned();
    }
    format!("it has `{}`", profiles.join("`, `"))
}

/// A file of profiles takes a few hundred bytes. What is longer is something else, and may have no end.
const LONGEST: u64 = 1 << 20;

const FILE_VARIABLE: &str = "COMPSHARE_CONFIG_FILE";
const PROFILE_VARIABLE: &str = "COMPSHARE_PROFILE";
const FILE_ARGUMENT_NAME: &str = "argument `config_file`";
const FILE_VARIABLE_NAME: &str = "environment variable `COMPSHARE_CONFIG_FILE`";
const PROFILE_ARGUMENT_NAME: &str = "argument `profile`";
const PROFILE_VARIABLE_NAME: &str = "environment variable `COMPSHARE_PROFILE`";

/// Finds the keys: each for itself in `arguments`, then `environment`, then a profile of the credentials file.
///
/// The file is the one named by argument or `COMPSHARE_CONFIG_FILE`, else `compshare/config.json` in `XDG_CONFIG_HOME`
/// or `~/.config`; the profile the one named by argument or `COMPSHARE_PROFILE`, else the file's `current_profile`,
/// else `default`.
///
/// # Errors
///
/// A [`LookupError`] that says which key is missing and every place that was looked at.
pub fn locate(
    arguments: &Arguments,
    environment: &Environment,
) -> Result<Credentials, LookupError> {
    let public_key = search_above_file(Key::Public, arguments.public_key.as_ref(), environment);
    let private_key = search_above_file(Key::Private, arguments.private_key.as_ref(), environment);
    if let (Ok(public_key), Ok(private_key)) = (&public_key, &private_key) {
        return Ok(Credentials::new(public_key.value.clone(), private_key.value.clone()));
    }
    let profile = open_profile(arguments, environment)?;
    let public_key =
        public_key.or_else(|looked_at| search_profile(Key::Public, &profile, looked_at));
    let private_key =
        private_key.or_else(|looked_at| search_profile(Key::Private, &profile, looked_at));
    match (public_key, private_key) {
        (Ok(public_key), Ok(private_key)) => {
            Ok(Credentials::new(public_key.value, private_key.value))
        }
        (Ok(found), Err(looked_at)) => Err(half(Key::Public, found, Key::Private, looked_at)),
        (Err(looked_at), Ok(found)) => Err(half(Key::Private, found, Key::Public, looked_at)),
        (Err(_), Err(_)) => Err(LookupError::Nothing { looked_at: places_of_both(&profile) }),
    }
}

/// A key and where it was.
struct Found {
    value: SecretString,
    place: String,
}

/// Looks for `key` where it may be given directly; else names the places that did not have it.
fn search_above_file(
    key: Key,
    argument: Option<&SecretString>,
    environment: &Environment,
) -> Result<Found, Vec<String>> {
    let argument_place = format!("argument `{}`", key.name());
    let variable_place = format!("environment variable `{}`", key.variable());
    if let Some(value) = argument.filter(|value| !value.expose_secret().is_empty()) {
        return Ok(Found { value: value.clone(), place: argument_place });
    }
    if let Some(value) = environment.text(key.variable()) {
        return Ok(Found { value: value.into(), place: variable_place });
    }
    Err(vec![format!("{argument_place} (not set)"), format!("{variable_place} (not set)")])
}

fn search_profile(
    key: Key,
    profile: &Profile,
    mut looked_at: Vec<String>,
) -> Result<Found, Vec<String>> {
    let reason = match &profile.keys {
        Err(reason) => reason.clone(),
        Ok(keys) => match keys.of(key) {
            Some(value) => return Ok(Found { value: value.clone(), place: profile.place.clone() }),
            None => format!("has no `{}`", key.name()),
        },
    };
    looked_at.push(format!("{} ({reason})", profile.place));
    Err(looked_at)
}

fn half(
    found: Key,
    Found { place, .. }: Found,
    missing: Key,
    looked_at: Vec<String>,
) -> LookupError {
    LookupError::Half { found, found_at: place, missing, looked_at }
}

/// Every place, for when neither key was in any.
fn places_of_both(profile: &Profile) -> Vec<String> {
    let both = |name: fn(Key) -> &'static str| {
        format!("`{}` and `{}`", name(Key::Public), name(Key::Private))
    };
    let reason = match &profile.keys {
        Ok(_) => "has neither key",
        Err(reason) => reason,
    };
    vec![
        format!("arguments {} (not set)", both(Key::name)),
        format!("environment variables {} (not set)", both(Key::variable)),
        format!("{} ({reason})", profile.place),
    ]
}

/// The profile that is to be used, as far as there is one.
struct Profile {
    /// Which, of which file.
    place: String,
    /// Its keys, or why there is no such profile.
    keys: Result<Keys, String>,
}

fn open_profile(arguments: &Arguments, environment: &Environment) -> Result<Profile, LookupError> {
    let asked_for = requested_profile(arguments, environment);
    let name = asked_for.as_ref().map_or("default", |(name, _)| name);
    let Some(Location { path, named_by }) = location(arguments, environment) else {
        let place = format!("profile `{name}` of the credentials file");
        return Ok(Profile {
            place,
            keys: Err("no home directory: `XDG_CONFIG_HOME` and `HOME` are not set".to_owned()),
        });
    };
    let place = |name: &str| format!("profile `{name}` of `{}`", path.display());
    let Some(ConfigFile { current_profile, mut profiles }) = read(&path, named_by)? else {
        return Ok(Profile { place: place(name), keys: Err("no such file".to_owned()) });
    };
    let current = current_profile.filter(|name| !name.is_empty());
    let name = match &asked_for {
        Some((name, _)) => name,
        None => current.as_deref().unwrap_or("default"),
    };
    if let Some(keys) = profiles.remove(name) {
        return Ok(Profile { place: place(name), keys: Ok(keys) });
    }
    let profiles: Vec<_> = profiles.into_keys().collect();
    if let Some((profile, named_by)) = asked_for {
        return Err(LookupError::NoSuchProfile { path, profile, named_by, profiles });
    }
    Ok(Profile { place: place(name), keys: Err(format!("no such profile; {}", there(&profiles))) })
}

/// The profile that was asked for by name, and by whom.
fn requested_profile(
    arguments: &Arguments,
    environment: &Environment,
) -> Option<(String, &'static str)> {
    if let Some(name) = arguments.profile.as_ref().filter(|name| !name.is_empty()) {
        return Some((name.clone(), PROFILE_ARGUMENT_NAME));
    }
    Some((environment.text(PROFILE_VARIABLE)?.to_owned(), PROFILE_VARIABLE_NAME))
}

/// Where the file is.
struct Location {
    path: PathBuf,
    /// Who named it; nobody, if it is in its usual place.
    named_by: Option<&'static str>,
}

/// `None` if nobody named a file and there is no home directory to look in.
fn location(arguments: &Arguments, environment: &Environment) -> Option<Location> {
    if let Some(path) = arguments.config_file.as_deref().filter(|path| !path.as_os_str().is_empty())
    {
        return Some(Location {
            path: expand(path, environment),
            named_by: Some(FILE_ARGUMENT_NAME),
        });
    }
    if let Some(path) = environment.path(FILE_VARIABLE) {
        return Some(Location {
            path: expand(path.as_ref(), environment),
            named_by: Some(FILE_VARIABLE_NAME),
        });
    }
    let folder = match environment.path("XDG_CONFIG_HOME") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(home(environment)?).join(".config"),
    };
    Some(Location { path: folder.join("compshare").join("config.json"), named_by: None })
}

fn home(environment: &Environment) -> Option<&OsStr> {
    environment.path(if cfg!(windows) { "USERPROFILE" } else { "HOME" })
}

/// No shell has looked at a path that comes from a configuration, so `~` is expanded here, as the official CLI does.
fn expand(path: &Path, environment: &Environment) -> PathBuf {
    match (path.strip_prefix("~"), home(environment)) {
        (Ok(rest), Some(home)) => Path::new(home).join(rest),
        _ => path.to_owned(),
    }
}

/// The file, as far as it matters here.
#[derive(Deserialize)]
struct ConfigFile {
    current_profile: Option<String>,
    #[serde(default)]
    profiles: BTreeMap<String, Keys>,
}

/// A profile in the file.
#[derive(Deserialize)]
struct Keys {
    #[serde(default, deserialize_with = "key")]
    public_key: Option<SecretString>,
    #[serde(default, deserialize_with = "key")]
    private_key: Option<SecretString>,
}

impl Keys {
    fn of(&self, key: Key) -> Option<&SecretString> {
        match key {
            Key::Public => self.public_key.as_ref(),
            Key::Private => self.private_key.as_ref(),
        }
    }
}

fn key<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    let value = Option::<String>::deserialize(deserializer)?;
    Ok(value.filter(|value| !value.is_empty()).map(SecretString::from))
}

/// Reads the file at `path`; `None` if there is none and nobody insisted on it.
fn read(path: &Path, named_by: Option<&'static str>) -> Result<Option<ConfigFile>, LookupError> {
    let text = match read_text(path) {
        Ok(text) => text,
        Err(cause) if named_by.is_none() && is_absence(&cause) => return Ok(None),
        Err(cause) => {
            let named_by = named_by.unwrap_or("its usual place");
            return Err(LookupError::Unreadable { path: path.to_owned(), named_by, cause });
        }
    };
    match serde_json::from_slice(&text) {
        Ok(file) => Ok(Some(file)),
        Err(error) => Err(LookupError::Malformed {
            path: path.to_owned(),
            // serde's own words may quote what they stumbled over.
            trouble: if error.is_data() {
                "does not have the expected shape"
            } else {
                "is not valid JSON"
            },
            line: error.line(),
            column: error.column(),
        }),
    }
}

fn read_text(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut text = Zeroizing::new(Vec::new());
    File::open(path)?.take(LONGEST + 1).read_to_end(&mut text)?;
    if text.len() as u64 > LONGEST {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("longer than {LONGEST} bytes"),
        ));
    }
    Ok(text)
}

/// A home directory that is not one, such as `/dev/null`, has no such file either.
fn is_absence(cause: &io::Error) -> bool {
    matches!(cause.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A home directory with the official CLI's file in it.
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

        /// The error's text with this directory replaced by `~`; also sees to it that no key is in any of its texts.
        #[track_caller]
        fn refusal(&self, arguments: &Arguments, variables: &[(&str, &str)]) -> String {
            let error = locate(arguments, &self.environment(variables)).unwrap_err();
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
        assert_eq!(exposed(&locate(arguments, environment).unwrap()), want);
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
        // A half profile is enough if the other half is elsewhere.
        check(
            &arguments("", "canary-b", "half"),
            &home.environment(&[]),
            ("canary-half-public", "canary-b"),
        );
        // An empty variable is not set.
        let empty = home.environment(&[("COMPSHARE_PUBLIC_KEY", ""), ("COMPSHARE_PROFILE", "")]);
        check(&none, &empty, ("canary-work-public", "canary-work-private"));
    }

    #[test]
    fn the_profile_is_the_one_asked_for_else_the_current_one_else_default() {
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
    fn the_file_is_the_one_named_else_in_its_usual_place() {
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
    fn a_broken_file_does_not_matter_when_both_keys_are_given() {
        let home = Home::with("canary");
        check(&arguments("a", "b", "nobody"), &home.environment(&[]), ("a", "b"));
    }

    #[test]
    fn nothing_found_lists_every_place() {
        let start = "no API keys found; looked at arguments `public_key` and `private_key` (not set), then environment \
                     variables `COMPSHARE_PUBLIC_KEY` and `COMPSHARE_PRIVATE_KEY` (not set), then";
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
            format!("{start} profile `gone` of `{file}` (no such profile; it has `a`, `b`)")
        );
        assert_eq!(
            Home::with("{}").refusal(&none, &[]),
            format!(
                "{start} profile `default` of `{file}` (no such profile; it has no profiles at all)"
            )
        );
        let homeless = locate(&none, &Environment::default()).unwrap_err().to_string();
        let want = "profile `default` of the credentials file (no home directory: `XDG_CONFIG_HOME` and `HOME` are not set)";
        assert_eq!(homeless, format!("{start} {want}"));
        let nowhere: Environment = [("HOME", "/dev/null")].into_iter().collect();
        assert!(locate(&none, &nowhere).unwrap_err().to_string().ends_with("(no such file)"));
    }

    #[test]
    fn half_a_credential_says_which_half_and_where_the_other_was_looked_for() {
        let home = Home::with(TWO_PROFILES);
        assert_eq!(
            home.refusal(&arguments("canary", "", "half"), &[]),
            "the public key was found (argument `public_key`) but no private key; looked for that at argument \
             `private_key` (not set), then environment variable `COMPSHARE_PRIVATE_KEY` (not set), then profile `half` of \
             `~/.config/compshare/config.json` (has no `private_key`)"
        );
        assert_eq!(
            home.refusal(&arguments("", "", "half"), &[]),
            "the public key was found (profile `half` of `~/.config/compshare/config.json`) but no private key; looked \
             for that at argument `private_key` (not set), then environment variable `COMPSHARE_PRIVATE_KEY` (not set), \
             then profile `half` of `~/.config/compshare/config.json` (has no `private_key`)"
        );
        assert_eq!(
            Home::empty().refusal(&Arguments::default(), &VARIABLES[1..]),
            "the private key was found (environment variable `COMPSHARE_PRIVATE_KEY`) but no public key; looked for that \
             at argument `public_key` (not set), then environment variable `COMPSHARE_PUBLIC_KEY` (not set), then \
             profile `default` of `~/.config/compshare/config.json` (no such file)"
        );
    }

    #[test]
    fn a_file_that_was_named_must_be_there() {
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
    fn a_file_that_is_there_must_be_readable() {
        let home = Home::empty();
        fs::create_dir_all(home.file()).unwrap();
        let refusal = home.refusal(&Arguments::default(), &[]);
        let want = "the credentials file `~/.config/compshare/config.json` (its usual place) cannot be read: ";
        assert!(refusal.starts_with(want), "{refusal}");
    }

    #[test]
    fn a_malformed_file_is_placed_but_not_quoted() {
        let file = "the credentials file `~/.config/compshare/config.json`";
        let table = [
            ("canary", "is not valid JSON (line 1, column 1)"),
            ("{\n\"profiles\": canary}", "is not valid JSON (line 2, column 13)"),
            ("", "is not valid JSON (line 1, column 0)"),
            (r#""canary""#, "does not have the expected shape (line 1, column 8)"),
            (r#"{"profiles": "canary"}"#, "does not have the expected shape (line 1, column 21)"),
            (
                r#"{"profiles": {"default": "canary"}}"#,
                "does not have the expected shape (line 1, column 33)",
            ),
            (
                r#"{"profiles": {"default": {"public_key": 123456}}}"#,
                "does not have the expected shape (line 1, column 46)",
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
    fn a_profile_that_was_asked_for_must_be_there() {
        let home = Home::with(TWO_PROFILES);
        let there = "it has `default`, `half`, `work`";
        let file = "the credentials file `~/.config/compshare/config.json` has no profile";
        assert_eq!(
            home.refusal(&arguments("", "", "prod"), &[]),
            format!("{file} `prod` (argument `profile`); {there}")
        );
        assert_eq!(
            home.refusal(&Arguments::default(), &[("COMPSHARE_PROFILE", "prod")]),
            format!("{file} `prod` (environment variable `COMPSHARE_PROFILE`); {there}")
        );
    }

    #[test]
    fn a_file_that_does_not_end_is_not_read_to_its_end() {
        let home = Home::with(&format!("{{}}{}", " ".repeat(2 << 20)));
        let file = "the credentials file `~/.config/compshare/config.json`";
        assert_eq!(
            home.refusal(&Arguments::default(), &[]),
            format!("{file} (its usual place) cannot be read: longer than 1048576 bytes")
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
        let credentials = locate(&given, &Environment::default()).unwrap();
        assert!(!format!("{credentials:?} {given:?}").contains("canary"));
    }
}
