//! The images of the simulated API, as data.
//!
//! As with instances, the fields of the API are JSON, so that a test can set any of them. The field
//! `UnsyncedZones` is not part of the API: it lists the zones to which the image must first be
//! copied, which the first create there begins.

use serde_json::{Map, Value, json};

use super::{catalog::GpuType, merge::merge, refusal::Refusal, zones};

/// An image: its API fields, and `UnsyncedZones`.
#[derive(Clone, Debug)]
pub(super) struct Image(Map<String, Value>);

impl Image {
    /// Merges `given` into the default fields. The error begins with the name of the field.
    fn new(given: Value) -> Result<Self, String> {
        let Value::Object(given) = given else { return Err("must be an object".to_owned()) };
        let kind = given.get("ImageType").and_then(Value::as_str).unwrap_or_default();
        let mut image = Self(defaults(kind));
        image.patch(given)?;
        if image.id().is_empty() {
            return Err("CompShareImageId: a string is required".to_owned());
        }
        Ok(image)
    }

    pub(super) fn patch(&mut self, patch: Map<String, Value>) -> Result<(), String> {
        for field in ["CompShareImageId", "ImageType", "Status", "Container", "GroupId"] {
            if patch.get(field).is_some_and(|value| !value.is_string() && !value.is_null()) {
                return Err(format!("{field}: must be a string"));
            }
        }
        merge(&mut self.0, patch);
        Ok(())
    }

    /// Returns a text field; empty if it is absent.
    pub(super) fn text(&self, field: &str) -> &str {
        self.0.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn id(&self) -> &str {
        self.text("CompShareImageId")
    }

    /// One of `System`, `App`, `Game`, `Other`, `Custom` and `Community`.
    pub(super) fn kind(&self) -> &str {
        self.text("ImageType")
    }

    /// A version of a community image can leave its status to the group.
    pub(super) fn is_available(&self) -> bool {
        matches!(self.text("Status"), "" | "Available")
    }

    pub(super) fn is_container(&self) -> bool {
        self.text("Container") == "True"
    }

    pub(super) fn flag(&self, field: &str) -> bool {
        self.0.get(field) == Some(&Value::Bool(true))
    }

    pub(super) fn number(&self, field: &str) -> i64 {
        self.0.get(field).and_then(Value::as_i64).unwrap_or_default()
    }

    /// Returns the price per hour and GPU.
    pub(super) fn price(&self) -> f64 {
        self.0.get("Price").and_then(Value::as_f64).unwrap_or_default()
    }

    /// Returns the smallest boot disk in GB.
    pub(super) fn smallest_disk(&self) -> usize {
        let megabytes = self.0.get("Size").and_then(Value::as_u64).unwrap_or_default();
        usize::try_from(megabytes.div_ceil(1024)).unwrap_or(usize::MAX)
    }

    pub(super) fn lists(&self, field: &str, value: &str) -> bool {
        self.texts(field).any(|text| text == value)
    }

    /// Returns `true` for every type if the image names none.
    pub(super) fn supports_gpu_type(&self, gpu_type: &str) -> bool {
        self.texts("SupportedGpuTypes").next().is_none()
            || self.lists("SupportedGpuTypes", gpu_type)
    }

    fn texts(&self, field: &str) -> impl Iterator<Item = &str> {
        self.0.get(field).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
    }

    /// Returns the fields of the API.
    pub(super) fn view(&self) -> Value {
        let mut view = self.0.clone();
        view.remove("UnsyncedZones");
        view.into()
    }
}

/// Returns the built-in images and `given`; an image of the same ID replaces a built-in one. The
/// error begins with the index of the malformed image.
pub(super) fn catalog(given: Vec<Value>) -> Result<Vec<Image>, String> {
    let mut images = Vec::new();
    for image in built_in() {
        images.push(Image::new(image)?);
    }
    for (index, image) in given.into_iter().enumerate() {
        let image = Image::new(image).map_err(|problem| format!("images[{index}].{problem}"))?;
        images.retain(|other| other.id() != image.id());
        images.push(image);
    }
    Ok(images)
}

/// Returns the image `id`, if it can be used with this GPU type in this zone.
pub(super) fn usable<'a>(
    images: &'a [Image],
    id: &str,
    zone: &str,
    gpu_type: &GpuType,
) -> Result<&'a Image, Refusal> {
    let image = images.iter().find(|image| image.id() == id && image.is_available());
    let image = image.ok_or_else(|| Refusal::image_unusable(id))?;
    if zones::is_pod(zone) && !image.is_container() {
        return Err(Refusal::image_type_unsupported());
    }
    if !image.supports_gpu_type(gpu_type.name) {
        return Err(Refusal::image_excludes_gpu_type());
    }
    Ok(image)
}

