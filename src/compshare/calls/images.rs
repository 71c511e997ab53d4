//! Lists of images.

use serde::{Deserialize, de::Deserializer};
use serde_json::Value;

use crate::compshare::{
    call::{Call, Scope},
    error::ErrorKind,
    form::Form,
    lenient,
};

/// Request for a page of images.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ListImages {
    pub list: ImageList,
    /// The API requires the region.
    pub scope: Scope,
    /// Number of entries to skip.
    pub offset: u32,
}

/// One of the lists of images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ImageList {
    /// Images of CompShare of one type, one of [`ImageList::PLATFORM_TYPES`]. Without a type, the
    /// API would page each type separately.
    Platform(&'static str),
    /// Images of this account.
    Custom,
    /// Images that other users have published, in groups of versions.
    Community,
}

impl ImageList {
    pub const PLATFORM_TYPES: [&str; 4] = ["System", "App", "Game", "Other"];
}

impl ListImages {
    /// Largest page of the API.
    const MAX_LIMIT: u32 = 100;
}

impl Call for ListImages {
    const REPEATABLE: bool = true;
    type Reply = Images;

    fn action(&self) -> &'static str {
        match self.list {
            ImageList::Platform(_) => "DescribeCompShareImages",
            ImageList::Custom => "DescribeCompShareCustomImages",
            ImageList::Community => "DescribeCommunityImages",
        }
    }

    fn form(&self, form: &mut Form) {
        self.scope.put_into(form);
        if let ImageList::Platform(image_type) = self.list {
            form.put("ImageType", image_type);
        }
        form.put("Limit", Self::MAX_LIMIT);
        form.put("Offset", self.offset);
    }

    fn check(&self, page: &Images) -> Result<(), ErrorKind> {
        let expected = page.total.unwrap_or_default().saturating_sub(self.offset);
        if page.length > 0 || expected == 0 {
            return Ok(());
        }
        Err(ErrorKind::Incomplete(format!("0 of {expected} images are listed")))
    }
}

/// Page of images. Those of the community are no longer grouped.
#[derive(Clone, Debug, PartialEq)]
pub struct Images {
    pub images: Vec<Image>,
    /// Number of entries, which are images or groups.
    length: u32,
    /// Number of entries on all pages, if the API reports it.
    total: Option<u32>,
}

impl Images {
    /// Returns the request for the page after this one; `None` after the last page.
    pub fn next(&self, request: &ListImages) -> Option<ListImages> {
        let offset = request.offset + self.length;
        let is_full = self.length >= ListImages::MAX_LIMIT;
        // The API rejects an offset past the end, so the total decides where it is reported.
        let has_next = self.length > 0 && self.total.map_or(is_full, |total| offset < total);
        has_next.then(|| ListImages { offset, ..request.clone() })
    }
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Image {
    #[serde(rename = "CompShareImageId", deserialize_with = "lenient::required_text")]
    pub id: String,
    #[serde(rename = "Name", default, deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// `System`, `App`, `Game`, `Other`, `Custom` or `Community`.
    #[serde(rename = "ImageType", default, deserialize_with = "lenient::text")]
    pub image_type: Option<String>,
    /// `Available`, or for example `Making`.
    #[serde(rename = "Status", default, deserialize_with = "lenient::text")]
    pub status: Option<String>,
    #[serde(rename = "VersionName", default, deserialize_with = "lenient::text")]
    pub version: Option<String>,
    #[serde(rename = "Author", default, deserialize_with = "lenient::text")]
    pub author: Option<String>,
    #[serde(rename = "Description", default, deserialize_with = "lenient::text")]
    pub description: Option<String>,
    #[serde(rename = "Size", default, deserialize_with = "lenient::number")]
    pub size_mb: Option<u64>,
    /// Price in CNY per GPU and hour.
    #[serde(rename = "Price", default, deserialize_with = "lenient::number")]
    pub price: Option<f64>,
    /// `true` for an image of a container, `false` for one of a VM.
    #[serde(rename = "Container", default, deserialize_with = "lenient::flag")]
    pub is_container: Option<bool>,
    /// GPU models that the image supports; empty for all types.
    #[serde(rename = "SupportedGpuTypes", default, deserialize_with = "lenient::texts")]
    pub gpu_types: Vec<String>,
    #[serde(rename = "Tags", default, deserialize_with = "lenient::texts")]
    pub tags: Vec<String>,
    #[serde(rename = "Softwares", default, deserialize_with = "softwares")]
    pub softwares: ImageSoftware,
    #[serde(rename = "CreateTime", default, deserialize_with = "lenient::number")]
    pub create_time: Option<i64>,
}

/// Software in an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct ImageSoftware {
    #[serde(rename = "Framework", default, deserialize_with = "lenient::text")]
    pub framework: Option<String>,
    #[serde(rename = "FrameworkVersion", default, deserialize_with = "lenient::text")]
    pub framework_version: Option<String>,
    #[serde(rename = "CUDAVersion", default, deserialize_with = "lenient::text")]
    pub cuda_version: Option<String>,
}

impl Image {
    pub fn is_available(&self) -> bool {
        self.status.as_deref() == Some("Available")
    }

    pub fn supports(&self, gpu_type: &str) -> bool {
        self.gpu_types.is_empty() || self.gpu_types.iter().any(|supported| supported == gpu_type)
    }
}

impl<'de> Deserialize<'de> for Images {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Page {
            #[serde(rename = "TotalCount", default, deserialize_with = "lenient::number")]
            total: Option<u32>,
            #[serde(rename = "ImageSet", default)]
            images: Option<Value>,
            #[serde(rename = "CompshareImageGroup", default)]
            groups: Option<Value>,
        }
        let page = Page::deserialize(deserializer)?;
        let entries = match page.images.or(page.groups) {
            Some(Value::Array(entries)) => entries,
            _ => Vec::new(),
        };
        let length = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        let images = entries.into_iter().flat_map(versions);
        let images = images.filter_map(|image| serde_json::from_value(image).ok()).collect();
        Ok(Self { images, length, total: page.total })
    }
}

