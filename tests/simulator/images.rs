//! DescribeCompShareImages, DescribeCompShareCustomImages and DescribeCommunityImages.

use serde_json::{Value, json};
use terraform_provider_compshare::simulator::Options;

use super::caller::{
    Cloud, DESCRIBE_COMMUNITY_IMAGES, DESCRIBE_CUSTOM_IMAGES, DESCRIBE_IMAGES, Parameters,
    check_refused, ret_code, stepped,
};

const REGION: (&str, &str) = ("Region", "cn-wlcb");

/// Returns the names in `ImageSet`.
async fn names(cloud: &Cloud, action: &str, parameters: &[(&str, &str)]) -> Vec<String> {
    let response = cloud.call(action, &[&[REGION], parameters].concat()).await;
    assert_eq!(ret_code(&response), 0, "{response}");
    let images = response["ImageSet"].as_array().cloned().unwrap_or_default();
    images.iter().map(|image| image["Name"].as_str().unwrap().to_owned()).collect()
}

/// IDs of a group and of its versions.
type Group = (String, Vec<String>);

/// Returns the IDs of the groups, each with the IDs of its versions.
async fn groups(cloud: &Cloud, parameters: Parameters<'_>) -> Vec<Group> {
    let response = cloud.call(DESCRIBE_COMMUNITY_IMAGES, &[&[REGION], parameters].concat()).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let groups = response["CompshareImageGroup"].as_array().cloned().unwrap_or_default();
    groups
        .iter()
        .map(|group| {
            let versions = group["Data"].as_array().cloned().unwrap_or_default();
            let versions = versions.iter().map(|version| text(&version["CompShareImageId"]));
            (text(&group["GroupId"]), versions.collect())
        })
        .collect()
}

#[tokio::test]
async fn platform_images_are_paged_by_type() {
    let cloud = Cloud::new().await;
    let system = ["Ubuntu 24.04", "PyTorch 2.6", "Windows Server 2022"];
    let images = |parameters| names(&cloud, DESCRIBE_IMAGES, parameters);
    assert_eq!(images(&[("ImageType", "System")]).await, system);
    assert_eq!(images(&[("ImageType", "System"), ("Limit", "2")]).await, &system[..2]);
    let second = [("ImageType", "System"), ("Limit", "2"), ("Offset", "2")];
    assert_eq!(images(&second).await, &system[2..]);
    assert_eq!(images(&[("Limit", "1")]).await, ["Ubuntu 24.04", "ComfyUI", "Ollama"]);
    assert_eq!(images(&[("Limit", "1"), ("Offset", "1")]).await, ["PyTorch 2.6", "vLLM 0.11"]);

    let all = cloud.call(DESCRIBE_IMAGES, &[REGION, ("Limit", "1")]).await;
    assert_eq!(all["TotalCount"], 6);
    let none = cloud.call(DESCRIBE_IMAGES, &[REGION, ("ImageType", "Game")]).await;
    assert_eq!((&none["TotalCount"], &none["ImageSet"]), (&json!(0), &Value::Null));
    let past_the_end = [REGION, ("ImageType", "App"), ("Offset", "9")];
    assert_eq!(cloud.call(DESCRIBE_IMAGES, &past_the_end).await["ImageSet"], Value::Null);
}

#[tokio::test]
async fn platform_images_are_filtered() {
    let cloud = Cloud::new().await;
    let images = |parameters| names(&cloud, DESCRIBE_IMAGES, parameters);
    assert_eq!(images(&[("CompShareImageId", "compshareImage-vllm")]).await, ["vLLM 0.11"]);
    assert_eq!(images(&[("Name", "ComfyUI")]).await, ["ComfyUI"]);
    assert_eq!(images(&[("Name", "comfyui")]).await, [""; 0]);
    assert_eq!(images(&[("Tag", "LLM")]).await, ["vLLM 0.11"]);
    assert_eq!(images(&[("Author", "alice")]).await, [""; 0]);
    // A zone of pods.
    assert_eq!(images(&[("Zone", "cn-wlcb-03")]).await, ["vLLM 0.11"]);

    check_refused(&cloud.call(DESCRIBE_IMAGES, &[]).await, 210, "Missing params [Region]");
    let unknown = cloud.call(DESCRIBE_IMAGES, &[REGION, ("ImageType", "Custom")]).await;
    check_refused(&unknown, 230, "Params [ImageType] not available");
    let limit = cloud.call(DESCRIBE_IMAGES, &[REGION, ("Limit", "101")]).await;
    check_refused(&limit, 220, "Params [Limit] out of range");
}

