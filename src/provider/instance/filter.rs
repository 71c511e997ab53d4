//! Which instances are meant, for whoever lists them: the data source `compshare_instances` and the
//! list resource.

use std::sync::Arc;

use regex_lite::{Regex, RegexBuilder};

use crate::{
    compshare::{DescribeInstances, Instance, Pages, Scope, State},
    cty::Path,
    framework::{Attr, Context, Diagnostic, Diagnostics, Rule, model},
    provider::{
        message,
        session::{NotReady, Session},
    },
};

model! {
    /// Filters for instances. Without any, all instances match.
    pub(crate) struct InstanceFilter {
        /// Only instances in this region, for example `cn-wlcb`. Defaults to the provider's
        /// `region`, otherwise to all regions.
        pub(crate) region: Attr<String> = optional().rule(Rule::NotEmpty),

        /// Only instances in this zone, for example `cn-wlcb-01`. Defaults to all zones.
        pub(crate) zone: Attr<String> = optional().rule(Rule::NotEmpty),

        /// Only instances of this project. Defaults to the provider's `project_id`, otherwise to
        /// the account's default project.
        pub(crate) project_id: Attr<String> = optional().rule(Rule::NotEmpty),

        /// Only instances in this power state, as reported by the API: `Running`, `Stopped`,
        /// `Starting`, `Stopping`, and so on. Defaults to all states.
        pub(crate) state: Attr<String> = optional().rule(Rule::Check(check_state)),

        /// Only instances with this GPU model, for example `4090`. Defaults to all models.
        pub(crate) gpu_type: Attr<String> = optional().rule(Rule::NotEmpty),

        /// Only instances with this tag (business group). Defaults to all instances.
        pub(crate) tag: Attr<String> = optional().rule(Rule::NotEmpty),

        /// Only instances whose name matches this regular expression, anywhere in the name unless
        /// anchored. The syntax is that of Terraform's `regex` function, without `\p{…}`. Defaults
        /// to all names.
        pub(crate) name_regex: Attr<String> = optional().rule(Rule::Check(check_regex)),
    }
}

fn check_state(word: &str) -> Result<(), String> {
    if word.trim().is_empty() {
        return Err("it must not be empty".to_owned());
    }
    let meant =
        State::WORDS.iter().find(|state| **state != word && state.eq_ignore_ascii_case(word));
    meant.map_or(Ok(()), |state| Err(format!("capital letters matter, the state is \"{state}\"")))
}

fn check_regex(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("it must not be empty".to_owned());
    }
    compiled(text).map(drop).map_err(|error| error.to_string())
}

/// A tenth of what the library allows is more than enough for a name. Counted repetitions multiply
/// (`(a{99}){99}`), and each name is held against every step of the result.
fn compiled(text: &str) -> Result<Regex, regex_lite::Error> {
    RegexBuilder::new(text).size_limit(1 << 20).build()
}

impl InstanceFilter {
    /// The instances that are meant, page by page as the cloud lists them.
    ///
    /// # Errors
    /// The cloud cannot be asked.
    pub(crate) fn pages(self, context: &Context<Session>) -> Result<MatchingPages, Diagnostics> {
        let client = context.session()?.client().map_err(NotReady::into_diagnostics)?;
        let matching = Matching::new(self, context)?;
        let describe = DescribeInstances {
            scope: matching.scope.clone(),
            tag: matching.tag(),
            ..DescribeInstances::default()
        };
        let pages = Pages::new(client.client().clone(), describe);
        Ok(MatchingPages { pages, matching })
    }

    /// All instances that are meant. Who asks at about the same time shares the requests.
    ///
    /// # Errors
    /// The cloud could not be asked, or not to the end.
    pub(crate) async fn all(
        self,
        context: &Context<Session>,
    ) -> Result<Vec<Arc<Instance>>, Diagnostics> {
        let client = context.session()?.client().map_err(NotReady::into_diagnostics)?;
        let matching = Matching::new(self, context)?;
        let listed = tokio::select! {
            listed = client.list(matching.scope.clone(), matching.tag()) => listed,
            () = context.stop.cancelled() => {
                return Err(message::interrupted("List Instances").into());
            }
        };
        let listed = listed.map_err(|error| message::list(&error, &matching.filter))?;
        Ok(listed.iter().filter(|instance| matching.accepts(instance)).cloned().collect())
    }

    fn scope(&self, session: &Session) -> Scope {
        let text = |attr: &Attr<String>| attr.text().map(str::to_owned);
        Scope {
            region: text(&self.region).or_else(|| session.region().map(str::to_owned)),
            zone: text(&self.zone),
            project_id: text(&self.project_id).or_else(|| text(session.project_id())),
        }
    }
}

/// What an instance has to be like.
#[derive(Debug)]
struct Matching {
    filter: InstanceFilter,
    scope: Scope,
    name: Option<Regex>,
}

impl Matching {
    fn new(filter: InstanceFilter, context: &Context<Session>) -> Result<Self, Diagnostics> {
        let scope = filter.scope(context.session()?);
        let name = filter.name_regex.text().map(regex).transpose()?;
        Ok(Self { filter, scope, name })
    }

    fn tag(&self) -> Option<String> {
        self.filter.tag.text().map(str::to_owned)
    }

    /// The cloud is asked for region, zone and tag as well, but it is known to ignore what it does
    /// not understand.
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

/// A list of instances on its way.
#[derive(Debug)]
pub(crate) struct MatchingPages {
    pages: Pages,
    matching: Matching,
}

impl MatchingPages {
    /// Those of the next page that are meant, if any; `None` after the last page.
    ///
    /// # Errors
    /// The cloud could not be asked, or the host was interrupted.
    pub(crate) async fn next(
        &mut self,
        context: &Context<Session>,
    ) -> Result<Option<Vec<Instance>>, Diagnostics> {
        let page = tokio::select! {
            page = self.pages.next() => page,
            () = context.stop.cancelled() => {
                return Err(message::interrupted("List Instances").into());
            }
        };
        let page = page.map_err(|error| message::list(&error, &self.matching.filter))?;
        Ok(page.map(|page| page.into_iter().filter(|one| self.matching.accepts(one)).collect()))
    }
}

/// Its rule has been checked, but not by every host.
fn regex(text: &str) -> Result<Regex, Diagnostics> {
    compiled(text).map_err(|error| {
        let detail = format!("The value of `name_regex` is not valid: {error}.");
        let path = Path::root().attribute("name_regex");
        Diagnostic::error("Invalid Attribute Value", detail).at(path).into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_that_grows_out_of_proportion_is_refused() {
        check_regex("^(train|test)-[0-9]{1,200}-[^-]{0,200}$").unwrap();
        for text in ["(?:a{99}){999}", "(?:){4294967295}", "((((a{9}){9}){9}){9}){99}"] {
            let refused = check_regex(text).unwrap_err();
            assert!(refused.contains("limit"), "{refused}");
        }
        assert!(check_regex(&"(".repeat(100_000)).is_err());
    }
}
