import type { Reason } from "../gate/gate.ts";
import type { Text } from "../language.ts";

export const gateWords = {
  title: { ja: "入場確認", en: "Gate" },
  purpose: {
    ja: "催しの入口で、カードをかざした方の入場を確認します。",
    en: "Check visitors in at the entrance of an event.",
  },
  choose: { ja: "催しを選んでください", en: "Choose the event" },
  noEvents: {
    ja: "催しがまだありません。管理者が「設定」で催しを追加し、チケットを取り込みます。",
    en: "There is no event yet. An administrator adds one in the settings, and imports its tickets.",
  },
  today: { ja: "今日", en: "Today" },
  open: { ja: "入場確認を始める", en: "Open the gate" },
  close: { ja: "終了する", en: "Close the gate" },
  fullScreen: { ja: "全画面で表示", en: "Full screen" },
  connecting: { ja: "カードリーダーを準備しています", en: "Getting the card reader ready" },

  hold: { ja: "カードを置いてください", en: "Hold your card on the reader" },
  holdHow: {
    ja: "マイナンバーカードを、読み取り機の上に置いたままお待ちください。暗証番号は要りません。",
    en: "Leave your My Number Card on the reader for a moment. No PIN is needed.",
  },
  noReader: {
    ja: "カードリーダーが見つかりません。ケーブルを確認してください。",
    en: "No card reader was found. Check its cable.",
  },
  noBridge: {
    ja: "カードリーダー用のソフトウェアとの接続が切れました。再接続しています。",
    en: "The connection to the card reader software was lost. Connecting again.",
  },
  checking: { ja: "確認しています", en: "Checking" },
  checkingHow: { ja: "カードを動かさないでください", en: "Keep the card where it is" },

  admitted: { ja: "お入りください", en: "Welcome" },
  provisional: { ja: "仮の入場", en: "Provisional" },
  provisionalWhy: {
    ja: "サーバーに接続できないため、手元の名簿で確認しました。カードが本物かどうかは確かめていません。",
    en: "Checked by the list, as the server is out of reach. Whether the card is genuine was not proven.",
  },
  refused: { ja: "入場できません", en: "No entry" },
  byList: { ja: "（手元の名簿で確認）", en: " (By the list at this gate.)" },
  again: { ja: "もう一度置いてください", en: "Once more, please" },
  staff: { ja: "係員がご案内します", en: "Please ask the staff" },
  undecided: {
    ja: "サーバーに接続できず、手元に名簿もありません。紙の名簿などで確認してください。",
    en: "The server is out of reach, and there is no list here. Check in another way, for instance on paper.",
  },
  fault: {
    ja: "画面に不具合が起きました。続く場合は、再読み込みしてください。",
    en: "Something in this page went wrong. If it goes on, load the page again.",
  },
  notKept: {
    ja: "この端末に記録を残せないため、入場を確認できません。ブラウザーの空き容量を確認してください。",
    en: "The entry cannot be kept on this workstation. Check the browser's free space.",
  },
  ticket: { ja: "チケット", en: "Ticket" },

  countAdmitted: { ja: "入場", en: "Admitted" },
  countWaiting: { ja: "送信待ち（仮の入場）", en: "Provisional, to be sent" },
  countRefused: { ja: "入場不可", en: "Refused" },
  countsAre: {
    ja: "この画面で入場確認を始めてからの人数",
    en: "Since this gate was opened",
  },
  serverUp: { ja: "サーバーに接続しています", en: "Connected to the server" },
  serverDown: {
    ja: "サーバーに接続できません（名簿で確認）",
    en: "Server out of reach (checking by the list)",
  },
  unsent: {
    ja: "この端末に、サーバーへ送っていない入場の記録があります。入場確認を始めると送信します。",
    en: "This workstation has entries that the server does not know. They are sent when a gate is opened.",
  },
  conflicts: {
    ja: "仮に入場した方のうち、サーバーの記録と合わないもの",
    en: "Provisional entries that do not agree with the server",
  },
  usedElsewhere: {
    ja: "このチケットは、別の入口で先に使われていました。",
    en: "This ticket had been used at another gate before.",
  },
  ticketGone: {
    ja: "このチケットは、サーバーの名簿にありません。",
    en: "The server knows no such ticket.",
  },
  seen: { ja: "確認した", en: "Noted" },
} satisfies Record<string, Text>;

/** The error codes of which visitors at a gate are told in words of its own: the usual ones are for a desk. */
type OfTheCard = "application-absent" | "certificate-untrusted";

/** Why a visitor cannot come in, and what to do. The rest are error codes. */
export const REASONS: Record<Reason | OfTheCard, Text> = {
  "already-admitted": {
    ja: "このチケットは使用済みです。",
    en: "This ticket has been used already.",
  },
  "no-ticket": {
    ja: "この催しのチケットがありません。",
    en: "There is no ticket for this event.",
  },
  "not-enrolled": {
    ja: "このカードは登録されていません。受付で登録できます。",
    en: "This card is not registered. The reception desk can register it.",
  },
  "certificate-expired": {
    ja: "カードの電子証明書の有効期限が切れています。",
    en: "The certificate on this card has expired.",
  },
  "certificate-untrusted": {
    ja: "このカードの電子証明書を確認できません。係員にお声がけください。",
    en: "The certificate on this card could not be verified. Please speak to the staff.",
  },
  "application-absent": {
    ja: "このカードには、入場の確認に使う機能がありません。係員にお声がけください。",
    en: "This card lacks what is needed at a gate. Please speak to the staff.",
  },
};
