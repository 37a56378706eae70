//! Signatures come back, and only where they belong.

use bitcoin::secp256k1::{Keypair, Message, Secp256k1, XOnlyPublicKey};
use cofferdam_core::psbt::fields::input;
use cofferdam_core::psbt::{Parsed, RawKey};
use cofferdam_core::seal::VaultId;
use cofferdam_core::wallet::WalletId;
use cofferdam_transport::envelope::EnvelopeError;
use cofferdam_transport::returned::{
    ReceiptFault, Return, ReturnError, VaultState, looks_like_return,
};

use super::fixture::{SINGLE, case, parse, resealed, sealed, signed, wallet};

const STATE: VaultState = VaultState {
    vault_id: VaultId([2; 16]),
    generation: 3,
    journal_count: 4,
    journal_head: [5; 32],
};

fn receipt_key(secret: u8) -> Keypair {
    Keypair::from_seckey_slice(&Secp256k1::new(), &[secret; 32]).unwrap()
}

fn x_only(secret: u8) -> XOnlyPublicKey {
    receipt_key(secret).x_only_public_key().0
}

fn with_receipt(returned: Return, state: VaultState, secret: u8) -> Return {
    let sign = |hash| {
        let message = Message::from_digest(hash);
        Ok::<_, ()>(Secp256k1::new().sign_schnorr_no_aux_rand(&message, &receipt_key(secret)))
    };
    returned.with_receipt(state, None, sign).unwrap()
}

/// A PSBT of the fixture, unsigned and signed.
fn pair(name: &str, version: usize) -> (Parsed, Parsed) {
    let case = case(name);
    let unsigned = parse(&case.psbts[version]);
    let signed = signed(&unsigned, &case.signed);
    (unsigned, signed)
}

fn of(pair: &(Parsed, Parsed)) -> Return {
    Return::of(wallet(), [(&pair.0, &pair.1)]).unwrap()
}

#[test]
fn signatures_of_every_script_and_version_come_back() {
    for name in SINGLE {
        for version in [0, 1] {
            let (unsigned, signed) = pair(name, version);
            let returned = with_receipt(of(&(unsigned.clone(), signed.clone())), STATE, 9);
            let bytes = returned.to_bytes();
            assert!(looks_like_return(&bytes));
            let read = Return::parse(&bytes).unwrap();
            assert_eq!(read, returned);
            let [transaction] = read.transactions() else {
                panic!("one transaction")
            };
            assert_eq!(transaction.count(), unsigned.inputs().len());
            assert!(
                transaction.apply(&unsigned).unwrap() == signed.to_binary(),
                "{name}"
            );
            assert_eq!(read.verify_receipt(&x_only(9)), Ok(&STATE));
            println!(
                "{name}: PSBT {} B, return {} B",
                signed.to_binary().len(),
                bytes.len()
            );
        }
    }
}

#[test]
fn several_transactions_come_back_in_order() {
    let pairs = SINGLE.map(|name| pair(name, 0));
    let returned = Return::of(
        wallet(),
        pairs.iter().map(|(unsigned, signed)| (unsigned, signed)),
    )
    .unwrap();
    let read = Return::parse(&returned.to_bytes()).unwrap();
    for ((unsigned, signed), transaction) in pairs.iter().zip(read.transactions()) {
        assert_eq!(transaction.txid(), unsigned.txid());
        assert!(transaction.apply(unsigned).unwrap() == signed.to_binary());
    }
    let none: [(&Parsed, &Parsed); 0] = [];
    assert_eq!(Return::of(wallet(), none), Err(ReturnError::Empty));
    let (unsigned, signed) = &pairs[0];
    assert_eq!(
        Return::of(wallet(), [(unsigned, signed), (unsigned, signed)]),
        Err(ReturnError::Twice(unsigned.txid()))
    );
}

