//! Hostile transactions and blocks against the rehearsal chain: each is refused by the rule that it
//! breaks, named as Bitcoin Core names it. The honest one beside it is taken, so that nothing is
//! refused for another reason.

use bitcoin::blockdata::opcodes::all::{OP_CHECKSIG, OP_CSV, OP_DROP};
use bitcoin::blockdata::script::Builder;
use bitcoin::hashes::Hash;
use bitcoin::key::TapTweak;
use bitcoin::secp256k1::{All, Keypair, Message, Secp256k1, SecretKey};
use bitcoin::sighash::{Prevouts, SighashCache};
use bitcoin::{
    Amount, Block, CompressedPublicKey, EcdsaSighashType, OutPoint, ScriptBuf, Sequence,
    TapSighashType, Transaction, TxIn, TxOut, Witness, absolute, transaction,
};
use cofferdam_watcher::chain::rehearsal::faucet::FaucetError;
use cofferdam_watcher::chain::rehearsal::{Rehearsal, faucet, mine, rules};
use cofferdam_watcher::chain::{Blocks, ChainError, Relay, Sent, TestAccept};

/// A day in 2026.
const NOW: u32 = 1_790_000_000;
const FEE: u64 = 1_000;
const COIN: u64 = 10_000_000;

struct Scene {
    chain: Rehearsal,
    secp: Secp256k1<All>,
    key: SecretKey,
    _folder: tempfile::TempDir,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Legacy,
    Nested,
    Segwit,
    Taproot,
}