/// Fields of an available image that every instance can use.
fn defaults(kind: &str) -> Map<String, Value> {
    let mut fields = object(json!({
        "Name": "",
        "ImageType": "System",
        "Author": "优云智算",
        "AuthInfo": 1,
        "Status": "Available",
        "Size": 20 * 1024,
        "Price": 0,
        "Tags": null,
        "Description": "",
        "Readme": "",
        "Container": "False",
        "SupportedGpuTypes": null,
        "Softwares": {
            "Framework": "", "FrameworkVersion": "", "CUDAVersion": "", "Applications": null,
        },
        "VersionName": "",
        "VersionDesc": "",
        "AutoStart": false,
        "IsOfficial": true,
        "ImageOwnerAlias": "Official",
        "Visibility": 1,
        "FailedReason": "",
        "CreateTime": CREATED,
        "PubTime": CREATED,
        "CreatedCount": 0,
        "FavoritesCount": 0,
        "ImageUseTime": 0,
    }));
    fields.extend(object(match kind {
        "Custom" => json!({"Author": "demo", "AuthInfo": 0, "IsOfficial": false, "Visibility": 0}),
        "Community" => json!({
            "Author": "alice", "AuthInfo": 2, "IsOfficial": false, "ImageOwnerAlias": "Community",
        }),
        // One of the times that some API documents declare as a string.
        _ => json!({"CreateTime": CREATED.to_string()}),
    }));
    fields
}

fn object(json: Value) -> Map<String, Value> {
    if let Value::Object(fields) = json { fields } else { Map::new() }
}

/// 2025-06-01T00:00:00Z.
const CREATED: i64 = 1_748_736_000;

/// The built-in images: all kinds, VM and container, every status, a group with two versions, and
/// one whose only version is offline.
fn built_in() -> [Value; 13] {
    [
        json!({
            // The ID on the real platform.
            "CompShareImageId": "compshareImage-12rjyhwynazd", "Name": "Ubuntu 24.04",
        }),
        json!({
            "CompShareImageId": "compshareImage-demo", "Name": "PyTorch 2.6", "Size": 40 * 1024,
            "Softwares": {
                "Framework": "PyTorch", "FrameworkVersion": "2.6.0", "CUDAVersion": "12.4",
            },
        }),
        json!({
            "CompShareImageId": "compshareImage-windows", "Name": "Windows Server 2022",
            "Size": 50 * 1024, "SupportedGpuTypes": ["3090", "4090"],
        }),
        json!({
            "CompShareImageId": "compshareImage-comfyui", "Name": "ComfyUI", "ImageType": "App",
            "Size": 80 * 1024, "AutoStart": true, "Tags": ["AIGC", "绘画"],
            "Softwares": {"CUDAVersion": "12.8", "Applications": ["ComfyUI"]},
        }),
        json!({
            "CompShareImageId": "compshareImage-vllm", "Name": "vLLM 0.11", "ImageType": "App",
            "Size": 30 * 1024, "Container": "True", "Tags": ["LLM"],
            "SupportedGpuTypes": ["4090", "4090_48G", "5090", "H20"],
            "Softwares": {"Framework": "vLLM", "FrameworkVersion": "0.11", "CUDAVersion": "12.8"},
        }),
        json!({
            "CompShareImageId": "compshareImage-ollama", "Name": "Ollama", "ImageType": "Other",
        }),
        json!({
            "CompShareImageId": "compshareImage-mine", "Name": "训练环境", "ImageType": "Custom",
            "Size": 60 * 1024, "SourceGpuType": "4090",
        }),
        json!({
            "CompShareImageId": "compshareImage-making", "Name": "in-progress",
            "ImageType": "Custom", "Status": "Making", "Size": 0,
        }),
        json!({
            "CompShareImageId": "compshareImage-failed", "Name": "no-space", "ImageType": "Custom",
            "Status": "UnAvailable", "Size": 0, "FailedReason": "磁盘空间不足",
        }),
        // Name and status are those of the group.
        json!({
            "CompShareImageId": "compshareImage-sd1", "GroupId": "imageGroup-sd",
            "ImageType": "Community", "Name": null, "Status": null, "VersionName": "v1",
            "Size": 70 * 1024, "Tags": ["AIGC"], "Readme": "# SD",
        }),
        json!({
            "CompShareImageId": "compshareImage-sd2", "GroupId": "imageGroup-sd",
            "ImageType": "Community", "Name": "SD WebUI", "VersionName": "v2", "Size": 90 * 1024,
            "Price": 0.1, "Tags": ["AIGC"], "UnsyncedZones": ["cn-sh2-02"],
        }),
        json!({
            "CompShareImageId": "compshareImage-gone", "GroupId": "imageGroup-gone",
            "ImageType": "Community", "Name": "Withdrawn", "Status": "Offline",
        }),
        json!({
            "CompShareImageId": "compshareImage-llm", "GroupId": "imageGroup-llm",
            "ImageType": "Community", "Name": "LLM 工具箱", "Author": "bob", "Container": "True",
            "Tags": ["LLM"],
        }),
    ]
}
