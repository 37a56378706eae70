//! The lies, and what tells harm from none.

use bitcoin::block::Header;
use bitcoin::hashes::Hash;
use bitcoin::{
    Amount, Block, BlockHash, CompactTarget, OutPoint, ScriptBuf, Transaction, TxOut, Txid, Witness,
};
use cofferdam_core::Network;
use cofferdam_core::wallet::Branch;
use cofferdam_watcher::chain::{ChainError, Sent, TestAccept, Tip};
use cofferdam_watcher::sync::checks::Rule;

use super::Treasury;
use super::forged::{self, elsewhere, nobodys, sign, transaction};
use super::liar::Liar;

/// Which command hears a lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Told {
    Sync,
    Broadcast,
}

type Prepare = Box<dyn Fn(&Treasury, &Liar)>;

/// A lie.
pub(super) struct Lie {
    pub(super) name: String,
    pub(super) told: Told,
    /// The rules that it is caught by; none where there is nothing to believe.
    pub(super) rules: &'static [Rule],
    /// Makes the node say it.
    pub(super) prepare: Prepare,
}

const IN_POOL: &[Rule] = &[Rule::PoolSpends];
const IN_BLOCK: &[Rule] = &[Rule::BlockSpends];
const WITNESSES: &[Rule] = &[Rule::Witnesses, Rule::BlockSpends];

/// Ways in which a spend is not signed.
const WRONG: [&str; 7] = [
    "unsigned",
    "signed by another key",
    "signed for other outputs",
    "signed for another coin",
    "with an empty witness",
    "with a script that is true",
    "with one bit of its signature changed",
];

fn lie(
    name: impl Into<String>,
    rules: &'static [Rule],
    prepare: impl Fn(&Treasury, &Liar) + 'static,
) -> Lie {
    Lie {
        name: name.into(),
        told: Told::Sync,
        rules,
        prepare: Box::new(prepare),
    }
}

fn said(name: &str, prepare: impl Fn(&Treasury, &Liar) + 'static) -> Lie {
    Lie {
        told: Told::Broadcast,
        ..lie(name, &[], prepare)
    }
}

/// A transaction of others that spends the coin that the exported list must spend, wrongly signed.
fn stranger(treasury: &Treasury, wrong: &str) -> Transaction {
    let anchor = treasury.exported.input[0].previous_output;
    forge(
        treasury,
        transaction(&[anchor], &[elsewhere(900_000)]),
        wrong,
    )
}

fn forge(treasury: &Treasury, mut forged: Transaction, wrong: &str) -> Transaction {
    let (output, index) = treasury.output(&forged.input[0].previous_output);
    let spent: Vec<TxOut> = forged.input.iter().map(|_| output.clone()).collect();
    match wrong {
        "unsigned" => {}
        "signed by another key" => sign(&mut forged, 0, &spent, (Branch::Receive, index + 9)),
        "signed for other outputs" => {
            treasury.sign(&mut forged);
            forged.output[0].value -= Amount::ONE_SAT;
        }
        "signed for another coin" => {
            let mut other = forged.clone();
            other.input[0].previous_output = nobodys(8);
            sign(&mut other, 0, &spent, (Branch::Receive, index));
            forged.input[0].witness = other.input[0].witness.clone();
        }
        "with an empty witness" => forged.input[0].witness = Witness::from_slice(&[&[][..], &[]]),
        "with a script that is true" => {
            forged.input[0].script_sig = ScriptBuf::from_bytes(vec![0x51]);
            forged.input[0].witness = Witness::from_slice(&[[0x51]]);
        }
        _ => {
            treasury.sign(&mut forged);
            let items = forged.input[0].witness.to_vec();
            let mut signature = items[0].clone();
            signature[20] ^= 1;
            forged.input[0].witness = Witness::from_slice(&[signature, items[1].clone()]);
        }
    }
    forged
}

/// An output to the treasury, of a transaction that spends what nobody has.
fn gift(treasury: &Treasury, satoshi: u64) -> Transaction {
    let output = TxOut {
        value: Amount::from_sat(satoshi),
        script_pubkey: treasury.coins[0].1.script_pubkey.clone(),
    };
    transaction(&[nobodys(4)], &[output])
}

/// Serves another block of the same header than the node's last one.
fn serve(liar: &Liar, change: impl Fn(&mut Block)) {
    let mut block = liar.chain.state().blocks.last().unwrap().clone();
    let hash = block.block_hash();
    change(&mut block);
    assert_eq!(block.block_hash(), hash);
    liar.words().blocks.insert(hash, block);
}

/// Changes the header of a block mined on top, which pays the treasury.
fn with_header(change: fn(&mut Header)) -> impl Fn(&Treasury, &Liar) {
    move |treasury, liar| {
        liar.chain.mine(vec![gift(treasury, 5_000)]);
        change(&mut liar.chain.state().blocks.last_mut().unwrap().header);
    }
}

