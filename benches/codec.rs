//! Values in MessagePack and back, in bytes per second, beside rmp-serde with plain structs of the same shape.
//!
//! `cargo bench --bench codec`. The structs are what it could cost at best: they know their fields, and they can hold neither an
//! unknown value nor a number of any size.

#![expect(clippy::unwrap_used, reason = "a measurement that cannot go on says so by panicking")]

use divan::{Bencher, black_box, counter::BytesCount};
use serde::{Deserialize, Serialize};
use terraform_provider_compshare::cty::{Type, Value, json as cty_json, msgpack};

fn main() {
    divan::main();
}

/// How many objects are in the list.
const COUNTS: [usize; 2] = [1, 100];

/// About as many attributes as a resource of ours.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Instance {
    force_stop: Option<bool>,
    gpu_count: Option<i64>,
    gpu_type: Option<String>,
    id: Option<String>,
    instance_id: Option<String>,
    labels: Option<Vec<String>>,
    name: Option<String>,
    project_id: Option<String>,
    region: Option<String>,
    started_at: Option<String>,
    state: Option<String>,
    timeouts: Option<Timeouts>,
    zone: Option<String>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Timeouts {
    create: Option<String>,
    delete: Option<String>,
    update: Option<String>,
}

/// The type of a list of [`Instance`].
fn ty() -> Type {
    use Type::{Bool, List, Number, Object, String};
    let object = |attributes: &[(&str, Type)]| {
        Object(attributes.iter().map(|(name, ty)| ((*name).to_owned(), ty.clone())).collect())
    };
    let timeouts = object(&[("create", String), ("delete", String), ("update", String)]);
    List(Box::new(object(&[
        ("force_stop", Bool),
        ("gpu_count", Number),
        ("gpu_type", String),
        ("id", String),
        ("instance_id", String),
        ("labels", List(Box::new(String))),
        ("name", String),
        ("project_id", String),
        ("region", String),
        ("started_at", String),
        ("state", String),
        ("timeouts", timeouts),
        ("zone", String),
    ])))
}

fn instances(count: usize) -> Vec<Instance> {
    let text = |text: &str| Some(text.to_owned());
    let instance = |number: usize| Instance {
        force_stop: None,
        gpu_count: Some(8),
        gpu_type: text("4090"),
        id: Some(format!("uhost-{number:06}")),
        instance_id: Some(format!("uhost-{number:06}")),
        labels: Some(vec!["one".to_owned(), "another".to_owned()]),
        name: text("training, the second try"),
        project_id: text("org-demo"),
        region: text("cn-wlcb"),
        started_at: text("2026-11-23T08:00:00Z"),
        state: text("Running"),
        timeouts: Some(Timeouts { create: text("10m"), delete: None, update: None }),
        zone: text("cn-wlcb-01"),
    };
    (0..count).map(instance).collect()
}

/// The same as a value of [`ty`].
fn value(count: usize) -> Value {
    cty_json::decode(&serde_json::to_vec(&instances(count)).unwrap(), &ty()).unwrap()
}

#[divan::bench(args = COUNTS)]
fn decode(bencher: Bencher<'_, '_>, count: usize) {
    let (ty, bytes) = (ty(), rmp_serde::to_vec_named(&instances(count)).unwrap());
    assert_eq!(msgpack::decode(&bytes, &ty).unwrap(), value(count));
    bencher
        .counter(BytesCount::new(bytes.len()))
        .bench_local(|| msgpack::decode(black_box(&bytes), &ty).unwrap());
}

#[divan::bench(args = COUNTS)]
fn decode_rmp_serde(bencher: Bencher<'_, '_>, count: usize) {
    let bytes = msgpack::encode(&value(count), &ty()).unwrap();
    assert_eq!(rmp_serde::from_slice::<Vec<Instance>>(&bytes).unwrap(), instances(count));
    bencher
        .counter(BytesCount::new(bytes.len()))
        .bench_local(|| rmp_serde::from_slice::<Vec<Instance>>(black_box(&bytes)).unwrap());
}

#[divan::bench(args = COUNTS)]
fn encode(bencher: Bencher<'_, '_>, count: usize) {
    let (ty, value) = (ty(), value(count));
    let size = msgpack::encode(&value, &ty).unwrap().len();
    bencher
        .counter(BytesCount::new(size))
        .bench_local(|| msgpack::encode(black_box(&value), &ty).unwrap());
}

#[divan::bench(args = COUNTS)]
fn encode_rmp_serde(bencher: Bencher<'_, '_>, count: usize) {
    let instances = instances(count);
    let size = rmp_serde::to_vec_named(&instances).unwrap().len();
    bencher
        .counter(BytesCount::new(size))
        .bench_local(|| rmp_serde::to_vec_named(black_box(&instances)).unwrap());
}
