//! What reads bytes behind the vault's seal, for the targets in `fuzz/`: they assert what must hold
//! of whatever is read.

use cofferdam_core::seal::VaultId;

use crate::body::Body;
use crate::journal::{Entry, Event, JournalKey, Log, Memory};

/// Reads bytes as a journal file, with its header or without, and as the content of one record.
pub fn journal(bytes: &[u8]) {
    let key = JournalKey::expand(&[1; 32]);
    let headed = [&crate::journal::header(VaultId([7; 16])), bytes].concat();
    for file in [bytes, &headed] {
        if let Ok(log) = Log::parse(&key, file) {
            assert!(log.intact_len() <= file.len() as u64);
            assert_eq!(log.entries().len() as u64, log.count());
        }
    }
    let Ok(entry) = minicbor::decode::<Entry>(bytes) else {
        return;
    };
    let written = minicbor::to_vec(&entry).expect("encoding into memory does not fail");
    let again: Entry = minicbor::decode(&written).expect("what was written is read");
    assert!(again == entry);
    let entries = [entry, again];
    let memory = Memory::of(&entries);
    if let Event::Signed(transaction) | Event::Refused(transaction, _) = &entries[0].event {
        let _ = memory.recall(transaction, &[]);
        assert_eq!(
            memory.get(transaction.txid()).is_some(),
            matches!(entries[0].event, Event::Signed(_))
        );
    }
}

/// Reads bytes as what a vault seals.
pub fn vault_body(bytes: &[u8]) {
    if let Ok(body) = Body::decode(bytes) {
        let written = body.encode();
        let again = Body::decode(&written).expect("what was written is read");
        assert!(*again.encode() == *written);
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::journal::{Class, InputRecord, OutputRecord, Place, Proof, TransactionRecord};

    fn signed() -> Entry {
        let transaction = TransactionRecord {
            txid: [1; 32],
            wallet_id: Some([2; 32]),
            inputs: vec![InputRecord {
                txid: [3; 32],
                vout: 1,
                amount_sat: Some(10_000),
                proof: Proof::PreviousTransaction,
                place: Some(Place {
                    branch: 0,
                    index: 9,
                }),
            }],
            outputs: vec![OutputRecord {
                script: vec![0x51],
                amount_sat: 9_000,
                class: Class::Payment,
                place: None,
            }],
            fee_sat: Some(1_000),
            manifest: None,
            payout_ids: vec![],
            review: [4; 32],
            accepted: vec!["dust-output".into()],
            supersedes: vec![],
        };
        Entry {
            time: 1,
            generation: 2,
            unfit: vec!["network".into()],
            event: Event::Signed(transaction),
        }
    }

    /// With `COFFERDAM_BLESS` the seeds are written anew.
    #[test]
    fn the_committed_seeds_are_read() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
        let entry = corpus.join("journal/signed");
        if std::env::var_os("COFFERDAM_BLESS").is_some() {
            std::fs::write(&entry, minicbor::to_vec(signed()).unwrap()).unwrap();
        }
        let bytes = std::fs::read(entry).unwrap();
        assert_eq!(minicbor::decode::<Entry>(&bytes).unwrap(), signed());
        journal(&bytes);
        let body = std::fs::read(corpus.join("vault_body/born")).unwrap();
        assert!(Body::decode(&body).is_ok());
        vault_body(&body);
    }
}
