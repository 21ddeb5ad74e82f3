import type { Text } from "../language.ts";

export const ticketWords = {
  tickets: { ja: "チケット", en: "Tickets" },
  search: {
    ja: "チケットの番号、または持ち主の氏名",
    en: "Number of the ticket, or name of its holder",
  },
  find: { ja: "探す", en: "Find" },
  close: { ja: "閉じる", en: "Close" },
  none: { ja: "チケットが見つかりません。", en: "No ticket was found." },
  ticket: { ja: "チケット", en: "Ticket" },
  holder: { ja: "持ち主（氏名または識別子）", en: "Holder (name or identifier)" },
  nobody: { ja: "（情報を削除した方）", en: "(had their data deleted)" },
  admittedAt: { ja: "入場", en: "Admitted" },
  actions: { ja: "操作", en: "Actions" },
  giveBack: { ja: "入場を取り消す", en: "Undo the entry" },
  askGiveBack: {
    ja: "入場を取り消しますか。このチケットで、もう一度入場できるようになります。",
    en: "Undo the entry? The ticket will admit its holder again.",
  },
  move: { ja: "移す", en: "Move" },
  moveHint: {
    ja: "別の方に移すときは、その方の受付番号か識別子を入れます。空欄のままなら、持ち主は変わりません。",
    en: "For another holder, enter their number of today or their identifier. Left empty, the holder stays.",
  },
  toNumber: { ja: "新しい持ち主の今日の受付番号", en: "The new holder's number of today" },
  toSubject: { ja: "または識別子", en: "Or their identifier" },
  toEvent: { ja: "催し", en: "Event" },
  remove: { ja: "削除", en: "Delete" },
  askDelete: {
    ja: "チケットを削除しますか。もう一度使うには、取り込み直します。",
    en: "Delete the ticket? To use it again, import it again.",
  },
  cancel: { ja: "やめる", en: "Cancel" },
  taken: {
    ja: "その方は、その催しのチケットをすでに持っています。または、同じ番号のチケットがあります。",
    en: "They have a ticket for that event already, or the event has a ticket of this number.",
  },
  notFound: {
    ja: "チケット、または新しい持ち主が見つかりません。",
    en: "The ticket, or the new holder, was not found.",
  },
  whoFirst: {
    ja: "移す先が入っていないか、識別子が正しくありません。",
    en: "It does not say where to, or the identifier is wrong.",
  },
} satisfies Record<string, Text>;

export function entryGivenBack(ticket: string): Text {
  return {
    ja: `チケット ${ticket} の入場を取り消しました。`,
    en: `The entry with ticket ${ticket} was undone.`,
  };
}

export function ticketMoved(ticket: string): Text {
  return { ja: `チケット ${ticket} を移しました。`, en: `Ticket ${ticket} was moved.` };
}

export function ticketDeleted(ticket: string): Text {
  return { ja: `チケット ${ticket} を削除しました。`, en: `Ticket ${ticket} was deleted.` };
}
