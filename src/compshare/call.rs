//! The calls this project makes. Each says what it sends, what it gets, and whether it may be repeated blindly.

use std::{fmt, str::FromStr};

use serde::{
    Deserialize,
    de::{DeserializeOwned, Deserializer, Error as _},
};

use super::{form::Form, instance::Instance, lenient};

/// One kind of request to the API.
pub trait Call {
    /// The API's name of it, sent as `Action`.
    const ACTION: &'static str;
    /// Whether doing it twice is the same as doing it once. If not, it is sent again only when the cloud cannot have
    /// done it.
    const REPEATABLE: bool;
    /// What a successful answer holds beside `RetCode`.
    type Reply: DeserializeOwned;

    /// Puts the parameters into `form`; `Action`, `PublicKey` and `Signature` are added by the client.
    fn form(&self, form: &mut Form);

    /// The instance it is about, for the log; `None` if it is about none or several.
    fn instance_id(&self) -> Option<&str> {
        None
    }
}

/// Where the cloud is to look. What is `None` is not sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scope {
    /// Region, e.g. `cn-wlcb`; without it a describe looks in all of them.
    pub region: Option<String>,
    /// Zone within the region, e.g. `cn-wlcb-01`.
    pub zone: Option<String>,
    /// Project; the account's default project without it. Sub-accounts must give one.
    pub project_id: Option<String>,
}

impl Scope {
    fn form(&self, form: &mut Form) {
        form.put("Region", self.region.as_deref());
        form.put("Zone", self.zone.as_deref());
        form.put("ProjectId", self.project_id.as_deref());
    }
}

/// Starts a stopped instance. Accepted, it is `Starting` and later `Running`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartInstance {
    /// The instance.
    pub instance_id: String,
    /// Where it is; the API asks for region and zone.
    pub scope: Scope,
    /// How to start it without a GPU; `None`: with.
    pub without_gpu: Option<WithoutGpu>,
}

/// How to ask for a start without a GPU.
///
/// The documentation has a boolean, `WithoutGpu`; the vendor's own programs have since moved on to `WithoutGpuSpec`.
/// The cloud ignores parameters it does not know, and then starts a *billed* GPU. So both are sent where that is
/// accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WithoutGpu {
    /// The size, sent as `WithoutGpuSpec`.
    pub spec: Spec,
    /// Also send the documented `WithoutGpu=true`.
    pub send_flag: bool,
}

/// The sizes an instance can have without a GPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spec {
    /// 2 cores, 4 GiB; the only one for containers.
    A,
    /// 8 cores, 16 GiB.
    B,
}

impl Spec {
    /// The letter the API uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::B => "B",
        }
    }
}

impl fmt::Display for Spec {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A text that names no [`Spec`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("neither `A` nor `B`")]
pub struct InvalidSpec;

impl FromStr for Spec {
    type Err = InvalidSpec;

    fn from_str(letter: &str) -> Result<Self, Self::Err> {
        match letter {
            "A" => Ok(Self::A),
            "B" => Ok(Self::B),
            _ => Err(InvalidSpec),
        }
    }
}

impl Call for StartInstance {
    const ACTION: &'static str = "StartCompShareInstance";
    const REPEATABLE: bool = false;
    type Reply = Accepted;

    fn form(&self, form: &mut Form) {
        self.scope.form(form);
        form.put("UHostId", self.instance_id.as_str());
        if let Some(WithoutGpu { spec, send_flag }) = self.without_gpu {
            form.put("WithoutGpuSpec", spec.as_str());
            form.put("WithoutGpu", send_flag.then_some(true));
        }
    }

    fn instance_id(&self) -> Option<&str> {
        Some(&self.instance_id)
    }
}

/// Stops a running instance. Accepted, it is `Stopping` and later `Stopped`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopInstance {
    /// The instance.
    pub instance_id: String,
    /// Where it is; the API asks for region and zone.
    pub scope: Scope,
    /// Sent as `Force=true`, which a spot instance needs; not sent if false.
    pub force: bool,
}

impl Call for StopInstance {
    const ACTION: &'static str = "StopCompShareInstance";
    const REPEATABLE: bool = false;
    type Reply = Accepted;

    fn form(&self, form: &mut Form) {
        self.scope.form(form);
        form.put("UHostId", self.instance_id.as_str());
        form.put("Force", self.force.then_some(true));
    }

    fn instance_id(&self) -> Option<&str> {
        Some(&self.instance_id)
    }
}

