//! Whatever takes in what others wrote, each as a function of bytes: for the fuzz targets in `fuzz/`, and for the test at the
//! end of this file, which mutates the same seeds for a short while in every run of the tests.
//!
//! Every input may be refused. None may panic, hang, or take memory that is out of proportion to its length; and where more
//! is promised, it is asserted here. Not a part of the library: it is there only for tests and with the feature `fuzzing`.

#![expect(clippy::unwrap_used, reason = "an assertion that fails is what fuzzing looks for")]

#[cfg(test)]
mod mutation;
mod parts;
mod rpc;

use std::{cell::RefCell, ffi::OsString, fs, sync::OnceLock};

use self::parts::{Parts, join};
use crate::{
    compshare::{self, Arguments, BaseUrl, LookupError},
    cty::{Type, Value, conforms, json, msgpack},
    environment::Environment,
    framework::{Provider as _, parse_duration},
    plugin,
    provider::CompshareProvider,
};

/// One entry point.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub name: &'static str,
    /// Takes an input; a panic is a finding.
    pub run: fn(&[u8]),
    /// Inputs that get far.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// How many bytes an input may take at once however short it is, and how many more for each byte of it: as many as the
    /// smallest part of a value takes.
    pub memory: (u64, u64),
}

/// All of them.
pub const TARGETS: [Target; 8] = [
    Target::new("msgpack", msgpack, msgpack_seeds),
    Target { memory: (1 << 20, 8 << 10), ..Target::new("json", json, json_seeds) },
    Target::new("rpc", rpc::run, rpc::seeds),
    Target::new("handshake", handshake, handshake_seeds),
    Target::new("answer", answer, answer_seeds),
    Target::new("credentials", credentials, credentials_seeds),
    Target::new("words", words, words_seeds),
    Target { memory: (16 << 20, 1 << 10), ..Target::new("regex", rpc::regex, regex_seeds) },
];

impl Target {
    /// One that has no need of much memory.
    const fn new(name: &'static str, run: fn(&[u8]), seeds: fn() -> Vec<Vec<u8>>) -> Self {
        Self { name, run, seeds, memory: (1 << 20, 1 << 10) }
    }
}

/// Runs the target of that name.
///
/// # Panics
/// There is a finding, or no such target.
pub fn run(name: &str, input: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    (target.unwrap().run)(input);
}

/// A type, then a value of it.
fn msgpack(input: &[u8]) {
    let mut parts = Parts::of(input);
    let ty = any_type(parts.next());
    let Ok(value) = msgpack::decode(parts.rest(), &ty) else { return };
    conforms(&value, &ty).unwrap();
    let encoded = msgpack::encode(&value, &ty).unwrap();
    let again = msgpack::decode(&encoded, &ty).unwrap();
    assert!(again == value, "another value after a round trip");
    assert!(msgpack::encode(&again, &ty).unwrap() == encoded, "another form the second time");
    if let Ok(json) = json::encode(&value, &ty) {
        assert!(json::decode(&json, &ty).unwrap() == value, "another value by way of JSON");
    }
}

/// A type, then a value of it.
fn json(input: &[u8]) {
    let mut parts = Parts::of(input);
    let ty = any_type(parts.next());
    let input = parts.rest();
    let (strict, lenient) = (json::decode(input, &ty), json::decode_state(input, &ty));
    if let Ok(value) = &strict {
        assert!(lenient.as_ref() == Ok(value), "leniency changed what strictness takes");
    }
    let Ok(value) = lenient else { return };
    conforms(&value, &ty).unwrap();
    let encoded = json::encode(&value, &ty).unwrap();
    assert!(json::decode(&encoded, &ty).unwrap() == value, "another value after a round trip");
    let packed = msgpack::encode(&value, &ty).unwrap();
    assert!(msgpack::decode(&packed, &ty).unwrap() == value, "another value in MessagePack");
}

