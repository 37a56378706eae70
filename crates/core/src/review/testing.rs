//! Transactions for tests: a plain payout, to be bent until a rule speaks.

use std::sync::Arc;

use bitcoin::absolute::LockTime;
use bitcoin::bip32::{DerivationPath, Fingerprint};
use bitcoin::hashes::Hash as _;
use bitcoin::secp256k1::Message;
use bitcoin::sighash::{EcdsaSighashType, Prevouts, SighashCache, TapSighashType};
use bitcoin::transaction::Version as TxVersion;
use bitcoin::{
    Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, WPubkeyHash, Witness,
};

use super::reviewed::review_with;
use super::rules::{RULES, Rule};
use super::{
    AmountRule, FeeLimits, Finding, KnownWallet, PayeeIndex, ReviewContext, Reviewed, Severities,
};
use crate::keys::{AccountKey, Bip39Passphrase, MasterKey, Mnemonic};
use crate::psbt::build::{Template, TemplateInput, TemplateOutput, create};
use crate::psbt::{
    InputSignature, Limits, Parsed, RawKey, RawMap, RawPair, RawPsbt, SignatureKind, Version,
    fields,
};
use crate::wallet::{Branch, Wallet};
use crate::{Network, ScriptType};

pub(super) const OUR_WORDS: &str =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
pub(super) const THEIR_WORDS: &str = "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong";

/// A payout of 0.5 BTC from coins of 0.6 and 0.4 BTC with a fee of 10,000 satoshi; change on
/// index 7.
pub(super) struct Scenario {
    pub(super) wallets: Vec<Wallet>,
    pub(super) highest_change_seen: Option<u32>,
    pub(super) highest_receive_seen: Option<u32>,
    pub(super) fee_limits: FeeLimits,
    pub(super) amounts: AmountRule,
    pub(super) severities: Severities,
    pub(super) earlier_payees: Vec<ScriptBuf>,
    pub(super) now: Option<u64>,
    pub(super) coins: Vec<Coin>,
    pub(super) outputs: Vec<TemplateOutput>,
    pub(super) lock_time: LockTime,
    pub(super) version: TxVersion,
    /// Those of the inputs; signalling replacement where there are none.
    pub(super) sequences: Vec<Sequence>,
    /// Wallets from this one on are not the vault's.
    unknown_from: usize,
    edits: Vec<Edit>,
}

type Edit = Box<dyn Fn(&mut RawPsbt)>;

/// A coin of one of the wallets.
#[derive(Clone)]
pub(super) struct Coin {
    pub(super) wallet: usize,
    pub(super) own: (Branch, u32),
    pub(super) amount: Amount,
    /// Tells previous transactions apart.
    pub(super) salt: u32,
}

pub(super) fn sat(amount: u64) -> Amount {
    Amount::from_sat(amount)
}

pub(super) fn account(
    words: &str,
    network: Network,
    script_type: ScriptType,
    index: u32,
) -> AccountKey {
    let seed = Mnemonic::parse(words, None)
        .unwrap()
        .seed(&Bip39Passphrase::none());
    MasterKey::from_seed(&seed, network)
        .unwrap()
        .account(script_type, index)
        .unwrap()
}

pub(super) fn wallet(words: &str, script_type: ScriptType, index: u32) -> Wallet {
    let account = account(words, Network::Regtest, script_type, index);
    let name = format!("{}-{script_type}-{index}", &words[..3]);
    account
        .wallet(script_type, name.parse().unwrap(), None)
        .unwrap()
}

/// Somebody else's script.
pub(super) fn their_script(number: u8) -> ScriptBuf {
    ScriptBuf::new_p2wpkh(&WPubkeyHash::from_byte_array([number; 20]))
}

