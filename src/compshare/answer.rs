//! Judging an answer: what it holds, or which failure it is.

use serde::{Deserialize, de::DeserializeOwned};

use super::{error::ErrorKind, lenient, transport::Answer};

/// Longer messages are cut: they are for people.
const MAX_MESSAGE: usize = 1000;

/// What every answer of the API has.
#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "RetCode", default, deserialize_with = "lenient::number")]
    ret_code: Option<i64>,
    #[serde(rename = "Message", default, deserialize_with = "lenient::text")]
    message: Option<String>,
}

/// The reply in `answer`, or what is wrong with it, told without any of `secrets`.
///
/// The API refuses with a `RetCode` under HTTP status 200. A gateway in front of it may refuse with a status of its
/// own; a `RetCode` then says more than a status in the four hundreds, but does not make a failed server's word a
/// certain no.
pub(super) fn judge<R: DeserializeOwned>(
    answer: &Answer,
    secrets: &[&str],
) -> Result<R, ErrorKind> {
    let status = answer.status;
    let success = (200..300).contains(&status);
    let body = match &answer.body {
        Ok(body) => body,
        Err(kind) if success => return Err(kind.clone()),
        Err(_) => return Err(ErrorKind::Http { status }),
    };
    let envelope = serde_json::from_slice::<Envelope>(body);
    let may_refuse = success || (400..500).contains(&status) && ![408, 429].contains(&status);
    if may_refuse
        && let Ok(Envelope { ret_code: Some(code), message }) = &envelope
        && *code != 0
    {
        let message = presentable(message.as_deref().unwrap_or_default(), secrets);
        return Err(ErrorKind::Refused { code: *code, message });
    }
    if !success {
        return Err(ErrorKind::Http { status });
    }
    let unreadable = |reason| ErrorKind::Unreadable { http_status: status, reason };
    match envelope {
        Err(error) => Err(unreadable(position(&error))),
        Ok(Envelope { ret_code: None, .. }) => Err(unreadable("without a RetCode".to_owned())),
        Ok(_) => serde_json::from_slice(body).map_err(|error| unreadable(position(&error))),
    }
}

/// serde's own words may quote what they stumbled over, so only the kind of trouble and its place are told.
fn position(error: &serde_json::Error) -> String {
    let trouble = if error.is_data() { "not of the expected shape" } else { "not valid JSON" };
    format!("{trouble} (line {}, column {})", error.line(), error.column())
}

/// The cloud's words, fit to be shown: without the caller's secrets, control characters, and excess.
fn presentable(message: &str, secrets: &[&str]) -> String {
    let mut message = message.to_owned();
    // Replacing an empty text would insert between all characters.
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        message = message.replace(secret, "[secret]");
    }
    let message: String = message
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char })
        .take(MAX_MESSAGE)
        .collect();
    message.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use secrecy::zeroize::Zeroizing;

    use super::*;
    use crate::compshare::{
        calls::{describe::Instances, power::Accepted, zones::Zones},
        error::Lost,
    };

    fn judged<R: DeserializeOwned>(status: u16, body: &str) -> Result<R, ErrorKind> {
        let body = Ok(Zeroizing::new(body.as_bytes().to_vec()));
        let answer = Answer { status, request_id: None, retry_after: None, body };
        judge(&answer, &["canary-public", "canary-private", ""])
    }

    #[track_caller]
    fn check(status: u16, body: &str, want: &str) {
        let kind = judged::<Accepted>(status, body).unwrap_err();
        assert_eq!(kind.to_string(), want, "{kind:?}");
        assert!(!format!("{kind:?}").contains("canary"), "{kind:?}");
    }

    #[test]
    fn ret_code_zero_is_success() {
        let reply = judged(200, r#"{"RetCode":0,"ZoneInfo":[{"Zone":"cn-wlcb-01"}],"Action":"X"}"#);
        let Zones { zones } = reply.unwrap();
        assert_eq!(zones[0].zone.as_deref(), Some("cn-wlcb-01"));
        assert!(judged::<Accepted>(200, r#"{"RetCode":"0"}"#).is_ok());
    }

    #[test]
    fn every_other_answer_is_a_failure_that_says_no_more_than_it_may() {
        check(
            200,
            r#"{"RetCode":8357,"Message":"sold out"}"#,
            "refused with RetCode 8357: sold out",
        );
        check(
            200,
            r#"{"RetCode":"8357","Message":"资源\n不足 "}"#,
            "refused with RetCode 8357: 资源 不足",
        );
        check(200, r#"{"RetCode":1}"#, "refused with RetCode 1 and no message");
        check(
            200,
            r#"{"RetCode":172,"Message":"canary-public of canary-private unknown"}"#,
            "refused with RetCode 172: [secret] of [secret] unknown",
        );
        let unreadable = "unreadable answer (HTTP status 200):";
        check(
            200,
            "<html>canary</html>",
            &format!("{unreadable} not valid JSON (line 1, column 1)"),
        );
        check(200, "", &format!("{unreadable} not valid JSON (line 1, column 0)"));
        check(
            200,
            r#"{"RetCode":0,"UHostId":"canary"#,
            &format!("{unreadable} not valid JSON (line 1, column 30)"),
        );
        check(
            200,
            r#""canary""#,
            &format!("{unreadable} not of the expected shape (line 1, column 8)"),
        );
        check(200, r#"{"Message":"canary"}"#, &format!("{unreadable} without a RetCode"));
        check(204, "", "unreadable answer (HTTP status 204): not valid JSON (line 1, column 0)");
        check(302, "canary", "the answer was HTTP status 302");
        check(403, r#"{"RetCode":299,"Message":"no"}"#, "refused with RetCode 299: no");
        check(403, "<html>canary</html>", "the answer was HTTP status 403");
        check(429, r#"{"RetCode":1,"Message":"canary"}"#, "the answer was HTTP status 429");
        check(502, r#"{"RetCode":8357,"Message":"canary"}"#, "the answer was HTTP status 502");
    }

    #[test]
    fn a_message_is_cut_where_it_gets_too_long() {
        let kind = judged::<Accepted>(
            200,
            &format!(r#"{{"RetCode":1,"Message":"{}"}}"#, "长".repeat(5000)),
        )
        .unwrap_err();
        let ErrorKind::Refused { message, .. } = kind else { panic!("{kind:?}") };
        assert_eq!(message.chars().count(), MAX_MESSAGE);
    }

    #[test]
    fn a_successful_answer_may_still_lack_what_was_asked_for() {
        let kind = judged::<Instances>(200, r#"{"RetCode":0}"#).unwrap_err();
        assert!(matches!(kind, ErrorKind::Unreadable { .. }), "{kind:?}");
    }

    #[test]
    fn a_lost_body_matters_only_under_a_successful_status() {
        for (status, want) in
            [(200, ErrorKind::MaybeSent(Lost::TimedOut)), (502, ErrorKind::Http { status: 502 })]
        {
            let body = Err(ErrorKind::MaybeSent(Lost::TimedOut));
            let answer = Answer { status, request_id: None, retry_after: None, body };
            assert_eq!(judge::<Accepted>(&answer, &[]).unwrap_err(), want);
        }
    }
}
