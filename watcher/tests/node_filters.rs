//! What a node may answer when it is asked for filters and headers: what it is taken for decides
//! whether blocks are skipped.

#[allow(dead_code, unreachable_pub, reason = "each test file uses its part")]
#[path = "common/node.rs"]
mod node;

use bitcoin::block::Header;
use bitcoin::consensus::encode::serialize_hex;
use bitcoin::hashes::Hash as _;
use bitcoin::{BlockHash, Network, constants};
use cofferdam_watcher::chain::core_rpc::CoreRpc;
use cofferdam_watcher::chain::{Blocks, ChainError, NodeError};
use cofferdam_watcher::settings::{Credentials, NodeSettings};
use node::{Answer, FakeNode};
use serde_json::{Value, json};

fn connect(node: &FakeNode) -> (CoreRpc, tempfile::NamedTempFile) {
    let cookie = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(cookie.path(), "__cookie__:0123456789abcdef").unwrap();
    let settings = NodeSettings {
        rpc_url: node.url.clone(),
        credentials: Credentials::Cookie {
            rpc_cookie: cookie.path().to_owned(),
        },
    };
    (CoreRpc::connect(&settings).unwrap(), cookie)
}

fn genesis() -> Header {
    constants::genesis_block(Network::Regtest).header
}

/// Two blocks, of which a node knows the first.
fn hashes() -> [BlockHash; 2] {
    [genesis().block_hash(), BlockHash::from_byte_array([7; 32])]
}

/// Asks for the filters of two blocks: the first has one, the second is answered by `answer`.
async fn filters(answer: fn() -> Answer) -> Result<Option<Vec<Vec<u8>>>, ChainError> {
    let node = FakeNode::start(move |method, parameters| {
        assert_eq!(
            (method, &parameters[1]),
            ("getblockfilter", &json!("basic"))
        );
        match parameters[0] == json!(hashes()[0]) {
            true => Answer::result(json!({ "filter": "00", "header": "00".repeat(32) })),
            false => answer(),
        }
    });
    let (rpc, _cookie) = connect(&node);
    rpc.filters(&hashes()).await
}

async fn headers(answer: fn() -> Answer) -> Result<Vec<Header>, ChainError> {
    let node = FakeNode::start(move |method, parameters| {
        assert_eq!((method, &parameters[1]), ("getblockheader", &json!(false)));
        match parameters[0] == json!(hashes()[0]) {
            true => Answer::result(json!(serialize_hex(&genesis()))),
            false => answer(),
        }
    });
    let (rpc, _cookie) = connect(&node);
    rpc.headers(&hashes()).await
}

/// A batch that is answered as a whole, whatever was asked.
async fn whole_batch(body: Value) -> [Result<usize, ChainError>; 2] {
    let body = body.to_string().into_bytes();
    let node = FakeNode::raw(move |_| Answer::Body(200, body.clone()));
    let (rpc, _cookie) = connect(&node);
    let filters = rpc.filters(&hashes()).await;
    let headers = rpc.headers(&hashes()).await;
    [
        filters.map(|filters| filters.map_or(0, |all| all.len())),
        headers.map(|all| all.len()),
    ]
}

#[tokio::test]
async fn filters_come_as_they_were_asked_for() {
    let answer = || Answer::result(json!({ "filter": "019dfca8", "header": "00".repeat(32) }));
    let found = filters(answer).await.unwrap().unwrap();
    assert_eq!(found, [vec![0], vec![0x01, 0x9d, 0xfc, 0xa8]]);
}

/// Without filters, every block is read: no filter is never taken for one that has nothing.
#[tokio::test]
async fn a_node_without_filters_says_so_in_many_ways() {
    let answers: [fn() -> Answer; 5] = [
        || {
            Answer::error(
                -5,
                "Filter not found. Block was not connected to active chain.",
            )
        },
        || Answer::error(-1, "Index is not enabled for filtertype basic"),
        || Answer::error(-32601, "Method not found"),
        || {
            Answer::error(
                -32603,
                "Filter not found. Block filters are still in the process of being indexed.",
            )
        },
        // The user may not call this method (-rpcwhitelist).
        || Answer::Body(403, Vec::new()),
    ];
    for answer in answers {
        assert!(filters(answer).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn blocks_that_a_node_does_not_know_have_moved() {
    let answer = || Answer::error(-5, "Block not found");
    assert!(matches!(headers(answer).await, Err(ChainError::ChainMoved)));
}

#[tokio::test]
async fn a_node_that_is_starting_has_not_lost_its_filters() {
    let answer = || Answer::error(-28, "Loading block index...");
    assert!(matches!(
        filters(answer).await,
        Err(ChainError::Node(NodeError::WarmingUp(_)))
    ));
    assert!(matches!(
        headers(answer).await,
        Err(ChainError::Node(NodeError::WarmingUp(_)))
    ));
}

#[tokio::test]
async fn what_is_no_filter_and_no_header_is_garbage() {
    let answers: [fn() -> Answer; 7] = [
        || Answer::result(json!({ "filter": "0", "header": "" })),
        || Answer::result(json!({ "filter": "xy", "header": "" })),
        || Answer::result(json!({ "filter": null })),
        || Answer::result(json!({})),
        || Answer::result(Value::Null),
        || Answer::result(json!([])),
        || Answer::result(json!("00")),
    ];
    for answer in answers {
        let found = filters(answer).await;
        assert!(matches!(found, Err(ChainError::Garbage(_))), "{found:?}");
        let found = headers(answer).await;
        assert!(matches!(found, Err(ChainError::Garbage(_))), "{found:?}");
    }
    // The header of another block than was asked for.
    let other = headers(|| Answer::result(json!(serialize_hex(&genesis())))).await;
    assert!(matches!(other, Err(ChainError::Garbage(_))), "{other:?}");
}

/// Answers are matched with their calls: one too few, twice the same, or of another call would give
/// a block another's filter.
#[tokio::test]
async fn answers_that_do_not_fit_the_calls_are_garbage() {
    let one = |id: u64| json!({ "result": { "filter": "00" }, "error": null, "id": id });
    for body in [
        json!([]),
        json!([one(0)]),
        json!([one(0), one(0)]),
        json!([one(1), one(2)]),
        json!([one(0), one(1), one(2)]),
        json!([{}, {}]),
        json!({ "result": [], "error": null, "id": 0 }),
        json!("00"),
    ] {
        for found in whole_batch(body.clone()).await {
            assert!(matches!(found, Err(ChainError::Garbage(_))), "{found:?}");
        }
    }
    // Were each of these kept, 15 MB would take 500 MB: nobody counts them.
    for found in whole_batch(Value::Array(vec![json!({}); 5_000_000])).await {
        assert!(
            matches!(&found, Err(ChainError::Garbage(what)) if !what.contains("5000000 answers")),
            "{found:?}"
        );
    }
}
