//! Version 2: what a bundle asks of the signer's journal, and what the receipt answers.

use bitcoin::secp256k1::{Keypair, Message, Secp256k1};
use cofferdam_core::seal::VaultId;
use cofferdam_transport::bundle::{Bundle, BundleError, looks_like_bundle};
use cofferdam_transport::envelope::EnvelopeError;
use cofferdam_transport::journals::{JournalAnswer, Kept, MAX_SEEN, SeenJournal};
use cofferdam_transport::returned::{ReceiptFault, Return, VaultState};

use super::fixture::{binary, case, parse, resealed, signed, wallet};

fn seen(vault: u8, count: u64) -> SeenJournal {
    SeenJournal {
        vault_id: [vault; 16],
        count,
        head: [count as u8; 32],
    }
}

fn bundle() -> Bundle {
    Bundle::of(wallet(), "po-1", &[binary(&case("p2wpkh").psbts[0])]).unwrap()
}

#[test]
fn what_a_bundle_asks_arrives_as_documented() {
    let asking = bundle().asking(vec![seen(2, 3), seen(1, 300), seen(1, 2), seen(2, 3)]);
    let bytes = asking.to_bytes();
    assert!(looks_like_bundle(&bytes));
    assert_eq!(bytes[..4], [0xab, 0x00, 0x70, b'c']);
    let read = Bundle::parse(&bytes).unwrap();
    assert_eq!(read.seen().unwrap(), [seen(1, 2), seen(1, 300), seen(2, 3)]);
    assert_eq!(read.to_bytes(), bytes);
    assert_eq!(read.psbts().unwrap(), bundle().psbts().unwrap());
    // 6, 7 and 8 are empty arrays; 9 has `[vault id, count, head]`, ascending.
    let mut tail = vec![6, 0x80, 7, 0x80, 8, 0x80, 9, 0x83];
    for (vault, count) in [(1, &[2][..]), (1, &[0x19, 1, 44]), (2, &[3])] {
        tail.extend([&[0x83, 0x50][..], &[vault; 16], count, &[0x58, 32]].concat());
        let number = *count.last().unwrap();
        tail.extend([number; 32]);
    }
    tail.extend([23, 0x58, 32]);
    assert!(bytes[..bytes.len() - 32].ends_with(&tail));

    let nothing = Bundle::parse(&bundle().asking(Vec::new()).to_bytes()).unwrap();
    assert_eq!(nothing.seen(), Some(&[][..]));
    let version_1 = Bundle::parse(&bundle().to_bytes()).unwrap();
    assert_eq!(version_1.seen(), None);
}

#[test]
fn what_only_newer_programs_fill_is_refused_as_newer() {
    let bytes = bundle().asking(vec![seen(1, 2)]).to_bytes();
    let at = bytes
        .windows(6)
        .position(|window| window == [6, 0x80, 7, 0x80, 8, 0x80])
        .unwrap();
    for (key, what) in [(0, "manifests"), (1, "approvals"), (2, "payee entries")] {
        let mut filled = bytes.clone();
        filled[at + 2 * key + 1] = 0x81;
        filled.insert(at + 2 * key + 2, 0xf6);
        let error = BundleError::Envelope(EnvelopeError::NewerContent(what));
        assert_eq!(Bundle::parse(&resealed(&filled)), Err(error));
    }
}

#[test]
fn questions_stand_once_in_order_and_are_bounded() {
    let asking = bundle().asking(vec![seen(1, 2), seen(1, 3)]);
    let bytes = asking.to_bytes();
    let first = bytes
        .windows(18)
        .position(|window| window[..2] == [0x83, 0x50] && window[2..] == [1; 16])
        .unwrap();
    // The count of the first question: equal to the second, and beyond it.
    for count in [3, 4] {
        let mut moved = bytes.clone();
        moved[first + 18] = count;
        moved[first + 21..first + 53].fill(3);
        assert!(
            matches!(
                Bundle::parse(&resealed(&moved)),
                Err(BundleError::Envelope(EnvelopeError::NotDeterministic(_)))
            ),
            "{count}"
        );
    }
    let many: Vec<SeenJournal> = (0..2 * MAX_SEEN as u64)
        .map(|count| seen(1, count))
        .collect();
    let read = Bundle::parse(&bundle().asking(many).to_bytes()).unwrap();
    assert_eq!(read.seen().unwrap().len(), MAX_SEEN);
    assert_eq!(
        read.seen().unwrap()[0].count,
        MAX_SEEN as u64,
        "the newest are asked about"
    );
}

#[test]
fn every_flip_and_truncation_of_a_question_is_found() {
    let bytes = bundle().asking(vec![seen(1, 2)]).to_bytes();
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(Bundle::parse(&flipped).is_err(), "bit {bit}");
    }
    for cut in 0..bytes.len() {
        assert!(Bundle::parse(&bytes[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn an_answer_is_signed_with_the_receipt() {
    let unsigned = parse(&case("p2wpkh").psbts[0]);
    let signed = signed(&unsigned, &case("p2wpkh").signed);
    let state = VaultState {
        vault_id: VaultId([1; 16]),
        generation: 3,
        journal_count: 9,
        journal_head: [9; 32],
    };
    let secp = Secp256k1::new();
    let key = Keypair::from_seckey_slice(&secp, &[9; 32]).unwrap();
    let x_only = key.x_only_public_key().0;
    let sign = |hash| Ok::<_, ()>(secp.sign_schnorr_no_aux_rand(&Message::from_digest(hash), &key));
    let of = |answers| {
        let bare = Return::of(wallet(), [(&unsigned, &signed)]).unwrap();
        bare.with_receipt(state, answers, sign).unwrap()
    };
    let answer = |kept| JournalAnswer {
        count: 2,
        head: [2; 32],
        kept,
    };
    for answers in [
        vec![],
        vec![answer(Kept::Yes)],
        vec![answer(Kept::Other), answer(Kept::Shorter)],
    ] {
        let bytes = of(Some(answers.clone())).to_bytes();
        let read = Return::parse(&bytes).unwrap();
        assert_eq!(read.to_bytes(), bytes);
        assert_eq!(read.receipt().unwrap().answers(), Some(&answers[..]));
        assert_eq!(read.verify_receipt(&x_only), Ok(&state));
        // No bit of it, and none of the version, can be changed unseen.
        for bit in 0..(bytes.len() - 32) * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(read) = Return::parse(&resealed(&flipped)) {
                let applied = read.transactions()[0].apply(&unsigned);
                assert!(
                    read.verify_receipt(&x_only) == Err(ReceiptFault::False) || applied.is_err(),
                    "bit {bit}"
                );
            }
        }
    }
    let none = Return::parse(&of(None).to_bytes()).unwrap();
    assert_eq!(none.receipt().unwrap().answers(), None);
    assert_eq!(none.verify_receipt(&x_only), Ok(&state));
}