fn mined(header: &mut Header) {
    while header.validate_pow(header.target()).is_err() {
        header.nonce += 1;
    }
}

/// Replaces the last blocks by others.
fn instead(cut: usize, mined: usize) -> impl Fn(&Treasury, &Liar) {
    move |_, liar| {
        liar.chain.cut(cut);
        (0..mined).for_each(|_| drop(liar.chain.mine(Vec::new())));
    }
}

/// Returns all of them.
pub(super) fn all() -> Vec<Lie> {
    let mut lies = Vec::new();
    spends(&mut lies);
    blocks(&mut lies);
    headers(&mut lies);
    pools(&mut lies);
    words(&mut lies);
    lies
}

fn spends(lies: &mut Vec<Lie>) {
    for wrong in WRONG {
        lies.push(lie(
            format!("pool: a spend of a list's coin, {wrong}"),
            IN_POOL,
            move |treasury, liar| liar.chain.pool_of(&[stranger(treasury, wrong)]),
        ));
        lies.push(lie(
            format!("block: a spend of a list's coin, {wrong}"),
            IN_BLOCK,
            move |treasury, liar| drop(liar.chain.mine(vec![stranger(treasury, wrong)])),
        ));
    }
    for wrong in ["unsigned", "signed by another key"] {
        lies.push(lie(
            format!("pool: an exported list's own transaction, {wrong}"),
            IN_POOL,
            move |treasury, liar| {
                liar.chain
                    .pool_of(&[forge(treasury, treasury.exported.clone(), wrong)]);
            },
        ));
        lies.push(lie(
            format!("block: an exported list's own transaction, {wrong}"),
            IN_BLOCK,
            move |treasury, liar| {
                liar.chain
                    .mine(vec![forge(treasury, treasury.exported.clone(), wrong)]);
            },
        ));
    }
    for depth in [6, 100] {
        lies.push(lie(
            format!("block: an unsigned spend of a list's coin, {depth} deep"),
            IN_BLOCK,
            move |treasury, liar| {
                liar.chain.mine(vec![stranger(treasury, "unsigned")]);
                (1..depth).for_each(|_| drop(liar.chain.mine(Vec::new())));
            },
        ));
    }
    lies.push(lie(
        "block: an unsigned cancellation of both lists at once",
        IN_BLOCK,
        |treasury, liar| {
            let coins: Vec<OutPoint> = treasury.coins.iter().map(|(coin, ..)| *coin).collect();
            liar.chain
                .mine(vec![transaction(&coins, &[elsewhere(1_000)])]);
        },
    ));
    lies.push(lie(
        "block: one coin spent twice, both signed",
        IN_BLOCK,
        |treasury, liar| {
            let mut other = treasury.signed.clone();
            other.output[0].value -= Amount::ONE_SAT;
            treasury.sign(&mut other);
            liar.chain.mine(vec![treasury.signed.clone(), other]);
        },
    ));
    lies.push(lie(
        "block: a coin made there and spent unsigned",
        IN_BLOCK,
        |treasury, liar| {
            let made = gift(treasury, 7_000);
            let coin = OutPoint::new(made.compute_txid(), 0);
            liar.chain
                .mine(vec![made, transaction(&[coin], &[elsewhere(6_000)])]);
        },
    ));
    lies.push(lie(
        "pool: the child of an unsigned spend pays the treasury",
        IN_POOL,
        |treasury, liar| {
            let mut parent = stranger(treasury, "unsigned");
            parent.output = vec![treasury.coins[1].1.clone()];
            let coin = OutPoint::new(parent.compute_txid(), 0);
            let mut child = transaction(&[coin], &[treasury.coins[2].1.clone()]);
            sign(
                &mut child,
                0,
                &[treasury.coins[1].1.clone()],
                (Branch::Receive, treasury.coins[1].2),
            );
            liar.chain.pool_of(&[child, parent]);
        },
    ));
}

