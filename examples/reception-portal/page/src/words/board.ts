import type { BoardVisit, Road } from "../api.ts";
import type { Text } from "../language.ts";

export const boardWords = {
  title: { ja: "受付状況", en: "Board" },
  purpose: {
    ja: "今日の受付を、新しい順に自動で一覧表示します。",
    en: "See today's visits as they happen.",
  },
  live: { ja: "新しい受付を自動で表示しています", en: "New visits appear by themselves" },
  disconnected: {
    ja: "サーバーとの接続が切れました。再接続しています。この一覧は最新ではありません。",
    en: "The connection to the server was lost. Connecting again. This list is not up to date.",
  },
  day: { ja: "日付", en: "Day" },
  dayBefore: { ja: "前の日", en: "The day before" },
  dayAfter: { ja: "次の日", en: "The day after" },
  search: { ja: "氏名で検索", en: "Search by name" },
  searchHint: {
    ja: "氏名の記録に同意した方だけが見つかります。",
    en: "Finds those who agreed that their name is recorded.",
  },
  exported: { ja: "CSVで保存", en: "Save as CSV" },
  total: { ja: "受付件数", en: "Visits" },
  entries: {
    ja: "この画面を開いてからの催しの入場",
    en: "Event entries since this board was opened",
  },
  visits: { ja: "来訪の一覧", en: "List of visits" },
  none: { ja: "この日の受付はまだありません。", en: "There are no visits on this day yet." },
  noneFound: { ja: "一致する受付はありません。", en: "No visit matches." },

  number: { ja: "番号", en: "No." },
  at: { ja: "時刻", en: "Time" },
  road: { ja: "確認方法", en: "How" },
  visitor: { ja: "来訪者", en: "Visitor" },
  check: { ja: "目視の結果", en: "Check by eye" },
  account: { ja: "受付", en: "Staff" },
  returning: { ja: "再来", en: "Returning" },
  first: { ja: "初めて", en: "First visit" },
  match: { ja: "本人と一致", en: "Match" },
  noMatch: { ja: "一致しない", en: "No match" },
} satisfies Record<string, Text>;

/** By which road a visitor was received. */
export const ROADS: Record<Road, Text> = {
  pin: { ja: "暗証番号", en: "PIN" },
  presence: { ja: "登録済みカード", en: "Known card" },
  visual: { ja: "目視確認", en: "By eye" },
};

/** Whether it was asked if the certificate was revoked. A revoked one receives nobody. */
export const REVOCATION: Record<BoardVisit["revocation"], Text> = {
  good: { ja: "失効なし", en: "Not revoked" },
  "not-checked": { ja: "失効は未確認", en: "Revocation not checked" },
};

/** A new visit, for those who listen to the board. */
export function newVisit(number: number, time: string): Text {
  return {
    ja: `新しい受付、${number}番、${time}`,
    en: `New visit, number ${number}, ${time}`,
  };
}

export function more(left: number): Text {
  return { ja: `さらに表示（残り${left}件）`, en: `Show more (${left} left)` };
}

export function found(total: number): Text {
  return { ja: `${total}件`, en: total === 1 ? "1 visit" : `${total} visits` };
}
