use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::error_code::ErrorCode;
use crate::value::layout::{Key, PinReference};

macro_rules! scopes {
    ($($(#[doc = $doc:literal])+ $name:ident $text:literal includes [$($included:ident),*], $ja:literal;)+) => {
        /// Permission that an origin may have.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Scope {
            $($(#[doc = $doc])+ #[serde(rename = $text)] $name,)+
        }

        impl Scope {
            /// Every scope, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The name, in kebab case.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// The scopes that whoever has this one has too.
            #[must_use]
            pub fn includes(self) -> &'static [Self] {
                match self { $(Self::$name => &[$(Self::$included),*],)+ }
            }

            /// Permission in English, for documentation.
            #[must_use]
            pub fn en(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii(),)+ }
            }

            /// The same in Japanese.
            #[must_use]
            pub fn ja(self) -> &'static str {
                match self { $(Self::$name => $ja,)+ }
            }
        }
    };
}

scopes! {
    /// Be told that a card was inserted or removed.
    Events "events" includes [],
        "カードが置かれたこと・取られたことを知る";
    /// See the names of readers and the ATRs of cards.
    Reader "reader" includes [],
        "カードリーダーの名前と、カードのATRを見る";
    /// Read what the public key application shows without a PIN: the user authentication
    /// certificate (which tells cards apart), CA certificates, retry counters.
    UserCertificate "user-certificate" includes [],
        "公的個人認証APが暗証番号なしで示すもの（カードを見分けられる利用者証明用電子証明書、CA証明書、残り回数）を読む";
    /// Sign in with the PIN.
    Authenticate "authenticate" includes [UserCertificate],
        "暗証番号でログインする";
    /// Sign in without a PIN, as an institution that proves itself to the card (特定機関認証).
    AuthenticatePinless "authenticate-pinless" includes [UserCertificate],
        "カードに対して自らを証明する施設として、暗証番号なしでログインする（特定機関認証）";
    /// Show that the card is there (かざし利用): present the birth date, read the age record, have
    /// the card surface key sign.
    CardPresence "card-presence" includes [UserCertificate],
        "カードがここにあることを示す（かざし利用）：生年月日を照合し、生年月日の記録を読み、券面の鍵に署名させる";
    /// Read the card face (券面: birth date, sex, and name, address and photo as pictures) of a card
    /// whose verification number B is presented. Whoever sees the face may also have the card show
    /// that it is there.
    CardFace "card-face" includes [UserCertificate, CardPresence],
        "照合番号Bを照合したカードの券面（生年月日、性別、画像としての氏名・住所・顔写真）を読む。券面を見る人は、カードがここにあることも示させられる";
    /// Read the four basic attributes (name, address, birth date, sex) with the PIN of the card
    /// information input support application (券面事項入力補助用暗証番号).
    Attributes "attributes" includes [],
        "券面事項入力補助用の暗証番号で、基本4情報（氏名・住所・生年月日・性別）を読む";
    /// Use the password of the digital signature key; read its certificate, which holds name and
    /// address.
    Sign "sign" includes [],
        "署名用の鍵をその暗証番号で使う。氏名と住所を含む署名用電子証明書を読む";
    /// Supply PINs from the page instead of having the bridge ask for them.
    PagePin "page-pin" includes [],
        "ブリッジに尋ねさせず、ページから暗証番号を渡す";
    /// Send commands that are not in the table, for developers. To be granted in developer mode only.
    RawApdu "raw-apdu" includes [],
        "表にないコマンドを送る。開発者のためのもので、開発者モードでだけ許される";
}

impl Scope {
    /// Scope that having this PIN presented needs.
    #[must_use]
    pub fn of_pin(reference: PinReference) -> Self {
        match reference {
            PinReference::UserAuthentication => Self::Authenticate,
            PinReference::DigitalSignature => Self::Sign,
            PinReference::CardInformation => Self::Attributes,
        }
    }

    /// Scope that having this key sign a challenge needs.
    #[must_use]
    pub fn of_key(key: Key) -> Self {
        match key {
            Key::UserAuthentication => Self::Authenticate,
            Key::CardSurface => Self::CardPresence,
        }
    }
}

/// The scopes that one origin was granted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Whether these scopes, or what they include, allow this one.
    #[must_use]
    pub fn allow(&self, scope: Scope) -> bool {
        self.0.iter().any(|granted| *granted == scope || granted.includes().contains(&scope))
    }

    /// Refuses what these scopes do not allow.
    pub fn require(&self, scope: Scope) -> Result<(), ErrorCode> {
        if self.allow(scope) { Ok(()) } else { Err(ErrorCode::NotPermitted) }
    }

    /// Each of them, in the order of the table, without what they include.
    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }

    /// Whether nothing is allowed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}
