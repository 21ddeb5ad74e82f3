import type { ImportedTickets, Role } from "../api.ts";
import type { Text } from "../language.ts";

export const settingsWords = {
  title: { ja: "設定", en: "Settings" },
  purpose: {
    ja: "職員のアカウント、催しとチケット、操作の記録を管理します。",
    en: "Accounts of the staff, events and their tickets, and the record of what was done.",
  },

  accounts: { ja: "職員のアカウント", en: "Accounts of the staff" },
  name: { ja: "アカウント名", en: "Account name" },
  role: { ja: "権限", en: "Role" },
  createdAt: { ja: "作成日", en: "Since" },
  actions: { ja: "操作", en: "Actions" },
  addAccount: { ja: "アカウントを追加", en: "Add an account" },
  password: { ja: "パスワード", en: "Password" },
  newPassword: { ja: "新しいパスワード", en: "New password" },
  passwordHint: { ja: "8文字以上", en: "8 characters or more" },
  changePassword: { ja: "パスワードを変更", en: "Change password" },
  remove: { ja: "削除", en: "Remove" },
  yourself: { ja: "（あなた）", en: "(you)" },
  cancel: { ja: "やめる", en: "Cancel" },
  lastAdministrator: {
    ja: "最後の管理者は削除できません。先に別の管理者を追加してください。",
    en: "The last administrator stays. Add another one first.",
  },
  nameTaken: {
    ja: "この名前のアカウントはすでにあります。",
    en: "There is an account of this name already.",
  },

  events: { ja: "催しとチケット", en: "Events and tickets" },
  noEvents: { ja: "催しはまだありません。", en: "There are no events yet." },
  addEvent: { ja: "催しを追加", en: "Add an event" },
  eventName: { ja: "催しの名前", en: "Name of the event" },
  day: { ja: "日付", en: "Day" },
  admittedOf: { ja: "入場／チケット", en: "Admitted / tickets" },
  importTickets: { ja: "CSVを取り込む", en: "Import CSV" },
  importHint: {
    ja: "CSVの1行目は見出しの「ticket,subject」です。ticketはチケットの番号、subjectは「受付状況」のCSVにある来訪者の識別子です。そのCSVをそのまま取り込むと、受付番号がチケットの番号になります。ほかの列は無視します。同じファイルをもう一度取り込んでも、重複しません。",
    en: "The first line of the CSV is the header “ticket,subject”: the number of the ticket, and the visitor's identifier from the CSV of the board. That CSV will do as it is: the number of a visit is then the ticket. Other columns are ignored. The same file can be imported again without doubling anything.",
  },
  noHeader: {
    ja: "このファイルには、見出し「ticket,subject」がありません。CSV（UTF-8）か確認してください。",
    en: "This file has no header “ticket,subject”. Check that it is a CSV in UTF-8.",
  },
  importing: { ja: "取り込んでいます", en: "Importing" },
  refusedLines: { ja: "取り込めなかった行", en: "Lines that were not imported" },
  line: { ja: "行", en: "Line" },
  why: { ja: "理由", en: "Why" },

  audit: { ja: "操作の記録", en: "Record of what was done" },
  auditHint: {
    ja: "誰がいつ何をしたかを残します。来訪者が誰かは記録しません。",
    en: "Who did what, and when. Which visitor it was about is not recorded.",
  },
  showAudit: { ja: "この日の記録を表示", en: "Show the record of this day" },
  auditIsRecorded: {
    ja: "表示したことも記録に残ります。",
    en: "That you looked at it is recorded, too.",
  },
  noAudit: { ja: "この日の記録はありません。", en: "There is nothing on this day." },
  at: { ja: "時刻", en: "Time" },
  account: { ja: "アカウント", en: "Account" },
  action: { ja: "したこと", en: "What" },
  subject: { ja: "対象", en: "To what" },
} satisfies Record<string, Text>;

