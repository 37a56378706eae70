//! What happens to a vault in its life: created, opened, written again, its slots changed.

use super::{cheap, one, repeating, two, vault, with_key_file};
use crate::seal::{
    Conflict, Credential, OpenVault, RandomUnavailable, SealError, SlotType, UnlockError,
    VaultFile, opened_by, rank,
};

#[test]
fn each_type_of_slot_opens_with_its_credential_and_no_other() {
    let content = b"entropy, accounts, wallets";
    let cases: [(Credential, Vec<Credential>); 3] = [
        (one("horse"), vec![one("Horse"), one("horse ")]),
        (
            with_key_file("horse", b"key"),
            vec![
                with_key_file("horse", b"kez"),
                with_key_file("house", b"key"),
            ],
        ),
        (
            two("horse", "staple"),
            vec![
                two("horse", "stable"),
                two("house", "staple"),
                two("staple", "horse"),
            ],
        ),
    ];
    for (right, wrong) in cases {
        let file = vault(std::slice::from_ref(&right), content);
        let open = file.unlock(&right).unwrap();
        assert_eq!(open.plaintext(), content);
        assert_eq!(open.generation(), 1);
        assert_eq!(open.generation(), 1);
        assert_eq!(open.opened_slot(), file.slots()[0].id);
        for credential in wrong {
            assert_eq!(
                file.unlock(&credential).unwrap_err(),
                UnlockError::WrongCredential
            );
        }
    }
}

#[test]
fn a_credential_of_another_kind_is_told_what_is_needed() {
    let file = vault(&[with_key_file("horse", b"key")], b"");
    let error = file.unlock(&one("horse")).unwrap_err();
    assert_eq!(
        error,
        UnlockError::WrongKind {
            expected: vec![SlotType::PassphraseAndKeyFile]
        }
    );
    assert_eq!(
        error.to_string(),
        "this vault is opened by a passphrase and a key file; give that"
    );
}

#[test]
fn content_of_every_length_round_trips_in_whole_pages() {
    let file = vault(&[one("horse")], b"");
    let open = file.unlock(&one("horse")).unwrap();
    for (len, pages) in [
        (0, 1),
        (1, 1),
        (4091, 1),
        (4092, 1),
        (4093, 2),
        (8188, 2),
        (8189, 3),
        (1_000_000, 245),
    ] {
        let content = vec![0xa5; len];
        let again = open.reseal(2, &content, &mut repeating(1)).unwrap();
        assert_eq!(
            again.as_bytes().len(),
            96 + 176 + 32 + pages * 4096 + 16 + 32
        );
        let header = again.header();
        assert_eq!((header.generation, header.body_len), (2, pages * 4096 + 16));
        let keyed = OpenVault::authenticate(&again, 0, open.data_key_for_tests()).unwrap();
        assert_eq!(keyed.plaintext(), content);
    }
    let too_long = vec![0; crate::seal::MAX_FILE_LEN];
    assert_eq!(
        open.reseal(2, &too_long, &mut repeating(1)).unwrap_err(),
        SealError::TooLong(crate::seal::MAX_FILE_LEN)
    );
}

#[test]
fn generations_only_grow() {
    let open = vault(&[one("horse")], b"").unlock(&one("horse")).unwrap();
    for found in [0, 1] {
        let error = open.reseal(found, b"", &mut repeating(1)).unwrap_err();
        assert_eq!(error, SealError::Generation { current: 1, found });
    }
    assert_eq!(
        open.reseal(u64::MAX, b"", &mut repeating(1))
            .unwrap()
            .generation(),
        u64::MAX
    );
}

#[test]
fn a_cloned_machine_seals_other_content_under_another_key() {
    let open = vault(&[one("horse")], b"").unlock(&one("horse")).unwrap();
    let seal =
        |generation, content: &[u8]| open.reseal(generation, content, &mut repeating(1)).unwrap();
    let salts = [seal(2, b"a"), seal(2, b"b"), seal(3, b"a")].map(|file| file.header().write_salt);
    assert!(salts[0] != salts[1] && salts[0] != salts[2] && salts[1] != salts[2]);
    assert_eq!(
        seal(2, b"a"),
        seal(2, b"a"),
        "same randomness, same content: the same bytes, which tells nothing new"
    );
}

