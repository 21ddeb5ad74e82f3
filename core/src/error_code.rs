//! Every way it can fail: one table of codes, of who must act, and of what that person is told.
//!
//! `cargo xtask vectors` makes the TypeScript union, `kazashi/messages` and `docs/errors.md` of it.
//! Where the Web Smart Card API has a `responseCode` for a condition, the code is that string.

use serde::{Deserialize, Serialize};

/// Who can do something about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Actor {
    /// The holder of the card.
    Holder,
    /// Nobody at the desk: the card is not of the kind, or defective.
    Card,
    /// Whoever looks after the card reader.
    Reader,
    /// The administrator who lists what this origin may do.
    Origin,
    /// Whoever looks after the bridge on this workstation.
    Bridge,
    /// Whoever uses the browser, or looks after its settings.
    Browser,
    /// The developer of the page.
    Caller,
    /// The operator of the server that relies on the result.
    RelyingParty,
}

macro_rules! error_codes {
    ($($(#[doc = $doc:literal])+ $name:ident $code:literal $actor:ident, $ja:literal, $en:literal;)+) => {
        /// A way to fail.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $($(#[doc = $doc])+ #[serde(rename = $code)] $name,)+
        }

        impl ErrorCode {
            /// Every code, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The code as it travels, in kebab case.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// Who must act.
            #[must_use]
            pub fn actor(self) -> Actor {
                match self { $(Self::$name => Actor::$actor,)+ }
            }

            /// Words for the person in Japanese. `{retriesLeft}` stands for the number of tries.
            #[must_use]
            pub fn ja(self) -> &'static str {
                match self { $(Self::$name => $ja,)+ }
            }

            /// Words for the person in English. `{retriesLeft}` stands for the number of tries.
            #[must_use]
            pub fn en(self) -> &'static str {
                match self { $(Self::$name => $en,)+ }
            }

            /// When it happens, for `docs/errors.md`.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc,)+).trim_ascii_start(),)+ }
            }
        }
    };
}