/// What the bytes spell; else one of the provider's own, by its number.
fn any_type(bytes: &[u8]) -> Type {
    if let Ok(ty) = Type::from_json(bytes) {
        assert!(Type::from_json(ty.to_json().as_bytes()) == Ok(ty.clone()));
        return ty;
    }
    let own = own_types();
    own[usize::from(bytes.first().copied().unwrap_or_default()) % own.len()].clone()
}

/// The types of everything that the provider offers.
fn own_types() -> &'static [Type] {
    static TYPES: OnceLock<Vec<Type>> = OnceLock::new();
    TYPES.get_or_init(|| {
        let provider = CompshareProvider::new(Environment::default());
        let mut types = vec![provider.schema().block.ty()];
        for resource in provider.resources() {
            types.extend([resource.schema().block.ty(), resource.identity_schema().ty()]);
        }
        types.extend(provider.data_sources().iter().map(|one| one.schema().block.ty()));
        types.extend(provider.ephemeral_resources().iter().map(|one| one.schema().block.ty()));
        types.extend(provider.list_resources().iter().map(|one| one.schema().block.ty()));
        types.extend(provider.actions().iter().map(|one| one.schema().block.ty()));
        types
    })
}

/// What a host may say in the environment.
fn handshake(input: &[u8]) {
    const NAMES: [&str; 8] = [
        "COOKIE",
        "PLUGIN_MIN_PORT",
        "PLUGIN_MAX_PORT",
        "PLUGIN_PROTOCOL_VERSIONS",
        "PLUGIN_UNIX_SOCKET_DIR",
        "PLUGIN_UNIX_SOCKET_GROUP",
        "PLUGIN_MULTIPLEX_GRPC",
        "PLUGIN_CLIENT_CERT",
    ];
    let mut parts = Parts::of(input);
    let (last, others) = NAMES.split_last().unwrap();
    let mut variables: Vec<_> = others.iter().map(|name| (*name, os_text(parts.next()))).collect();
    variables.push((*last, os_text(parts.rest())));
    plugin::fuzzing::read_environment(&variables.into_iter().collect());
}

#[cfg(unix)]
fn os_text(bytes: &[u8]) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes.to_vec())
}

#[cfg(not(unix))]
fn os_text(bytes: &[u8]) -> OsString {
    String::from_utf8_lossy(bytes).into_owned().into()
}

/// Status and headers of an answer, then its body.
fn answer(input: &[u8]) {
    let mut parts = Parts::of(input);
    let status = 100 + u16::from(parts.byte()) * 2;
    let [request_id, retry_after] = [parts.next(), parts.next()];
    compshare::fuzzing::read_answer(status, request_id, retry_after, parts.rest());
}

/// The profile that is asked for, then the file.
fn credentials(input: &[u8]) {
    thread_local! {
        static FILE: RefCell<tempfile::NamedTempFile> =
            RefCell::new(tempfile::NamedTempFile::new().unwrap());
    }
    let mut parts = Parts::of(input);
    let profile = String::from_utf8_lossy(parts.next()).into_owned();
    FILE.with_borrow(|file| {
        fs::write(file.path(), parts.rest()).unwrap();
        let config_file = Some(file.path().to_owned());
        let arguments = Arguments { profile: Some(profile), config_file, ..Arguments::default() };
        match compshare::locate(&arguments, &Environment::default()) {
            Ok(found) => assert!(!format!("{found:?}").contains("canary")),
            // The other errors name profiles, and a profile may be called anything.
            Err(error @ LookupError::Malformed { .. }) => {
                assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
            }
            Err(error) => drop(error.to_string()),
        }
    });
}

/// A text in each of the small syntaxes.
fn words(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Ok(duration) = parse_duration(&text) {
        assert!(!duration.is_zero(), "no time at all is no duration");
        assert!(tokio::time::Instant::now().checked_add(duration).is_some());
    }
    if let Ok(url) = text.parse::<BaseUrl>() {
        assert!(url.to_string().parse::<BaseUrl>().as_ref() == Ok(&url));
    }
    compshare::fuzzing::read_login(&text);
}

