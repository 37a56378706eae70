//! JSON-RPC over HTTP, one connection kept open.

use std::fmt::{self, Formatter};
use std::path::Path;
use std::time::Duration;

use reqwest::{StatusCode, Url};
use serde::de::{self, DeserializeOwned, DeserializeSeed, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::chain::{ChainError, NodeError};
use crate::settings::{Credentials, NodeSettings, shown_address};

/// How long a connection may take to open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a call may take in all. A node under load takes many seconds for a large block.
const CALL_TIMEOUT: Duration = Duration::from_secs(120);
/// The largest answer, in bytes: several times that of the largest block or memory pool in
/// hexadecimal.
const MAX_ANSWER: usize = 64 << 20;
/// The largest cookie or password file, in bytes.
const MAX_CREDENTIALS: u64 = 4096;

/// Calls a node.
#[derive(Debug)]
pub(super) struct Client {
    http: reqwest::Client,
    url: Url,
    /// What may be shown of the address.
    shown: String,
    credentials: Credentials,
}

/// A call failed.
#[derive(Debug)]
pub(super) enum RpcError {
    /// The node answered with an error of its own.
    Answered {
        /// The call.
        method: &'static str,
        /// The node's error code.
        code: i64,
        /// The node's message.
        message: String,
    },
    /// The call did not get through.
    Failed(ChainError),
}

impl From<RpcError> for ChainError {
    fn from(error: RpcError) -> Self {
        match error {
            // RPC_IN_WARMUP
            RpcError::Answered {
                code: -28, message, ..
            } => ChainError::Node(NodeError::WarmingUp(message)),
            RpcError::Answered {
                method,
                code,
                message,
            } => ChainError::Node(NodeError::Refused {
                method: method.into(),
                code,
                message,
            }),
            RpcError::Failed(error) => error,
        }
    }
}

impl From<ChainError> for RpcError {
    fn from(error: ChainError) -> Self {
        RpcError::Failed(error)
    }
}

/// Borrows from the body: parsed into values, an answer could take fifty times its own size.
#[derive(Deserialize)]
struct Response<'a> {
    #[serde(default, borrow)]
    result: Option<&'a RawValue>,
    #[serde(default)]
    error: Option<ResponseError>,
    #[serde(default, borrow)]
    id: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct ResponseError {
    code: i64,
    #[serde(default)]
    message: String,
}

/// Reads a sequence of so many responses at most.
struct AtMost(usize);

impl<'de> DeserializeSeed<'de> for AtMost {
    type Value = Vec<Response<'de>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for AtMost {
    type Value = Vec<Response<'de>>;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} answers", self.0)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Self::Value, A::Error> {
        let mut responses = Vec::new();
        while let Some(response) = sequence.next_element()? {
            if responses.len() == self.0 {
                return Err(de::Error::invalid_length(self.0 + 1, &self));
            }
            responses.push(response);
        }
        Ok(responses)
    }
}

impl Client {
    pub(super) fn new(settings: &NodeSettings) -> Result<Self, ChainError> {
        let url = parse_url(&settings.rpc_url)?;
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(CALL_TIMEOUT)
            .build()
            .map_err(|error| {
                ChainError::Node(NodeError::Unreachable {
                    url: shown_address(&settings.rpc_url),
                    reason: reason(&error),
                })
            })?;
        Ok(Client {
            http,
            url,
            shown: shown_address(&settings.rpc_url),
            credentials: settings.credentials.clone(),
        })
    }

    /// Returns what may be shown of the node's address.
    pub(super) fn shown_address(&self) -> &str {
        &self.shown
    }