#[test]
fn a_new_passphrase_reseals_one_slot_under_the_same_data_key() {
    let first = vault(&[one("horse"), with_key_file("staple", b"key")], b"content");
    let mut open = first.unlock(&one("horse")).unwrap();
    let [old, other] = [first.slots()[0], first.slots()[1]];
    let new = open
        .change_slot(old.id, &cheap(one("battery")), &mut repeating(2))
        .unwrap();
    assert_eq!(open.opened_slot(), new);
    let second = open.reseal(2, open.plaintext(), &mut repeating(3)).unwrap();

    assert_ne!(new, old.id);
    assert_eq!(second.slots()[1], other);
    assert_eq!(second.vault_id(), first.vault_id());
    assert_eq!(
        second.unlock(&one("horse")).unwrap_err(),
        UnlockError::WrongCredential
    );
    assert_eq!(
        second.unlock(&one("battery")).unwrap().plaintext(),
        b"content"
    );
    assert_eq!(
        second
            .unlock(&with_key_file("staple", b"key"))
            .unwrap()
            .plaintext(),
        b"content"
    );
    let files = [&first, &second, &first];
    assert_eq!(
        opened_by(&files, &one("horse")),
        Ok(vec![true, false, true])
    );
    assert_eq!(
        opened_by(&files, &one("battery")),
        Ok(vec![false, true, false])
    );
    assert_eq!(opened_by(&files, &two("a", "b")), Ok(vec![false; 3]));
}

#[test]
fn rotation_needs_every_slot_and_leaves_none_of_the_old_key() {
    let first = vault(&[one("horse"), one("staple")], b"content");
    let mut open = first.unlock(&one("staple")).unwrap();
    let [a, b] = [first.slots()[0].id, first.slots()[1].id];
    let unknown = crate::seal::SlotId([9; 16]);
    let mut rotate = |keep: &[_], drop: &[_]| open.rotate(keep, drop, &mut repeating(4));
    assert_eq!(
        rotate(&[(a, one("horse"))], &[]),
        Err(SealError::SlotUnaccounted(b))
    );
    assert_eq!(
        rotate(&[(a, one("horse"))], &[b, a]),
        Err(SealError::SlotNamedTwice(a))
    );
    assert_eq!(
        rotate(&[(a, one("horse"))], &[b, unknown]),
        Err(SealError::NoSuchSlot(unknown))
    );
    assert_eq!(rotate(&[], &[a, b]), Err(SealError::SlotCount(0)));
    assert_eq!(
        rotate(&[(a, one("horse")), (b, one("wrong"))], &[]),
        Err(SealError::WrongCredential(b))
    );
    assert_eq!(
        rotate(&[(a, one("staple")), (b, one("horse"))], &[]),
        Err(SealError::WrongCredential(a))
    );
    assert_eq!(
        open.slots(),
        first.slots(),
        "a refused rotation changes nothing"
    );

    let old_key = open.data_key_for_tests();
    open.rotate(&[(b, one("staple"))], &[a], &mut repeating(4))
        .unwrap();
    assert_ne!(open.data_key_for_tests(), old_key);
    let second = open.reseal(2, open.plaintext(), &mut repeating(5)).unwrap();
    assert_eq!(second.slots().len(), 1);
    assert_eq!(second.slots()[0].id, open.opened_slot());
    assert_eq!(
        second.unlock(&one("staple")).unwrap().plaintext(),
        b"content"
    );
    assert_eq!(
        second.unlock(&one("horse")).unwrap_err(),
        UnlockError::WrongCredential
    );
    assert_eq!(
        opened_by(&[&first, &second], &one("staple")),
        Ok(vec![true, true]),
        "old files stay readable"
    );
}

#[test]
fn dual_control_is_never_mixed_nor_undone() {
    let mixed = [cheap(two("a", "b")), cheap(one("c"))];
    let created = OpenVault::create(&mixed, 1, b"", &mut repeating(1));
    assert_eq!(created.unwrap_err(), SealError::MixedDualControl);

    let mut dual = vault(&[two("a", "b")], b"").unlock(&two("a", "b")).unwrap();
    let slot = dual.opened_slot();
    for single in [one("c"), with_key_file("c", b"key")] {
        assert_eq!(
            dual.add_slot(&cheap(single.clone()), &mut repeating(2)),
            Err(SealError::MixedDualControl)
        );
        assert_eq!(
            dual.change_slot(slot, &cheap(single), &mut repeating(2)),
            Err(SealError::MixedDualControl)
        );
    }
    dual.add_slot(&cheap(two("c", "d")), &mut repeating(2))
        .unwrap();
    let second = dual.reseal(2, b"", &mut repeating(3)).unwrap();
    assert!(second.unlock(&two("c", "d")).is_ok());

    let mut single = vault(&[one("a")], b"").unlock(&one("a")).unwrap();
    assert_eq!(
        single.add_slot(&cheap(two("c", "d")), &mut repeating(2)),
        Err(SealError::MixedDualControl)
    );
}