#[tokio::test]
async fn image_fields_have_the_types_of_the_api() {
    let cloud = Cloud::new().await;
    let parameters = [REGION, ("CompShareImageId", "compshareImage-vllm")];
    let response = cloud.call(DESCRIBE_IMAGES, &parameters).await;
    let image = &response["ImageSet"][0];
    let expected = json!({
        "ImageType": "App", "Status": "Available", "Container": "True", "Size": 30720, "Price": 0,
        "SupportedGpuTypes": ["4090", "4090_48G", "5090", "H20"], "Tags": ["LLM"],
        "Softwares": {
            "Framework": "vLLM", "FrameworkVersion": "0.11", "CUDAVersion": "12.8",
            "Applications": null,
        },
        "CreateTime": "1748736000", "PubTime": 1_748_736_000,
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&image[field], value, "{field}");
    }
}

#[tokio::test]
async fn custom_images_have_every_status() {
    let cloud = Cloud::new().await;
    let response = cloud.call(DESCRIBE_CUSTOM_IMAGES, &[REGION]).await;
    let images = response["ImageSet"].as_array().unwrap();
    let statuses: Vec<_> = images.iter().map(|image| image["Status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["Available", "Making", "UnAvailable"]);
    assert_eq!(images[2]["FailedReason"], "磁盘空间不足");
    let one = [("CompShareImageId", "compshareImage-mine")];
    assert_eq!(names(&cloud, DESCRIBE_CUSTOM_IMAGES, &one).await, ["训练环境"]);
    let page = [("Limit", "1"), ("Offset", "1")];
    assert_eq!(names(&cloud, DESCRIBE_CUSTOM_IMAGES, &page).await, ["in-progress"]);
}

#[tokio::test]
async fn community_images_are_grouped() {
    let cloud = Cloud::new().await;
    let response = cloud.call(DESCRIBE_COMMUNITY_IMAGES, &[REGION]).await;
    assert_eq!((&response["TotalCount"], &response["AvailableTotalCount"]), (&json!(3), &json!(2)));
    let group = &response["CompshareImageGroup"][0];
    assert_eq!((&group["ImageName"], &group["Status"]), (&json!("SD WebUI"), &json!("Available")));
    let old = &group["Data"][0];
    assert_eq!((old.get("Name"), old.get("Status")), (None, None));
    assert_eq!(
        (&group["Data"][1]["Price"], group["Data"][1].get("UnsyncedZones")),
        (&json!(0.1), None)
    );
    assert_eq!(response["CompshareImageGroup"][1]["Data"], Value::Null);

    let group = |id: &str, versions: &[&str]| -> Group {
        let versions = versions.iter().map(|version| format!("compshareImage-{version}"));
        (format!("imageGroup-{id}"), versions.collect())
    };
    let all = [group("sd", &["sd1", "sd2"]), group("gone", &[]), group("llm", &["llm"])];
    let newest = [group("sd", &["sd2"])];
    let cases: [(Parameters<'_>, &[Group]); 12] = [
        (&[], &all),
        (&[("Limit", "1"), ("Offset", "2")], &all[2..]),
        (&[("GroupId", "imageGroup-llm")], &all[2..]),
        (&[("CompShareImageId", "compshareImage-sd2")], &newest),
        (&[("Name", "webui")], &all[..1]),
        (&[("Author", "bob")], &all[2..]),
        (&[("FuzzySearch", "BOB")], &all[2..]),
        (&[("Tag.0", "LLM")], &all[2..]),
        (&[("IsFree", "false")], &all[..1]),
        (&[("IsOfficial", "true")], &[]),
        (&[("Zone", "cn-wlcb-03")], &all[2..]),
        (&[("SortCondition.Field", "PubTime"), ("SortCondition.ASC", "false")], &all),
    ];
    for (parameters, expected) in cases {
        let found = groups(&cloud, parameters).await;
        assert_eq!(found, expected, "{parameters:?}");
    }
}

#[tokio::test]
async fn further_images_are_options() {
    let images = vec![
        json!({"CompShareImageId": "compshareImage-new", "Name": "new", "ImageType": "Custom"}),
        json!({"CompShareImageId": "compshareImage-comfyui", "Name": "ComfyUI 2", "ImageType": "App"}),
    ];
    let cloud = Cloud::of(Options { images, ..stepped() }).await;
    let custom = names(&cloud, DESCRIBE_CUSTOM_IMAGES, &[]).await;
    assert_eq!(custom.last().unwrap(), "new");
    let apps = names(&cloud, DESCRIBE_IMAGES, &[("ImageType", "App")]).await;
    assert_eq!(apps, ["vLLM 0.11", "ComfyUI 2"]);
}
