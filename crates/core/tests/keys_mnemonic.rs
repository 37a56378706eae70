//! Mnemonics as people mistype them, and the birth of keys.

use bitcoin::hex::DisplayHex;
use cofferdam_core::keys::{
    Bip39Passphrase, Entropy, InvalidEntropy, InvalidWordCount, Language, MIX_TAG, Mnemonic,
    MnemonicError, Rolls, WordCount, mix,
};

const ABOUT: &str =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
const ENTROPY_PAGE: &str = include_str!("../../../docs/formats/entropy.md");

fn kernel() -> [u8; 32] {
    std::array::from_fn(|at| at as u8)
}

#[test]
fn the_mix_is_what_the_documented_recipe_gives() {
    let dice = Rolls::parse("16325412534661345216345213645231461235142365142536").unwrap();
    let coins = Rolls::parse("HTTHTTHTHHTTHTHHTTHHTHTTHTHTTH").unwrap();
    let cases = [
        (
            None,
            "e880586567821162836c9245e7301d6d1aafa80b7800f311902d2b09c2395a1b",
        ),
        (
            Some(&dice),
            "cf530f87b86c1e10521fd19c803627083b5dfaa30835dc9f777b795df7df25d6",
        ),
        (
            Some(&coins),
            "f0e72f7468486daed503a43612a77180636375a5ef6c0f6d8624b23b5901cd29",
        ),
    ];
    assert!(ENTROPY_PAGE.contains(MIX_TAG) && ENTROPY_PAGE.contains(dice.as_str()));
    for (rolls, digest) in cases {
        for words in WordCount::ALL {
            let entropy = mix(&kernel(), rolls, words);
            assert_eq!(entropy.word_count(), words);
            assert_eq!(
                entropy.as_bytes().to_lower_hex_string(),
                digest[..words.entropy_bytes() * 2]
            );
        }
    }
    assert!(ENTROPY_PAGE.contains(cases[1].1));
    let words = Mnemonic::from_entropy(
        &mix(&kernel(), Some(&dice), WordCount::Words12),
        Language::English,
    );
    assert_eq!(
        *words.phrase(),
        "soon observe tiger ignore sea amused embody when orient accuse mean balcony",
    );
    assert!(ENTROPY_PAGE.contains(&*words.phrase()));
}

#[test]
fn every_word_count_and_language_round_trips() {
    for language in Language::ALL {
        for count in WordCount::ALL {
            let entropy = mix(&kernel(), None, count);
            let written = Mnemonic::from_entropy(&entropy, language);
            assert_eq!(written.words().count(), count.words());
            let read = Mnemonic::parse(&written.phrase(), Some(language)).unwrap();
            assert_eq!((read.word_count(), read.language()), (count, language));
            assert_eq!(read.entropy().as_bytes(), entropy.as_bytes());
        }
    }
}

#[test]
fn case_and_space_do_not_matter() {
    let spaced = format!(
        "  {}\r\n",
        ABOUT.to_uppercase().replace(' ', " \n\t\u{3000}")
    );
    assert_eq!(*Mnemonic::parse(&spaced, None).unwrap().phrase(), ABOUT);
}

#[test]
fn an_unknown_word_is_named_with_its_position() {
    let typed = ABOUT.replace("about", "abuot");
    let Err(MnemonicError::UnknownWord {
        position,
        word,
        language,
        near,
    }) = Mnemonic::parse(&typed, None)
    else {
        panic!("accepted");
    };
    assert_eq!(
        (position, word.as_str(), language),
        (12, "abuot", Language::English)
    );
    assert!(near.contains(&"about"), "{near:?}");
    let message = Mnemonic::parse(&typed, None).unwrap_err().to_string();
    assert!(
        message.contains("word 12, \"abuot\"") && message.contains("about"),
        "{message}"
    );
    // None of the known words is repeated but as a suggestion for the unknown one.
    assert!(!message.contains("abandon"), "{message}");
}

#[test]
fn an_unknown_word_is_shown_safely() {
    let bell = ABOUT.replace("about", "\u{1b}[2J\u{7}");
    let message = Mnemonic::parse(&bell, None).unwrap_err().to_string();
    assert!(!message.contains(char::is_control), "{message:?}");
    let long = ABOUT.replace("about", &"x".repeat(100_000));
    assert!(Mnemonic::parse(&long, None).unwrap_err().to_string().len() < 200);
}

#[test]
fn a_wrong_checksum_says_who_carries_it() {
    let wrong = ABOUT.replace("about", "abandon");
    let expected = MnemonicError::Checksum {
        position: 12,
        language: Language::English,
    };
    assert_eq!(Mnemonic::parse(&wrong, None).unwrap_err(), expected);
    let message = expected.to_string();
    assert!(
        message.contains("word 12") && message.contains("checksum") && !message.contains("abandon")
    );
    // Two words swapped.
    let swapped = "legal thank winner year wave sausage worth useful legal winner thank yellow";
    assert_eq!(Mnemonic::parse(swapped, None).unwrap_err(), expected);
}