const KINDS: [Kind; 4] = [Kind::Legacy, Kind::Nested, Kind::Segwit, Kind::Taproot];

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let chain = Rehearsal::open(&folder.path().join("rehearsal.sqlite"))
            .await
            .unwrap();
        chain.mine(110, NOW).await.unwrap();
        let key = SecretKey::from_slice(&[7; 32]).unwrap();
        Scene {
            chain,
            secp: Secp256k1::new(),
            key,
            _folder: folder,
        }
    }

    fn public(&self) -> CompressedPublicKey {
        CompressedPublicKey(self.key.public_key(&self.secp))
    }

    fn script(&self, kind: Kind) -> ScriptBuf {
        let public = self.public();
        match kind {
            Kind::Legacy => ScriptBuf::new_p2pkh(&public.pubkey_hash()),
            Kind::Nested => ScriptBuf::new_p2wpkh(&public.wpubkey_hash()).to_p2sh(),
            Kind::Segwit => ScriptBuf::new_p2wpkh(&public.wpubkey_hash()),
            Kind::Taproot => ScriptBuf::new_p2tr(&self.secp, public.0.x_only_public_key().0, None),
        }
    }

    /// Makes confirmed coins of [`COIN`] satoshi.
    async fn coins(&self, scripts: &[ScriptBuf]) -> Vec<(OutPoint, TxOut)> {
        let outputs: Vec<TxOut> = scripts
            .iter()
            .map(|script| TxOut {
                value: Amount::from_sat(COIN),
                script_pubkey: script.clone(),
            })
            .collect();
        let txid = self.chain.fund(&outputs, NOW).await.unwrap().txids[0];
        self.chain.mine(1, NOW).await.unwrap();
        outputs
            .into_iter()
            .zip(0..)
            .map(|(output, vout)| (OutPoint { txid, vout }, output))
            .collect()
    }

    /// Makes a signed transaction that spends the coins to one output.
    fn spend(&self, coins: &[(OutPoint, TxOut)]) -> Transaction {
        let mut transaction = unsigned(coins);
        self.sign(&mut transaction, coins);
        transaction
    }

    fn sign(&self, transaction: &mut Transaction, coins: &[(OutPoint, TxOut)]) {
        let spent: Vec<TxOut> = coins.iter().map(|(_, output)| output.clone()).collect();
        for input in 0..coins.len() {
            let kind = KINDS
                .into_iter()
                .find(|kind| self.script(*kind) == spent[input].script_pubkey)
                .unwrap();
            let (script_sig, witness) = self.signature(transaction, input, kind, &spent);
            transaction.input[input].script_sig = script_sig;
            transaction.input[input].witness = witness;
        }
    }

    fn signature(
        &self,
        transaction: &Transaction,
        input: usize,
        kind: Kind,
        spent: &[TxOut],
    ) -> (ScriptBuf, Witness) {
        let mut cache = SighashCache::new(transaction);
        let public = self.public();
        let all = EcdsaSighashType::All;
        let ecdsa = |digest: [u8; 32]| bitcoin::ecdsa::Signature {
            signature: self
                .secp
                .sign_ecdsa(&Message::from_digest(digest), &self.key),
            sighash_type: all,
        };
        let inner = ScriptBuf::new_p2wpkh(&public.wpubkey_hash());
        let value = spent[input].value;
        match kind {
            Kind::Legacy => {
                let script = &spent[input].script_pubkey;
                let digest = cache
                    .legacy_signature_hash(input, script, all.to_u32())
                    .unwrap();
                let signature = ecdsa(digest.to_byte_array());
                let script_sig = Builder::new()
                    .push_slice(signature.serialize())
                    .push_key(&bitcoin::PublicKey::new(public.0))
                    .into_script();
                (script_sig, Witness::new())
            }
            Kind::Nested | Kind::Segwit => {
                let digest = cache
                    .p2wpkh_signature_hash(input, &inner, value, all)
                    .unwrap();
                let witness = Witness::p2wpkh(&ecdsa(digest.to_byte_array()), &public.0);
                let push = bitcoin::script::PushBytesBuf::try_from(inner.to_bytes()).unwrap();
                match kind {
                    Kind::Nested => (Builder::new().push_slice(push).into_script(), witness),
                    _ => (ScriptBuf::new(), witness),
                }
            }
            Kind::Taproot => {
                let sighash_type = TapSighashType::Default;
                let digest = cache
                    .taproot_key_spend_signature_hash(input, &Prevouts::All(spent), sighash_type)
                    .unwrap();
                let pair =
                    Keypair::from_secret_key(&self.secp, &self.key).tap_tweak(&self.secp, None);
                let signature = self.secp.sign_schnorr_no_aux_rand(
                    &Message::from_digest(digest.to_byte_array()),
                    &pair.to_keypair(),
                );
                let signature = bitcoin::taproot::Signature {
                    signature,
                    sighash_type,
                };
                (ScriptBuf::new(), Witness::p2tr_key_spend(&signature))
            }
        }
    }

    async fn verdict(&self, transaction: &Transaction) -> Result<Sent, String> {
        let tested = self.chain.test_accept(transaction).await.unwrap();
        let sent = match self.chain.broadcast(transaction).await {
            Ok(sent) => Ok(sent),
            Err(ChainError::Rejected(reason)) => Err(reason),
            Err(error) => panic!("{error}"),
        };
        match (&tested, &sent) {
            (TestAccept::Accepted, Ok(Sent::Accepted))
            | (TestAccept::AlreadyKnown, Ok(Sent::AlreadyKnown)) => {}
            (TestAccept::Rejected(tested), Err(sent)) if tested == sent => {}
            other => panic!("the test and the sending disagree: {other:?}"),
        }
        sent
    }

    async fn refuses(&self, transaction: &Transaction, rule: &str) {
        match self.verdict(transaction).await {
            Err(reason) if reason.starts_with(rule) => {}
            other => panic!("{rule} expected, got {other:?}"),
        }
    }

    async fn takes(&self, transaction: &Transaction) {
        assert_eq!(self.verdict(transaction).await, Ok(Sent::Accepted));
    }

    /// Returns the coinbase coin of a block.
    async fn reward(&self, height: u32) -> (OutPoint, TxOut) {
        let hash = self.chain.block_hash(height).await.unwrap().unwrap();
        let coinbase = self.chain.block(hash).await.unwrap().txdata.remove(0);
        (
            OutPoint {
                txid: coinbase.compute_txid(),
                vout: 0,
            },
            coinbase.output[0].clone(),
        )
    }

    async fn tip(&self) -> u32 {
        self.chain.tip().await.unwrap().height
    }

    /// Makes the next block, with transactions but without checking them.
    async fn block(&self, transactions: Vec<Transaction>, fees: u64) -> Block {
        let tip = self.chain.tip().await.unwrap();
        let mut times = Vec::new();
        for height in tip.height.saturating_sub(10)..=tip.height {
            let hash = self.chain.block_hash(height).await.unwrap().unwrap();
            times.push(self.chain.header(hash).await.unwrap().time);
        }
        let parent = rules::Parent {
            hash: tip.hash,
            height: tip.height,
            median_time: rules::median_time(&mut times),
        };
        mine::assemble(parent, transactions, Amount::from_sat(fees), NOW).unwrap()
    }

    async fn refuses_block(&self, block: &Block, rule: &str) {
        let before = self.chain.tip().await.unwrap();
        match self.chain.submit(block, NOW).await {
            Err(ChainError::Rejected(reason)) if reason.starts_with(rule) => {}
            other => panic!("{rule} expected, got {other:?}"),
        }
        assert_eq!(self.chain.tip().await.unwrap(), before);
    }
}

