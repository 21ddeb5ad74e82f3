import type { Limit } from "../api.ts";
import type { Text } from "../language.ts";

export const keptWords = {
  title: { ja: "保存しているもの", en: "What is kept" },
  purpose: {
    ja: "来訪者について、何を、何のために、いつまで保存しているかを示します。",
    en: "See what is kept of visitors, what for, and for how long.",
  },
  never: {
    ja: "電子証明書とその番号、個人番号（マイナンバー）、顔写真は保存していません。",
    en: "No certificate, no serial number, no individual number (My Number) and no photo is kept.",
  },
  what: { ja: "保存しているもの", en: "What" },
  why: { ja: "何のために", en: "What for" },
  until: { ja: "いつまで", en: "Until" },
  allErased: {
    ja: "削除したもののうち、データベースのファイルに残っているものはありません。",
    en: "Nothing that was deleted is left in the database's files.",
  },
} satisfies Record<string, Text>;

interface KeptWords {
  readonly what: Text;
  readonly why: Text;
  /** From when its time counts. */
  readonly from?: Text;
  /** When it ends, where it has no time; if not when the visitor has it deleted. */
  readonly ends?: Text;
}

/** What is kept, by the server's names. */
export const KEPT: Readonly<Record<string, KeptWords>> = {
  visits: {
    what: {
      ja: "受付の番号、日時、方法、この施設だけの識別子",
      en: "number, time and way of visits, and an identifier that only we use",
    },
    why: { ja: "受付の記録のため", en: "the record of who was received" },
    from: { ja: "受付の日", en: "the day of the visit" },
  },
  attributes: {
    what: {
      ja: "氏名、住所、生年月日、性別のうち、ご本人が選んだもの",
      en: "of name, address, date of birth and sex, what the visitor chose",
    },
    why: {
      ja: "ご本人の希望により、受付の記録に添えるため",
      en: "to go with the record, as the visitor wished",
    },
    from: { ja: "最後の受付の日", en: "the day of the last visit" },
    ends: {
      ja: "次に暗証番号で受付するまで、または削除まで",
      en: "until the next visit with the PIN, or deletion",
    },
  },
  enrolments: {
    what: {
      ja: "登録したカードの目印と生年月日",
      en: "marks of a remembered card, and the date of birth",
    },
    why: { ja: "次から暗証番号なしで受付するため", en: "to receive the card without the PIN" },
    from: { ja: "電子証明書の有効期限", en: "the end of the certificate" },
  },
  "compared-cards": {
    what: { ja: "目視確認したカードの目印", en: "a mark of a card that was compared by eye" },
    why: { ja: "確認したカードで受付するため", en: "to receive that very card" },
    from: { ja: "目視確認", en: "the check" },
  },
  tickets: {
    what: {
      ja: "催しのチケットと、その持ち主の識別子",
      en: "tickets of events, and their holders' identifiers",
    },
    why: { ja: "入場の確認のため", en: "to let holders in" },
    from: { ja: "催しの日", en: "the day of the event" },
  },
  entries: {
    what: { ja: "催しの入場の記録", en: "entries to events" },
    why: { ja: "一枚のチケットで一度だけ入場していただくため", en: "that a ticket admits once" },
    from: { ja: "催しの日", en: "the day of the event" },
  },
  suspensions: {
    what: {
      ja: "停止中のカードの持ち主の識別子",
      en: "identifiers of holders whose cards are suspended",
    },
    why: {
      ja: "なくしたカードが使われないようにするため",
      en: "that a lost card is received nowhere",
    },
    ends: {
      ja: "停止を解除するまで、または消去するまで",
      en: "until it is lifted, or they are deleted",
    },
  },
  deletions: {
    what: {
      ja: "削除があったこと（誰のものかは残りません）",
      en: "that somebody was deleted, but not who",
    },
    why: { ja: "削除が終わったことを確かめるため", en: "to tell whether the deletion is done" },
    from: { ja: "削除の日", en: "the day of the deletion" },
  },
  forgotten: {
    what: {
      ja: "削除があった方を表す印（誰かは残りません）",
      en: "a mark that stands for somebody who was deleted, but not who",
    },
    why: {
      ja: "遅れて届いた受付で、削除した内容が戻らないようにするため",
      en: "that no visit from before brings back what was deleted",
    },
    from: { ja: "削除", en: "the deletion" },
  },
  told: {
    what: { ja: "「受付状況」に知らせた出来事の順番", en: "the order of what boards were told" },
    why: {
      ja: "接続が切れた画面に、続きを知らせるため",
      en: "to tell a board that was cut off what it missed",
    },
    from: { ja: "出来事", en: "what happened" },
  },
  record: {
    what: {
      ja: "職員の操作の記録（来訪者が誰かは残りません）",
      en: "the record of what the staff did, but not to whom",
    },
    why: { ja: "監査のため", en: "audits" },
    ends: { ja: "消去しません", en: "it stays" },
  },
};

const STAYS: Text = { ja: "ご本人が削除を求めるまで", en: "until the visitor has it deleted" };

/** Until when something is kept. */
export function sayLimit(what: string, limit: Limit): Text {
  const { from = { ja: what, en: what }, ends = STAYS } = KEPT[what] ?? {};
  if (limit === "until-ended") return ends;
  if ("days" in limit) {
    return { ja: `${from.ja}から${limit.days}日間`, en: `${limit.days} days from ${from.en}` };
  }
  const minutes = Math.round(limit.seconds / 60);
  return minutes < 120
    ? { ja: `${from.ja}から${minutes}分間`, en: `${minutes} minutes from ${from.en}` }
    : { ja: `${from.ja}から${minutes / 60}時間`, en: `${minutes / 60} hours from ${from.en}` };
}

/** How many deletions are not gone from the files yet. */
export function unfinished(pending: number, overdue: number): Text {
  const late = {
    ja: `うち${overdue}件は予定の時刻を過ぎています。ほかのプログラム（バックアップなど）がデータベースのファイルを開いたままになっていないか、管理者に確認してください。`,
    en: `${overdue} should be over: see whether another program, such as a backup, keeps the database's file open.`,
  };
  return {
    ja: `データベースのファイルから消去中の削除が${pending}件あります。${overdue > 0 ? late.ja : ""}`,
    en: `Deletions that are not gone from the database's files yet: ${pending}. ${overdue > 0 ? late.en : ""}`,
  };
}