#[test]
fn other_numbers_of_words_are_refused() {
    for count in [0, 1, 11, 13, 14, 16, 25, 48] {
        let words = vec!["abandon"; count].join(" ");
        let refused = Mnemonic::parse(&words, None).unwrap_err();
        assert_eq!(refused, MnemonicError::WordCount(InvalidWordCount(count)));
    }
    for bytes in [0, 15, 17, 33, 64] {
        assert_eq!(
            Entropy::from_bytes(&vec![0; bytes]).unwrap_err(),
            InvalidEntropy(bytes)
        );
    }
}

#[test]
fn words_of_several_lists_need_a_language() {
    // These are in the English and the French list, and both checksums are right.
    let shared =
        "abandon amateur angle animal aspect badge bicycle bonus brave canal amateur fragile";
    let Err(MnemonicError::AmbiguousLanguage { languages }) = Mnemonic::parse(shared, None) else {
        panic!("{:?}", Mnemonic::parse(shared, None));
    };
    let languages = <[Language; 2]>::try_from(languages).unwrap();
    assert_eq!(languages, [Language::English, Language::French]);
    // The seed is the same in either, the entropy is not.
    let [english, french] =
        languages.map(|language| Mnemonic::parse(shared, Some(language)).unwrap());
    assert_ne!(english.entropy().as_bytes(), french.entropy().as_bytes());
    let key = |words: &Mnemonic| {
        words
            .seed(&Bip39Passphrase::none())
            .derive_symmetric(b"compare")
    };
    assert_eq!(*key(&english), *key(&french));

    // Of these, only the French checksum is right.
    let french =
        "abandon amateur angle animal aspect badge bicycle bonus brave canal abandon cycle";
    assert_eq!(
        Mnemonic::parse(french, None).unwrap().language(),
        Language::French
    );
    // And of these, none.
    let wrong = ["abandon"; 12].join(" ");
    assert!(matches!(
        Mnemonic::parse(&wrong, None),
        Err(MnemonicError::Checksum { .. })
    ));
}

#[test]
fn a_language_told_is_not_overruled() {
    let refused = Mnemonic::parse(ABOUT, Some(Language::Spanish)).unwrap_err();
    assert!(matches!(
        refused,
        MnemonicError::UnknownWord {
            position: 1,
            language: Language::Spanish,
            ..
        }
    ));
}

#[test]
fn passphrases_are_compared_in_nfkd() {
    let mnemonic = Mnemonic::parse(ABOUT, None).unwrap();
    let key = |passphrase: &str| {
        mnemonic
            .seed(&Bip39Passphrase::new(passphrase))
            .derive_symmetric(b"compare")
    };
    assert_eq!(*key("caf\u{e9}"), *key("cafe\u{301}"));
    assert_ne!(*key("cafe"), *key("caf\u{e9}"));
    assert_ne!(*key(""), *key(" "));
    assert!(Bip39Passphrase::new("").is_none() && Bip39Passphrase::none().is_none());
}

#[test]
fn symmetric_keys_depend_on_seed_and_info() {
    let seed = |words: &str| {
        Mnemonic::parse(words, None)
            .unwrap()
            .seed(&Bip39Passphrase::none())
    };
    let about = seed(ABOUT);
    let zoo = seed("zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong");
    assert_eq!(*about.derive_symmetric(b"a"), *about.derive_symmetric(b"a"));
    assert_ne!(*about.derive_symmetric(b"a"), *about.derive_symmetric(b"b"));
    assert_ne!(*about.derive_symmetric(b"a"), *zoo.derive_symmetric(b"a"));
    // Python: hmac.new(hmac.new(bytes(32), seed, "sha256").digest(), b"cofferdam/1/journal\x01",
    // "sha256")
    assert_eq!(
        about
            .derive_symmetric(b"cofferdam/1/journal")
            .to_lower_hex_string(),
        "dc440402e7352aa655c8ea852b763651165bb78cc45f6f8ff37daf116261a097",
    );
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_readers_panic(text in "\\PC{0,200}", words in 0_usize..30) {
        let _ = Rolls::parse(&text).map(|rolls| rolls.bias());
        let _ = Mnemonic::parse(&text, None);
        let _ = Mnemonic::parse(&format!("{text} {}", "abandon ".repeat(words)), None);
        let _ = Bip39Passphrase::new(&text);
    }

    #[test]
    fn any_rolls_are_judged_without_overflow(faces in proptest::collection::vec(1_u8..=6, 1..400)) {
        let text: String = faces.iter().map(|face| char::from(b'0' + face)).collect();
        let rolls = Rolls::parse(&text).unwrap();
        proptest::prop_assert_eq!(rolls.count(), faces.len());
        let _ = rolls.bias();
        // Entropy depends on every roll.
        let mut other = text.into_bytes();
        other[0] = if other[0] == b'1' { b'2' } else { b'1' };
        let other = Rolls::parse(std::str::from_utf8(&other).unwrap()).unwrap();
        let [a, b] = [&rolls, &other].map(|rolls| mix(&kernel(), Some(rolls), WordCount::Words24));
        proptest::prop_assert_ne!(a.as_bytes(), b.as_bytes());
    }
}