fn msgpack_seeds() -> Vec<Vec<u8>> {
    let deep = join(&[b"\"dynamic\""], &b"\x92\xc4\x09\"dynamic\"".repeat(DEPTH));
    typed_values()
        .into_iter()
        .map(|(number, ty, value)| {
            let encoded = msgpack::encode(&value, &ty).unwrap();
            join(&[&type_part(number, &ty)], &encoded)
        })
        .chain([deep])
        .collect()
}

fn json_seeds() -> Vec<Vec<u8>> {
    let deep = join(&[b"\"dynamic\""], &b"{\"type\":\"dynamic\",\"value\":".repeat(DEPTH));
    let deep_type = join(&[&b"[\"set\",".repeat(DEPTH / 4)], b"[]");
    typed_values()
        .into_iter()
        .filter(|(.., value)| value.is_wholly_known())
        .map(|(number, ty, value)| {
            let encoded = json::encode(&value, &ty).unwrap();
            join(&[&type_part(number, &ty)], &encoded)
        })
        .chain([deep, deep_type])
        .collect()
}

fn type_part(number: Option<u8>, ty: &Type) -> Vec<u8> {
    number.map_or_else(|| ty.to_json().into_bytes(), |number| vec![number])
}

/// Values with their types; the provider's own types by their numbers.
fn typed_values() -> Vec<(Option<u8>, Type, Value)> {
    const TYPES: [&str; 8] = [
        r#""dynamic""#,
        r#"["list","number"]"#,
        r#"["map",["set","bool"]]"#,
        r#"["tuple",["string","number","dynamic"]]"#,
        r#"["object",{"a":"string","b":["list","dynamic"],"c":["object",{"d":"bool"}]}]"#,
        r#"["list",["object",{"a":"dynamic","b":"number"}]]"#,
        r#"["map","dynamic"]"#,
        r#"["set",["tuple",[]]]"#,
    ];
    let foreign = TYPES.map(|json| (None, Type::from_json(json.as_bytes()).unwrap()));
    let own = (0_u8..).zip(own_types()).map(|(number, ty)| (Some(number), ty.clone()));
    let mut values = Vec::new();
    for (number, ty) in own.chain(foreign) {
        for fill in [Value::Null, Value::unknown(), Value::from("uhost-1")] {
            let value = filled(&ty, &fill);
            values.push((number, ty.clone(), value));
        }
    }
    values
}

/// Deeper than any stack, if each level took a part of it.
const DEPTH: usize = 20_000;

/// A value with all its parts, and `fill` for each that is a string, or for everything if it is no text itself.
fn filled(ty: &Type, fill: &Value) -> Value {
    let leaf = |value: Value| if fill.as_str().is_some() { value } else { fill.clone() };
    match ty {
        Type::String => fill.clone(),
        Type::Bool => leaf(Value::from(true)),
        Type::Number => leaf(Value::Number(crate::cty::Number::from_decimal("-12.5e3").unwrap())),
        Type::List(element) | Type::Set(element) => {
            Value::List(vec![filled(element, fill), filled(element, fill)])
        }
        Type::Map(element) => {
            Value::map([("a", filled(element, fill)), ("é", filled(element, fill))])
        }
        Type::Tuple(types) => Value::List(types.iter().map(|ty| filled(ty, fill)).collect()),
        Type::Object(types) => Value::map(types.iter().map(|(name, ty)| (name, filled(ty, fill)))),
        Type::Dynamic => {
            let chosen = Type::Map(Box::new(Type::Bool));
            Value::Dynamic(Box::new((chosen.clone(), filled(&chosen, fill))))
        }
    }
}

fn handshake_seeds() -> Vec<Vec<u8>> {
    let certificate = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let pem = certificate.cert.pem();
    let key = certificate.signing_key.serialize_pem();
    let both = format!("{pem}{key}");
    [&pem, &key, &both, ""]
        .map(|pem| {
            let variables: [&[u8]; 7] =
                [b"crumbs", b"10000", b"25000", b"5,6", b"/tmp/plugins", b"staff", b"true"];
            join(&variables, pem.as_bytes())
        })
        .into()
}

