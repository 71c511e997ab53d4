//! Classification of a response as reply or failure.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{error::ErrorKind, lenient, transport::Response};

/// Most characters of a message. Longer ones are truncated.
const MAX_MESSAGE: usize = 1000;

/// Returns the reply in `response`, or its failure without any of `secrets`.
///
/// The API refuses with a `RetCode` under HTTP status 200. A gateway in front of it may use a
/// status of its own. A `RetCode` then takes precedence over a 4xx status, but not over a 5xx one:
/// after a server failure it is not certain that the action was not carried out.
pub(super) fn judge<R: DeserializeOwned>(
    response: &Response,
    secrets: &[&str],
) -> Result<R, ErrorKind> {
    let status = response.status;
    let success = (200..300).contains(&status);
    let body = match &response.body {
        Ok(body) => body,
        Err(kind) if success => return Err(kind.clone()),
        Err(_) => return Err(ErrorKind::Http { status }),
    };
    // A value accepts a field that occurs twice; a derived type would not.
    let parsed = serde_json::from_slice::<Value>(body);
    let field = |name| parsed.as_ref().ok().and_then(|content| content.get(name));
    let ret_code: Option<i64> = field("RetCode").and_then(|code| lenient::number(code).ok()?);
    let may_refuse = success || (400..500).contains(&status) && ![408, 429].contains(&status);
    if let Some(code) = ret_code.filter(|code| may_refuse && *code != 0) {
        let message = field("Message").and_then(|message| lenient::text(message).ok()?);
        let message = presentable(message.unwrap_or_default(), secrets);
        return Err(ErrorKind::Refused { code, message });
    }
    if !success {
        return Err(ErrorKind::Http { status });
    }
    let unreadable = |reason| ErrorKind::Unreadable { http_status: status, reason };
    let content = parsed.map_err(|error| unreadable(defect(body, &error)))?;
    if ret_code.is_none() {
        return Err(unreadable("no RetCode".to_owned()));
    }
    serde_json::from_value(content).map_err(|_| unreadable("unexpected structure".to_owned()))
}

/// Returns the defect of a body that is not JSON. The message of `error` may quote the body.
fn defect(body: &[u8], error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    if body.trim_ascii().is_empty() {
        "no content".to_owned()
    } else if error.is_eof() {
        "the JSON ends early".to_owned()
    } else if (line, column) == (1, 1) {
        "not JSON".to_owned()
    } else {
        format!("invalid JSON (line {line}, column {column})")
    }
}

/// Returns `message` without secrets and control characters, and truncated.
fn presentable(mut message: String, secrets: &[&str]) -> String {
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
        calls::{power::Accepted, zones::Zones},
        error::Lost,
    };

    fn judged<R: DeserializeOwned>(status: u16, body: &str) -> Result<R, ErrorKind> {
        let body = Ok(Zeroizing::new(body.as_bytes().to_vec()));
        let response = Response { status, request_id: None, retry_after: None, body };
        judge(&response, &["canary-public", "canary-private", ""])
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
        for code in [r#""0""#, r#"" 0 ""#, "0.0", r#"1,"RetCode":0"#] {
            let body = format!(r#"{{"RetCode":{code}}}"#);
            assert!(judged::<Accepted>(200, &body).is_ok(), "{body}");
        }
    }

    #[test]
    fn failures_quote_nothing_but_ret_code_and_message() {
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
        let unreadable = "unreadable response (HTTP status 200):";
        check(200, "<html>canary</html>", &format!("{unreadable} not JSON"));
        check(200, "\n", &format!("{unreadable} no content"));
        check(
            200,
            r#"{"RetCode":0,"UHostId":"canary"#,
            &format!("{unreadable} the JSON ends early"),
        );
        check(
            200,
            "{\n\"RetCode\":0, canary}",
            &format!("{unreadable} invalid JSON (line 2, column 14)"),
        );
        for no_ret_code in [
            r#""canary""#,
            "[]",
            "null",
            r#"{"Message":"canary"}"#,
            r#"{"RetCode":null}"#,
            r#"{"RetCode":"canary"}"#,
        ] {
            check(200, no_ret_code, &format!("{unreadable} no RetCode"));
        }
        check(204, "", "unreadable response (HTTP status 204): no content");
        check(302, "canary", "the response had HTTP status 302");
        check(403, r#"{"RetCode":299,"Message":"no"}"#, "refused with RetCode 299: no");
        check(403, "<html>canary</html>", "the response had HTTP status 403");
        check(429, r#"{"RetCode":1,"Message":"canary"}"#, "the response had HTTP status 429");
        check(502, r#"{"RetCode":8357,"Message":"canary"}"#, "the response had HTTP status 502");
    }

    #[test]
    fn long_message_is_truncated() {
        let kind = judged::<Accepted>(
            200,
            &format!(r#"{{"RetCode":1,"Message":"{}"}}"#, "长".repeat(5000)),
        )
        .unwrap_err();
        let ErrorKind::Refused { message, .. } = kind else { panic!("{kind:?}") };
        assert_eq!(message.chars().count(), MAX_MESSAGE);
    }

    #[test]
    fn success_without_content_is_unreadable() {
        let kind = judged::<Zones>(200, r#"{"RetCode":0}"#).unwrap_err();
        assert_eq!(kind.to_string(), "unreadable response (HTTP status 200): unexpected structure");
    }

    #[test]
    fn lost_body_matters_only_under_a_success_status() {
        for (status, want) in
            [(200, ErrorKind::MaybeSent(Lost::TimedOut)), (502, ErrorKind::Http { status: 502 })]
        {
            let body = Err(ErrorKind::MaybeSent(Lost::TimedOut));
            let response = Response { status, request_id: None, retry_after: None, body };
            assert_eq!(judge::<Accepted>(&response, &[]).unwrap_err(), want);
        }
    }
}
