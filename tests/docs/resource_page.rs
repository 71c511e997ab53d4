//! Times and warnings that the page of `compshare_instance_power` states.

use std::{fs, time::Duration};

use terraform_provider_compshare::operation::Pace;

use super::root;

/// Cells of the table below this heading, a row each.
fn table(heading: &str) -> Vec<[String; 2]> {
    let page = fs::read_to_string(root().join("docs/resources/instance_power.md")).unwrap();
    let (_, section) = page.split_once(&format!("\n## {heading}\n")).unwrap();
    let rows = section.lines().skip_while(|line| *line != "|---|---|").skip(1);
    let cells = rows.map_while(|row| row.strip_prefix("| ")?.strip_suffix(" |")?.split_once(" | "));
    cells.map(|(one, other)| [one.to_owned(), other.to_owned()]).collect()
}

#[test]
fn resource_page_states_all_pauses() {
    // In the order of the table. A new pause does not compile without a row.
    let Pace {
        poll,
        recent,
        recheck,
        confirm,
        settle,
        reboot,
        resend,
        retry,
        capacity,
        unlisted,
        stuck,
        report,
        // Only other resources wait so.
        visible: _,
    } = Pace::new(Duration::from_secs(3));
    let pauses = [
        poll, recent, recheck, confirm, settle, reboot, resend, retry, capacity, unlisted, stuck,
        report,
    ];
    let stated: Vec<_> = table("Waiting").into_iter().map(|[_, time]| time).collect();
    assert_eq!(stated, pauses.map(in_words));
}

fn in_words(time: Duration) -> String {
    match time.as_secs_f64() {
        60.0 => "1 minute".to_owned(),
        seconds if seconds > 60.0 => format!("{} minutes", seconds / 60.0),
        seconds => format!("{seconds} seconds"),
    }
}

#[test]
fn resource_page_lists_all_warnings_of_plans() {
    let messages = fs::read_to_string(root().join("tests/protocol/messages.md")).unwrap();
    let (_, section) = messages.split_once("\n# Warnings of plans\n").unwrap();
    let (section, _) = section.split_once("\n# ").unwrap();
    let listed: Vec<_> = table("Plan Warnings").into_iter().map(|[titles, _]| titles).collect();
    let listed = listed.join(", ");
    let titles = section.lines().filter_map(|line| line.strip_prefix("Warning: "));
    let titles = titles.map(|title| title.split(" (at ").next().unwrap());
    let is_listed = |title: &&str| {
        listed.split(", ").any(|listed| match listed.strip_suffix('…') {
            Some(beginning) => title.starts_with(beginning),
            None => listed == *title,
        })
    };
    let missing: Vec<_> = titles.filter(|title| !is_listed(title)).collect();
    assert!(missing.is_empty(), "not listed: {missing:?}");
}