/// Returns the images of an entry. Versions in a group inherit its name and status, and a group
/// may have none.
fn versions(entry: Value) -> Vec<Value> {
    let Value::Object(mut group) = entry else { return Vec::new() };
    let versions = match group.remove("Data") {
        None => return vec![group.into()],
        Some(Value::Array(versions)) => versions,
        Some(_) => Vec::new(),
    };
    let inherited = [("Name", "ImageName"), ("Status", "Status"), ("Author", "Author")];
    let inherit = |mut version: Value| {
        if let Value::Object(fields) = &mut version {
            for (field, of_group) in inherited {
                let value = fields.entry(field).or_insert(Value::Null);
                if matches!(value, Value::Null) || value.as_str() == Some("") {
                    *value = group.get(of_group).cloned().unwrap_or_default();
                }
            }
        }
        version
    };
    versions.into_iter().map(inherit).collect()
}

fn softwares<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ImageSoftware, D::Error> {
    let value = Value::deserialize(deserializer)?;
    Ok(ImageSoftware::deserialize(value).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::compshare::calls::assert_sends;

    fn request(list: ImageList) -> ListImages {
        let scope = Scope { region: Some("cn-wlcb".to_owned()), ..Scope::default() };
        ListImages { list, scope, offset: 100 }
    }

    fn read(response: Value) -> Images {
        serde_json::from_value(response).unwrap()
    }

    #[test]
    fn image_lists_send_the_documented_parameters() {
        let page = "Limit=100 Offset=100 Region=cn-wlcb";
        assert_sends(&request(ImageList::Platform("App")), &format!("ImageType=App {page}"));
        assert_sends(&request(ImageList::Custom), page);
        assert_sends(&request(ImageList::Community), page);
    }

    #[test]
    fn image_is_read_in_any_spelling() {
        let page = read(json!({"TotalCount": "2", "ImageSet": [{"Name": "no ID"}, {
            "CompShareImageId": "image-1", "Name": "PyTorch 2.6", "ImageType": "System",
            "Status": "Available", "Size": "40960", "Price": 0.1, "Container": "False",
            "SupportedGpuTypes": ["4090", 3090, null], "Tags": null,
            "Softwares": {"Framework": "PyTorch", "FrameworkVersion": "2.6.0",
                "CUDAVersion": 12.4, "Applications": null},
            "CreateTime": "1748736000", "Readme": "# x",
        }]}));
        let [image] = &page.images[..] else { panic!("{page:?}") };
        assert_eq!((image.size_mb, image.price), (Some(40960), Some(0.1)));
        assert_eq!((image.is_container, image.create_time), (Some(false), Some(1_748_736_000)));
        assert_eq!(image.gpu_types, ["4090", "3090"]);
        assert_eq!(image.softwares.cuda_version.as_deref(), Some("12.4"));
        assert!(image.is_available() && image.supports("3090") && !image.supports("5090"));
        let bare = read(json!({"ImageSet": [{"CompShareImageId": "image-1", "Softwares": null}]}));
        let [image] = &bare.images[..] else { panic!("{bare:?}") };
        assert!(!image.is_available() && image.supports("5090"));
    }

    #[test]
    fn versions_inherit_name_and_status_of_their_group() {
        let page = read(json!({"TotalCount": 3, "CompshareImageGroup": [
            {"GroupId": "g-1", "ImageName": "SD", "Status": "Available", "Author": "alice",
             "Data": [{"CompShareImageId": "image-1", "Name": null},
                      {"CompShareImageId": "image-2", "Name": "SD 2", "Status": "Offline"}]},
            {"GroupId": "g-2", "Data": null},
            {"GroupId": "g-3", "Data": []},
        ]}));
        let names: Vec<_> = page.images.iter().map(|image| image.name.as_deref()).collect();
        assert_eq!(names, [Some("SD"), Some("SD 2")]);
        let available: Vec<_> = page.images.iter().map(Image::is_available).collect();
        assert_eq!(available, [true, false]);
        assert_eq!(page.next(&ListImages { offset: 0, ..request(ImageList::Community) }), None);
    }

    #[test]
    fn next_page_begins_behind_the_entries() {
        let request = ListImages { offset: 0, ..request(ImageList::Custom) };
        let image = json!({"CompShareImageId": "image-1"});
        let page = |length: usize, total: Value| {
            read(json!({"TotalCount": total, "ImageSet": vec![image.clone(); length]}))
        };
        for (length, total, next) in [
            (100, json!(101), Some(100)),
            (100, json!(100), None),
            (50, json!(101), Some(50)),
            (100, json!(null), Some(100)),
            (99, json!(null), None),
            (0, json!(0), None),
        ] {
            let page = page(length, total);
            assert_eq!(request.check(&page), Ok(()));
            assert_eq!(page.next(&request).map(|next| next.offset), next, "{page:?}");
        }
    }

    #[test]
    fn empty_page_below_the_total_is_incomplete() {
        let request = ListImages { offset: 0, ..request(ImageList::Custom) };
        for empty in [json!([]), json!(null), json!("odd")] {
            let page = read(json!({"TotalCount": 1, "ImageSet": empty}));
            request.check(&page).unwrap_err();
        }
        for empty in [json!({}), json!({"ImageSet": null}), json!({"TotalCount": 0})] {
            assert_eq!(request.check(&read(empty)), Ok(()));
        }
    }
}