fn unsigned(coins: &[(OutPoint, TxOut)]) -> Transaction {
    let held: Amount = coins.iter().map(|(_, output)| output.value).sum();
    Transaction {
        version: transaction::Version::TWO,
        lock_time: absolute::LockTime::ZERO,
        input: coins
            .iter()
            .map(|(outpoint, _)| TxIn {
                previous_output: *outpoint,
                script_sig: ScriptBuf::new(),
                sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
                witness: Witness::from_slice(&[[0x51]]),
            })
            .collect(),
        output: vec![TxOut {
            value: held - Amount::from_sat(FEE),
            script_pubkey: faucet::script(),
        }],
    }
}

#[tokio::test]
async fn every_script_type_needs_its_signature() {
    let scene = Scene::new().await;
    for kind in KINDS {
        let coins = scene.coins(&[scene.script(kind)]).await;
        let good = scene.spend(&coins);
        let rule = "mandatory-script-verify-flag-failed (input 0";

        let mut other_outputs = good.clone();
        other_outputs.output[0].value -= Amount::ONE_SAT;
        scene.refuses(&other_outputs, rule).await;

        let mut no_signature = good.clone();
        no_signature.input[0].script_sig = ScriptBuf::new();
        no_signature.input[0].witness = Witness::new();
        scene.refuses(&no_signature, rule).await;

        let other_key = Scene {
            key: SecretKey::from_slice(&[8; 32]).unwrap(),
            ..Scene::new().await
        };
        let mut stolen = unsigned(&coins);
        let spent = [coins[0].1.clone()];
        let (script_sig, witness) = other_key.signature(&stolen, 0, kind, &spent);
        (stolen.input[0].script_sig, stolen.input[0].witness) = (script_sig, witness);
        scene.refuses(&stolen, rule).await;

        let mut flipped = good.clone();
        if kind == Kind::Legacy {
            let mut bytes = flipped.input[0].script_sig.to_bytes();
            bytes[20] ^= 1;
            flipped.input[0].script_sig = ScriptBuf::from_bytes(bytes);
        } else {
            let mut elements = flipped.input[0].witness.to_vec();
            elements[0][20] ^= 1;
            flipped.input[0].witness = Witness::from_slice(&elements);
        }
        scene.refuses(&flipped, rule).await;
        scene.takes(&good).await;
    }
}

#[tokio::test]
async fn signatures_cover_the_amounts_they_claim_to() {
    let scene = Scene::new().await;
    for (kind, place) in [
        (Kind::Segwit, 0),
        (Kind::Nested, 0),
        (Kind::Taproot, 0),
        (Kind::Taproot, 1),
    ] {
        // Taproot covers the other inputs' amounts too (BIP341).
        let coins = scene
            .coins(&[scene.script(kind), scene.script(Kind::Taproot)])
            .await;
        let mut lie = coins.clone();
        lie[place].1.value += Amount::from_sat(1);
        let mut transaction = unsigned(&coins);
        scene.sign(&mut transaction, &lie);
        scene
            .refuses(&transaction, "mandatory-script-verify-flag-failed")
            .await;
        scene.takes(&scene.spend(&coins)).await;
    }
}

