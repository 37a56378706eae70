//! A real bitcoind on regtest, without a wallet.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use serde_json::{Value, json};
use tempfile::TempDir;

/// How long a node may take to answer its first call: it does within a second, but on a machine
/// that has much else to do.
const START_TIMEOUT: Duration = Duration::from_secs(600);

/// How often a node is started: another process may take the port between its choice and its use.
const STARTS: u32 = 8;

/// What a node writes to its log when it ends because its port is taken.
const PORT_TAKEN: &str = "Unable to bind any endpoint for RPC server";

/// A pay-to-witness-script-hash address of `OP_TRUE` on regtest: block rewards that belong to
/// nobody.
pub const NOBODY: &str = "bcrt1qft5p2uhsdcdc3l2ua4ap5qqfg4pjaqlp250x7us7a8qqhrxrxfsqseac85";

/// Where the rewards of replacing blocks go (`OP_TRUE`): elsewhere than [`NOBODY`], so that no
/// replacing block equals a replaced one.
const REPLACING_REWARD: &str = "raw(51)#8lvh9jxk";

/// A running node. It is stopped, and its data folder removed, on drop.
#[derive(Debug)]
pub struct Bitcoind {
    process: Child,
    folder: TempDir,
    rpc_port: u16,
}

impl Bitcoind {
    /// Starts a node with an empty regtest chain and an index of all transactions.
    ///
    /// # Errors
    /// Fails when no bitcoind can be found or built, or when it does not answer within a minute.
    pub fn start() -> Result<Self> {
        Self::start_with(&["-txindex=1"])
    }

    /// Starts a node with further command-line arguments, such as `-prune=1`.
    ///
    /// # Errors
    /// As [`Bitcoind::start`].
    pub fn start_with(arguments: &[&str]) -> Result<Self> {
        let folder = TempDir::new()?;
        let rpc_port = free_port()?;
        let process = spawn(folder.path(), rpc_port, arguments)?;
        let mut node = Bitcoind {
            process,
            folder,
            rpc_port,
        };
        node.wait_or_move(arguments)?;
        Ok(node)
    }

    /// Stops the node and starts it again on the same data, with other arguments; on another port
    /// where its own was taken meanwhile.
    ///
    /// # Errors
    /// As [`Bitcoind::start`].
    pub fn restart_with(&mut self, arguments: &[&str]) -> Result<()> {
        self.stop();
        self.process = spawn(self.folder.path(), self.rpc_port, arguments)?;
        self.wait_or_move(arguments)
    }

    /// Stops the node, keeping its data until drop.
    pub fn stop(&mut self) {
        if self.rpc("stop", json!([])).is_err() {
            let _ = self.process.kill();
        }
        let _ = self.process.wait();
    }