fn blocks(lies: &mut Vec<Lie>) {
    lies.push(lie(
        "block: all witnesses stripped",
        WITNESSES,
        |treasury, liar| {
            liar.chain.mine(vec![treasury.signed.clone()]);
            serve(liar, |block| {
                let inputs = block
                    .txdata
                    .iter_mut()
                    .flat_map(|transaction| &mut transaction.input);
                inputs.for_each(|input| input.witness.clear());
            });
        },
    ));
    lies.push(lie(
        "block: a witness altered",
        WITNESSES,
        |treasury, liar| {
            liar.chain.mine(vec![treasury.signed.clone()]);
            serve(liar, |block| {
                block.txdata[1].input[0].witness = Witness::from_slice(&[[1; 70]]);
            });
        },
    ));
    type Change = fn(&Treasury, &mut Block);
    let changes: [(&str, Change); 5] = [
        ("a payment that is not there", |treasury, block| {
            block.txdata.push(gift(treasury, 6_000));
        }),
        ("a payment of another amount", |_, block| {
            block.txdata[1].output[0].value = Amount::from_sat(9_000_000);
        }),
        ("a payment left out", |_, block| {
            drop(block.txdata.remove(1))
        }),
        ("the transactions of no block", |_, block| {
            block.txdata.truncate(1)
        }),
        ("a payment twice, with the same root", |_, block| {
            let last = block.txdata[2].clone();
            block.txdata.push(last);
        }),
    ];
    for (name, change) in changes {
        lies.push(Lie {
            name: format!("block: {name}"),
            told: Told::Sync,
            rules: &[Rule::Transactions],
            prepare: Box::new(move |treasury, liar| {
                let others = transaction(&[nobodys(7)], &[elsewhere(1)]);
                let coinbase_and_two = vec![gift(treasury, 5_000), others];
                liar.chain.mine(coinbase_and_two);
                let mut block = liar.chain.state().blocks.last().unwrap().clone();
                change(treasury, &mut block);
                liar.words().blocks.insert(block.block_hash(), block);
            }),
        });
    }
    lies.push(lie(
        "block: two coinbases",
        &[Rule::Transactions],
        |treasury, liar| {
            let mut second = liar.chain.state().blocks[1].txdata[0].clone();
            second.output[0].script_pubkey = treasury.coins[0].1.script_pubkey.clone();
            liar.chain.mine(vec![second]);
        },
    ));
    for (name, amounts) in [
        ("more than there is", vec![2_100_000_000_000_001]),
        ("the largest numbers", vec![u64::MAX, u64::MAX]),
        ("a sum that is too large", vec![2_100_000_000_000_000, 1]),
    ] {
        let pay = move |treasury: &Treasury| {
            let mut gift = gift(treasury, 0);
            let output = gift.output.remove(0);
            gift.output = amounts
                .iter()
                .map(|amount| TxOut {
                    value: Amount::from_sat(*amount),
                    ..output.clone()
                })
                .collect();
            gift
        };
        let in_pool = pay.clone();
        lies.push(lie(
            format!("block: {name}"),
            &[Rule::Amounts],
            move |treasury, liar| drop(liar.chain.mine(vec![pay(treasury)])),
        ));
        lies.push(lie(
            format!("pool: {name}"),
            &[Rule::Amounts],
            move |treasury, liar| liar.chain.pool_of(&[in_pool(treasury)]),
        ));
    }
    lies.push(lie("block: that of another height", &[], |_, liar| {
        liar.chain.mine(Vec::new());
        let mut state = liar.chain.state();
        let (other, last) = (state.blocks[2].clone(), state.blocks.pop().unwrap());
        state.blocks.push(last.clone());
        drop(state);
        liar.words().blocks.insert(last.block_hash(), other);
    }));
}

fn headers(lies: &mut Vec<Lie>) {
    lies.push(lie(
        "header: no proof of work",
        &[Rule::ProofOfWork],
        with_header(|header| {
            while header.validate_pow(header.target()).is_ok() {
                header.nonce += 1;
            }
        }),
    ));
    lies.push(lie(
        "header: easier than the network's least",
        &[Rule::ProofOfWork, Rule::Difficulty],
        with_header(|header| header.bits = CompactTarget::from_consensus(0x2100_ffff)),
    ));
    lies.push(lie(
        "header: another difficulty",
        &[Rule::Difficulty],
        with_header(|header| {
            header.bits = CompactTarget::from_consensus(0x2070_0000);
            mined(header);
        }),
    ));
    lies.push(lie(
        "header: a time before the blocks before it",
        &[Rule::Times],
        with_header(|header| {
            header.time = forged::NOW - 9_000;
            mined(header);
        }),
    ));
    lies.push(lie(
        "header: a time in the future",
        &[Rule::Times],
        with_header(|header| {
            header.time = u32::MAX;
            mined(header);
        }),
    ));
    lies.push(lie(
        "header: not on the block before it",
        &[],
        with_header(|header| {
            header.prev_blockhash = BlockHash::all_zeros();
            mined(header);
        }),
    ));
    for (name, cut, mined) in [
        ("the last block is gone", 1, 0),
        ("five blocks are gone", 5, 0),
        ("the payment to the treasury is gone", 7, 0),
        ("the chain was reset", 10, 0),
        ("another chain of the same length", 7, 7),
        ("another chain, one shorter", 7, 6),
        ("another last block", 1, 1),
    ] {
        lies.push(lie(
            format!("tip: {name}"),
            &[Rule::MoreWork],
            instead(cut, mined),
        ));
    }
    lies.push(lie("tip: a height without its block", &[], |_, liar| {
        liar.words().tip = Some(Tip {
            height: 40,
            hash: BlockHash::all_zeros(),
        });
    }));
    lies.push(lie(
        "tip: more blocks than there can be",
        &[Rule::Bounds],
        |_, liar| {
            let mut words = liar.words();
            words.endless = true;
            words.tip = Some(Tip {
                height: 400_000_000,
                hash: BlockHash::all_zeros(),
            });
        },
    ));
    lies.push(lie("hashes: another first block", &[], |_, liar| {
        liar.words()
            .hashes
            .insert(0, BlockHash::from_byte_array([9; 32]));
    }));
    lies.push(lie(
        "hashes: another block in the middle",
        &[],
        |_, liar| {
            liar.chain.mine(Vec::new());
            liar.words()
                .hashes
                .insert(10, BlockHash::from_byte_array([9; 32]));
        },
    ));
}

