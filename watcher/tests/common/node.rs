//! A node that says whatever a test wants.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use serde_json::{Value, json};

/// What a node sends back: an HTTP status and a body; or nothing, for ever.
pub enum Answer {
    Body(u16, Vec<u8>),
    /// The connection is closed without a word.
    Hangup,
    /// Bytes without end.
    Endless,
    /// Nothing, until the other side gives up.
    Silence,
}

impl Answer {
    pub fn result(result: Value) -> Self {
        Answer::Body(
            200,
            json!({ "result": result, "error": null, "id": 0 })
                .to_string()
                .into_bytes(),
        )
    }

    pub fn error(code: i64, message: &str) -> Self {
        let body =
            json!({ "result": null, "error": { "code": code, "message": message }, "id": 0 });
        Answer::Body(500, body.to_string().into_bytes())
    }
}

/// An HTTP server on loopback that answers each call by a function of method and parameters.
pub struct FakeNode {
    pub url: String,
}

impl FakeNode {
    /// `answer` is asked for single calls; batches are answered with one answer for each of their
    /// calls.
    pub fn start(answer: impl Fn(&str, &Value) -> Answer + Send + Sync + 'static) -> Self {
        let single =
            move |call: &Value| answer(call["method"].as_str().unwrap_or(""), &call["params"]);
        FakeNode::raw(move |request| match request {
            Value::Array(calls) => batch(calls, &single),
            call => single(call),
        })
    }

    /// `answer` is asked for whole requests: a call, or a batch of calls.
    pub fn raw(answer: impl Fn(&Value) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let answer = Arc::new(answer);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let answer = Arc::clone(&answer);
                std::thread::spawn(move || serve(stream, answer.as_ref()));
            }
        });
        FakeNode { url }
    }

    /// A node that is ready, on a chain of its genesis block alone, but for what `answer` says.
    pub fn ready(answer: impl Fn(&str, &Value) -> Option<Answer> + Send + Sync + 'static) -> Self {
        FakeNode::start(move |method, parameters| {
            answer(method, parameters).unwrap_or_else(|| genesis(method, parameters))
        })
    }
}

/// Answers like a node on regtest that knows the genesis block alone.
pub fn genesis(method: &str, parameters: &Value) -> Answer {
    let block = bitcoin::constants::genesis_block(bitcoin::Network::Regtest);
    let hash = block.block_hash().to_string();
    match method {
        "getblockchaininfo" => Answer::result(json!({
            "chain": "regtest", "blocks": 0, "headers": 0, "bestblockhash": hash,
            "initialblockdownload": true, "pruned": false
        })),
        "getblockhash" if parameters[0] == 0 => Answer::result(json!(hash)),
        "getblockhash" => Answer::error(-8, "Block height out of range"),
        "getblock" => Answer::result(json!(bitcoin::consensus::encode::serialize_hex(&block))),
        "getrawmempool" => Answer::result(json!([])),
        _ => Answer::error(-32601, "Method not found"),
    }
}

fn serve(stream: TcpStream, answer: &dyn Fn(&Value) -> Answer) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut stream = stream;
    while let Some(request) = read_request(&mut reader) {
        let sent = match answer(&request) {
            Answer::Body(status, body) => {
                let head = format!(
                    "HTTP/1.1 {status} X\r\nContent-Length: {}\r\n\r\n",
                    body.len()
                );
                stream
                    .write_all(head.as_bytes())
                    .and_then(|()| stream.write_all(&body))
            }
            Answer::Endless => {
                let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
                let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x10000], b"\r\n"].concat();
                let mut sent = stream.write_all(head.as_bytes());
                while sent.is_ok() {
                    sent = stream.write_all(&chunk);
                }
                sent
            }
            Answer::Hangup => return,
            Answer::Silence => {
                let _ = reader.read(&mut [0]);
                return;
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

fn batch(calls: &[Value], answer: &dyn Fn(&Value) -> Answer) -> Answer {
    let mut answers = Vec::new();
    for call in calls {
        match answer(call) {
            Answer::Body(status, body) => {
                let Ok(mut one) = serde_json::from_slice::<Value>(&body) else {
                    return Answer::Body(status, body);
                };
                one["id"] = call["id"].clone();
                answers.push(one);
            }
            other => return other,
        }
    }
    Answer::Body(200, Value::Array(answers).to_string().into_bytes())
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
