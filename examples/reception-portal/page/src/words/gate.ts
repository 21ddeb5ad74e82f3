import type { Reason } from "../gate/gate.ts";
import type { Text } from "../language.ts";
import { wordsFor } from "./errors.ts";

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
  noneToday: { ja: "今日の催しはありません。", en: "There is no event today." },
  anyDay: { ja: "ほかの日の催しも表示する", en: "Show events of other days, too" },
  today: { ja: "今日", en: "Today" },
  open: { ja: "入場確認を始める", en: "Open the gate" },
  close: { ja: "終了する", en: "Close the gate" },
  fullScreen: { ja: "全画面で表示", en: "Full screen" },
  connecting: { ja: "カードリーダーを準備しています", en: "Getting the card reader ready" },

  hold: { ja: "カードを置いてください", en: "Hold your card on the card reader" },
  holdHow: {
    ja: "マイナンバーカードを、カードリーダーの上に置いたままお待ちください。暗証番号は要りません。",
    en: "Leave your My Number Card on the card reader for a moment. No PIN is needed.",
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
  served: { ja: "カードをお取りください", en: "Please take your card" },
  servedWhy: {
    ja: "このカードは確認済みです。",
    en: "This card has been checked already.",
  },
  slow: {
    ja: "確認に時間がかかっています。カードを置いたままお待ちください。",
    en: "This takes longer than usual. Please leave the card where it is.",
  },
  slowStaff: {
    ja: "サーバーにはつながっています。失効の確認先などの返事を待っています。返事が来るまで、入場させないでください。",
    en: "The server is there, and waits for an answer, for instance whether the certificate was revoked. Let nobody in before it comes.",
  },
  clockWrong: {
    ja: "この端末の時計が合っていません。入場の確認にはサーバーの時刻を使っています。時計を合わせてください。",
    en: "The clock of this workstation is wrong. The gate goes by the server's time. Please set the clock.",
  },
  checkingHow: { ja: "カードを動かさないでください", en: "Keep the card where it is" },

  admitted: { ja: "お入りください", en: "Welcome" },
  provisional: { ja: "仮の入場", en: "Provisional" },
  provisionalShort: {
    ja: "手元の名簿で確認しました。",
    en: "Checked by the list at this gate.",
  },
  provisionalWhy: {
    ja: "サーバーに接続できません。カードが本物か、失効していないかは、まだ確かめていません。つながりしだい確認し、合わないものをこの画面でお知らせします。",
    en: "The server is out of reach. Whether the card is genuine, and not revoked, is not known yet. It is checked when the server is back, and this page tells of whatever does not agree.",
  },
  toStaff: { ja: "係員の方へ", en: "For the staff:" },
  again: { ja: "もう一度置いてください", en: "Once more, please" },
  reAdmitted: { ja: "再入場です。", en: "In again." },
  refused: { ja: "入場できません", en: "No entry" },
  byList: { ja: "（手元の名簿で確認）", en: " (By the list at this gate.)" },
  staff: { ja: "係員がご案内します", en: "Please ask the staff" },
  undecidedShort: {
    ja: "ただいま確認できません。",
    en: "This cannot be checked at the moment.",
  },
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
  revokedInside: {
    ja: "電子証明書が失効しているカードでした。ご本人か確認してください。",
    en: "The certificate on the card was revoked. See whether it is the holder.",
  },
  uncheckedInside: {
    ja: "失効していないかを確認できませんでした。必要に応じてご本人か確認してください。",
    en: "Whether the certificate was revoked could not be found out. See whether it is the holder, if need be.",
  },
  seen: { ja: "確認した", en: "Noted" },

  forStaff: { ja: "係員用：直前の入場の取り消し", en: "For the staff: undo an entry" },
  noRecent: {
    ja: "取り消せる入場はありません。それより前の入場は、「設定」のチケットの一覧で取り消せます。",
    en: "There is no entry to undo. Earlier ones are undone in the settings, among the tickets.",
  },
  giveBack: { ja: "入場を取り消す", en: "Undo" },
} satisfies Record<string, Text>;

/** The error codes of which visitors at a gate are told in words of its own: the usual ones are for a desk. */
type OfTheCard =
  | "application-absent"
  | "certificate-revoked"
  | "certificate-untrusted"
  | "enrolment-mismatch"
  | "revocation-not-checked";

/** Whom the gate let in by its list, and the server would not have: what the staff are told. */
export function sayConflict(refusal: string): Text {
  switch (refusal) {
    case "already-admitted":
      return gateWords.usedElsewhere;
    case "no-ticket":
      return gateWords.ticketGone;
    case "certificate-revoked":
      return gateWords.revokedInside;
    case "revocation-not-checked":
      return gateWords.uncheckedInside;
    default:
      return REASONS[refusal as keyof typeof REASONS] ?? wordsFor({ code: refusal });
  }
}

export function askToGiveBack(ticket: string): Text {
  return {
    ja: `チケット ${ticket} の入場を取り消しますか。このチケットで、もう一度入場できるようになります。`,
    en: `Undo the entry with ticket ${ticket}? It will admit its holder again.`,
  };
}

/** Why a visitor cannot come in, in words for the visitor. The rest are error codes. */
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
  "certificate-revoked": {
    ja: "電子証明書が失効しています。係員にお声がけください。",
    en: "The certificate on this card was revoked. Please speak to the staff.",
  },
  "certificate-untrusted": {
    ja: "このカードの電子証明書を確認できません。係員にお声がけください。",
    en: "The certificate on this card could not be verified. Please speak to the staff.",
  },
  "enrolment-mismatch": {
    ja: "このカードは登録されていないか、新しくなっています。受付で登録できます。",
    en: "This card is not registered, or is a new one. The reception desk can register it.",
  },
  "revocation-not-checked": {
    ja: "ただいま確認できません。係員がご案内します。",
    en: "This cannot be checked at the moment. The staff will help you.",
  },
  "application-absent": {
    ja: "このカードには、入場の確認に使う機能がありません。係員にお声がけください。",
    en: "This card lacks what is needed at a gate. Please speak to the staff.",
  },
};

/** What the staff can do for a visitor who is refused, beside the words for the visitor. */
export const ADVICE: Readonly<Record<string, Text>> = {
  "already-admitted": {
    ja: "まちがって入場させたときは、「係員用」で取り消せます。",
    en: "If somebody was let in by mistake, undo that below, under “For the staff”.",
  },
  "no-ticket": {
    ja: "別の催しのチケットかもしれません。管理者は「設定」でチケットを探し、移せます。",
    en: "It may be for another event. An administrator finds and moves tickets in the settings.",
  },
  "certificate-expired": {
    ja: "更新はお住まいの市区町村の窓口です。紙の名簿などで確認してください。",
    en: "It is renewed at the municipal office. Check in another way, for instance on paper.",
  },
  "certificate-revoked": {
    ja: "紛失の届け出があったカードかもしれません。ご本人か、ほかの方法で確認してください。",
    en: "It may have been reported lost. See in another way whether it is the holder.",
  },
  "revocation-not-checked": {
    ja: "失効の確認先が答えません。もう一度カードを置いていただくか、ほかの方法で確認してください。",
    en: "Whoever knows about revocation does not answer. Try the card again, or check in another way.",
  },
};
