//! The body: the padded content, sealed under a key of its own for every write.

use zeroize::Zeroizing;

use super::header::{Header, PAGE, is_body_len};
use super::primitives::{Key, TAG_LEN, hkdf_sha256, hmac_sha256, open_in_place, seal_in_place};
use super::{SealError, Tampered};

/// The keys of one write, from its data key.
pub(super) struct BodyKeys {
    /// `HKDF(data_key, "", "cofferdam/1/header", 32)`
    pub(super) header: Key,
    /// `HKDF(data_key, write_salt, "cofferdam/1/body" ‖ vault_id ‖ generation, 32)`
    body: Key,
}

impl BodyKeys {
    pub(super) fn derive(data_key: &Key, header: &Header) -> Self {
        let generation = header.generation.to_le_bytes();
        BodyKeys {
            header: hkdf_sha256(data_key.as_ref(), b"", &[b"cofferdam/1/header"]),
            body: hkdf_sha256(
                data_key.as_ref(),
                &header.write_salt,
                &[b"cofferdam/1/body", &header.vault_id.0, &generation],
            ),
        }
    }
}

/// `HMAC-SHA256(HKDF(data_key, "", "cofferdam/1/write-salt", 32), kernel32 ‖ generation ‖
/// plaintext)`
///
/// The content goes in, so that a cloned machine, whose kernel repeats its random numbers, repeats
/// no body key for another content.
pub(super) fn write_salt(
    data_key: &Key,
    kernel32: &[u8; 32],
    generation: u64,
    padded: &[u8],
) -> [u8; 32] {
    let key: Key = hkdf_sha256(data_key.as_ref(), b"", &[b"cofferdam/1/write-salt"]);
    hmac_sha256(key.as_ref(), &[kernel32, &generation.to_le_bytes(), padded])
}

/// `u32 length ‖ content ‖ zeros`, a multiple of 4096 bytes.
pub(super) fn pad(content: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let too_long = SealError::TooLong(content.len());
    let len = u32::try_from(content.len()).map_err(|_| too_long.clone())?;
    let padded_len = content
        .len()
        .checked_add(4)
        .and_then(|len| len.checked_next_multiple_of(PAGE))
        .ok_or(too_long.clone())?;
    if !is_body_len(padded_len + TAG_LEN) {
        return Err(too_long);
    }
    // Room for the tag: growing would leave an unwiped copy behind.
    let mut padded = Zeroizing::new(Vec::with_capacity(padded_len + TAG_LEN));
    padded.extend_from_slice(&len.to_le_bytes());
    padded.extend_from_slice(content);
    padded.resize(padded_len, 0);
    Ok(padded)
}

fn unpad(padded: &[u8]) -> Option<&[u8]> {
    let (len, rest) = padded.split_first_chunk::<4>()?;
    let (content, zeros) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
    (zeros.iter().all(|&byte| byte == 0) && zeros.len() < PAGE).then_some(content)
}

/// The length of ciphertext and tag.
pub(super) fn sealed_len(padded: &[u8]) -> usize {
    padded.len() + TAG_LEN
}

/// `AES-256-GCM(body key, 0, header ‖ slots ‖ header_mac, padded)`
pub(super) fn seal(
    keys: &BodyKeys,
    header_and_slots: &[u8],
    mac: &[u8; 32],
    mut padded: Zeroizing<Vec<u8>>,
) -> Zeroizing<Vec<u8>> {
    seal_in_place(&keys.body, &[header_and_slots, mac].concat(), &mut padded);
    padded
}

/// Opens what [`seal`] sealed, and takes the padding off.
pub(super) fn open(
    keys: &BodyKeys,
    header_and_slots: &[u8],
    mac: &[u8; 32],
    body: &[u8],
) -> Result<Zeroizing<Vec<u8>>, Tampered> {
    let mut buffer = Zeroizing::new(body.to_vec());
    open_in_place(&keys.body, &[header_and_slots, mac].concat(), &mut buffer)
        .map_err(|_| Tampered::Body)?;
    unpad(&buffer)
        .map(|content| Zeroizing::new(content.to_vec()))
        .ok_or(Tampered::Padding)
}

#[cfg(test)]
mod tests {
    use super::{PAGE, pad, unpad};

    fn page(len: u32, fill: impl FnOnce(&mut [u8])) -> Vec<u8> {
        let mut page = vec![0; PAGE];
        page[..4].copy_from_slice(&len.to_le_bytes());
        fill(&mut page);
        page
    }

    #[test]
    fn padding_round_trips() {
        for len in [0, 1, PAGE - 5, PAGE - 4, PAGE - 3, 3 * PAGE] {
            let padded = pad(&vec![7; len]).unwrap();
            assert_eq!(unpad(&padded), Some(vec![7; len].as_slice()));
        }
    }

    #[test]
    fn a_hidden_byte_a_needless_page_and_a_lying_length_are_refused() {
        assert_eq!(
            unpad(&page(2, |page| page[4..6].copy_from_slice(b"ok"))),
            Some(b"ok".as_slice())
        );
        assert_eq!(unpad(&page(2, |page| page[6] = 1)), None);
        assert_eq!(unpad(&page(2, |page| page[PAGE - 1] = 1)), None);
        assert_eq!(unpad(&[page(2, |_| ()), vec![0; PAGE]].concat()), None);
        assert_eq!(unpad(&page(PAGE as u32 - 3, |_| ())), None);
        assert_eq!(unpad(&page(u32::MAX, |_| ())), None);
    }
}
