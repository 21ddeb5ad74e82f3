import type { Text } from "../language.ts";

export const trouble = {
  visitorToDo: { ja: "カードをお持ちの方へ", en: "If it is your card" },
  staffToDo: { ja: "職員の方へ", en: "For the staff" },
  nothingRecorded: {
    ja: "この受付は記録されていません。",
    en: "This visit was not recorded.",
  },
  again: { ja: "もう一度試す", en: "Try again" },
  anotherWay: { ja: "ほかの方法で受付する", en: "Choose another way" },
  stop: { ja: "中止する", en: "Stop" },
  connect: { ja: "カードリーダーに接続する", en: "Connect to the card reader" },
  unknown: {
    ja: "この画面でエラーが起きました。読み込み直しても続くときは、管理者に連絡してください。",
    en: "This page made an error. If loading it again does not help, contact the administrator.",
  },
  permissionDrawing: {
    ja: "アドレス欄の左端にあるアイコンを押し、このデバイスへの接続を「許可」にする",
    en: "Press the icon at the left end of the address, then allow connections to this device",
  },
  permissionName: { ja: "このデバイス上のアプリ", en: "Apps on this device" },
  permissionAllow: { ja: "許可", en: "Allow" },
} satisfies Record<string, Text>;

/** What whoever holds the card can do, step by step, by the code of what went wrong. The words for what it is are elsewhere. */
export const visitorRemedies: Readonly<Record<string, readonly Text[]>> = {
  unreadable: [
    {
      ja: "カードをケースから出し、裏表と向きを確かめて、置き直してください。",
      en: "Please take the card out of its case and place it again, the right way round and up.",
    },
  ],
  "unresponsive-card": [
    {
      ja: "カードをケースから出し、ICチップの面と向きを確かめて、奥まで入れ直してください。",
      en: "Please take the card out of its case and put it in again, all the way, with the chip the right way up and round.",
    },
    {
      ja: "ICチップの汚れを、乾いた布でふいてください。",
      en: "Please wipe the chip with a dry cloth.",
    },
  ],
  "communication-error": [
    {
      ja: "カードをケースから出し、裏表と向きを確かめて、置き直してください。",
      en: "Please take the card out of its case and place it again, the right way round and up.",
    },
    {
      ja: "ICチップの汚れを、乾いた布でふいてください。",
      en: "Please wipe the chip with a dry cloth.",
    },
  ],
  "removed-card": [
    {
      ja: "終わりの案内が出るまで、カードを置いたままにしてください。",
      en: "Please leave the card in place until the end is announced.",
    },
  ],
  "unsupported-card": [
    {
      ja: "マイナンバーカードを置いてください。健康保険証や運転免許証、交通系のカードでは受付できません。",
      en: "Please use your My Number Card. Insurance cards, driving licences and transport cards do not serve.",
    },
  ],
  "pin-blocked": [
    {
      ja: "お住まいの市区町村の窓口で、暗証番号を再設定できます。",
      en: "The PIN can be set anew at the municipal office.",
    },
    {
      ja: "利用者証明用・署名用の暗証番号は、スマートフォンのアプリで手続きすると、コンビニエンスストアの端末でも再設定できます。それ以外の暗証番号は窓口だけです。",
      en: "The PINs for user authentication and digital signatures can also be set anew at a convenience store's terminal, after an application with the smartphone app. Other PINs only at the office.",
    },
  ],
  "birth-date-blocked": [
    {
      ja: "暗証番号か、職員が顔写真を見る方法で受付できます。",
      en: "You can be received with the PIN, or by the photo.",
    },
  ],
  "verification-number-blocked": [
    {
      ja: "暗証番号で受付してください。",
      en: "Please check in with the PIN.",
    },
    {
      ja: "解除は、お住まいの市区町村の窓口でできます。",
      en: "The municipal office can unblock it.",
    },
  ],
  "certificate-expired": [
    {
      ja: "電子証明書は、お住まいの市区町村の窓口で更新できます。",
      en: "The certificate can be renewed at the municipal office.",
    },
    {
      ja: "一般に、更新は有効期限の3か月前からできます。カード本体の有効期限とは別です。",
      en: "In general it can be renewed from three months before it expires. The card itself has another date.",
    },
  ],
  "certificate-revoked": [
    {
      ja: "このカードでは受付できません。お住まいの市区町村の窓口でお尋ねください。",
      en: "This card cannot be used. Please ask at the municipal office.",
    },
  ],
  "enrolment-mismatch": [
    {
      ja: "カードや電子証明書が新しくなった方は、暗証番号で受付して、登録し直してください。",
      en: "If your card or certificate is new, please check in with the PIN and have the card remembered anew.",
    },
  ],
  "terminal-refused": [
    {
      ja: "暗証番号で受付してください。",
      en: "Please check in with the PIN.",
    },
  ],
  "terminal-unsupported": [
    {
      ja: "暗証番号で受付してください。",
      en: "Please check in with the PIN.",
    },
  ],
  "reader-no-extended-length": [
    {
      ja: "暗証番号で受付してください。",
      en: "Please check in with the PIN.",
    },
  ],
};