#[tokio::test]
async fn money_is_not_made_from_nothing() {
    let scene = Scene::new().await;
    let coin = scene.reward(1).await;
    let good = unsigned(std::slice::from_ref(&coin));

    let mut overspend = good.clone();
    overspend.output[0].value = coin.1.value + Amount::ONE_SAT;
    scene.refuses(&overspend, "bad-txns-in-belowout").await;

    let mut twice = good.clone();
    twice.input.push(twice.input[0].clone());
    twice.output[0].value = coin.1.value;
    scene.refuses(&twice, "bad-txns-inputs-duplicate").await;

    let mut huge = good.clone();
    huge.output[0].value = Amount::MAX_MONEY + Amount::ONE_SAT;
    scene.refuses(&huge, "bad-txns-vout-toolarge").await;

    // Two outputs whose sum wraps around 2^64 to little (CVE-2010-5139) are too large each; two
    // halves are in sum.
    let mut wrapping = good.clone();
    wrapping.output = vec![
        TxOut {
            value: Amount::from_sat(1 << 63),
            script_pubkey: faucet::script()
        };
        2
    ];
    scene.refuses(&wrapping, "bad-txns-vout-toolarge").await;
    wrapping.output = vec![
        TxOut {
            value: Amount::MAX_MONEY,
            script_pubkey: faucet::script()
        };
        2
    ];
    scene
        .refuses(&wrapping, "bad-txns-txouttotal-toolarge")
        .await;

    let mut nothing = good.clone();
    nothing.output.clear();
    scene.refuses(&nothing, "bad-txns-vout-empty").await;
    nothing = good.clone();
    nothing.input.clear();
    scene.refuses(&nothing, "bad-txns-vin-empty").await;

    let mut invented = good.clone();
    invented.input[0].previous_output.vout = 7;
    scene
        .refuses(&invented, "bad-txns-inputs-missingorspent")
        .await;
    invented.input.push(TxIn {
        previous_output: OutPoint::null(),
        ..good.input[0].clone()
    });
    scene.refuses(&invented, "bad-txns-prevout-null").await;

    let hash = scene.chain.block_hash(3).await.unwrap().unwrap();
    let mut coinbase = scene.chain.block(hash).await.unwrap().txdata.remove(0);
    coinbase.output[0].value -= Amount::ONE_SAT;
    scene.refuses(&coinbase, "coinbase").await;

    scene.takes(&good).await;
    // The same again is no second payment.
    assert_eq!(scene.verdict(&good).await, Ok(Sent::AlreadyKnown));
    scene.chain.mine(1, NOW).await.unwrap();
    assert_eq!(scene.verdict(&good).await, Ok(Sent::AlreadyKnown));
    let mut double_spend = good.clone();
    double_spend.output[0].value -= Amount::from_sat(50_000);
    scene
        .refuses(&double_spend, "bad-txns-inputs-missingorspent")
        .await;
}

#[tokio::test]
async fn rewards_wait_for_a_hundred_blocks() {
    let scene = Scene::new().await;
    let tip = scene.tip().await;
    let (mature, immature) = (
        scene.reward(tip + 1 - 100).await,
        scene.reward(tip + 2 - 100).await,
    );
    scene
        .refuses(
            &unsigned(std::slice::from_ref(&immature)),
            "bad-txns-premature-spend-of-coinbase",
        )
        .await;
    scene.takes(&unsigned(&[mature])).await;
    scene.chain.mine(1, NOW).await.unwrap();
    scene.takes(&unsigned(&[immature])).await;
}

#[tokio::test]
async fn lock_times_are_kept() {
    let scene = Scene::new().await;
    let tip = scene.tip().await;
    let hash = scene.chain.block_hash(tip).await.unwrap().unwrap();
    let last_time = scene.chain.header(hash).await.unwrap().time;
    let locked = |height, lock_time, sequence| {
        let scene = &scene;
        async move {
            let mut transaction = unsigned(&[scene.reward(height).await]);
            transaction.lock_time = absolute::LockTime::from_consensus(lock_time);
            transaction.input[0].sequence = Sequence(sequence);
            transaction
        }
    };
    let rule = "bad-txns-nonfinal";
    scene.refuses(&locked(1, tip + 1, 0).await, rule).await;
    scene
        .refuses(&locked(1, 400_000_000, 0xffff_fffe).await, rule)
        .await;
    // Times are compared with the median of the last blocks, which is behind the last one (BIP113).
    scene.refuses(&locked(1, last_time, 0).await, rule).await;
    scene.takes(&locked(1, tip, 0).await).await;
    scene.takes(&locked(2, last_time - 3_600, 0).await).await;
    // A final sequence switches the lock time off.
    scene
        .takes(&locked(3, tip + 1_000, 0xffff_ffff).await)
        .await;
}