#[test]
fn a_key_that_the_psbt_does_not_name_comes_along() {
    let (unsigned, _) = pair("p2wpkh", 0);
    let mut raw = unsigned.raw().clone();
    raw.inputs[0].remove_type(input::BIP32_DERIVATION);
    let unsigned = parse(raw.to_bytes());
    let signed = signed(&unsigned, &case("p2wpkh").signed);
    let returned = Return::parse(&of(&(unsigned.clone(), signed.clone())).to_bytes()).unwrap();
    assert!(returned.transactions()[0].apply(&unsigned).unwrap() == signed.to_binary());
    // One that it names and the return leaves out is missed.
    let named = of(&pair("p2wpkh", 0));
    assert_eq!(
        named.transactions()[0].apply(&unsigned),
        Err(ReturnError::KeyUnknown(0))
    );
}

#[test]
fn a_psbt_with_more_than_signatures_is_no_return() {
    let (unsigned, signed) = pair("p2wpkh", 0);
    let mut raw = signed.raw().clone();
    raw.outputs[0].set(RawKey::plain(0x77), vec![1]);
    let more = parse(raw.to_bytes());
    assert_eq!(
        Return::of(wallet(), [(&unsigned, &more)]),
        Err(ReturnError::MoreThanSignatures(unsigned.txid()))
    );
    let other = pair("p2pkh", 0);
    assert!(Return::of(wallet(), [(&unsigned, &other.1)]).is_err());
}

#[test]
fn signatures_fit_only_the_psbt_that_was_signed() {
    let returned = of(&pair("p2wpkh", 0));
    let transaction = &returned.transactions()[0];
    let txid = transaction.txid();
    let other_version = pair("p2wpkh", 1).0;
    assert_eq!(
        transaction.apply(&other_version),
        Err(ReturnError::NotAsSigned(txid))
    );
    let other = pair("p2tr", 0).0;
    let error = ReturnError::OtherTransaction {
        expected: other.txid(),
        found: txid,
    };
    assert_eq!(transaction.apply(&other), Err(error));
}

/// Writes a return of one transaction with these signatures of kind 0.
fn forged(txid: &[u8], sha256: &[u8], signatures: &[(u64, &[u8])]) -> Vec<u8> {
    sealed(5, "cofferdam/return", |encoder| {
        encoder.u8(2).unwrap().bytes(wallet().as_bytes()).unwrap();
        encoder.u8(3).unwrap().array(1).unwrap().array(3).unwrap();
        encoder.bytes(txid).unwrap().bytes(sha256).unwrap();
        encoder.array(signatures.len() as u64).unwrap();
        for (input, signature) in signatures {
            encoder
                .array(3)
                .unwrap()
                .u64(*input)
                .unwrap()
                .u8(0)
                .unwrap();
            encoder.bytes(signature).unwrap();
        }
    })
}

#[test]
fn signatures_that_change_places_are_found() {
    let (unsigned, signed) = pair("p2wpkh", 0);
    let honest = of(&(unsigned.clone(), signed.clone()));
    let transaction = &honest.transactions()[0];
    let txid = transaction.txid();
    let txid: &[u8; 32] = txid.as_ref();
    let compact: Vec<[u8; 64]> = signed
        .inputs()
        .iter()
        .map(|input| {
            let signature =
                bitcoin::ecdsa::Signature::from_slice(&input.partial_signatures[0].bytes);
            signature.unwrap().signature.serialize_compact()
        })
        .collect();
    let with = |signatures: &[(u64, &[u8])]| forged(txid, transaction.sha256(), signatures);
    let apply = |bytes: &[u8]| Return::parse(bytes)?.transactions()[0].apply(&unsigned);
    let (a, b, c) = (&compact[0][..], &compact[1][..], &compact[2][..]);
    let bytes = with(&[(0, a), (1, b), (2, c)]);
    assert_eq!(bytes, honest.to_bytes(), "the forge writes what we write");
    let not_as_signed = Err(ReturnError::NotAsSigned(unsigned.txid()));
    assert_eq!(apply(&with(&[(0, b), (1, a), (2, c)])), not_as_signed);
    assert_eq!(apply(&with(&[(0, a), (2, c)])), not_as_signed);
    assert_eq!(apply(&with(&[])), not_as_signed);
    assert_eq!(
        apply(&with(&[(0, a), (1, b), (3, c)])),
        Err(ReturnError::Signature(3))
    );
    assert_eq!(apply(&with(&[(0, a), (0, b)])), Err(ReturnError::Order(0)));
    assert_eq!(apply(&with(&[(1, a), (0, b)])), Err(ReturnError::Order(0)));
    assert_eq!(
        apply(&with(&[(0, &[0xff; 64])])),
        Err(ReturnError::Signature(0))
    );
    assert!(matches!(
        apply(&with(&[(0, &[1; 63])])),
        Err(ReturnError::Envelope(EnvelopeError::Unexpected { .. }))
    ));
}