fn answer_seeds() -> Vec<Vec<u8>> {
    const BODIES: [&str; 6] = [
        r#"{"RetCode":0,"TotalCount":1,"UHostSet":[{"UHostId":"uhost-1","Name":"a","State":"Running","CPU":"16","GPU":1,
            "GraphicsMemory":{"Value":24},"InstancePrice":1.58,"CreateTime":1700000000,"SupportWithoutGpuStart":"true",
            "WithoutGpuSpec":{"Spec":"A"},"IPSet":[{"IP":"203.0.113.2","Type":"Bgp","Bandwidth":10}],
            "DiskSet":[{"DiskId":"d","IsBoot":"True","Size":100}],"Softwares":[{"Name":"JupyterLab","URL":"https://h/?t=x"}],
            "Password":"ZGVtbw==","SshLoginCommand":"ssh -p 23 root@203.0.113.2"}]}"#,
        r#"{"RetCode":"8357","Message":"canary-private is sold out"}"#,
        r#"{"RetCode":0,"UHostId":"uhost-1","Action":"StartCompShareInstanceResponse"}"#,
        r#"{"RetCode":0,"ZoneInfo":[{"Region":"cn-wlcb","Zone":"cn-wlcb-01","Describe":"华北"}]}"#,
        r#"{"RetCode":0,"ProjectSet":[{"ProjectId":"org-1","ProjectName":"p","IsDefault":true}]}"#,
        "<html>502 Bad Gateway</html>",
    ];
    let seed = |body: &str| {
        [(50, "7"), (150, ""), (164, "18446744073709551615"), (200, "soon")].map(
            |(status, later)| {
                let mut seed = vec![status];
                seed.extend(join(&[b"request-1", later.as_bytes()], body.as_bytes()));
                seed
            },
        )
    };
    let deep = format!(r#"{{"RetCode":0,"UHostSet":{}"#, r#"[{"IPSet":"#.repeat(DEPTH));
    BODIES.into_iter().flat_map(seed).chain(seed(&deep).into_iter().take(1)).collect()
}

fn credentials_seeds() -> Vec<Vec<u8>> {
    const FILES: [&str; 3] = [
        r#"{"current_profile":"work","profiles":{"default":{"public_key":"canary-key-a","private_key":"canary-key-b"},
            "work":{"public_key":"canary-key-c","private_key":""},"half":{"private_key":null}},"language":"zh"}"#,
        r#"{"profiles":{}}"#,
        r#"{"current_profile":null}"#,
    ];
    let seed =
        |file: &str| ["", "default", "work"].map(|name| join(&[name.as_bytes()], file.as_bytes()));
    FILES.into_iter().flat_map(seed).collect()
}

fn words_seeds() -> Vec<Vec<u8>> {
    const WORDS: [&str; 9] = [
        "1h30m",
        "+1.5h2000\u{b5}s",
        "0.000001ns",
        "https://api.compshare.cn/base/",
        "http://[::1]:8080",
        "ssh -p 23 -o A=b root@203.0.113.2 reboot",
        "ssh -l root -p23 2001:db8::1",
        "ZGVtby1wYXNzd29yZA==",
        "9223372036.854775807s",
    ];
    WORDS.map(|word| word.as_bytes().to_vec()).into()
}

fn regex_seeds() -> Vec<Vec<u8>> {
    const PATTERNS: [&str; 9] = [
        "^train-[0-9]+$",
        "(a*)*b",
        "(?:(?:a{50}){50}){50}",
        "(?:){4294967295}",
        "x{0}{4294967295}",
        r"[\w--[:alpha:]]{1,9}|(?i:é)\b",
        "((((((((((a?){3}){3}){3}){3}){3}){3}){3}){3}){3}){3}",
        r"(?P<name>.+?)(?x) # comment",
        r"\x{10FFFF}\u00e9[^\x00-\x7f]",
    ];
    PATTERNS.map(|pattern| pattern.as_bytes().to_vec()).into()
}