fn pools(lies: &mut Vec<Lie>) {
    lies.push(lie(
        "pool: half a million txids",
        &[Rule::Bounds],
        |_, liar| {
            let txid = |number: u32| {
                let mut bytes = [3; 32];
                bytes[..4].copy_from_slice(&number.to_le_bytes());
                Txid::from_byte_array(bytes)
            };
            liar.words().pool = Some((0..500_001).map(txid).collect());
        },
    ));
    lies.push(lie(
        "pool: txids without their transactions",
        &[],
        |_, liar| {
            liar.words().pool = Some(
                (0..9)
                    .map(|number| Txid::from_byte_array([number; 32]))
                    .collect(),
            );
        },
    ));
    lies.push(lie(
        "pool: a list's transaction that is not shown",
        &[],
        |treasury, liar| {
            liar.words().pool = Some(vec![treasury.exported.compute_txid()]);
        },
    ));
    lies.push(lie(
        "pool: another transaction under a list's txid",
        &[],
        |treasury, liar| {
            let txid = treasury.exported.compute_txid();
            let mut words = liar.words();
            words.pool = Some(vec![txid]);
            let other = transaction(&[nobodys(2)], &[elsewhere(1)]);
            words.transactions.insert(txid, Some(other));
        },
    ));
}

fn words(lies: &mut Vec<Lie>) {
    lies.push(lie("network: another one", &[], |_, liar| {
        liar.words().network = Some(Network::Mainnet);
    }));
    lies.push(lie("filters: bytes that are none", &[], |_, liar| {
        liar.words().filters = Some(vec![0xff; 9]);
    }));
    let results: [(&str, TestAccept, Result<Sent, ChainError>); 5] = [
        (
            "taken, and thrown away",
            TestAccept::Accepted,
            Ok(Sent::Accepted),
        ),
        (
            "known already",
            TestAccept::AlreadyKnown,
            Ok(Sent::AlreadyKnown),
        ),
        (
            "against the rules",
            TestAccept::Rejected("bad-txns-inputs-missingorspent".into()),
            Ok(Sent::Accepted),
        ),
        (
            "against the rules, once it was sent",
            TestAccept::Accepted,
            Err(ChainError::Rejected("txn-mempool-conflict".into())),
        ),
        (
            "another transaction was taken",
            TestAccept::Accepted,
            Err(ChainError::Garbage("another transaction".into())),
        ),
    ];
    for (name, accept, sent) in results {
        lies.push(said(&format!("broadcast: {name}"), move |_, liar| {
            let mut words = liar.words();
            words.test_accept = Some(accept.clone());
            words.sent = Some(sent.clone());
        }));
    }
    lies.push(said("broadcast: on another network", |_, liar| {
        liar.words().network = Some(Network::Signet);
    }));
}

/// Returns in what two ledgers differ, of which neither should know more than the other.
pub(super) fn differences(
    told: Told,
    before: (&[String], &[String]),
    after: (&[String], &[String]),
) -> Vec<String> {
    let mut found = Vec::new();
    // What was sent is "broadcast" and no more, whatever a node says of it.
    let is_sent =
        |row: &String| row.starts_with("pool_") || row.starts_with("payout_transactions: ");
    let counts = |row: &&String| told != Told::Broadcast || !is_sent(row);
    for (before, after) in before.1.iter().zip(after.1) {
        let is_sent = told == Told::Broadcast && after.starts_with("Broadcast, final false");
        if before != after && !is_sent {
            found.push(format!("{before} is {after}"));
        }
    }
    for row in after.0.iter().filter(counts) {
        if !before.0.contains(row) {
            found.push(format!("it says {row}"));
        }
    }
    for row in before.0.iter().filter(counts) {
        if !after.0.contains(row) {
            found.push(format!("it says no more {row}"));
        }
    }
    found
}