#[test]
fn a_receipt_is_for_one_return_of_one_vault() {
    let bare = of(&pair("p2wpkh", 0));
    assert_eq!(bare.verify_receipt(&x_only(9)), Err(ReceiptFault::Missing));
    let honest = with_receipt(bare.clone(), STATE, 9);
    assert_eq!(honest.verify_receipt(&x_only(9)), Ok(&STATE));
    assert_eq!(honest.verify_receipt(&x_only(8)), Err(ReceiptFault::False));

    let signature = honest.receipt().unwrap().signature();
    let moved = |returned: &Return, state: VaultState| {
        let moved = returned
            .clone()
            .with_receipt(state, None, |_| Ok::<_, ()>(signature));
        moved.unwrap().verify_receipt(&x_only(9)).is_ok()
    };
    assert!(moved(&bare, STATE));
    for state in [
        VaultState {
            vault_id: VaultId([9; 16]),
            ..STATE
        },
        VaultState {
            generation: 4,
            ..STATE
        },
        VaultState {
            journal_count: 5,
            ..STATE
        },
        VaultState {
            journal_head: [6; 32],
            ..STATE
        },
    ] {
        assert!(!moved(&bare, state), "{state:?}");
    }
    assert!(
        !moved(&of(&pair("p2wpkh", 1)), STATE),
        "another signed PSBT"
    );
    let (unsigned, signed) = pair("p2wpkh", 0);
    let other_wallet = Return::of(WalletId::from_bytes([9; 32]), [(&unsigned, &signed)]).unwrap();
    assert!(!moved(&other_wallet, STATE), "another wallet");
}

#[test]
fn every_flipped_bit_and_truncation_is_found() {
    let (unsigned, signed) = pair("p2tr", 0);
    let honest = with_receipt(of(&(unsigned.clone(), signed.clone())), STATE, 9);
    let bytes = honest.to_bytes();
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(Return::parse(&flipped).is_err(), "bit {bit}");
        // Even with the right checksum, the receipt or the signatures do not hold.
        if bit / 8 < bytes.len() - 32
            && let Ok(read) = Return::parse(&resealed(&flipped))
        {
            let receipt = read.verify_receipt(&x_only(9));
            let applied = read.transactions()[0].apply(&unsigned);
            assert!(receipt.is_err() || applied.is_err(), "bit {bit}");
        }
    }
    for cut in 0..bytes.len() {
        assert!(Return::parse(&bytes[..cut]).is_err(), "cut at {cut}");
        if cut > 32 {
            assert!(
                Return::parse(&resealed(&bytes[..cut])).is_err(),
                "cut at {cut}, resealed"
            );
        }
    }
    let end = bytes.len() - 35;
    let longer = [&bytes[..end], &[0], &bytes[end..]].concat();
    assert_eq!(
        Return::parse(&resealed(&longer)),
        Err(EnvelopeError::Trailing(1).into())
    );
}