#[tokio::test]
async fn relative_lock_times_are_kept() {
    const IN_TIME: u32 = 1 << 22;
    const DISABLED: u32 = 1 << 31;
    let scene = Scene::new().await;
    let next = scene.tip().await + 1;
    let rule = "non-BIP68-final";
    let waiting = |height, sequence, version| {
        let scene = &scene;
        async move {
            let mut transaction = unsigned(&[scene.reward(height).await]);
            transaction.version = transaction::Version(version);
            transaction.input[0].sequence = Sequence(sequence);
            transaction
        }
    };
    scene.refuses(&waiting(1, next, 2).await, rule).await;
    // The block before the first one is of 2011.
    scene.refuses(&waiting(6, IN_TIME | 1, 2).await, rule).await;
    // The version is compared as unsigned.
    scene.refuses(&waiting(1, next, -1).await, rule).await;
    scene.takes(&waiting(1, next - 1, 2).await).await;
    scene.takes(&waiting(2, next, 1).await).await;
    scene.takes(&waiting(3, DISABLED | next, 2).await).await;
    scene.takes(&waiting(4, IN_TIME, 2).await).await;
    // Blocks half an hour later let 3 x 512 seconds pass.
    let late = waiting(5, IN_TIME | 3, 2).await;
    scene.refuses(&late, rule).await;
    scene.chain.mine(6, NOW + 1_800).await.unwrap();
    scene.takes(&late).await;
}

#[tokio::test]
async fn scripts_see_the_sequence() {
    let scene = Scene::new().await;
    let script = Builder::new().push_int(5).push_opcode(OP_CSV).into_script();
    let coins = scene
        .coins(&[ScriptBuf::new_p2wsh(&script.wscript_hash())])
        .await;
    let mut transaction = unsigned(&coins);
    transaction.input[0].witness = Witness::from_slice(&[script.as_bytes()]);
    scene
        .refuses(&transaction, "mandatory-script-verify-flag-failed")
        .await;
    transaction.input[0].sequence = Sequence(5);
    scene.refuses(&transaction, "non-BIP68-final").await;
    scene.chain.mine(4, NOW).await.unwrap();
    scene.takes(&transaction).await;
}

#[tokio::test]
async fn the_memory_pool_has_its_policies() {
    let scene = Scene::new().await;
    let coin = scene.reward(1).await;
    let good = unsigned(std::slice::from_ref(&coin));

    let mut free = good.clone();
    free.output[0].value = coin.1.value;
    scene.refuses(&free, "min relay fee not met").await;
    free.output[0].value = coin.1.value - Amount::from_sat(good.vsize() as u64 - 1);
    scene.refuses(&free, "min relay fee not met").await;

    let mut dust = good.clone();
    dust.output.push(TxOut {
        value: Amount::from_sat(329),
        script_pubkey: faucet::script(),
    });
    dust.output[0].value -= Amount::from_sat(400);
    scene.refuses(&dust, "dust").await;

    let mut large = good.clone();
    large.output = vec![
        TxOut {
            value: Amount::from_sat(1_000),
            script_pubkey: faucet::script()
        };
        2_400
    ];
    scene.refuses(&large, "tx-size").await;
    scene.takes(&good).await;
}

#[tokio::test]
async fn replacements_pay_for_what_they_replace() {
    let scene = Scene::new().await;
    let (one, two) = (scene.reward(1).await, scene.reward(2).await);
    let first = unsigned(std::slice::from_ref(&one));
    scene.takes(&first).await;
    let child = unsigned(&[(
        OutPoint {
            txid: first.compute_txid(),
            vout: 0,
        },
        first.output[0].clone(),
    )]);
    scene.takes(&child).await;

    let with_fee = |fee: u64| {
        let mut transaction = first.clone();
        transaction.output[0].value = one.1.value - Amount::from_sat(fee);
        transaction
    };
    // The child's fee counts, and the replacement's own relay on top.
    scene.refuses(&with_fee(FEE + 50), "insufficient fee").await;
    scene.refuses(&with_fee(2 * FEE), "insufficient fee").await;
    let mut from_itself = unsigned(&[
        one.clone(),
        two,
        (
            OutPoint {
                txid: first.compute_txid(),
                vout: 0,
            },
            first.output[0].clone(),
        ),
    ]);
    from_itself.output[0].value = Amount::from_sat(1_000_000);
    scene.refuses(&from_itself, "bad-txns-").await;
    let replacement = with_fee(2 * FEE + 200);
    scene.takes(&replacement).await;
    assert_eq!(
        scene.chain.pool().await.unwrap(),
        [replacement.compute_txid()]
    );
    let (_, mined) = scene.chain.mine(1, NOW).await.unwrap();
    assert_eq!(mined, 1);
    scene
        .refuses(&child, "bad-txns-inputs-missingorspent")
        .await;
}

