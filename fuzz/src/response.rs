//! An HTTP response of the API: a byte for the status, then request ID, `Retry-After` and body,
//! separated by line breaks.

use terraform_provider_compshare::compshare::{
    Accepted, ErrorKind, Instance, Instances, Login, Zones, decode_password, testing::read_response,
};

use super::DEPTH;

const SECRETS: [&str; 3] = ["canary-public", "canary-private", ""];

pub fn run(input: &[u8]) {
    let Some((status, input)) = input.split_first() else { return };
    let mut parts = input.splitn(3, |byte| *byte == b'\n');
    let mut next = || parts.next().unwrap_or_default();
    let (status, request_id, retry_after) = (100 + u16::from(*status) * 2, next(), next());
    let body = next();
    let _ = check(read_response::<Accepted>(status, request_id, retry_after, body, &SECRETS));
    let _ = check(read_response::<Zones>(status, request_id, retry_after, body, &SECRETS));
    let page = check(read_response::<Instances>(status, request_id, retry_after, body, &SECRETS));
    for instance in page.into_iter().flat_map(|page| page.instances) {
        read_login(&instance);
    }
}

/// Checks that a failure quotes no secret, and that it is not one of a request without a response.
fn check<R>(result: Result<R, ErrorKind>) -> Option<R> {
    let kind = match result {
        Ok(reply) => return Some(reply),
        Err(kind) => kind,
    };
    let text = format!("{kind} {kind:?}");
    assert!(!text.contains(SECRETS[0]) && !text.contains(SECRETS[1]), "{text}");
    assert!(!matches!(kind, ErrorKind::Unsent { .. } | ErrorKind::MaybeSent(_)), "{text}");
    None
}

/// Reads the fields of an instance that the response spells as texts.
pub(crate) fn read_login(instance: &Instance) {
    let _ = (Login::of(instance), decode_password(instance));
    let _ = (instance.allocated_gpus(), instance.state_word());
    let _ = format!("{instance:?}");
}

const BODIES: [&str; 5] = [
    r#"{"RetCode":0,"TotalCount":1,"UHostSet":[{"UHostId":"uhost-1","Name":"a","State":"Running",
        "CPU":"16","GPU":1,"GraphicsMemory":{"Value":24},"InstancePrice":1.58,
        "CreateTime":1700000000,"SupportWithoutGpuStart":"true","WithoutGpuSpec":{"Spec":"A"},
        "IPSet":[{"IP":"203.0.113.2","Type":"Bgp","Bandwidth":10}],
        "DiskSet":[{"DiskId":"d","IsBoot":"True","Size":100}],
        "Softwares":[{"Name":"JupyterLab","URL":"https://h/?t=x"}],
        "Password":"ZGVtbw==","SshLoginCommand":"ssh -p 23 root@203.0.113.2"}]}"#,
    r#"{"RetCode":"8357","Message":"canary-private is sold out"}"#,
    r#"{"RetCode":0,"UHostId":"uhost-1","Action":"StartCompShareInstanceResponse"}"#,
    r#"{"RetCode":0,"ZoneInfo":[{"Region":"cn-wlcb","Zone":"cn-wlcb-01","Describe":"华北"}]}"#,
    "<html>502 Bad Gateway</html>",
];

pub fn seeds() -> Vec<Vec<u8>> {
    let heads = [(50, "7"), (150, ""), (164, "18446744073709551615"), (200, "soon")];
    let seed = |(status, later): (u8, &str), body: &str| {
        [&[status][..], format!("request-1\n{later}\n{body}").as_bytes()].concat()
    };
    let deep = format!(r#"{{"RetCode":0,"UHostSet":{}"#, r#"[{"IPSet":"#.repeat(DEPTH));
    let each = BODIES.iter().flat_map(|body| heads.map(|head| seed(head, body)));
    each.chain([seed(heads[0], &deep)]).collect()
}
