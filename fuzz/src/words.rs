//! A duration, a base URL, an SSH command or an encoded password.

use serde_json::json;
use terraform_provider_compshare::{compshare::BaseUrl, framework::parse_duration};
use tokio::time::Instant;

use super::response::read_login;

pub fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Ok(duration) = parse_duration(&text) {
        assert!(!duration.is_zero());
        assert!(Instant::now().checked_add(duration).is_some());
    }
    if let Ok(url) = text.parse::<BaseUrl>() {
        assert!(url.to_string().parse::<BaseUrl>().as_ref() == Ok(&url));
    }
    let fields = json!({"UHostId": "uhost-1", "SshLoginCommand": text, "Password": text});
    read_login(&serde_json::from_value(fields).unwrap());
}

pub fn seeds() -> Vec<Vec<u8>> {
    let texts = [
        "1h30m",
        "+1.5h2000\u{b5}s",
        "0.000001ns",
        "https://api.compshare.cn/base/",
        "http://[::1]:8080",
        "ssh -p 23 -o A=b root@203.0.113.2 reboot",
        "ssh -l root -p23 2001:db8::1",
        "ZGVtby1wYXNzd29yZA==",
        "9223372036.854775807s",
    ];
    texts.map(|text| text.as_bytes().to_vec()).into()
}