#[test]
fn a_vault_has_one_to_eight_slots() {
    assert_eq!(
        OpenVault::create(&[], 1, b"", &mut repeating(1)).unwrap_err(),
        SealError::SlotCount(0)
    );
    let nine = vec![cheap(one("a")); 9];
    assert_eq!(
        OpenVault::create(&nine, 1, b"", &mut repeating(1)).unwrap_err(),
        SealError::SlotCount(9)
    );
    let file = vault(
        &(0..8).map(|i| one(&i.to_string())).collect::<Vec<_>>(),
        b"content",
    );
    let mut open = file.unlock(&one("7")).unwrap();
    assert_eq!(open.opened_slot(), file.slots()[7].id);
    assert_eq!(
        open.add_slot(&cheap(one("8")), &mut repeating(2)),
        Err(SealError::SlotCount(9))
    );
}

#[test]
fn failing_random_numbers_stop_everything() {
    let open = vault(&[one("horse")], b"").unlock(&one("horse")).unwrap();
    let failed = Err(SealError::Random(RandomUnavailable));
    assert_eq!(open.reseal(2, b"", &mut |_| Err(RandomUnavailable)), failed);
    assert_eq!(
        OpenVault::create(&[cheap(one("a"))], 1, b"", &mut |_| Err(RandomUnavailable)),
        failed
    );
}

#[test]
fn ranking_finds_the_newest_and_every_contradiction() {
    let first = vault(&[one("horse")], b"first");
    let open = first.unlock(&one("horse")).unwrap();
    let second = open.reseal(2, b"second", &mut repeating(1)).unwrap();
    let twin = open.reseal(2, b"twin", &mut repeating(1)).unwrap();
    let third = open.reseal(3, b"third", &mut repeating(1)).unwrap();
    let stranger = OpenVault::create(&[cheap(one("a"))], 9, b"", &mut repeating(99)).unwrap();
    let ranked = |files: &[(&'static str, &VaultFile)]| {
        let damaged = [
            ("damaged", first.as_bytes()[1..].to_vec()),
            ("empty", vec![]),
        ];
        let candidates = files
            .iter()
            .map(|(name, file)| (*name, file.as_bytes().to_vec()));
        rank(candidates.chain(damaged))
    };
    let names = |files: &[_]| -> Vec<&str> {
        ranked(files)
            .intact
            .iter()
            .map(|intact| intact.name)
            .collect()
    };
    let newest = |files: &[_]| {
        ranked(files)
            .newest()
            .map(|newest| newest.map(|intact| intact.name))
    };

    assert_eq!(
        names(&[("V", &second), ("V.1", &first), ("V.3", &third)]),
        ["V.3", "V", "V.1"]
    );
    assert_eq!(
        ranked(&[])
            .damaged
            .iter()
            .map(|damaged| damaged.name)
            .collect::<Vec<_>>(),
        ["damaged", "empty"]
    );
    assert_eq!(newest(&[]), Ok(None));
    assert_eq!(
        newest(&[("V", &second), ("V.1", &first), ("V.3", &third)]),
        Ok(Some("V.3"))
    );
    assert_eq!(
        newest(&[("V", &second), ("V.2", &second)]),
        Ok(Some("V")),
        "copies agree"
    );
    let conflict = |first, second| {
        Err(Conflict::SameGeneration {
            generation: 2,
            first,
            second,
        })
    };
    assert_eq!(
        newest(&[("V", &second), ("V.2", &twin)]),
        conflict("V", "V.2")
    );
    assert_eq!(
        newest(&[
            ("V", &third),
            ("copy", &second),
            ("a", &second),
            ("V.2", &twin)
        ]),
        conflict("a", "V.2")
    );
    let different = Err(Conflict::DifferentVaults {
        first: "V.9",
        second: "V",
    });
    assert_eq!(newest(&[("V", &second), ("V.9", &stranger)]), different);
}

#[test]
fn a_rotation_leaves_the_vault_open_by_the_slot_that_opened_it() {
    let first = vault(&[one("horse"), one("staple")], b"content");
    let [a, b] = [first.slots()[0].id, first.slots()[1].id];
    for (opener, place) in [("horse", 0), ("staple", 1)] {
        let mut open = first.unlock(&one(opener)).unwrap();
        open.rotate(
            &[(a, one("horse")), (b, one("staple"))],
            &[],
            &mut repeating(4),
        )
        .unwrap();
        assert_eq!(open.opened_slot(), open.slots()[place].id);
    }
}