    /// Returns the address of the RPC server.
    pub fn rpc_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.rpc_port)
    }

    /// Returns the path of the RPC server's cookie file.
    pub fn cookie_file(&self) -> PathBuf {
        self.folder.path().join("regtest/.cookie")
    }

    /// Returns the arguments that tell a watcher to use this node.
    pub fn chain_arguments(&self) -> Vec<String> {
        let cookie = self.cookie_file();
        [
            "--chain",
            "core",
            "--rpc-url",
            &self.rpc_url(),
            "--rpc-cookie",
            &cookie.display().to_string(),
        ]
        .map(str::to_owned)
        .to_vec()
    }

    /// Calls an RPC method with positional parameters.
    ///
    /// # Errors
    /// Fails when the node does not answer, or with the node's own error.
    pub fn rpc(&self, method: &str, parameters: Value) -> Result<Value> {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters});
        result(method, self.post(&body).with_context(|| method.to_owned())?)
    }

    /// Calls an RPC method once for each list of parameters, all in one request, and returns the
    /// results in order.
    ///
    /// # Errors
    /// As [`Bitcoind::rpc`], with the first error of all.
    pub fn batch(&self, method: &str, parameters: &[Value]) -> Result<Vec<Value>> {
        let calls = parameters.iter().enumerate();
        let body: Value = calls
            .map(|(id, parameters)| json!({"jsonrpc": "2.0", "id": id, "method": method, "params": parameters}))
            .collect();
        let answers: Vec<Value> = serde_json::from_value(self.post(&body)?)?;
        let mut results = vec![Value::Null; parameters.len()];
        ensure!(
            answers.len() == results.len(),
            "{method}: {} answers",
            answers.len()
        );
        for answer in answers {
            let id = answer["id"]
                .as_u64()
                .and_then(|id| usize::try_from(id).ok());
            let place = id.and_then(|id| results.get_mut(id));
            *place.context("an answer to no call")? = result(method, answer)?;
        }
        Ok(results)
    }

    fn post(&self, body: &Value) -> Result<Value> {
        let cookie = std::fs::read_to_string(self.cookie_file())
            .context("the node has no cookie file yet")?;
        let authorization = base64::engine::general_purpose::STANDARD.encode(cookie.trim());
        let response = minreq::post(self.rpc_url())
            .with_header("Authorization", format!("Basic {authorization}"))
            .with_header("Content-Type", "application/json")
            .with_timeout(300)
            .with_body(serde_json::to_vec(body)?)
            .send()?;
        serde_json::from_slice(response.as_bytes())
            .with_context(|| format!("status {}", response.status_code))
    }

    /// Mines blocks whose rewards go to `address`, and returns their hashes.
    ///
    /// # Errors
    /// As [`Bitcoind::rpc`].
    pub fn mine_to(&self, address: &str, blocks: u32) -> Result<Vec<String>> {
        let hashes = self.rpc("generatetoaddress", json!([blocks, address]))?;
        Ok(serde_json::from_value(hashes)?)
    }

    /// Mines blocks whose rewards go to nobody.
    ///
    /// # Errors
    /// As [`Bitcoind::rpc`].
    pub fn mine(&self, blocks: u32) -> Result<Vec<String>> {
        self.mine_to(NOBODY, blocks)
    }

    /// Returns the height of the best chain.
    ///
    /// # Errors
    /// As [`Bitcoind::rpc`].
    pub fn height(&self) -> Result<u64> {
        self.rpc("getblockcount", json!([]))?
            .as_u64()
            .context("getblockcount gave no number")
    }

    /// Takes the last `depth` blocks out of the best chain and mines one more than that in their
    /// place.
    ///
    /// The replacing blocks are empty, so that what the old ones confirmed goes back to the
    /// mempool.
    ///
    /// # Errors
    /// As [`Bitcoind::rpc`].
    pub fn reorganise(&self, depth: u32) -> Result<()> {
        let height = self.height()?;
        ensure!(
            u64::from(depth) <= height,
            "the chain has only {height} blocks"
        );
        let first = self.rpc("getblockhash", json!([height + 1 - u64::from(depth)]))?;
        self.rpc("invalidateblock", json!([first]))?;
        for _ in 0..=depth {
            self.rpc("generateblock", json!([REPLACING_REWARD, []]))?;
        }
        Ok(())
    }

    /// Waits until the node answers; where its port is another process's, starts it on another one.
    fn wait_or_move(&mut self, arguments: &[&str]) -> Result<()> {
        for _ in 1..STARTS {
            match self.wait_until_ready() {
                Err(error) if error.to_string().contains(PORT_TAKEN) => {
                    self.rpc_port = free_port()?;
                    self.process = spawn(self.folder.path(), self.rpc_port, arguments)?;
                }
                other => return other,
            }
        }
        self.wait_until_ready()
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let start = Instant::now();
        loop {
            // Looked at first: what answers on the port of a node that has ended is another
            // process.
            if let Some(status) = self.process.try_wait()? {
                let log = std::fs::read_to_string(self.folder.path().join("regtest/debug.log"))
                    .unwrap_or_default();
                let tail: Vec<&str> = log.lines().rev().take(10).collect();
                bail!(
                    "bitcoind ended at once ({status}); the last lines of its log, newest first: {tail:#?}"
                );
            }
            if self.rpc("getblockcount", json!([])).is_ok() {
                return Ok(());
            }
            ensure!(
                start.elapsed() < START_TIMEOUT,
                "bitcoind did not answer within {START_TIMEOUT:?}"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Bitcoind {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Returns the path of a bitcoind: `$BITCOIND`, one on the PATH, or one that `scripts/bitcoind`
/// builds and caches.
///
/// # Errors
/// Fails when the build fails.
pub fn executable() -> Result<PathBuf> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/bitcoind");
        let output = Command::new(script)
            .stderr(Stdio::inherit())
            .output()
            .ok()?;
        let path = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| PathBuf::from(path.trim()))
    });
    found
        .clone()
        .context("scripts/bitcoind found and built no bitcoind; its message stands above")
}

/// Takes the result out of an answer, or its error.
fn result(method: &str, mut answer: Value) -> Result<Value> {
    if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
        bail!("{method}: {error}");
    }
    Ok(answer["result"].take())
}

fn spawn(folder: &Path, rpc_port: u16, arguments: &[&str]) -> Result<Child> {
    Command::new(executable()?)
        .arg(format!("-datadir={}", folder.display()))
        .arg(format!("-rpcport={rpc_port}"))
        .args([
            "-regtest",
            "-server",
            "-listen=0",
            "-listenonion=0",
            "-dnsseed=0",
            "-fixedseeds=0",
            "-connect=0",
        ])
        .args([
            "-natpmp=0",
            "-rpcbind=127.0.0.1",
            "-rpcallowip=127.0.0.1",
            "-dbcache=64",
        ])
        .args(["-rpcthreads=4", "-blockmintxfee=0.00000001"])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("bitcoind could not be started")
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Another process may take the port between its choice and its use, also while a node is
    /// stopped.
    #[test]
    fn a_node_whose_port_is_taken_moves_to_another() {
        let mut node = Bitcoind::start().unwrap();
        node.mine(1).unwrap();
        node.stop();
        let before = node.rpc_port;
        let taken = TcpListener::bind(("127.0.0.1", before)).unwrap();
        node.restart_with(&[]).unwrap();
        assert_ne!(node.rpc_port, before);
        assert_eq!(node.height().unwrap(), 1);
        drop(taken);
    }

    #[test]
    fn a_node_mines_and_reorganises() {
        let node = Bitcoind::start().unwrap();
        node.mine(3).unwrap();
        let before = node.rpc("getbestblockhash", json!([])).unwrap();
        node.reorganise(2).unwrap();
        assert_eq!(node.height().unwrap(), 4);
        assert_ne!(node.rpc("getblockhash", json!([3])).unwrap(), before);
    }
}