/// A p2wsh script whose address on regtest looks like that of a p2wpkh script: nobody can spend it,
/// as its program is chosen and not hashed. The checksum at the end of a bech32 address is linear
/// over GF(2), so that it is solved for, not searched.
pub(super) fn lookalike(script: &ScriptBuf) -> ScriptBuf {
    let last = |script: &ScriptBuf| {
        let address = bitcoin::Address::from_script(script, bitcoin::Network::Regtest).unwrap();
        let alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
        let address = address.to_string();
        let ending = address.chars().skip(address.len() - 4);
        ending.fold(0, |bits, character| {
            bits << 5 | alphabet.find(character).unwrap() as u32
        })
    };
    let with = |bits: u32| {
        let mut program = [0u8; 32];
        // The first four characters are 20 bits.
        program[..3].copy_from_slice(&script.as_bytes()[2..5]);
        program[28..].copy_from_slice(&bits.to_be_bytes());
        ScriptBuf::new_p2wsh(&bitcoin::WScriptHash::from_byte_array(program))
    };
    let base = last(&with(0));
    // Each pair: what flipping these bits of the program flips in the last characters; no two with
    // the same highest bit.
    let mut basis: Vec<(u32, u32)> = Vec::new();
    let reduce = |basis: &[(u32, u32)], mut pair: (u32, u32)| {
        for (effect, bits) in basis {
            if pair.0 ^ effect < pair.0 {
                pair = (pair.0 ^ effect, pair.1 ^ bits);
            }
        }
        pair
    };
    for bit in (0..32).map(|number| 1 << number) {
        let pair = reduce(&basis, (last(&with(bit)) ^ base, bit));
        if pair.0 != 0 {
            basis.push(pair);
            basis.sort_unstable_by_key(|pair| std::cmp::Reverse(*pair));
        }
    }
    let (left, bits) = reduce(&basis, (last(script) ^ base, 0));
    assert_eq!(left, 0, "32 bits span the 20 of four characters");
    with(bits)
}

impl Scenario {
    pub(super) fn new(script_type: ScriptType) -> Self {
        let wallet = wallet(OUR_WORDS, script_type, 0);
        let coin = |own, amount, salt| Coin {
            wallet: 0,
            own,
            amount: sat(amount),
            salt,
        };
        let change = wallet.script_pubkey(Branch::Change, 7).unwrap();
        Self {
            highest_change_seen: None,
            highest_receive_seen: None,
            fee_limits: FeeLimits::DEFAULT,
            amounts: AmountRule::Proven,
            severities: Severities::default(),
            earlier_payees: Vec::new(),
            now: None,
            coins: vec![
                coin((Branch::Receive, 0), 60_000_000, 0),
                coin((Branch::Change, 3), 40_000_000, 1),
            ],
            outputs: vec![
                TemplateOutput {
                    txout: TxOut {
                        value: sat(50_000_000),
                        script_pubkey: their_script(1),
                    },
                    own: None,
                },
                TemplateOutput {
                    txout: TxOut {
                        value: sat(49_990_000),
                        script_pubkey: change,
                    },
                    own: Some((Branch::Change, 7)),
                },
            ],
            lock_time: LockTime::ZERO,
            version: TxVersion::TWO,
            sequences: Vec::new(),
            unknown_from: usize::MAX,
            edits: Vec::new(),
            wallets: vec![wallet],
        }
    }

    /// Changes the scenario before the PSBT is built from it.
    pub(super) fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// Hides the wallets from this one on from the review.
    pub(super) fn with_unknown_wallet(mut self, from: usize) -> Self {
        self.unknown_from = from;
        self
    }

    /// Changes the built PSBT's maps.
    pub(super) fn edit(mut self, edit: impl Fn(&mut RawPsbt) + 'static) -> Self {
        self.edits.push(Box::new(edit));
        self
    }

    /// Adds an output that is not declared as anybody's.
    pub(super) fn pay(&mut self, script_pubkey: ScriptBuf, amount: u64) {
        let txout = TxOut {
            value: sat(amount),
            script_pubkey,
        };
        self.outputs.push(TemplateOutput { txout, own: None });
    }

    /// Adds an own output, declared as such.
    pub(super) fn pay_own(&mut self, branch: Branch, index: u32, amount: u64) {
        let script_pubkey = self.wallets[0].script_pubkey(branch, index).unwrap();
        let txout = TxOut {
            value: sat(amount),
            script_pubkey,
        };
        self.outputs.push(TemplateOutput {
            txout,
            own: Some((branch, index)),
        });
    }

    /// Returns the transaction that made a coin: the coin is its second output.
    pub(super) fn previous(&self, coin: &Coin) -> Transaction {
        let (branch, index) = coin.own;
        let script_pubkey = self.wallets[coin.wallet]
            .script_pubkey(branch, index)
            .unwrap();
        let other = TxOut {
            value: sat(1_000),
            script_pubkey: their_script(9),
        };
        Transaction {
            version: TxVersion::TWO,
            lock_time: LockTime::from_consensus(coin.salt),
            input: vec![TxIn {
                previous_output: OutPoint {
                    txid: Txid::from_byte_array([7; 32]),
                    vout: 0,
                },
                sequence: Sequence::ZERO,
                script_sig: ScriptBuf::new(),
                witness: Witness::new(),
            }],
            output: vec![
                other,
                TxOut {
                    value: coin.amount,
                    script_pubkey,
                },
            ],
        }
    }

