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

            /// What the person is told in Japanese. `{retriesLeft}` stands for the number of tries.
            #[must_use]
            pub fn ja(self) -> &'static str {
                match self { $(Self::$name => $ja,)+ }
            }

            /// What the person is told in English. `{retriesLeft}` stands for the number of tries.
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
    /// A wrong PIN would leave fewer tries than this way of asking may risk; the card was not asked.
    TooFewRetries "too-few-retries" Holder,
        "残り{retriesLeft}回のため、この方法では暗証番号を入力できません。",
        "Only {retriesLeft} tries are left, too few to enter the PIN in this way.";
    /// The person closed the dialog.
    PinCancelled "pin-cancelled" Holder,
        "暗証番号の入力が取り消されました。",
        "Entering the PIN was cancelled.";
    /// Nobody answered the dialog in time.
    PinTimeout "pin-timeout" Holder,
        "時間内に暗証番号が入力されませんでした。",
        "No PIN was entered in time.";
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
    /// The card refused a command; `statusWord` says how.
    CardRefused "card-refused" Card,
        "カードが要求を受け付けませんでした。",
        "The card refused the request.";
    /// The card answered what its specification does not know.
    CardMalformed "card-malformed" Card,
        "カードの応答を読み取れませんでした。",
        "The card's answer could not be understood.";

    // The reader
    /// The PC/SC service of the operating system does not run.
    NoService "no-service" Reader,
        "スマートカードサービスが動いていません。",
        "The smart card service is not running.";
    /// There is no such reader, or no longer.
    UnknownReader "unknown-reader" Reader,
        "カードリーダーが見つかりません。",
        "The card reader was not found.";
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

    // The origin
    /// None of the scopes that this origin was granted allows it.
    NotPermitted "not-permitted" Origin,
        "このサイトにはこの操作が許可されていません。",
        "This site is not permitted to do this.";

    // The bridge
    /// No connection to the bridge: it does not run, or does not answer this page.
    BridgeUnreachable "bridge-unreachable" Bridge,
        "カードリーダー用のソフトウェアに接続できません。",
        "Could not connect to the card reader software.";
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

    // The caller
    /// The lease ended: it was released, ran out, or was taken over.
    LeaseLost "lease-lost" Caller,
        "カードの使用時間が切れました。もう一度お試しください。",
        "The time with the card is over. Try again.";
    /// The message, its arguments or its order are wrong.
    InvalidRequest "invalid-request" Caller,
        "要求の形式が正しくありません。",
        "The request is malformed.";
    /// The page waited for as long as it said it would.
    Timeout "timeout" Caller,
        "時間切れです。もう一度お試しください。",
        "It took too long. Try again.";
}
