//! The data source `compshare_images`.

use std::{collections::HashSet, sync::Arc};

use futures_util::future::try_join_all;

use crate::{
    compshare::{self, ImageList, Images},
    cty::Number,
    framework::{Attr, Context, DataSource, Definition, Diagnostics, Rule, model},
    provider::{
        instance::reported::{decimal, rfc3339},
        message, name_regex,
        offer::{place, regions, scope, zones},
        session::Session,
    },
};

#[derive(Debug)]
pub(crate) struct ImagesDataSource;

model! {
    /// Filters, and the matching images.
    pub(crate) struct ImagesModel {
        /// Kind of the images: `platform` (images of CompShare), `custom` (images of this account)
        /// or `community` (images that other users have published).
        pub(crate) kind: Attr<String> =
            required().rule(Rule::OneOf(&["platform", "custom", "community"])),

        /// Only images for instances in this zone, for example `cn-wlcb-01`. Defaults to images for
        /// any zone.
        pub(crate) zone: Attr<String> = optional().rule(Rule::Code),

        /// Only images whose name matches this regular expression, anywhere in the name unless
        /// anchored. The syntax is that of Terraform's `regex` function, without `\p{…}`. Defaults
        /// to all names.
        pub(crate) name_regex: Attr<String> = optional().rule(Rule::Check(name_regex::check)),

        /// Only images of containers if `true`, only images of VMs if `false`. Defaults to both.
        pub(crate) container: Attr<bool> = optional(),

        /// Only images that support this GPU model, for example `4090`. Defaults to all images.
        pub(crate) gpu_type: Attr<String> = optional().rule(Rule::Code),

        /// Matching images of any status, sorted by name, version, and ID.
        pub(crate) images: Attr<Vec<ImageModel>> = computed(),
    }
}

model! {
    /// An image.
    pub(crate) struct ImageModel {
        /// ID of the image, for example `compshareImage-1a2b3c4d`.
        pub(crate) image_id: Attr<String> = computed(),

        /// Name of the image.
        pub(crate) name: Attr<String> = computed(),

        /// Version, of a community image.
        pub(crate) version: Attr<String> = computed(),

        /// Type of the image, as reported by the API: `System`, `App`, `Game`, `Other`, `Custom` or
        /// `Community`.
        pub(crate) image_type: Attr<String> = computed(),

        /// `Available`, or the reason why the image cannot be used, for example `Making`.
        pub(crate) status: Attr<String> = computed(),

        /// `true` for an image of a container, `false` for one of a VM.
        pub(crate) container: Attr<bool> = computed(),

        /// Size in GB, rounded up. The system disk must not be smaller.
        pub(crate) size_gb: Attr<i64> = computed(),

        /// GPU models that the image supports. Empty if it supports all types.
        pub(crate) gpu_types: Attr<Vec<String>> = computed(),

        /// Framework in the image, for example `PyTorch`.
        pub(crate) framework: Attr<String> = computed(),

        /// Version of the framework.
        pub(crate) framework_version: Attr<String> = computed(),

        /// Version of CUDA in the image.
        pub(crate) cuda_version: Attr<String> = computed(),

        /// Price in CNY per GPU and hour. Null if not reported.
        pub(crate) price_cny: Attr<Number> = computed(),

        /// Author of the image.
        pub(crate) author: Attr<String> = computed(),

        /// Tags of the image.
        pub(crate) tags: Attr<Vec<String>> = computed(),

        /// Description of the image.
        pub(crate) description: Attr<String> = computed(),

        /// Creation time in RFC 3339 format.
        pub(crate) created_at: Attr<String> = computed(),
    }
}

impl From<&compshare::Image> for ImageModel {
    fn from(image: &compshare::Image) -> Self {
        let software = &image.softwares;
        let size_gb = image.size_mb.filter(|size| *size > 0).map(|size| size.div_ceil(1024));
        Self {
            image_id: Attr::Known(image.id.clone()),
            name: image.name.clone().into(),
            version: image.version.clone().into(),
            image_type: image.image_type.clone().into(),
            status: image.status.clone().into(),
            container: image.is_container.into(),
            size_gb: size_gb.and_then(|size| i64::try_from(size).ok()).into(),
            gpu_types: Attr::Known(image.gpu_types.clone()),
            framework: software.framework.clone().into(),
            framework_version: software.framework_version.clone().into(),
            cuda_version: software.cuda_version.clone().into(),
            price_cny: image.price.and_then(decimal).into(),
            author: image.author.clone().into(),
            tags: Attr::Known(image.tags.clone()),
            description: image.description.clone().into(),
            created_at: image.create_time.and_then(rfc3339).into(),
        }
    }
}

impl Definition for ImagesDataSource {
    type Model = ImagesModel;
    type Session = Session;

    fn type_name(&self) -> &'static str {
        "compshare_images"
    }

    fn description(&self) -> &'static str {
        "Images from which instances can be created. Without filters, all images of the kind match. \
         An empty result is not an error."
    }
}

const ATTEMPT: &str = "List Images";

impl DataSource for ImagesDataSource {
    async fn read(
        &self,
        context: &Context<Session>,
        config: ImagesModel,
    ) -> Result<ImagesModel, Diagnostics> {
        let pages = context
            .or_interrupted(pages(context, &config), || message::interrupted("Listing Images"))
            .await??;
        let name = config.name_regex.text().map(name_regex::compile).transpose()?;
        let is_wanted = |image: &&compshare::Image| {
            let image_name = image.name.as_deref().unwrap_or_default();
            let container = config.container.known();
            name.as_ref().is_none_or(|name| name.is_match(image_name))
                && config.gpu_type.text().is_none_or(|gpu_type| image.supports(gpu_type))
                && (container.is_none() || image.is_container.as_ref() == container)
        };
        let mut images: Vec<_> =
            pages.iter().flat_map(|page| &page.images).filter(is_wanted).collect();
        let mut ids = HashSet::new();
        images.retain(|image| ids.insert(&image.id));
        // The API guarantees no order. A changed order would appear as drift.
        images.sort_by_key(|image| (&image.name, &image.version, &image.id));
        let images = images.into_iter().map(ImageModel::from).collect();
        Ok(ImagesModel { images: Attr::Known(images), ..config })
    }
}

/// Returns all pages of the lists of the kind. CompShare's and the community's images are the same
/// in all regions; an image of the account belongs to a region.
async fn pages(
    context: &Context<Session>,
    config: &ImagesModel,
) -> Result<Vec<Arc<Images>>, Diagnostics> {
    let session = context.session()?;
    let place = place(&Attr::Null, &config.zone, session);
    let mut regions = regions(&zones(context, ATTEMPT, &place).await?);
    let lists = match config.kind.text() {
        Some("custom") => vec![ImageList::Custom],
        Some("community") => vec![ImageList::Community],
        _ => ImageList::PLATFORM_TYPES.map(ImageList::Platform).to_vec(),
    };
    if config.kind.text() != Some("custom") {
        regions.truncate(1);
    }
    let catalog = &session.clients(&context.stop).await?.catalog;
    let requests = regions.iter().flat_map(|region| lists.iter().map(move |list| (region, *list)));
    let listed = requests.map(async |(region, list)| {
        let zone = config.zone.known().cloned();
        let listed = catalog.images(list, scope(session, region.clone(), zone)).await;
        listed.map_err(|error| message::call_in(ATTEMPT, region, &error))
    });
    Ok(try_join_all(listed).await?.concat())
}