error_codes! {
    // The holder
    /// The PIN was wrong; the card counted a try.
    PinIncorrect "pin-incorrect" Holder,
        "暗証番号が違います。あと{retriesLeft}回入力できます。",
        "The PIN is wrong. Tries left: {retriesLeft}.";
    /// The PIN has no tries left.
    PinBlocked "pin-blocked" Holder,
        "暗証番号がロックされています。市区町村の窓口で再設定してください。",
        "The PIN is blocked. It can be reset at the municipal office.";
    /// What was typed cannot be a PIN or password of this key; the card was not asked.
    PinMalformed "pin-malformed" Holder,
        "暗証番号の形式が違います。カードには送っていません。",
        "This cannot be the PIN. It was not sent to the card.";
    /// A wrong PIN would leave fewer tries than a page may risk; or the person did not agree to spend
    /// one of the last tries of birth date or verification number. The card was not asked.
    TooFewRetries "too-few-retries" Holder,
        "残り{retriesLeft}回のため、この方法では照合できません。",
        "Only {retriesLeft} tries are left, too few to go on in this way.";
    /// The person closed the dialog.
    PinCancelled "pin-cancelled" Holder,
        "暗証番号の入力が取り消されました。",
        "Entering the PIN was cancelled.";
    /// Nobody answered the dialog in time.
    PinTimeout "pin-timeout" Holder,
        "時間内に暗証番号が入力されませんでした。",
        "No PIN was entered in time.";
    /// The card has another birth date than the one presented; the card counted a try.
    BirthDateIncorrect "birth-date-incorrect" Holder,
        "カードの生年月日と一致しません。あと{retriesLeft}回確認できます。",
        "The card belongs to somebody born on another day. Tries left: {retriesLeft}.";
    /// The birth date has no tries left.
    BirthDateBlocked "birth-date-blocked" Holder,
        "カードの生年月日の照合がロックされています。市区町村の窓口にお問い合わせください。",
        "The card no longer compares birth dates. Ask at the municipal office.";
    /// The card has another verification number B (照合番号B: birth date, year of expiry, security
    /// code) than the one presented; the card counted a try.
    VerificationNumberIncorrect "verification-number-incorrect" Holder,
        "生年月日、有効期限の年、セキュリティコードのいずれかがカードと一致しません。あと{retriesLeft}回確認できます。",
        "Date of birth, year of expiry or security code is not that of the card. Tries left: {retriesLeft}.";
    /// Verification number B has no tries left.
    VerificationNumberBlocked "verification-number-blocked" Holder,
        "カードの照合番号がロックされています。市区町村の窓口にお問い合わせください。",
        "The card no longer compares its verification number. Ask at the municipal office.";
    /// What was given is no year of expiry or no security code, which have four digits each; the card
    /// was not asked.
    VerificationNumberMalformed "verification-number-malformed" Holder,
        "有効期限の年とセキュリティコードは、それぞれ数字4桁です。カードには送っていません。",
        "Year of expiry and security code are four digits each. Nothing was sent to the card.";
    /// There is no card on the reader.
    NoSmartcard "no-smartcard" Holder,
        "カードをリーダーに置いてください。",
        "Put the card on the reader.";
    /// The card was taken away before the end.
    RemovedCard "removed-card" Holder,
        "カードが途中で離れました。もう一度置いてください。",
        "The card was removed too early. Put it on the reader again.";

    // The card
    /// The card has no public key application: it is no My Number Card.
    UnsupportedCard "unsupported-card" Card,
        "マイナンバーカードではありません。",
        "This is not a My Number Card.";
    /// The card holds no digital signature certificate; its password was not asked for.
    CertificateAbsent "certificate-absent" Card,
        "このカードには署名用電子証明書が入っていません。",
        "This card holds no digital signature certificate.";
    /// The card refused a command; `statusWord` says how.
    CardRefused "card-refused" Card,
        "カードが要求を受け付けませんでした。",
        "The card refused the request.";
    /// The card answered what its specification does not know.
    CardMalformed "card-malformed" Card,
        "カードの応答を読み取れませんでした。",
        "The card's answer could not be understood.";
    /// The card has no application of the kind that was asked for, though it is a My Number Card.
    ApplicationAbsent "application-absent" Card,
        "このカードにはこの機能がありません。",
        "This card does not have this function.";
    /// The card knows no terminal authentication (特定機関認証): it is too old, or holds no key for
    /// it.
    TerminalUnsupported "terminal-unsupported" Card,
        "このカードは暗証番号なしの認証に対応していません。暗証番号を使ってください。",
        "This card cannot be used without its PIN. Use the PIN.";
    /// The card refused the institution: it does not trust its certificate, or the institution's
    /// signature is over something else; `statusWord` says how.
    TerminalRefused "terminal-refused" Card,
        "カードがこの機関を認証しませんでした。暗証番号を使ってください。",
        "The card did not accept this institution. Use the PIN.";

    // The reader
    /// The PC/SC service of the operating system does not run.
    NoService "no-service" Reader,
        "スマートカードサービスが動いていません。",
        "The smart card service is not running.";
    /// The operating system's policy keeps this user or session from the smart card service, or from
    /// this reader (polkit, on Linux).
    ReaderAccessDenied "reader-access-denied" Reader,
        "このパソコンの設定により、カードリーダーの使用が許可されていません。管理者に連絡してください。",
        "This computer's policy does not allow the card reader to be used. Contact its administrator.";
    /// There is no such reader, or no longer.
    UnknownReader "unknown-reader" Reader,
        "カードリーダーが見つかりません。",
        "The card reader was not found.";
    /// No reader is connected; `diagnose()` says so.
    NoReader "no-reader" Reader,
        "カードリーダーが接続されていません。",
        "No card reader is connected.";
    /// Another program holds the card.
    SharingViolation "sharing-violation" Reader,
        "ほかのプログラムがカードを使っています。",
        "Another program is using the card.";
    /// Another page holds the lease on this reader.
    ReaderBusy "reader-busy" Reader,
        "ほかの画面がカードを使っています。",
        "Another page is using the card.";
    /// Reader and card do not understand each other.
    CommunicationError "communication-error" Reader,
        "カードと通信できませんでした。置き直してください。",
        "Could not communicate with the card. Put it on the reader again.";
    /// Reader or card takes no commands of more than 255 bytes, which terminal authentication
    /// (特定機関認証) needs.
    ReaderNoExtendedLength "reader-no-extended-length" Reader,
        "このカードリーダーは暗証番号なしの認証に対応していません。",
        "This card reader cannot be used without the PIN.";

    // The origin
    /// Nobody lists this origin, and the administrator wants pages to be told so (`disclose`).
    /// Otherwise it is `bridge-unreachable`.
    OriginRefused "origin-refused" Origin,
        "このサイトは、カードリーダー用のソフトウェアに登録されていません。管理者に連絡してください。",
        "This site is not listed in the card reader software. Contact its administrator.";
    /// None of the scopes that this origin was granted allows it.
    NotPermitted "not-permitted" Origin,
        "このサイトにはこの操作が許可されていません。",
        "This site is not permitted to do this.";

    // The bridge
    /// No connection to the bridge: it does not run, it runs for another user of this machine only, its
    /// administrator does not list this origin, or it has a port that the page's Content-Security-Policy
    /// does not list. (A page cannot tell these apart.)
    BridgeUnreachable "bridge-unreachable" Bridge,
        "カードリーダー用のソフトウェアに接続できません。このパソコンをいま使っている人の下で起動していることと、このサイトの登録を確認してください。",
        "Cannot reach the card reader software. Check that it runs for the person who is signed in to this computer, and that this site is listed.";
    /// The connection to the bridge was lost.
    Disconnected "disconnected" Bridge,
        "カードリーダー用のソフトウェアとの接続が切れました。",
        "The connection to the card reader software was lost.";
    /// The bridge speaks no version of the protocol that the page speaks.
    VersionMismatch "version-mismatch" Bridge,
        "カードリーダー用のソフトウェアの更新が必要です。",
        "The card reader software needs an update.";
    /// The bridge cannot show its dialog.
    PinEntryUnavailable "pin-entry-unavailable" Bridge,
        "暗証番号の入力画面を開けません。",
        "The dialog for the PIN cannot be opened.";
    /// The bridge cannot write its disclosure log, so it hands over nothing that the card discloses.
    DisclosureNotRecorded "disclosure-not-recorded" Bridge,
        "カードから読み取った記録を残せないため、中止しました。空き容量を確認してください。",
        "What is read from the card could not be recorded, so nothing was handed over. Check the disk.";

    // The browser
    /// The browser asks whether the page may reach this workstation (Local Network Access), and
    /// nobody said yes: the question was closed, or the page connected without a user gesture.
    LnaPrompt "lna-prompt" Browser,
        "カードリーダー用のソフトウェアへの接続を、ブラウザーの確認画面で許可してください。",
        "Allow the connection to the card reader software when the browser asks.";
    /// The browser does not let the page reach this workstation (Local Network Access): somebody
    /// said no before, or a policy of the administrator does.
    LnaDenied "lna-denied" Browser,
        "カードリーダー用のソフトウェアへの接続が、ブラウザーの設定で禁止されています。サイトの設定で許可してください。",
        "The browser blocks the card reader software. Allow it in the site's settings.";
    /// The browser has no WebAssembly, or lets no secure page connect to loopback.
    UnsupportedBrowser "unsupported-browser" Browser,
        "このブラウザーではカードを使えません。Chrome、Edge、Firefoxのいずれかを使ってください。",
        "Cards cannot be used with this browser. Use Chrome, Edge or Firefox.";

    // The caller
    /// The page's own Content-Security-Policy lists no port of the bridge in `connect-src`.
    CspBlocked "csp-blocked" Caller,
        "このサイトの設定が、カードリーダー用のソフトウェアへの接続を禁止しています。サイトの管理者に連絡してください。",
        "This site's own settings block the card reader software. Contact its administrator.";
    /// The page, together with others of its origin, or pages together hold as many connections to the
    /// bridge as there may be.
    TooManyConnections "too-many-connections" Caller,
        "カードリーダー用のソフトウェアへの接続が多すぎます。このサイトのほかの画面を閉じて、もう一度お試しください。",
        "There are too many connections to the card reader software. Close other windows of this site and try again.";
    /// The page's Permissions Policy keeps it from this workstation: it is in a frame of another site that
    /// does not say `allow="loopback-network"`, or its own server forbids it.
    PermissionsPolicyBlocked "permissions-policy-blocked" Caller,
        "このサイトの設定では、カードリーダー用のソフトウェアに接続できません。サイトの管理者に連絡してください。",
        "This site is set up so that it cannot reach the card reader software. Contact its administrator.";
    /// The lease ended: it was released, ran out, or was taken over.
    LeaseLost "lease-lost" Caller,
        "カードの使用時間が切れました。もう一度お試しください。",
        "The time with the card is over. Try again.";
    /// The message, its arguments or its order are wrong.
    InvalidRequest "invalid-request" Caller,
        "要求の形式が正しくありません。",
        "The request is malformed.";
    /// The card signed more statements under this lease than the 16 that the bridge vouches for at
    /// once. A new lease begins anew.
    TooManyStatements "too-many-statements" Caller,
        "カードを使った回数が多すぎます。もう一度お試しください。",
        "The card was used too often. Try again.";
    /// What should be a birth date is none, or lies before 1873; the card was not asked.
    BirthDateMalformed "birth-date-malformed" Caller,
        "生年月日の形式が正しくありません。",
        "This is not a date of birth.";
    /// Something else than a presence proof or card face proof was sent, or something that cannot
    /// be read.
    PresenceProofMalformed "presence-proof-malformed" Caller,
        "送信されたデータの形式が正しくありません。",
        "The data sent to the server is malformed.";
    /// The page waited for as long as it said it would; the institution's server took longer to sign
    /// than the card's challenge is good for; or the page was busy for so long that the card was given
    /// up before it was asked for what had been presented to it.
    Timeout "timeout" Caller,
        "時間切れです。もう一度お試しください。",
        "It took too long. Try again.";
    /// The page gave up waiting, by its `AbortSignal`.
    Aborted "aborted" Caller,
        "取り消されました。",
        "It was cancelled.";
    /// The WebAssembly module could not be loaded: it was not found, or the page's content security
    /// policy forbids it. Or it broke down.
    ModuleUnavailable "module-unavailable" Caller,
        "画面の一部を読み込めませんでした。",
        "A part of this page could not be loaded.";

    // The relying party's server, and what it finds in a certificate and a token
    /// A CA certificate that the server trusts has expired.
    AuthorityExpired "authority-expired" RelyingParty,
        "サーバーの設定に誤りがあります。管理者に連絡してください。",
        "The server is not set up correctly. Contact its administrator.";
    /// A CA certificate that the server trusts cannot be read.
    AuthorityMalformed "authority-malformed" RelyingParty,
        "サーバーの設定に誤りがあります。管理者に連絡してください。",
        "The server is not set up correctly. Contact its administrator.";
    /// The server has no CA certificate for certificates of this kind and hierarchy.
    AuthorityMissing "authority-missing" RelyingParty,
        "サーバーの設定に誤りがあります。管理者に連絡してください。",
        "The server is not set up correctly. Contact its administrator.";
    /// The CA certificate that was read from the card is not one that the server knows by its
    /// fingerprint: a new generation, or a forgery.
    AuthorityNotPinned "authority-not-pinned" RelyingParty,
        "このカードの電子証明書を確認できません。サーバーの管理者に連絡してください。",
        "The certificate on this card could not be verified. Contact the server's administrator.";
    /// A CA certificate that the server trusts is not valid yet, or the server's clock is slow.
    AuthorityNotYetValid "authority-not-yet-valid" RelyingParty,
        "サーバーの設定に誤りがあります。管理者に連絡してください。",
        "The server is not set up correctly. Contact its administrator.";
    /// A certificate that the server trusts is not one of a CA of JPKI.
    AuthorityUnsuitable "authority-unsuitable" RelyingParty,
        "サーバーの設定に誤りがあります。管理者に連絡してください。",
        "The server is not set up correctly. Contact its administrator.";
    /// What lies on the reader does not answer: a card the wrong way up or round, or not in all the way,
    /// one without a chip, or a broken one.
    UnresponsiveCard "unresponsive-card" Holder,
        "カードから応答がありません。表裏と向きを確かめて、置き直してください。",
        "The card does not answer. Check which way up and round it is, and put it on the reader again.";
    /// The certificate has expired.
    CertificateExpired "certificate-expired" Holder,
        "電子証明書の有効期限が切れています。市区町村の窓口で更新してください。",
        "The certificate on this card has expired. It can be renewed at the municipal office.";
    /// The certificate's issuer is not an authority of JPKI.
    CertificateIssuerUnexpected "certificate-issuer-unexpected" Card,
        "このカードの電子証明書は使えません。",
        "The certificate on this card cannot be used.";
    /// The certificate's key usage is not that of its kind.
    CertificateKeyUsageUnexpected "certificate-key-usage-unexpected" Card,
        "このカードの電子証明書は使えません。",
        "The certificate on this card cannot be used.";
    /// Another of the card's certificates than the one that is needed.
    CertificateKindUnexpected "certificate-kind-unexpected" Caller,
        "送信された電子証明書の種類が違います。",
        "The wrong kind of certificate was sent.";
    /// The certificate cannot be read.
    CertificateMalformed "certificate-malformed" Card,
        "このカードの電子証明書は使えません。",
        "The certificate on this card cannot be used.";
    /// The certificate is not for client authentication.
    CertificateNotForClientAuthentication "certificate-not-for-client-authentication" Card,
        "このカードの電子証明書は使えません。",
        "The certificate on this card cannot be used.";
    /// The certificate is not valid yet, or the server's clock is slow.
    CertificateNotYetValid "certificate-not-yet-valid" RelyingParty,
        "電子証明書の有効期間がまだ始まっていません。サーバーの管理者に連絡してください。",
        "The certificate on this card is not valid yet. Contact the server's administrator.";
    /// The certificate is of the test hierarchy, which the server did not ask for.
    CertificateOfTestHierarchy "certificate-of-test-hierarchy" RelyingParty,
        "テスト用のカードは使えません。",
        "Test cards are not accepted here.";
    /// The certificate's policy is not that of its kind.
    CertificatePolicyUnexpected "certificate-policy-unexpected" Card,
        "このカードの電子証明書は使えません。",
        "The certificate on this card cannot be used.";
    /// The certificate departs from the JPKI profile in another way.
    CertificateProfileUnexpected "certificate-profile-unexpected" Card,
        "このカードの電子証明書は使えません。",
        "The certificate on this card cannot be used.";
    /// The certificate was revoked.
    CertificateRevoked "certificate-revoked" Holder,
        "電子証明書が失効しています。市区町村の窓口にお問い合わせください。",
        "The certificate on this card was revoked. Ask at the municipal office.";
    /// The certificate is forged or damaged: the CA that it names did not sign it.
    CertificateSignatureMismatch "certificate-signature-mismatch" Card,
        "このカードの電子証明書は使えません。",
        "The certificate on this card cannot be used.";
    /// The server does not know the key that issued the certificate: a generation of the CA is
    /// missing, or the certificate is forged.
    CertificateUntrusted "certificate-untrusted" RelyingParty,
        "このカードの電子証明書を確認できません。サーバーの管理者に連絡してください。",
        "The certificate on this card could not be verified. Contact the server's administrator.";
    /// The card-verifiable certificate from the card surface application cannot be read.
    CvCertificateMalformed "cv-certificate-malformed" Card,
        "このカードの証明書は使えません。",
        "The certificate on this card cannot be used.";
    /// The server does not know the key that issued the card-verifiable certificate, or did not ask
    /// for that hierarchy.
    CvCertificateUntrusted "cv-certificate-untrusted" RelyingParty,
        "このカードの証明書を確認できません。サーバーの管理者に連絡してください。",
        "The certificate on this card could not be verified. Contact the server's administrator.";
    /// A record of the card is forged or damaged: the key that should have signed it did not, or
    /// signed another.
    CardRecordForged "card-record-forged" Card,
        "このカードの記録を確認できません。このカードは使えません。",
        "The records on this card could not be verified. It cannot be used.";
    /// The proof comes from another card than the one that was enrolled, or for another birth date.
    EnrolmentMismatch "enrolment-mismatch" Holder,
        "登録されたカードと異なります。暗証番号を使って登録し直してください。",
        "This is not the card that was enrolled. Enrol it with its PIN.";
    /// The bridge that vouches for the stay of a card is not enrolled at the server, or no longer.
    BridgeNotEnrolled "bridge-not-enrolled" RelyingParty,
        "このパソコンのカードリーダー用ソフトウェアは、サーバーに登録されていません。管理者に連絡してください。",
        "The card reader software of this computer is not enrolled at the server. Contact its administrator.";
    /// What should be the bridge's word of a stay was not sent, or cannot be read.
    StayMalformed "stay-malformed" Caller,
        "送信されたデータの形式が正しくありません。",
        "The data sent to the server is malformed.";
    /// The bridge did not sign the word of a stay: it is forged or damaged.
    StaySignatureMismatch "stay-signature-mismatch" Caller,
        "初めから終わりまで同じカードだったことを確認できませんでした。もう一度お試しください。",
        "It could not be verified that one card was used throughout. Try again.";
    /// The bridge gave its word of the stay to a page of another origin.
    StayOriginMismatch "stay-origin-mismatch" Caller,
        "初めから終わりまで同じカードだったことを確認できませんでした。もう一度お試しください。",
        "It could not be verified that one card was used throughout. Try again.";
    /// In this stay, under this lease, the card signed nothing for the nonce and method: it did so
    /// before, or another card did.
    StayNonceMismatch "stay-nonce-mismatch" Caller,
        "初めから終わりまで同じカードだったことを確認できませんでした。もう一度お試しください。",
        "It could not be verified that one card was used throughout. Try again.";
    /// In this stay the card signed for the nonce, but the signature that was sent is another: of
    /// another card or stay.
    StayCardMismatch "stay-card-mismatch" Caller,
        "初めから終わりまで同じカードだったことを確認できませんでした。もう一度お試しください。",
        "It could not be verified that one card was used throughout. Try again.";
    /// No token can prove the method that the server expects.
    MethodUnsupported "method-unsupported" RelyingParty,
        "サーバーの設定に誤りがあります。管理者に連絡してください。",
        "The server is not set up correctly. Contact its administrator.";
    /// The nonce is not this session's, or no longer.
    NonceExpired "nonce-expired" Caller,
        "時間切れです。もう一度お試しください。",
        "It took too long. Try again.";
    /// The nonce that the server expects is none.
    NonceMalformed "nonce-malformed" RelyingParty,
        "サーバーの設定に誤りがあります。管理者に連絡してください。",
        "The server is not set up correctly. Contact its administrator.";
    /// The origin that the server expects is not written as browsers write one.
    OriginMalformed "origin-malformed" RelyingParty,
        "サーバーの設定に誤りがあります。管理者に連絡してください。",
        "The server is not set up correctly. Contact its administrator.";
    /// The key that makes the server's own identifiers is too short.
    PairwiseKeyTooShort "pairwise-key-too-short" RelyingParty,
        "サーバーの設定に誤りがあります。管理者に連絡してください。",
        "The server is not set up correctly. Contact its administrator.";
    /// The institution's server did not sign for the terminal: nobody is signed in at this desk, the
    /// bridge is not enrolled, or too much was asked of it.
    TerminalNotSigned "terminal-not-signed" RelyingParty,
        "サーバーが暗証番号なしの認証を許可しませんでした。",
        "The server did not permit signing in without the PIN.";
    /// The signature is over another origin, nonce or method, or by another key.
    SignatureMismatch "signature-mismatch" Caller,
        "カードの署名を確認できませんでした。もう一度お試しください。",
        "The card's signature could not be verified. Try again.";
    /// The token names another algorithm than RS256.
    TokenAlgorithmUnsupported "token-algorithm-unsupported" Caller,
        "送信されたデータの形式が正しくありません。",
        "The data sent to the server is malformed.";
    /// The token is of another format than `web-eid:1`.
    TokenFormatUnsupported "token-format-unsupported" Caller,
        "送信されたデータの形式が正しくありません。",
        "The data sent to the server is malformed.";
    /// The token cannot be read.
    TokenMalformed "token-malformed" Caller,
        "送信されたデータの形式が正しくありません。",
        "The data sent to the server is malformed.";
    /// The token is shorter or longer than any real one.
    TokenSize "token-size" Caller,
        "送信されたデータの形式が正しくありません。",
        "The data sent to the server is malformed.";
}
