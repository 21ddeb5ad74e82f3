import type { Text } from "../language.ts";

export const peopleWords = {
  title: { ja: "来訪者を探す", en: "People" },
  purpose: {
    ja: "カードをなくした方のカードを止め、求めのあった方の記録を削除します。",
    en: "Suspend a lost card, and delete what is kept of somebody.",
  },
  lead: {
    ja: "お申し出の方がご本人か、必ず確かめてください。探したこと、停止、削除は、あなたのアカウントの名前とともに記録されます。",
    en: "Make sure first that it is the holder who asks. Searches, suspensions and deletions are recorded with the name of your account.",
  },

  byName: { ja: "氏名で探す", en: "By name" },
  name: { ja: "氏名、またはその一部", en: "Name, or a part of it" },
  nameHint: {
    ja: "氏名の記録に同意した方だけが見つかります。",
    en: "Finds those who agreed that their name is recorded.",
  },
  byVisit: { ja: "受付の番号で探す", en: "By a visit" },
  day: { ja: "受付の日", en: "Day of the visit" },
  number: { ja: "受付番号", en: "Number" },
  search: { ja: "探す", en: "Search" },

  found: { ja: "見つかった方", en: "Found" },
  none: { ja: "見つかりませんでした。", en: "Nobody was found." },
  notAll: {
    ja: "ほかにもいます。もう少し詳しく入力してください。",
    en: "There are more. Type a little more of the name.",
  },
  suspended: { ja: "停止中のカード", en: "Suspended cards" },
  suspendedHint: {
    ja: "停止中のカードは、受付、入場、カードの登録、削除のいずれにも使えません。",
    en: "A suspended card is received nowhere: not at desks or gates, and it can neither be remembered nor have anything deleted.",
  },
  noneSuspended: { ja: "停止中のカードはありません。", en: "No card is suspended." },

  person: { ja: "氏名（生年月日）", en: "Name (date of birth)" },
  noName: { ja: "氏名の記録なし", en: "No name recorded" },
  visits: { ja: "受付", en: "Visits" },
  card: { ja: "カード", en: "Card" },
  remembered: { ja: "登録済み", en: "Remembered" },
  notRemembered: { ja: "登録なし", en: "Not remembered" },
  isSuspended: { ja: "停止中", en: "Suspended" },
  actions: { ja: "操作", en: "Actions" },
  suspend: { ja: "停止する", en: "Suspend" },
  lift: { ja: "停止を解除", en: "Lift" },
  erase: { ja: "削除", en: "Delete" },
  cancel: { ja: "やめる", en: "Cancel" },

  suspendMeans: {
    ja: "この方のカードを、すべての窓口と入場口で使えなくします。いつでも解除できます。新しく交付されたカードには及びません。",
    en: "Their card is received at no desk and no gate. You can lift it at any time. A new card is not affected.",
  },
  liftMeans: {
    ja: "この方のカードを、また使えるようにします。カードが見つかったことを確かめてください。",
    en: "Their card is received again. Make sure that it was found.",
  },
  eraseMeans: {
    ja: "お伝えいただいた内容、カードの登録、識別子を削除します。元に戻せません。受付があったという人数の記録だけが残ります。停止中の場合は、停止も終わります。",
    en: "What they shared, the remembered card and the identifier are deleted, for good. Only the count of visits remains. A suspension ends with it.",
  },
  suspendedNow: { ja: "カードを停止しました。", en: "The card is suspended." },
  lifted: { ja: "停止を解除しました。", en: "The suspension is lifted." },
  gone: {
    ja: "この方の記録は、もうありません。",
    en: "Nothing is kept of this person any more.",
  },
} satisfies Record<string, Text>;

export function visitsAndLast(
  visits: number,
  last: { day: string; number: number } | undefined,
  day: string,
): Text {
  if (!last) return { ja: `${visits}回`, en: String(visits) };
  return {
    ja: `${visits}回（最後は${day}の${last.number}番）`,
    en: `${visits} (last: ${day}, number ${last.number})`,
  };
}

export function suspendedSince(day: string, account: string): Text {
  return { ja: `${day}から（${account}）`, en: `since ${day} (${account})` };
}

export function erased(visits: number): Text {
  return {
    ja: `削除しました。${visits}件の受付は、誰のものでもなくなりました。`,
    en: `It is deleted. Visits that are nobody's now: ${visits}.`,
  };
}