    /// Calls a method.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        method: &'static str,
        parameters: Value,
    ) -> Result<T, RpcError> {
        let request = json!({ "jsonrpc": "1.0", "id": 0, "method": method, "params": parameters });
        let body = self.post(method, &request).await?;
        let response: Response<'_> = serde_json::from_slice(&body).map_err(|_| {
            garbage(format!(
                "the answer to {method} is no JSON-RPC: {}",
                excerpt(&body)
            ))
        })?;
        response.into_result(method)
    }

    /// Calls several methods at once, and returns their answers in the same order.
    pub(super) async fn batch<T: DeserializeOwned>(
        &self,
        calls: &[(&'static str, Value)],
    ) -> Result<Vec<Result<T, RpcError>>, ChainError> {
        let Some((method, _)) = calls.first() else {
            return Ok(Vec::new());
        };
        let requests: Vec<Value> = calls
            .iter()
            .enumerate()
            .map(|(id, (method, parameters))| {
                json!({ "jsonrpc": "1.0", "id": id, "method": method, "params": parameters })
            })
            .collect();
        let body = self.post(method, &Value::Array(requests)).await?;
        let mut json = serde_json::Deserializer::from_slice(&body);
        let read = AtMost(calls.len()).deserialize(&mut json);
        let mut responses = match read.and_then(|responses| json.end().map(|()| responses)) {
            Ok(responses) => responses,
            // While it starts, a node answers a whole batch with one error.
            Err(_) => match serde_json::from_slice::<Response<'_>>(&body) {
                Ok(response) => response
                    .into_result::<Vec<Value>>(method)
                    .map(|_| Vec::new())?,
                Err(_) => {
                    let what = format!("the answer to {method} is no JSON-RPC: {}", excerpt(&body));
                    return Err(ChainError::Garbage(what));
                }
            },
        };
        responses.sort_by_key(Response::id);
        let in_order = responses
            .iter()
            .map(Response::id)
            .eq((0..calls.len() as u64).map(Some));
        if !in_order {
            return Err(ChainError::Garbage(format!(
                "{} answers to {} calls",
                responses.len(),
                calls.len()
            )));
        }
        Ok(responses
            .into_iter()
            .zip(calls)
            .map(|(response, (method, _))| response.into_result(method))
            .collect())
    }

    async fn post(&self, method: &str, request: &Value) -> Result<Vec<u8>, ChainError> {
        let unreachable = |error: reqwest::Error| {
            ChainError::Node(NodeError::Unreachable {
                url: self.shown.clone(),
                reason: reason(&error),
            })
        };
        let mut response = match self.send(request).await? {
            // A connection kept open may have been closed by the node meanwhile. Every call can be
            // made twice.
            Err(error) if !error.is_timeout() && !error.is_connect() => self.send(request).await?,
            sent => sent,
        }
        .map_err(unreachable)?;
        let status = response.status();
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return Err(ChainError::Node(NodeError::Unauthorised {
                url: self.shown.clone(),
            }));
        }
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(ChainError::Node(NodeError::TooLarge {
                    what: method.into(),
                    limit: MAX_ANSWER,
                }));
            }
            body.extend_from_slice(&chunk);
        }
        // Errors of a call come as 400, 404 or 500 with a JSON-RPC body; a full work queue as 503
        // without one.
        if status == StatusCode::SERVICE_UNAVAILABLE {
            return Err(ChainError::Node(NodeError::WarmingUp(excerpt(&body))));
        }
        if !status.is_success() && serde_json::from_slice::<IgnoredAny>(&body).is_err() {
            return Err(ChainError::Garbage(format!(
                "HTTP status {status}: {}",
                excerpt(&body)
            )));
        }
        Ok(body)
    }

    async fn send(
        &self,
        request: &Value,
    ) -> Result<reqwest::Result<reqwest::Response>, ChainError> {
        let (user, password) = self.user_and_password()?;
        let post = self.http.post(self.url.clone());
        Ok(post
            .basic_auth(user, Some(password))
            .json(request)
            .send()
            .await)
    }

    /// Reads the credentials anew: a node writes another cookie at each start.
    fn user_and_password(&self) -> Result<(String, String), ChainError> {
        match &self.credentials {
            Credentials::Cookie { rpc_cookie } => {
                let text = read_secret(rpc_cookie)?;
                let (user, password) = text.split_once(':').ok_or_else(|| {
                    ChainError::Node(NodeError::Credentials {
                        path: rpc_cookie.display().to_string(),
                        reason: "it is no cookie file".into(),
                    })
                })?;
                Ok((user.into(), password.into()))
            }
            Credentials::Password {
                rpc_user,
                rpc_password_file,
            } => Ok((rpc_user.clone(), read_secret(rpc_password_file)?)),
        }
    }
}

impl Response<'_> {
    fn id(&self) -> Option<u64> {
        self.id?.get().parse().ok()
    }

    fn into_result<T: DeserializeOwned>(self, method: &'static str) -> Result<T, RpcError> {
        if let Some(ResponseError { code, message }) = self.error {
            return Err(RpcError::Answered {
                method,
                code,
                message: printable(&message),
            });
        }
        serde_json::from_str(self.result.map_or("null", RawValue::get))
            .map_err(|error| garbage(format!("the answer to {method}: {error}")))
    }
}