#[tokio::test]
async fn blocks_meet_the_headers_rules() {
    let scene = Scene::new().await;
    let good = scene.block(Vec::new(), 0).await;

    let mut block = good.clone();
    block.header.prev_blockhash = bitcoin::BlockHash::all_zeros();
    mine::seal(&mut block);
    scene.refuses_block(&block, "prev-blk-not-found").await;

    block = good.clone();
    while block.header.validate_pow(block.header.target()).is_ok() {
        block.header.nonce += 1;
    }
    scene.refuses_block(&block, "high-hash").await;

    block = good.clone();
    block.header.bits = bitcoin::CompactTarget::from_consensus(0x207f_fffe);
    mine::seal(&mut block);
    scene.refuses_block(&block, "bad-diffbits").await;

    for (time, rule) in [
        (NOW - 1_000_000, "time-too-old"),
        (NOW + 7_201, "time-too-new"),
    ] {
        block = good.clone();
        block.header.time = time;
        mine::seal(&mut block);
        scene.refuses_block(&block, rule).await;
    }

    block = good.clone();
    block.header.version = bitcoin::block::Version::from_consensus(3);
    mine::seal(&mut block);
    scene.refuses_block(&block, "bad-version").await;

    block = good.clone();
    block.header.merkle_root = bitcoin::TxMerkleNode::all_zeros();
    while block.header.validate_pow(block.header.target()).is_err() {
        block.header.nonce += 1;
    }
    scene.refuses_block(&block, "bad-txnmrklroot").await;

    scene.chain.submit(&good, NOW).await.unwrap();
    scene.refuses_block(&good, "prev-blk-not-found").await;
}

#[tokio::test]
async fn blocks_meet_the_coinbases_rules() {
    let scene = Scene::new().await;
    let payment = unsigned(&[scene.reward(1).await]);

    scene
        .refuses_block(&scene.block(Vec::new(), 1).await, "bad-cb-amount")
        .await;
    scene
        .refuses_block(
            &scene.block(vec![payment.clone()], FEE + 1).await,
            "bad-cb-amount",
        )
        .await;

    let mut block = scene.block(Vec::new(), 0).await;
    block.txdata[0].input[0].script_sig = Builder::new()
        .push_int(5_000)
        .push_slice([0; 8])
        .into_script();
    mine::seal(&mut block);
    scene.refuses_block(&block, "bad-cb-height").await;

    block.txdata[0].input[0].script_sig = ScriptBuf::from_bytes(vec![0; 101]);
    mine::seal(&mut block);
    scene.refuses_block(&block, "bad-cb-length").await;

    let mut block = scene.block(vec![payment.clone()], FEE).await;
    let second = Transaction {
        lock_time: absolute::LockTime::from_consensus(1),
        ..block.txdata[0].clone()
    };
    block.txdata.push(second);
    mine::seal(&mut block);
    scene.refuses_block(&block, "bad-cb-multiple").await;

    block = scene.block(vec![payment.clone()], FEE).await;
    block.txdata.remove(0);
    block.header.merkle_root = block.compute_merkle_root().unwrap();
    while block.header.validate_pow(block.header.target()).is_err() {
        block.header.nonce += 1;
    }
    scene.refuses_block(&block, "bad-cb-missing").await;

    // Another witness than the one committed to.
    block = scene.block(vec![payment.clone()], FEE).await;
    block.txdata[1].input[0].witness.push([1]);
    scene
        .refuses_block(&block, "bad-witness-merkle-match")
        .await;

    block = scene.block(vec![payment], FEE).await;
    scene.chain.submit(&block, NOW).await.unwrap();
}