    /// Builds the PSBT. Each coin's maps come from its own wallet.
    pub(super) fn raw(&self, version: Version) -> RawPsbt {
        let mut raw = self.built(0, version);
        for (index, coin) in self
            .coins
            .iter()
            .enumerate()
            .filter(|(_, coin)| coin.wallet > 0)
        {
            raw.inputs[index] = self.built(coin.wallet, version).inputs[index].clone();
        }
        if version == Version::V0 {
            let unsigned = bitcoin::consensus::serialize(&self.unsigned_tx());
            raw.global
                .set(RawKey::plain(fields::global::UNSIGNED_TX), unsigned);
        }
        for edit in &self.edits {
            edit(&mut raw);
        }
        raw
    }

    /// Builds as if every coin were of one wallet at its place.
    fn built(&self, wallet: usize, version: Version) -> RawPsbt {
        let coins = self.coins.iter().map(|coin| Coin {
            wallet,
            ..coin.clone()
        });
        let inputs = coins.enumerate().map(|(index, coin)| {
            let previous = self.previous(&coin);
            TemplateInput {
                outpoint: OutPoint {
                    txid: previous.compute_txid(),
                    vout: 1,
                },
                sequence: self.sequence(index),
                utxo: previous.output[1].clone(),
                previous_transaction: Some(Arc::new(previous)),
                own: coin.own,
            }
        });
        let outputs = self.outputs.iter().cloned().map(|mut output| {
            if wallet > 0 {
                output.own = None;
            }
            output
        });
        let template = Template {
            version: self.version,
            lock_time: self.lock_time,
            inputs: inputs.collect(),
            outputs: outputs.collect(),
        };
        let bytes = create(&template, &self.wallets[wallet], version).unwrap();
        parse(&bytes).raw().clone()
    }

    /// Returns the transaction before edits.
    pub(super) fn unsigned_tx(&self) -> Transaction {
        let inputs = self.coins.iter().enumerate().map(|(index, coin)| TxIn {
            previous_output: OutPoint {
                txid: self.previous(coin).compute_txid(),
                vout: 1,
            },
            sequence: self.sequence(index),
            script_sig: ScriptBuf::new(),
            witness: Witness::new(),
        });
        Transaction {
            version: self.version,
            lock_time: self.lock_time,
            input: inputs.collect(),
            output: self
                .outputs
                .iter()
                .map(|output| output.txout.clone())
                .collect(),
        }
    }

    fn sequence(&self, input: usize) -> Sequence {
        let signalling = Sequence::ENABLE_RBF_NO_LOCKTIME;
        self.sequences.get(input).copied().unwrap_or(signalling)
    }

    pub(super) fn review(&self) -> Reviewed {
        self.review_by(Version::V0, RULES)
    }

    pub(super) fn review_by(&self, version: Version, rules: &[Rule]) -> Reviewed {
        let known: Vec<KnownWallet<'_>> = self
            .wallets
            .iter()
            .take(self.unknown_from)
            .map(|wallet| KnownWallet {
                wallet,
                highest_change_seen: self.highest_change_seen,
                highest_receive_seen: self.highest_receive_seen,
            })
            .collect();
        let earlier = self.earlier_payees.iter().map(ScriptBuf::as_script);
        let context = ReviewContext {
            amounts: self.amounts,
            severities: &self.severities,
            earlier_payees: &PayeeIndex::new(earlier, Network::Regtest),
            now: self.now,
            ..ReviewContext::new(&known, self.fee_limits)
        };
        review_with(parse(&self.raw(version).to_bytes()), &context, rules)
    }

    /// Asserts that both versions give exactly these findings, each written as `place code`, and
    /// that the expectation depends on the rule: without it, at least one of them is missing and
    /// none is new.
    pub(super) fn expect(&self, name: &str, rule: &str, expected: &[&str]) {
        assert!(
            RULES.iter().any(|known| known.name == rule),
            "no rule {rule}"
        );
        let others: Vec<Rule> = RULES
            .iter()
            .filter(|other| other.name != rule)
            .copied()
            .collect();
        for version in [Version::V0, Version::V2] {
            let found = listed(self.review_by(version, RULES).findings());
            let mut expected: Vec<String> =
                expected.iter().map(|text| (*text).to_owned()).collect();
            expected.sort();
            assert_eq!(found, expected, "{name}, version {version}");
            let without = listed(self.review_by(version, &others).findings());
            assert!(
                without.len() < found.len(),
                "{name}: the rule {rule} has no teeth"
            );
            assert!(
                without.iter().all(|finding| found.contains(finding)),
                "{name}: {without:?}"
            );
        }
    }

    /// Asserts that both versions give no finding.
    pub(super) fn expect_clean(&self, name: &str) {
        for version in [Version::V0, Version::V2] {
            let reviewed = self.review_by(version, RULES);
            assert_eq!(
                listed(reviewed.findings()),
                Vec::<String>::new(),
                "{name}, version {version}"
            );
            assert_eq!(
                reviewed.spends().len(),
                self.coins.len(),
                "{name}, version {version}"
            );
        }
    }