/// Restarts a running instance. Accepted, it is `Rebooting` and later `Running`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RebootInstance {
    /// The instance.
    pub instance_id: String,
    /// Where it is; the API asks for region and zone.
    pub scope: Scope,
}

impl Call for RebootInstance {
    const ACTION: &'static str = "RebootCompShareInstance";
    const REPEATABLE: bool = false;
    type Reply = Accepted;

    fn form(&self, form: &mut Form) {
        self.scope.form(form);
        form.put("UHostId", self.instance_id.as_str());
    }

    fn instance_id(&self) -> Option<&str> {
        Some(&self.instance_id)
    }
}

/// The cloud took an operation on. It has only begun.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Accepted {
    /// The instance, as the answer names it.
    #[serde(rename = "UHostId", default, deserialize_with = "lenient::text")]
    pub instance_id: Option<String>,
}

/// Lists instances, or looks some up. An id the cloud does not know is not an error: it is absent from the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribeInstances {
    /// The instances to look up, at most 100; none: all.
    pub ids: Vec<String>,
    /// Where to look.
    pub scope: Scope,
    /// How many to list at most, up to [`Self::MAX_LIMIT`]. The API's own default of 20 would cut a look-up of more
    /// short.
    pub limit: u32,
    /// How many to skip. An offset past the last is an error.
    pub offset: u32,
    /// Only those with this tag.
    pub tag: Option<String>,
}

impl DescribeInstances {
    /// The most the API lists at once.
    pub const MAX_LIMIT: u32 = 100;
}

/// All instances, the first page.
impl Default for DescribeInstances {
    fn default() -> Self {
        Self {
            ids: Vec::new(),
            scope: Scope::default(),
            limit: Self::MAX_LIMIT,
            offset: 0,
            tag: None,
        }
    }
}

impl Call for DescribeInstances {
    const ACTION: &'static str = "DescribeCompShareInstance";
    const REPEATABLE: bool = true;
    type Reply = Instances;

    fn form(&self, form: &mut Form) {
        self.scope.form(form);
        form.put("UHostIds", self.ids.as_slice());
        form.put("Limit", self.limit);
        form.put("Offset", self.offset);
        form.put("Tag", self.tag.as_deref());
    }

    fn instance_id(&self) -> Option<&str> {
        match self.ids.as_slice() {
            [id] => Some(id),
            _ => None,
        }
    }
}

/// A page of instances.
#[derive(Clone, Debug)]
pub struct Instances {
    /// How many there are on all pages together, if the answer says so.
    pub total: Option<u32>,
    /// Those on this page.
    pub instances: Vec<Instance>,
}

/// An answer without a list is an empty list only if it also says that there are none: "the instance is gone" must not
/// be read out of an answer that is merely incomplete. An element that is no object with an id makes the answer
/// unreadable, for the same reason.
impl<'de> Deserialize<'de> for Instances {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Page {
            #[serde(rename = "TotalCount", default, deserialize_with = "lenient::number")]
            total: Option<u32>,
            #[serde(rename = "UHostSet", default)]
            instances: Option<Vec<Instance>>,
        }
        let Page { total, instances } = Page::deserialize(deserializer)?;
        match instances {
            Some(instances) => Ok(Self { total, instances }),
            None if total == Some(0) => Ok(Self { total, instances: Vec::new() }),
            None => Err(D::Error::missing_field("UHostSet")),
        }
    }
}

/// Lists the zones that have machines to rent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DescribeSupportZone;

impl Call for DescribeSupportZone {
    const ACTION: &'static str = "DescribeCompShareSupportZone";
    const REPEATABLE: bool = true;
    type Reply = Zones;

    fn form(&self, _: &mut Form) {}
}

/// The answer to [`DescribeSupportZone`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Zones {
    /// The zones.
    #[serde(rename = "ZoneInfo", default, deserialize_with = "lenient::array")]
    pub zones: Vec<Zone>,
}

/// A zone.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Zone {
    /// The region it belongs to, e.g. `cn-wlcb`.
    #[serde(rename = "Region", default, deserialize_with = "lenient::text")]
    pub region: Option<String>,
    /// Its own name, e.g. `cn-wlcb-01`.
    #[serde(rename = "Zone", default, deserialize_with = "lenient::text")]
    pub zone: Option<String>,
    /// What the vendor calls it, in words.
    #[serde(rename = "Describe", default, deserialize_with = "lenient::text")]
    pub description: Option<String>,
}

