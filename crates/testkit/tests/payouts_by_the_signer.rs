//! Lists over several transactions through both binaries: folders across the gap, one review, one
//! unlock.

use bitcoin::consensus::encode;
use bitcoin::{Transaction, TxOut};
use cofferdam_core::psbt::{Limits, Parsed, finalize};
use cofferdam_testkit::{Signer, Watcher, payee};
use serde_json::Value;

struct Office {
    folder: tempfile::TempDir,
    signer: Signer,
    watcher: Watcher,
}

impl Office {
    fn funded(script: &str, coins: u32) -> Office {
        let folder = tempfile::tempdir().unwrap();
        let office = Office {
            signer: Signer::init(&folder.path().join("offline")).unwrap(),
            watcher: Watcher::new(&folder.path().join("online")),
            folder,
        };
        office.sign(&["account", "add", "--name", "main", "--script", script]);
        let wallet = office.path("main.json");
        office.sign(&[
            "export",
            "--account",
            "main",
            "--format",
            "json",
            "--out",
            &wallet,
        ]);
        office.watch(&["wallet", "import", &wallet]);
        let (sat, coins) = (
            (u64::from(coins) * 1_000_000).to_string(),
            coins.to_string(),
        );
        office.watch(&[
            "rehearsal",
            "fund",
            "--wallet",
            "main",
            "--amount-sat",
            &sat,
            "--coins",
            &coins,
        ]);
        office.watch(&["sync", "--chain", "rehearsal"]);
        office
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn sign(&self, arguments: &[&str]) -> Value {
        self.signer.run(arguments).unwrap().json().unwrap()
    }

    fn watch(&self, arguments: &[&str]) -> Value {
        self.watcher.run(arguments).unwrap().json().unwrap()
    }

    /// Brings a list from `planned` to `confirmed`, by a folder each way.
    fn bring_through(&self, id: &str) {
        let (out, signed) = (
            self.path(&format!("{id}.out")),
            self.path(&format!("{id}.signed")),
        );
        std::fs::create_dir(&out).unwrap();
        std::fs::create_dir(&signed).unwrap();
        self.watch(&["payout", "export", id, "--out", &out]);
        assert_eq!(
            self.signer.run(&["inspect", &out]).unwrap().code,
            0,
            "the signer would refuse"
        );
        self.sign(&["sign", &out, "--out", &signed, "--yes"]);
        assert_eq!(
            self.watch(&["payout", "import", id, &signed])["state"],
            "signed"
        );
        assert_eq!(
            self.watch(&["payout", "broadcast", id])["state"],
            "broadcast"
        );
        self.watch(&["rehearsal", "mine", "1"]);
        self.watch(&["sync"]);
        assert_eq!(self.watch(&["payout", "show", id])["state"], "confirmed");
    }
}

fn list(office: &Office, name: &str, count: usize) -> String {
    let mut list = String::from("payout_id,address,amount,unit\n");
    for number in 0..count {
        list.push_str(&format!(
            "{name}-{number},{},{},sat\n",
            payee(number),
            10_000 + number
        ));
    }
    let file = office.path(&format!("{name}.csv"));
    std::fs::write(&file, list).unwrap();
    file
}

fn several_transactions(script: &str) {
    let office = Office::funded(script, 12);
    let file = list(&office, "a", 90);
    let created = office.watch(&[
        "payout",
        "create",
        &file,
        "--wallet",
        "main",
        "--fee-rate",
        "3",
        "--max-weight",
        "6000",
    ]);
    assert!(created["transactions"].as_array().unwrap().len() > 1);
    office.bring_through(created["id"].as_str().unwrap());
}

#[test]
fn several_legacy_transactions_cross_as_folders() {
    several_transactions("legacy");
}

#[test]
fn several_segwit_transactions_cross_as_folders() {
    several_transactions("segwit");
}

#[test]
fn several_taproot_transactions_cross_as_folders() {
    several_transactions("taproot");
}

#[test]
fn the_signer_knows_split_coins_as_the_wallets_own() {
    let office = Office::funded("taproot", 1);
    let split = office.watch(&[
        "payout",
        "split-coins",
        "--wallet",
        "main",
        "--into",
        "20",
        "--fee-rate",
        "2",
    ]);
    office.bring_through(split["id"].as_str().unwrap());
    let held = office.watch(&["balance", "--wallet", "main"])["confirmed"]
        .as_u64()
        .unwrap();
    assert_eq!(
        held,
        1_000_000 - split["totals"]["fee_sat"].as_u64().unwrap()
    );
}

#[test]
fn the_signer_signs_a_cancelling_transaction_only_when_told_what_it_supersedes() {
    let office = Office::funded("segwit", 4);
    let file = list(&office, "a", 20);
    let id = office.watch(&[
        "payout",
        "create",
        &file,
        "--wallet",
        "main",
        "--fee-rate",
        "3",
    ])["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let (out, signed) = (office.path("a.psbt"), office.path("a.signed.psbt"));
    office.watch(&["payout", "export", &id, "--out", &out]);
    office.sign(&["sign", &out, "--out", &signed, "--yes"]);
    let imported = office.watch(&["payout", "import", &id, &signed]);
    let txid = imported["transactions"][0]["txid"].as_str().unwrap();
    office.watch(&["payout", "broadcast", &id]);

    let cancel = office.watch(&["payout", "cancel", &id])["cancelled_by"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_eq!(
        office.watch(&["payout", "show", &cancel])["transactions"][0]["cancels"],
        txid
    );
    let (out, signed) = (office.path("c.psbt"), office.path("c.signed.psbt"));
    office.watch(&["payout", "export", &cancel, "--out", &out]);
    let refused = office
        .signer
        .run(&["sign", &out, "--out", &signed, "--yes"])
        .unwrap();
    assert_eq!(
        refused.code, 3,
        "a coin was signed for other outputs without a word: {}",
        refused.stdout
    );
    office.sign(&["sign", &out, "--out", &signed, "--yes", "--supersede", txid]);
    office.watch(&["payout", "import", &cancel, &signed]);
    office.watch(&["payout", "broadcast", &cancel]);
    for (blocks, state) in [("5", "cancelling"), ("1", "cancelled")] {
        office.watch(&["rehearsal", "mine", blocks]);
        office.watch(&["sync"]);
        assert_eq!(office.watch(&["payout", "show", &id])["state"], state);
    }
    assert_eq!(
        office.watch(&["payout", "show", &cancel])["state"],
        "confirmed"
    );
}

/// Some signers give the finished transaction instead of a signed PSBT (a Coldcard's BBQr of type
/// T).
fn finished(script: &str) {
    let office = Office::funded(script, 3);
    let file = list(&office, "t", 3);
    let created = office.watch(&[
        "payout",
        "create",
        &file,
        "--wallet",
        "main",
        "--fee-rate",
        "3",
    ]);
    let id = created["id"].as_str().unwrap();
    let (unsigned, signed) = (office.path("t.psbt"), office.path("t.signed.psbt"));
    office.watch(&["payout", "export", id, "--out", &unsigned]);
    office.sign(&["sign", &unsigned, "--out", &signed, "--yes"]);
    let psbt = Parsed::parse(&std::fs::read(&signed).unwrap(), &Limits::DEFAULT).unwrap();
    let coins: Vec<TxOut> = psbt
        .inputs()
        .iter()
        .map(
            |input| match (&input.witness_utxo, &input.previous_transaction) {
                (Some(coin), _) => coin.clone(),
                (None, Some(previous)) => {
                    previous.coin().expect("the output that is spent").clone()
                }
                (None, None) => panic!("a coin is missing"),
            },
        )
        .collect();
    let transaction = finalize(&psbt, &coins).unwrap();

    let import = |name: &str, transaction: &Transaction| {
        let file = office.path(name);
        std::fs::write(&file, encode::serialize_hex(transaction) + "\n").unwrap();
        office
            .watcher
            .run(&["payout", "import", id, &file])
            .unwrap()
    };
    let refused = |name: &str, transaction: &Transaction, code: &str| {
        let run = import(name, transaction);
        assert_eq!(run.code, 3, "{name}");
        assert!(run.stderr.contains(code), "{name}: {}", run.stderr);
        assert_eq!(office.watch(&["payout", "show", id])["state"], "exported");
    };
    let mut other = transaction.clone();
    other.output.swap(0, 1);
    refused("outputs.tx", &other, "other-outputs");
    let mut other = transaction.clone();
    let input = &mut other.input[0];
    let witness: Vec<Vec<u8>> = input.witness.iter().map(<[u8]>::to_vec).collect();
    input.witness = witness
        .into_iter()
        .map(|mut item| {
            item[10] ^= 1;
            item
        })
        .collect::<Vec<_>>()
        .into();
    if input.witness.is_empty() {
        let mut script = input.script_sig.to_bytes();
        script[10] ^= 1;
        input.script_sig = script.into();
    }
    refused("signature.tx", &other, "bad-");
    let mut other = transaction.clone();
    other.input[0].witness = Vec::<Vec<u8>>::new().into();
    other.input[0].script_sig = Vec::new().into();
    refused("unsigned.tx", &other, "unsigned");

    let run = import("finished.tx", &transaction);
    assert_eq!(run.json().unwrap()["state"], "signed");
    assert_eq!(
        office.watch(&["payout", "broadcast", id])["state"],
        "broadcast"
    );
}

#[test]
fn a_finished_transaction_is_taken_like_a_signed_psbt() {
    for script in ["legacy", "nested", "segwit", "taproot"] {
        finished(script);
    }
}