    /// Signs an input with the key of its coin, for the unedited transaction.
    pub(super) fn signature(&self, input: usize, sighash: u8) -> InputSignature {
        let coins: Vec<TxOut> = self
            .coins
            .iter()
            .map(|coin| self.previous(coin).output[1].clone())
            .collect();
        sign(
            &self.unsigned_tx(),
            &coins,
            input,
            &self.wallets[0],
            self.coins[input].own,
            sighash,
        )
    }

    /// Adds a signature's field to an input.
    pub(super) fn signed(self, signature: InputSignature) -> Self {
        self.edit(move |raw| {
            let (key, value) = signature_field(&signature);
            raw.inputs[signature.input].set(key, value);
        })
    }
}

fn signature_field(signature: &InputSignature) -> (RawKey, Vec<u8>) {
    match &signature.kind {
        SignatureKind::Ecdsa {
            public_key,
            signature,
        } => (
            RawKey::with_data(fields::input::PARTIAL_SIG, public_key.to_bytes()),
            signature.to_vec(),
        ),
        SignatureKind::TaprootKeySpend { signature } => (
            RawKey::plain(fields::input::TAP_KEY_SIG),
            signature.to_vec(),
        ),
    }
}

fn sign(
    transaction: &Transaction,
    coins: &[TxOut],
    input: usize,
    wallet: &Wallet,
    (branch, index): (Branch, u32),
    sighash: u8,
) -> InputSignature {
    let key = account(
        OUR_WORDS,
        Network::Regtest,
        wallet.single().unwrap().script_type(),
        0,
    );
    let mut cache = SighashCache::new(transaction);
    let coin = &coins[input];
    if wallet.single().unwrap().script_type() == ScriptType::Taproot {
        let sighash_type = TapSighashType::from_consensus_u8(sighash).unwrap();
        let hash = cache
            .taproot_key_spend_signature_hash(input, &Prevouts::All(coins), sighash_type)
            .unwrap();
        let message = Message::from_digest(hash.to_byte_array());
        let signature = key
            .sign_taproot_key_spend(branch, index, &message, None)
            .unwrap();
        let signature = bitcoin::taproot::Signature {
            signature,
            sighash_type,
        };
        return InputSignature {
            input,
            kind: SignatureKind::TaprootKeySpend { signature },
        };
    }
    let sighash_type = EcdsaSighashType::from_consensus(u32::from(sighash));
    let digest = match wallet.single().unwrap().script_type() {
        ScriptType::Legacy => cache
            .legacy_signature_hash(input, &coin.script_pubkey, u32::from(sighash))
            .unwrap()
            .to_byte_array(),
        _ => {
            let public_key =
                bitcoin::CompressedPublicKey(wallet.public_key(branch, index).unwrap());
            let program = ScriptBuf::new_p2wpkh(&public_key.wpubkey_hash());
            cache
                .p2wpkh_signature_hash(input, &program, coin.value, sighash_type)
                .unwrap()
                .to_byte_array()
        }
    };
    let (public_key, signature) = key
        .sign_ecdsa(branch, index, &Message::from_digest(digest))
        .unwrap();
    let public_key = bitcoin::PublicKey::new(public_key);
    let signature = bitcoin::ecdsa::Signature {
        signature,
        sighash_type,
    };
    InputSignature {
        input,
        kind: SignatureKind::Ecdsa {
            public_key,
            signature,
        },
    }
}

pub(super) fn parse(bytes: &[u8]) -> Parsed {
    Parsed::parse(bytes, &Limits::DEFAULT).unwrap()
}

/// Findings as sorted text.
pub(super) fn listed(findings: &[Finding]) -> Vec<String> {
    let mut listed: Vec<String> = findings
        .iter()
        .map(|finding| format!("{} {}", finding.place, finding.code()))
        .collect();
    listed.sort();
    listed
}

/// Changes a map's only field of a type.
pub(super) fn change(map: &mut RawMap, key_type: u64, change: impl FnOnce(&mut RawPair)) {
    let pair = map
        .pairs
        .iter_mut()
        .find(|pair| pair.key.key_type == key_type)
        .unwrap();
    change(pair);
}

/// The bytes of a derivation's value.
pub(super) fn origin(fingerprint: Fingerprint, path: &str) -> Vec<u8> {
    let path: DerivationPath = path.parse().unwrap();
    let steps = path
        .into_iter()
        .flat_map(|step| u32::from(*step).to_le_bytes());
    fingerprint.to_bytes().into_iter().chain(steps).collect()
}
