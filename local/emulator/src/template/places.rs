//! Addresses, account and region.

use std::collections::BTreeMap;

/// The values that `Ref` and `GetAtt` resolve to.
#[derive(Debug, Clone)]
pub struct Places {
    pub stack: String,
    pub region: String,
    pub account: String,
    /// The base of queue URLs.
    pub aws_url: String,
    /// The base URL of all HTTP APIs.
    pub gateway: String,
    /// Host and port of all WebSocket APIs.
    pub socket: String,
    /// Values of the root stack's parameters; others have their defaults.
    pub parameters: BTreeMap<String, String>,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            stack: "confab".to_owned(),
            region: "us-east-1".to_owned(),
            account: "000000000000".to_owned(),
            aws_url: "http://127.0.0.1:7072".to_owned(),
            gateway: "http://127.0.0.1:7071".to_owned(),
            socket: "127.0.0.1:7073".to_owned(),
            parameters: BTreeMap::new(),
        }
    }
}

impl Places {
    /// Returns an API's domain on AWS, which functions see replaced by an address of this machine.
    pub(super) fn domain(&self, api: &str) -> String {
        format!("{api}.execute-api.{}.amazonaws.com", self.region)
    }
}