/// Lists the projects of the account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GetProjectList;

impl Call for GetProjectList {
    const ACTION: &'static str = "GetProjectList";
    const REPEATABLE: bool = true;
    type Reply = Projects;

    fn form(&self, _: &mut Form) {}
}

/// The answer to [`GetProjectList`].
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Projects {
    /// The projects.
    #[serde(rename = "ProjectSet", default, deserialize_with = "lenient::array")]
    pub projects: Vec<Project>,
}

/// A project.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Project {
    /// Its id, e.g. `org-abc`.
    #[serde(rename = "ProjectId", default, deserialize_with = "lenient::text")]
    pub id: Option<String>,
    /// Its name.
    #[serde(rename = "ProjectName", default, deserialize_with = "lenient::text")]
    pub name: Option<String>,
    /// Whether it is the one meant when a request names none.
    #[serde(rename = "IsDefault", default, deserialize_with = "lenient::flag")]
    pub is_default: Option<bool>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn scope() -> Scope {
        Scope {
            region: Some("cn-wlcb".to_owned()),
            zone: Some("cn-wlcb-01".to_owned()),
            project_id: None,
        }
    }

    fn start(without_gpu: Option<WithoutGpu>) -> StartInstance {
        StartInstance { instance_id: "uhost-1".to_owned(), scope: scope(), without_gpu }
    }

    #[track_caller]
    fn check(call: &impl Call, want: &str) {
        let mut form = Form::default();
        call.form(&mut form);
        let pairs: Vec<_> = form.iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(pairs.join(" "), want);
    }

    #[test]
    fn each_call_sends_what_the_api_documents() {
        let place = "Region=cn-wlcb UHostId=uhost-1";
        check(&start(None), &format!("{place} Zone=cn-wlcb-01"));
        check(
            &start(Some(WithoutGpu { spec: Spec::A, send_flag: true })),
            &format!("{place} WithoutGpu=true WithoutGpuSpec=A Zone=cn-wlcb-01"),
        );
        check(
            &start(Some(WithoutGpu { spec: Spec::B, send_flag: false })),
            &format!("{place} WithoutGpuSpec=B Zone=cn-wlcb-01"),
        );
        let project = Scope { project_id: Some("org-1".to_owned()), ..scope() };
        let stop = StopInstance { instance_id: "uhost-1".to_owned(), scope: project, force: false };
        check(&stop, "ProjectId=org-1 Region=cn-wlcb UHostId=uhost-1 Zone=cn-wlcb-01");
        check(
            &StopInstance { scope: scope(), force: true, ..stop },
            &format!("Force=true {place} Zone=cn-wlcb-01"),
        );
        let reboot = RebootInstance { instance_id: "uhost-1".to_owned(), scope: scope() };
        check(&reboot, &format!("{place} Zone=cn-wlcb-01"));
        check(&DescribeInstances::default(), "Limit=100 Offset=0");
        let describe = DescribeInstances {
            ids: vec!["a".to_owned(), "b".to_owned()],
            tag: Some("训练".to_owned()),
            offset: 100,
            ..DescribeInstances::default()
        };
        check(&describe, "Limit=100 Offset=100 Tag=训练 UHostIds.0=a UHostIds.1=b");
        check(&DescribeSupportZone, "");
        check(&GetProjectList, "");
    }

    fn page(value: serde_json::Value) -> Result<Instances, serde_json::Error> {
        serde_json::from_value(value)
    }

    #[test]
    fn no_list_is_an_empty_list_only_if_the_answer_says_so() {
        assert!(page(json!({"TotalCount": 0})).unwrap().instances.is_empty());
        assert!(page(json!({"TotalCount": 0, "UHostSet": null})).unwrap().instances.is_empty());
        assert!(page(json!({"UHostSet": []})).unwrap().instances.is_empty());
        assert!(page(json!({})).is_err());
        assert!(page(json!({"TotalCount": 1, "UHostSet": null})).is_err());
        assert!(page(json!({"UHostSet": [{"Name": "without an id"}]})).is_err());
    }

    #[test]
    fn the_lesser_lists_are_read_as_far_as_they_go() {
        let zones: Zones =
            serde_json::from_value(json!({"ZoneInfo": [{"Zone": "cn-wlcb-01"}, 7]})).unwrap();
        assert_eq!(zones.zones.len(), 1);
        let projects: Projects = serde_json::from_value(json!({"ProjectSet": null})).unwrap();
        assert_eq!(projects.projects, []);
    }
}