#[cfg(test)]
mod tests {
    use std::{
        io::{self, Write as _},
        panic::{AssertUnwindSafe, catch_unwind},
        sync::mpsc,
        thread,
        time::Duration,
    };

    use fastrand::Rng;
    use tokio::time::Instant;

    use super::{mutation::mutated, *};

    /// How long each target gets, times `TEST_EFFORT`, as other tests take it.
    const TIME: Duration = Duration::from_secs(2);

    /// How many inputs each gets, also on a machine that is too busy for them.
    const FEWEST: usize = 100;

    /// No input takes a hundredth of it on a machine that is not busy.
    const LONGEST: Duration = Duration::from_secs(10);

    /// What one target came to.
    #[derive(Default)]
    struct Tally {
        inputs: usize,
        slowest: Duration,
        most_memory: u64,
    }

    /// The inputs follow from it, so a failure can be seen again.
    fn random() -> u64 {
        let environment = Environment::of_process();
        let Some(seed) = environment.text("FUZZ_SEED") else { return fastrand::u64(..) };
        seed.parse().expect("FUZZ_SEED is to be a whole number")
    }

    fn time() -> Duration {
        let environment = Environment::of_process();
        let effort = environment.text("TEST_EFFORT").unwrap_or("1").parse::<u32>();
        TIME * effort.expect("TEST_EFFORT is to be a whole number")
    }

    #[test]
    fn no_input_makes_anything_panic_or_hang_or_grow_out_of_proportion() {
        let seed = random();
        for target in TARGETS {
            let (done, result) = mpsc::channel();
            thread::spawn(move || done.send(mutate_for_a_while(target, seed)));
            let patience = time() + LONGEST * 6;
            let tally = result.recv_timeout(patience).unwrap_or_else(|_| {
                panic!("{}: a finding, see above, or no end; FUZZ_SEED={seed}", target.name)
            });
            // Not captured: how much was tried is the result.
            let _ = writeln!(
                io::stderr(),
                "fuzzed {}: {} inputs, the slowest {:?}, {} bytes at most",
                target.name,
                tally.inputs,
                tally.slowest,
                tally.most_memory,
            );
        }
    }

    #[test]
    fn each_target_is_one_of_cargo_fuzz_too() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap();
        assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
        for Target { name, .. } in TARGETS {
            let path = format!("fuzz_targets/{name}.rs");
            assert!(manifest.contains(&format!("path = {path:?}")), "{name}");
            let target = fs::read_to_string(folder.join(path)).unwrap();
            assert!(target.contains(&format!("run({name:?}, input)")), "{name}");
        }
    }

    fn mutate_for_a_while(target: Target, seed: u64) -> Tally {
        let (seeds, mut rng, mut tally) =
            ((target.seeds)(), Rng::with_seed(seed), Tally::default());
        assert!(!seeds.is_empty());
        // First as they are, which also makes what is made once.
        for input in &seeds {
            try_input(target, input, &mut Tally::default());
        }
        let end = Instant::now() + time();
        while Instant::now() < end || tally.inputs < FEWEST {
            try_input(target, &mutated(&seeds, &mut rng), &mut tally);
        }
        tally
    }

    fn try_input(target: Target, input: &[u8], tally: &mut Tally) {
        let shown = || {
            format!("{}: input b\"{}\"", target.name, input[..input.len().min(4096)].escape_ascii())
        };
        let began = Instant::now();
        let mut result = Ok(());
        let memory = allocation_counter::measure(|| {
            result = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
        });
        let duration = began.elapsed();
        assert!(result.is_ok(), "{} makes it panic", shown());
        assert!(duration < LONGEST, "{} takes {duration:?}", shown());
        let most = target.memory.0 + target.memory.1 * input.len() as u64;
        assert!(memory.bytes_max <= most, "{} takes {} bytes", shown(), memory.bytes_max);
        tally.inputs += 1;
        tally.slowest = tally.slowest.max(duration);
        tally.most_memory = tally.most_memory.max(memory.bytes_max);
    }
}
