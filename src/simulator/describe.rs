//! DescribeCompShareInstance: filters and paging.

use std::slice;

use serde_json::{Value, json};

use super::{
    account::Account, fault::Effect, instance::merge, pending_faults::Kind, refusal::Refusal,
    request::Request,
};

/// Maximum of `Limit`, and of the IDs in one request.
const MAX_PAGE: usize = 100;
const DEFAULT_PAGE: usize = 20;

pub(super) fn describe_instances(
    account: &mut Account,
    request: &Request<'_>,
) -> Result<Value, Refusal> {
    let form = request.form;
    let ids = form.list("UHostIds")?;
    if ids.len() > MAX_PAGE {
        return Err(Refusal::out_of_range("UHostIds"));
    }
    let limit = form.number("Limit")?.unwrap_or(DEFAULT_PAGE);
    if !(1..=MAX_PAGE).contains(&limit) {
        return Err(Refusal::out_of_range("Limit"));
    }
    let offset = form.number("Offset")?.unwrap_or(0);
    let only_without_gpu = form.flag("WithoutGpu")?;
    let matching: Vec<&String> = account
        .instances
        .iter()
        .filter(|(id, _)| ids.is_empty() || ids.contains(id))
        .filter(|(_, instance)| instance.is_in_scope(form))
        .filter(|(_, instance)| form.get("Tag").is_none_or(|tag| instance.text("Tag") == tag))
        .filter(|(_, instance)| !only_without_gpu || instance.is_without_gpu())
        .map(|(id, _)| id)
        .collect();
    let total = matching.len();
    if offset > 0 && offset >= total {
        return Err(Refusal::past_the_end());
    }
    let mut page = Vec::new();
    for id in matching.into_iter().skip(offset).take(limit) {
        let mut view = account.instances[id].described();
        if account.options.sdk_field_names {
            let time = view.remove("SchedulerStopTime");
            view.insert("StopSchedulerTime".to_owned(), json!(time));
        }
        let one = Request { instances: slice::from_ref(id), ..*request };
        if let Some(Effect::Report(fields)) = account.faults.strike(Kind::Report, &one) {
            merge(&mut view, fields);
        }
        page.push(view);
    }
    Ok(json!({"TotalCount": total, "UHostSet": page}))
}
