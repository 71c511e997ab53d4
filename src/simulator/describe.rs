//! DescribeCompShareInstance: filters and paging.

use std::slice;

use serde_json::{Value, json};

use super::{
    account::Account,
    fault::Effect,
    merge::merge,
    page::{MAX_PAGE, Page},
    pending_faults::Kind,
    refusal::Refusal,
    request::Request,
};

pub(super) fn describe_instances(
    account: &mut Account,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let form = request.form;
    let ids = form.list("UHostIds")?;
    if ids.len() > MAX_PAGE {
        return Err(Refusal::out_of_range("UHostIds"));
    }
    let page = Page::of(form)?;
    let only_without_gpu = form.flag("WithoutGpu")?;
    let matching: Vec<&String> = account
        .instances
        .iter()
        .filter(|(id, _)| ids.is_empty() || ids.contains(id))
        .filter(|(_, instance)| instance.is_in_scope(form) && instance.is_visible())
        .filter(|(_, instance)| form.get("Tag").is_none_or(|tag| instance.text("Tag") == tag))
        .filter(|(_, instance)| !only_without_gpu || instance.is_without_gpu())
        .map(|(id, _)| id)
        .collect();
    let total = matching.len();
    if page.offset > 0 && page.offset >= total {
        return Err(Refusal::past_the_end());
    }
    let mut instances = Vec::new();
    for id in page.cut(matching) {
        let mut view = account.instances[id].described();
        if account.options.sdk_field_names {
            let time = view.remove("SchedulerStopTime");
            view.insert("StopSchedulerTime".to_owned(), json!(time));
        }
        let one = Request { instances: slice::from_ref(id), ..*request };
        if let Some(Effect::Report(fields)) = account.faults.strike(Kind::Report, &one) {
            merge(&mut view, fields);
        }
        instances.push(view);
    }
    Ok(json!({"TotalCount": total, "UHostSet": instances}))
}