export const ROLES: Record<Role, Text> = {
  staff: { ja: "職員", en: "Staff" },
  administrator: { ja: "管理者", en: "Administrator" },
};

/** What is written down, by the server's names. */
const ACTIONS: Record<string, Text> = {
  "sign-in": { ja: "サインイン", en: "Signed in" },
  "sign-out": { ja: "サインアウト", en: "Signed out" },
  "account-added": { ja: "アカウントを追加", en: "Added an account" },
  "account-removed": { ja: "アカウントを削除", en: "Removed an account" },
  "password-changed": { ja: "パスワードを変更", en: "Changed a password" },
  "check-match": { ja: "目視確認: 本人と一致", en: "Check by eye: match" },
  "check-no-match": { ja: "目視確認: 一致しない", en: "Check by eye: no match" },
  "visitor-forgotten": {
    ja: "来訪者の求めにより記録を削除",
    en: "Deleted a visitor's data at their wish",
  },
  "event-added": { ja: "催しを追加", en: "Added an event" },
  "tickets-imported": { ja: "チケットを取り込み", en: "Imported tickets" },
  "visits-exported": { ja: "来訪の一覧をCSVで保存", en: "Saved the visits as CSV" },
  "visits-expired": {
    ja: "保存期間を過ぎた来訪を削除",
    en: "Deleted visits that were kept long enough",
  },
  "audit-read": { ja: "操作の記録を表示", en: "Looked at this record" },
};

/** An action in words; one that this page does not know as the server names it. */
export function sayAction(action: string): Text {
  return ACTIONS[action] ?? { ja: action, en: action };
}

/** Why a line was refused, by the server's names. */
const REFUSALS: Record<string, Text> = {
  "not-utf-8": { ja: "UTF-8で書かれていません。", en: "It is not in UTF-8." },
  "no-ticket": {
    ja: "チケットの番号がないか、長すぎます。",
    en: "The ticket's number is missing, or too long.",
  },
  "no-subject": {
    ja: "来訪者の識別子がないか、長すぎます。",
    en: "The visitor's identifier is missing, or too long.",
  },
  "subject-has-a-ticket": {
    ja: "この来訪者は、この催しの別のチケットを持っています。",
    en: "This visitor has another ticket for this event.",
  },
  "ticket-of-another": {
    ja: "この番号のチケットは、別の来訪者のものです。",
    en: "The ticket of this number is another visitor's.",
  },
  "holder-was-forgotten": {
    ja: "このチケットの持ち主は、記録の削除を求めました。",
    en: "The holder of this ticket had their data deleted.",
  },
};

/** Why a line of tickets was refused, in words. */
export function sayRefusal(why: string): Text {
  return REFUSALS[why] ?? { ja: why, en: why };
}

export function askToRemove(name: string): Text {
  return {
    ja: `アカウント「${name}」を削除しますか。この人はすぐにサインアウトされます。`,
    en: `Remove the account “${name}”? This person is signed out at once.`,
  };
}

export function accountAdded(name: string): Text {
  return { ja: `アカウント「${name}」を追加しました。`, en: `The account “${name}” was added.` };
}

export function accountRemoved(name: string): Text {
  return { ja: `アカウント「${name}」を削除しました。`, en: `The account “${name}” was removed.` };
}

export function passwordChanged(name: string): Text {
  return {
    ja: `「${name}」のパスワードを変更しました。サインイン中だった場合は、サインアウトされています。`,
    en: `The password of “${name}” was changed. Where they were signed in, they are no longer.`,
  };
}

export function eventAdded(name: string): Text {
  return { ja: `「${name}」を追加しました。`, en: `“${name}” was added.` };
}

export function ticketsImported({ imported, unchanged, refused }: ImportedTickets): Text {
  return {
    ja: `新しく取り込んだチケット${imported}件、変更なし${unchanged}件、取り込めなかった行${refused.length}件。`,
    en: `Tickets imported: ${imported}. Unchanged: ${unchanged}. Lines refused: ${refused.length}.`,
  };
}