/** What the staff can do, likewise. */
export const staffRemedies: Readonly<Record<string, readonly Text[]>> = {
  "bridge-unreachable": [
    {
      ja: "この端末で、カードリーダー用のソフトウェア（Kazashi）が動いているか確認します。止まっているときは、端末を起動し直します。",
      en: "See whether the card reader software (Kazashi) runs on this workstation. If it stopped, restart the workstation.",
    },
    {
      ja: "新しい端末で入っていないときは、管理者にインストールを頼みます。",
      en: "If the workstation is new and does not have it, ask the administrator to install it.",
    },
    {
      ja: "動いているのにつながらないときは、このサイトが登録されていません。下のアドレスを管理者に伝えます。",
      en: "If it runs and still cannot be reached, this site is not listed in it. Tell the administrator the address below.",
    },
  ],
  "origin-refused": [
    {
      ja: "下のアドレスを、カードリーダー用のソフトウェアの管理者に伝えます。",
      en: "Tell the administrator of the card reader software the address below.",
    },
  ],
  "not-permitted": [
    {
      ja: "このサイトに許可されている操作を見直すよう、下のアドレスを添えて管理者に頼みます。",
      en: "Ask the administrator to review what this site may do, and name the address below.",
    },
  ],
  "lna-prompt": [
    {
      ja: "下のボタンを押します。ブラウザーの上のほうに確認が出たら「許可」を押します。",
      en: "Press the button below. When the browser asks near the top of the window, press “Allow”.",
    },
  ],
  "lna-denied": [
    {
      ja: "アドレス欄の左端のアイコンを押します。",
      en: "Press the icon at the left end of the address.",
    },
    {
      ja: "このデバイス、またはローカルネットワークへの接続を「許可」にします。項目の名前はブラウザーにより異なります。",
      en: "Set connections to this device, or to the local network, to “Allow”. What the entry is called depends on the browser.",
    },
    {
      ja: "画面を読み込み直します。変えられないときは、管理者の設定で禁止されています。",
      en: "Load the page again. If the setting cannot be changed, the administrator has forbidden it.",
    },
  ],
  "no-service": [
    {
      ja: "カードリーダーを挿し直し、端末を起動し直します。続くときは管理者に連絡します。",
      en: "Plug the card reader in again and restart the workstation. If that does not help, contact the administrator.",
    },
  ],
  "reader-access-denied": [
    {
      ja: "管理者に、この端末の利用者にカードリーダーの使用を許可するよう頼みます。",
      en: "Ask the administrator to let the user of this workstation have the card reader.",
    },
  ],
  "no-reader": [
    {
      ja: "カードリーダーのUSBケーブルが、奥まで挿さっているか確認します。",
      en: "See whether the USB cable of the card reader is plugged in all the way.",
    },
    {
      ja: "別のUSBの口に挿し直します。つながれば、この画面は自動で元に戻ります。",
      en: "Try another USB socket. This page goes on by itself once the reader is there.",
    },
  ],
  "version-mismatch": [
    {
      ja: "管理者に、カードリーダー用のソフトウェアの更新を頼みます。",
      en: "Ask the administrator to update the card reader software.",
    },
  ],
  "unsupported-browser": [
    {
      ja: "Chrome、Edge、Firefoxのいずれかで、この画面を開き直します。",
      en: "Open this page in Chrome, Edge or Firefox.",
    },
  ],
  unreadable: [
    {
      ja: "この端末で、カードを使うほかの画面やソフトウェアが開いていれば閉じます。",
      en: "Close other pages and programs on this workstation that use cards.",
    },
    {
      ja: "ほかのカードでも読めないときは、カードリーダーを挿し直すか、交換します。",
      en: "If other cards cannot be read either, plug the reader in again or replace it.",
    },
  ],
  "unresponsive-card": [
    {
      ja: "ほかのカードでは読めるときは、そのカードのICチップが壊れているかもしれません。お住まいの市区町村の窓口を案内してください。",
      en: "If other cards can be read, the chip of this one may be broken. Refer the visitor to the municipal office.",
    },
  ],
  "communication-error": [
    {
      ja: "ほかのカードでも読めないときは、カードリーダーを交換します。",
      en: "If other cards cannot be read either, replace the card reader.",
    },
  ],
  "sharing-violation": [
    {
      ja: "この端末で開いている、カードを使うほかのソフトウェア（申告や電子申請など）を閉じます。",
      en: "Close other programs on this workstation that use cards, for tax returns or applications.",
    },
  ],
  "reader-busy": [
    {
      ja: "この端末で開いている、カードを使うほかの画面を閉じます。",
      en: "Close other pages on this workstation that use the card.",
    },
  ],
  "verification-number-blocked": [
    {
      ja: "このカードの券面は読み取れません。",
      en: "The face of this card cannot be read.",
    },
  ],
  "too-few-retries": [
    {
      ja: "これ以上試すと、カードがロックされるおそれがあります。別の方法で受付してください。",
      en: "One more try might block the card. Receive the visitor in another way.",
    },
  ],
  "certificate-revoked": [
    {
      ja: "お住まいの市区町村の窓口を案内してください。",
      en: "Refer the visitor to the municipal office.",
    },
  ],
  "terminal-refused": [
    {
      ja: "このカードは、この施設の証明書を受け入れません。",
      en: "This card does not accept this institution's certificate.",
    },
  ],
  "reader-no-extended-length": [
    {
      ja: "ほかのカードでも同じなら、カードリーダーの交換を管理者に頼みます。",
      en: "If it is the same with other cards, ask the administrator for another card reader.",
    },
  ],
  "pin-entry-unavailable": [
    {
      ja: "管理者に連絡します。その間は、顔写真の目視で受付できます。",
      en: "Contact the administrator. In the meantime visitors can be received by the photo.",
    },
  ],
  unreachable: [
    {
      ja: "端末のネットワーク（ケーブルや無線）を確認します。",
      en: "Check the network of this workstation, its cable or its wireless connection.",
    },
    {
      ja: "ほかの端末でもつながらないときは、管理者に連絡します。",
      en: "If other workstations cannot reach the server either, contact the administrator.",
    },
  ],
};

/** The codes after which a visitor may still be received in another way. */
export const LEAVING_ANOTHER_WAY: readonly string[] = [
  "birth-date-blocked",
  "reader-no-extended-length",
  "terminal-refused",
  "terminal-unsupported",
  "too-few-retries",
  "verification-number-blocked",
];

/** Why a visitor without a PIN that serves is not received by the photo either: the usual words name the PIN. */
export const withoutPin: Readonly<Record<string, Text>> = {
  "terminal-refused": {
    ja: "このカードは、この施設の証明書を受け入れません。",
    en: "This card does not accept this institution's certificate.",
  },
  "terminal-unsupported": {
    ja: "このカードは、暗証番号なしの受付に対応していません。",
    en: "This card is not made for being received without a PIN.",
  },
};

/** The codes with which people are helped by knowing the address of this site. */
export const NAMING_ORIGIN: readonly string[] = [
  "bridge-unreachable",
  "origin-refused",
  "not-permitted",
];
