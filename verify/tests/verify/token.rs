use kazashi_verify::{
    Answer, Method, MethodSource, PairwiseKey, Revocation, Token, Unverified, VerifyError,
};

use crate::vector::{Case, NOW, cases, signed, trust};

#[test]
fn good_tokens_are_accepted() {
    for case in cases::<Case>("accepted") {
        let name = case.name.clone();
        if let Err(error) = case.verify() {
            panic!("{name}: {error:?}");
        }
    }
}

#[test]
fn bad_tokens_are_refused_for_what_is_wrong_with_them() {
    for case in cases::<Case>("refused") {
        let (name, code) = (case.name.clone(), case.code.clone().unwrap());
        let refused = case.verify().err().map(|error| error.code().as_str());
        assert_eq!(refused, Some(code.as_str()), "{name}");
    }
}

#[test]
fn a_result_tells_the_method_and_who_says_so() {
    for (name, method) in [("pin", Method::Pin), ("terminal", Method::Terminal)] {
        let authentication = signed(name).verify(NOW, &trust()).unwrap();
        assert_eq!(authentication.method(), method);
        assert_eq!(authentication.method_source(), MethodSource::Bridge);
    }
}

#[test]
fn a_result_says_that_nobody_checked_revocation_until_somebody_did() {
    let authentication = signed("pin").verify(NOW, &trust()).unwrap();
    assert!(matches!(authentication.revocation(), Revocation::NotChecked { .. }));

    let because = "the responder is down";
    let unknown = Answer::NotChecked { because: because.into() };
    let authentication = authentication.with_revocation(unknown).unwrap();
    let unknown = Revocation::NotChecked { because: because.into() };
    assert_eq!(*authentication.revocation(), unknown);

    let authentication = authentication.with_revocation(Answer::Good).unwrap();
    assert_eq!(*authentication.revocation(), Revocation::Good);

    let error = authentication.with_revocation(Answer::Revoked).unwrap_err();
    assert_eq!(error, VerifyError::CertificateRevoked);
}

/// Computed with openssl, over the public key that `openssl x509 -pubkey` prints of the same
/// certificate.
#[test]
fn a_subject_is_the_same_for_one_key_and_another_for_another() {
    let authentication = signed("pin").verify(NOW, &trust()).unwrap();
    let subject = |key: u8| authentication.subject(&PairwiseKey::new(&[key; 32]).unwrap());
    assert_eq!(subject(7), "0OJC8qxMhZPOy5GWOoUs-cycpYsFPCk1enDpqo1fPE4");
    assert_eq!(subject(8), "I6VpnZyyaufz-YhiJfCSL38YKCN8oSa7N_ohqVYeMMo");
}

#[test]
fn a_short_pairwise_key_is_refused() {
    let error = PairwiseKey::new(&[7; 31]).unwrap_err();
    assert_eq!(error, VerifyError::PairwiseKeyTooShort { length: 31 });
}

#[test]
fn the_serial_number_is_there_for_who_asks_and_nowhere_else() {
    let authentication = signed("pin").verify(NOW, &trust()).unwrap();
    assert_eq!(authentication.serial_number(), "227001");
    assert_eq!(
        format!("{authentication:?}"),
        "Authentication { method: Pin, certificate: Certificate { kind: UserAuthentication, \
         hierarchy: Test, .. }, revocation: NotChecked { because: \"no revocation check was made\" } }"
    );
}

#[test]
fn a_pairwise_key_is_not_printed() {
    assert_eq!(format!("{:?}", PairwiseKey::new(&[7; 32]).unwrap()), "PairwiseKey");
}

#[test]
fn an_error_carries_the_times_compared_and_prints_none() {
    let late = signed("pin").verify(u64::from(u32::MAX), &trust()).unwrap_err();
    let VerifyError::CertificateExpired { now, not_after } = &late else { panic!("{late:?}") };
    assert!(now > not_after);
    assert_eq!(format!("{late:?}"), "certificate-expired: the certificate has expired");
}

#[test]
fn no_changed_byte_goes_unnoticed() {
    let trust = trust();
    for field in ["unverifiedCertificate", "signature"] {
        let mut token = signed("pin");
        let bytes = token.bytes(field);
        for (index, mask) in (0..bytes.len()).flat_map(|index| [(index, 0x01), (index, 0x80)]) {
            let mut changed = bytes.clone();
            changed[index] ^= mask;
            token.replace(field, &changed);
            let outcome = token.verify(NOW, &trust);
            assert!(outcome.is_err(), "byte {index} of {field}, changed by {mask:02X}");
        }
    }
}

#[test]
fn a_certificate_or_signature_that_is_cut_off_or_goes_on_is_refused() {
    let trust = trust();
    for field in ["unverifiedCertificate", "signature"] {
        let bytes = signed("pin").bytes(field);
        let prefixes = (0..bytes.len()).map(|length| bytes[..length].to_vec());
        let longer = [[bytes.as_slice(), &[0]].concat(), [&[0], bytes.as_slice()].concat()];
        for changed in prefixes.chain(longer) {
            let mut token = signed("pin");
            token.replace(field, &changed);
            assert!(token.verify(NOW, &trust).is_err(), "{} bytes of {field}", changed.len());
        }
    }
}

#[test]
fn bytes_that_are_no_text_are_refused_in_fields_that_are_not_read_too() {
    let mut json = serde_json::to_vec(&signed("pin").token).unwrap();
    let at = json.windows(12).position(|bytes| bytes == b"\"appVersion\"").unwrap();
    json[at + 16] = 0xFE;
    let refused = Token::from_json(&json).unwrap_err();
    assert!(matches!(refused, VerifyError::TokenMalformed { .. }), "{refused:?}");
}