fn parse_url(text: &str) -> Result<Url, ChainError> {
    let bad = |reason: &str| {
        ChainError::Node(NodeError::BadUrl {
            url: shown_address(text),
            reason: reason.into(),
        })
    };
    let url = Url::parse(text).map_err(|error| bad(&error.to_string()))?;
    if !url.username().is_empty() || url.password().is_some() {
        // The address is stored; a password is not.
        return Err(bad(
            "it holds credentials: the user and the file with the password are named apart",
        ));
    }
    if url.scheme() != "http" {
        return Err(bad(
            "only http is supported; reach a remote node through an encrypted tunnel",
        ));
    }
    Ok(url)
}

fn read_secret(path: &Path) -> Result<String, ChainError> {
    use std::io::Read;
    let failed = |reason: String| {
        ChainError::Node(NodeError::Credentials {
            path: path.display().to_string(),
            reason,
        })
    };
    let mut text = String::new();
    let file = cofferdam_scanner::open_regular(path).map_err(|error| failed(error.to_string()))?;
    file.take(MAX_CREDENTIALS)
        .read_to_string(&mut text)
        .map_err(|error| failed(error.to_string()))?;
    if text.ends_with('\n') {
        text.pop();
    }
    if text.ends_with('\r') {
        text.pop();
    }
    if text.is_empty() {
        return Err(failed("it is empty".into()));
    }
    Ok(text)
}

fn garbage(what: String) -> RpcError {
    RpcError::Failed(ChainError::Garbage(what))
}

/// Returns the innermost cause, which says more than the layers around it.
fn reason(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it does not answer in time".into();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}

/// Returns the beginning of an answer, fit for a message.
fn excerpt(body: &[u8]) -> String {
    printable(&String::from_utf8_lossy(body.get(..80).unwrap_or(body)))
}

/// Returns the beginning of a text of the node's, without what could steer a terminal.
pub(super) fn printable(text: &str) -> String {
    let text: String = text
        .chars()
        .take(300)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    text.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::{ChainError, Client, Credentials, NodeError, NodeSettings, parse_url};

    #[test]
    fn addresses_with_secrets_or_other_schemes_are_refused() {
        assert!(parse_url("http://127.0.0.1:8332").is_ok());
        assert!(parse_url("http://node.example:18443/").is_ok());
        for text in [
            "127.0.0.1:8332",
            "https://node",
            "ftp://node",
            "",
            "http://",
        ] {
            assert!(
                matches!(
                    parse_url(text),
                    Err(ChainError::Node(NodeError::BadUrl { .. }))
                ),
                "{text}"
            );
        }
    }

    /// Wherever a password stands, and whether or not the address is one.
    #[test]
    fn no_address_is_repeated_with_its_password() {
        for text in [
            "http://user:hunter2@node:8332",
            "http://user:hunter2@node:99999",
            "http://user:hunter2@[::1]:8332",
            "http://user:hunter2@[::1",
            "http://user:hunter2",
            "http://user:%68unter2hunter2@node:8332/",
            "http://user:my hunter2@no de:8332",
            "http://user:hunter2@",
            "user:hunter2@node:8332",
            "hunter2@node",
            "hunter2:8332",
            "hunter2://node",
            "//user:hunter2@node",
            "https://user:hunter2@node",
            "ftp://user:hunter2@node/",
            "http://node:8332?password=hunter2",
            "http://node:99999/#hunter2",
            "https://node/hunter2",
        ] {
            if let Err(error) = parse_url(text) {
                assert!(!error.to_string().contains("hunter2"), "{error}");
                assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
            }
            let settings = NodeSettings {
                rpc_url: text.into(),
                credentials: Credentials::Cookie {
                    rpc_cookie: ".cookie".into(),
                },
            };
            assert!(!format!("{settings:?}").contains("hunter2"), "{settings:?}");
            if let Ok(client) = Client::new(&settings) {
                assert!(!client.shown_address().contains("hunter2"), "{text}");
            }
        }
        let error = parse_url("http://user:hunter2@node:8332").unwrap_err();
        assert!(error.to_string().contains("http://node:8332"), "{error}");
    }
}