#[tokio::test]
async fn blocks_meet_their_transactions_rules() {
    let scene = Scene::new().await;
    let coin = scene.reward(1).await;
    let payment = unsigned(std::slice::from_ref(&coin));

    let mut double_spend = payment.clone();
    double_spend.output[0].value -= Amount::from_sat(1);
    let block = scene.block(vec![payment.clone(), double_spend], FEE).await;
    scene
        .refuses_block(&block, "bad-txns-inputs-missingorspent")
        .await;

    // The same transaction twice, which has the same merkle root as once (CVE-2012-2459).
    let child = unsigned(&[(
        OutPoint {
            txid: payment.compute_txid(),
            vout: 0,
        },
        payment.output[0].clone(),
    )]);
    let mut block = scene
        .block(vec![payment.clone(), child.clone()], 2 * FEE)
        .await;
    block.txdata.push(child.clone());
    assert!(block.check_merkle_root());
    scene.refuses_block(&block, "bad-txns-duplicate").await;

    // A child before its parent.
    let block = scene
        .block(vec![child.clone(), payment.clone()], 2 * FEE)
        .await;
    scene
        .refuses_block(&block, "bad-txns-inputs-missingorspent")
        .await;

    let mut late = payment.clone();
    late.lock_time = absolute::LockTime::from_consensus(scene.tip().await + 1);
    scene
        .refuses_block(&scene.block(vec![late], FEE).await, "bad-txns-nonfinal")
        .await;

    let mut unsigned_coin = payment.clone();
    unsigned_coin.input[0].witness = Witness::new();
    scene
        .refuses_block(
            &scene.block(vec![unsigned_coin], FEE).await,
            "mandatory-script-verify-flag-failed",
        )
        .await;

    // Legacy signature operations count four times, also in outputs.
    let checks = Builder::new()
        .push_opcode(OP_DROP)
        .push_opcode(OP_CHECKSIG)
        .into_script();
    let script = ScriptBuf::from_bytes(checks.to_bytes().repeat(20_001));
    let mut heavy = payment.clone();
    heavy.output.push(TxOut {
        value: Amount::ZERO,
        script_pubkey: script,
    });
    scene
        .refuses_block(&scene.block(vec![heavy], FEE).await, "bad-blk-sigops")
        .await;

    let mut large = payment.clone();
    let filler = ScriptBuf::from_bytes([&[0x6a][..], &[0; 999_000]].concat());
    large.output.push(TxOut {
        value: Amount::ZERO,
        script_pubkey: filler,
    });
    let second = unsigned(&[scene.reward(2).await]);
    let mut filled = second.clone();
    filled.output.push(TxOut {
        value: Amount::ZERO,
        script_pubkey: ScriptBuf::from_bytes(vec![0x6a; 1_000]),
    });
    let block = scene.block(vec![large.clone(), filled], 2 * FEE).await;
    scene.refuses_block(&block, "bad-blk-weight").await;

    let block = scene.block(vec![payment, child, second], 3 * FEE).await;
    scene.chain.submit(&block, NOW).await.unwrap();
}

#[tokio::test]
async fn a_reorganisation_gives_coins_back() {
    let scene = Scene::new().await;
    let coins = scene.coins(&[scene.script(Kind::Segwit)]).await;
    let spend = scene.spend(&coins);
    scene.takes(&spend).await;
    scene.chain.mine(1, NOW).await.unwrap();
    let before = scene.chain.tip().await.unwrap();
    let after = scene.chain.reorganise(2, NOW).await.unwrap();
    assert_eq!(after.height, before.height + 1);
    assert_ne!(
        scene.chain.block_hash(before.height).await.unwrap(),
        Some(before.hash)
    );
    // The funding and the spend wait in the memory pool, in this order.
    assert_eq!(
        scene.chain.pool().await.unwrap(),
        [coins[0].0.txid, spend.compute_txid()]
    );
    let (_, mined) = scene.chain.mine(1, NOW).await.unwrap();
    assert_eq!(mined, 2);
    let error = scene.chain.reorganise(10_000, NOW).await.unwrap_err();
    assert!(matches!(error, ChainError::Rejected(_)), "{error}");
}

#[tokio::test]
async fn the_faucet_ends_where_the_subsidies_do() {
    let scene = Scene::new().await;
    let output = |btc| TxOut {
        value: Amount::from_int_btc(btc),
        script_pubkey: scene.script(Kind::Segwit),
    };
    let funded = scene.chain.fund(&[output(2_000)], NOW).await.unwrap();
    assert!(funded.mined > 0);
    let before = scene.tip().await;
    assert_eq!(
        scene.chain.fund(&[output(15_001)], NOW).await.unwrap_err(),
        FaucetError::Empty
    );
    assert_eq!(
        scene.tip().await,
        before,
        "a funding that fails leaves nothing behind"
    );
}
