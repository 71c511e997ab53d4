//! Filters for instances, in the data source `compshare_instances` and the list resource.

use std::sync::Arc;

use regex_lite::Regex;

use crate::{
    compshare::{DescribeInstances, Error, Instance, Pages, Scope, State},
    framework::{Attr, Context, Diagnostic, Diagnostics, Rule, model},
    operation::Location,
    provider::{message, name_regex, session::Session},
};

model! {
    /// Filters for instances. Without any, all instances match.
    pub(crate) struct InstanceFilter {
        /// Only instances in this region, for example `cn-wlcb`. Defaults to the provider's
        /// `region`, otherwise to all regions.
        pub(crate) region: Attr<String> = optional().rule(Rule::Code),

        /// Only instances in this zone, for example `cn-wlcb-01`. Defaults to all zones.
        pub(crate) zone: Attr<String> = optional().rule(Rule::Code),

        /// Only instances of this project. Defaults to the provider's `project_id`, otherwise to
        /// the account's default project.
        pub(crate) project_id: Attr<String> = optional().rule(Rule::Code),

        /// Only instances in this power state, as reported by the API: `Running`, `Stopped`,
        /// `Starting`, `Stopping`, and so on. Defaults to all states.
        pub(crate) state: Attr<String> = optional().rule(Rule::Check(check_state)),

        /// Only instances with this GPU model, for example `4090`. Defaults to all models.
        pub(crate) gpu_type: Attr<String> = optional().rule(Rule::Code),

        /// Only instances with this tag (business group). Defaults to all instances.
        pub(crate) tag: Attr<String> = optional().rule(Rule::NotEmpty),

        /// Only instances whose name matches this regular expression, anywhere in the name unless
        /// anchored. The syntax is that of Terraform's `regex` function, without `\p{…}`. Defaults
        /// to all names.
        pub(crate) name_regex: Attr<String> = optional().rule(Rule::Check(name_regex::check)),
    }
}

fn check_state(word: &str) -> Result<(), String> {
    if word.trim().is_empty() {
        return Err("it must not be empty".to_owned());
    }
    let meant =
        State::WORDS.iter().find(|state| **state != word && state.eq_ignore_ascii_case(word));
    meant.map_or(Ok(()), |state| Err(format!("values are case-sensitive; use \"{state}\"")))
}

impl InstanceFilter {
    /// The matching instances, page by page, in the order of the API.
    ///
    /// # Errors
    /// As [`Session::clients`].
    pub(crate) async fn pages(
        self,
        context: &Context<Session>,
    ) -> Result<MatchingPages, Diagnostics> {
        let client = &context.session()?.clients(&context.stop).await?.client;
        let matching = Matching::new(self, context)?;
        let describe = DescribeInstances {
            scope: matching.scope.clone(),
            tag: matching.tag(),
            ..DescribeInstances::default()
        };
        let pages = Pages::new(client.client().clone(), describe);
        Ok(MatchingPages { pages, matching })
    }

    /// All matching instances. Concurrent callers share the requests.
    ///
    /// # Errors
    /// A request failed, or the host was interrupted.
    pub(crate) async fn all(
        self,
        context: &Context<Session>,
    ) -> Result<Vec<Arc<Instance>>, Diagnostics> {
        let client = &context.session()?.clients(&context.stop).await?.client;
        let matching = Matching::new(self, context)?;
        let list = client.list(matching.scope.clone(), matching.tag());
        let listed = context
            .or_interrupted(list, interrupted)
            .await?
            .map_err(|error| matching.filter.list_failed(&error))?;
        Ok(listed.iter().filter(|instance| matching.accepts(instance)).cloned().collect())
    }

    fn scope(&self, session: &Session) -> Scope {
        Scope {
            region: self.region.text().or_else(|| session.region()).map(str::to_owned),
            zone: self.zone.known().cloned(),
            ..session.scope(Location::default(), &self.project_id)
        }
    }

    fn list_failed(&self, error: &Error) -> Diagnostics {
        let filters = [("Region", "region", &self.region), ("Zone", "zone", &self.zone)];
        let configured = filters.into_iter().filter(|(_, _, attr)| !attr.is_null());
        let configured: Vec<_> = configured.map(|(api, name, _)| (api, name)).collect();
        message::list(error, &configured)
    }
}

fn interrupted() -> Diagnostic {
    message::interrupted("Listing Instances")
}

/// A filter with its scope and the compiled regular expression.
#[derive(Debug)]
struct Matching {
    filter: InstanceFilter,
    scope: Scope,
    name: Option<Regex>,
}

impl Matching {
    fn new(filter: InstanceFilter, context: &Context<Session>) -> Result<Self, Diagnostics> {
        let scope = filter.scope(context.session()?);
        let name = filter.name_regex.text().map(name_regex::compile).transpose()?;
        Ok(Self { filter, scope, name })
    }

    fn tag(&self) -> Option<String> {
        self.filter.tag.known().cloned()
    }

    /// Returns `true` if the instance matches all filters. Region, zone and tag are in the request
    /// as well, but the API ignores parameters that it does not support.
    fn accepts(&self, instance: &Instance) -> bool {
        let InstanceFilter { zone, state, gpu_type, tag, .. } = &self.filter;
        let facts = [
            (self.scope.region.as_deref(), instance.region.as_deref()),
            (zone.text(), instance.zone.as_deref()),
            (state.text(), Some(instance.state.as_str())),
            (gpu_type.text(), instance.gpu_type.as_deref()),
            (tag.text(), instance.tag.as_deref()),
        ];
        let fits =
            |(wanted, fact): (Option<&str>, Option<&str>)| wanted.is_none() || wanted == fact;
        let is_named = |regex: &Regex| regex.is_match(instance.name.as_deref().unwrap_or_default());
        facts.into_iter().all(fits) && self.name.as_ref().is_none_or(is_named)
    }
}

/// A list of instances in progress.
#[derive(Debug)]
pub(crate) struct MatchingPages {
    pages: Pages,
    matching: Matching,
}

impl MatchingPages {
    /// The matching instances of the next page; `None` after the last page.
    ///
    /// # Errors
    /// The request failed, or the host was interrupted.
    pub(crate) async fn next(
        &mut self,
        context: &Context<Session>,
    ) -> Result<Option<Vec<Instance>>, Diagnostics> {
        let page = context
            .or_interrupted(self.pages.next(), interrupted)
            .await?
            .map_err(|error| self.matching.filter.list_failed(&error))?;
        Ok(page.map(|page| page.into_iter().filter(|one| self.matching.accepts(one)).collect()))
    }
}
