//! DescribeCompShareImages, DescribeCompShareCustomImages and DescribeCommunityImages.

use serde_json::{Value, json};

use super::{
    account::Account, form::Form, images::Image, page::Page, refusal::Refusal, request::Request,
    response::list, zones,
};

/// Types of platform images, in the order of the list.
const PLATFORM_TYPES: [&str; 4] = ["System", "App", "Game", "Other"];

/// Without `ImageType`, each type is paged separately: a page has up to `Limit` images of each.
pub(super) fn describe_platform_images(
    account: &Account,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let form = request.form;
    form.required("Region")?;
    let page = Page::of(form)?;
    let types: &[&str] = match form.get("ImageType") {
        None => &PLATFORM_TYPES,
        Some(wanted) => match PLATFORM_TYPES.iter().find(|known| **known == wanted) {
            Some(known) => std::slice::from_ref(known),
            None => return Err(Refusal::unavailable("ImageType")),
        },
    };
    let mut total = 0;
    let mut images = Vec::new();
    for kind in types {
        let matching = of_kind(account, kind, form).filter(|image| {
            // The name must match exactly, although some API documents say otherwise.
            has(form, "Name", image.text("Name"))
                && has(form, "Author", image.text("Author"))
                && form.get("Tag").is_none_or(|tag| image.lists("Tags", tag))
        });
        let matching: Vec<&Image> = matching.collect();
        total += matching.len();
        images.extend(page.cut(matching).map(Image::view));
    }
    Ok(json!({"TotalCount": total, "ImageSet": list(images.into_iter())}))
}

pub(super) fn describe_custom_images(
    account: &Account,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let form = request.form;
    form.required("Region")?;
    let page = Page::of(form)?;
    let images: Vec<&Image> = of_kind(account, "Custom", form).collect();
    let total = images.len();
    let images = page.cut(images).map(Image::view);
    Ok(json!({"TotalCount": total, "ImageSet": list(images)}))
}

/// Community images are grouped; a group lists its versions that are not offline.
pub(super) fn describe_community_images(
    account: &Account,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let form = request.form;
    form.required("Region")?;
    let page = Page::of(form)?;
    let mut groups: Vec<Group<'_>> = Vec::new();
    for image in of_kind(account, "Community", form) {
        match groups.iter_mut().find(|group| group.id == image.text("GroupId")) {
            Some(group) => group.versions.push(image),
            None => groups.push(Group { id: image.text("GroupId"), versions: vec![image] }),
        }
    }
    let tags = form.list("Tag")?;
    let flags = [("IsOfficial", "IsOfficial"), ("IfAutoStart", "AutoStart")];
    groups.retain(|group| {
        has(form, "GroupId", group.id)
            && form.get("Name").is_none_or(|name| contains(group.text("Name"), name))
            && has(form, "Author", group.text("Author"))
            && form.get("FuzzySearch").is_none_or(|text| {
                contains(group.text("Name"), text) || contains(group.text("Author"), text)
            })
            && tags.iter().all(|tag| group.newest().lists("Tags", tag))
            && flags.iter().all(|(parameter, field)| {
                has(form, parameter, if group.newest().flag(field) { "true" } else { "false" })
            })
            && has(form, "IsFree", if group.newest().price() > 0.0 { "false" } else { "true" })
    });
    if let Some(field) = form.get("SortCondition.Field") {
        groups.sort_by_key(|group| std::cmp::Reverse(group.newest().number(field)));
        if form.flag("SortCondition.ASC")? {
            groups.reverse();
        }
    }
    let total = groups.len();
    let available = groups.iter().filter(|group| group.versions().next().is_some()).count();
    let groups = page.cut(groups).map(|group| group.view());
    Ok(json!({
        "TotalCount": total,
        "AvailableTotalCount": available,
        "CompshareImageGroup": list(groups),
    }))
}

/// Versions of a community image, from the oldest; at least one.
struct Group<'a> {
    id: &'a str,
    versions: Vec<&'a Image>,
}

impl<'a> Group<'a> {
    fn newest(&self) -> &'a Image {
        self.versions[self.versions.len() - 1]
    }

    fn text(&self, field: &str) -> &'a str {
        self.newest().text(field)
    }

    fn versions(&self) -> impl Iterator<Item = &'a Image> {
        self.versions.iter().copied().filter(|version| version.is_available())
    }

    fn view(&self) -> Value {
        let versions = self.versions().map(Image::view);
        json!({
            "GroupId": self.id,
            "ImageName": self.text("Name"),
            "Author": self.text("Author"),
            "Status": self.text("Status"),
            "Data": list(versions),
        })
    }
}

/// Returns the images of a type, by the ID and the zone of a request. A zone of pods has only
/// container images.
fn of_kind<'a>(
    account: &'a Account,
    kind: &'a str,
    form: &'a Form,
) -> impl Iterator<Item = &'a Image> {
    let only_containers = form.get("Zone").is_some_and(zones::is_pod);
    account.images.iter().filter(move |image| {
        image.kind() == kind
            && has(form, "CompShareImageId", image.id())
            && (!only_containers || image.is_container())
    })
}

/// Returns `true` if the request does not have the parameter, or has this value.
fn has(form: &Form, parameter: &str, value: &str) -> bool {
    form.get(parameter).is_none_or(|wanted| wanted == value)
}

fn contains(text: &str, part: &str) -> bool {
    text.to_lowercase().contains(&part.to_lowercase())
}
