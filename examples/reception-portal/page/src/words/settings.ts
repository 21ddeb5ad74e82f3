import type { ImportedTickets, Role } from "../api.ts";
import type { Text } from "../language.ts";

export const settingsWords = {
  title: { ja: "設定", en: "Settings" },
  purpose: {
    ja: "職員のアカウント、催しとチケット、操作の記録を管理します。",
    en: "Accounts of the staff, events and their tickets, and the record of what was done.",
  },

  parts: { ja: "設定の項目", en: "Parts of the settings" },
  accounts: { ja: "職員のアカウント", en: "Accounts of the staff" },
  name: { ja: "アカウント名", en: "Account name" },
  role: { ja: "権限", en: "Role" },
  createdAt: { ja: "作成日", en: "Since" },
  actions: { ja: "操作", en: "Actions" },
  addAccount: { ja: "アカウントを追加", en: "Add an account" },
  password: { ja: "パスワード", en: "Password" },
  newPassword: { ja: "新しいパスワード", en: "New password" },
  passwordHint: {
    ja: "8文字以上。よく使われる言葉や名前は使えません",
    en: "8 characters or more, and no common word or name",
  },
  changePassword: { ja: "パスワードを変更", en: "Change password" },
  remove: { ja: "削除", en: "Remove" },
  yourself: { ja: "（あなた）", en: "(you)" },
  cancel: { ja: "やめる", en: "Cancel" },
  rolesHint: {
    ja: "「受付状況のみ」「受付窓口のみ」「入場確認のみ」は、その画面だけを使えます。「職員」は設定のほかのすべて、「管理者」は設定も使えます。",
    en: "“Board only”, “Desk only” and “Gate only” have that one screen, “Staff” all but the settings, and “Administrator” those, too.",
  },
  lastAdministrator: {
    ja: "最後の管理者は削除できません。先に別の管理者を追加してください。",
    en: "The last administrator stays. Add another one first.",
  },
  nameTaken: {
    ja: "この名前、または見分けのつかない名前のアカウントがすでにあります。",
    en: "There is an account of this name already, or of one that looks the same.",
  },

  events: { ja: "催しとチケット", en: "Events and tickets" },
  noEvents: { ja: "催しはまだありません。", en: "There are no events yet." },
  addEvent: { ja: "催しを追加", en: "Add an event" },
  eventName: { ja: "催しの名前", en: "Name of the event" },
  day: { ja: "日付", en: "Day" },
  admittedOf: { ja: "入場／チケット", en: "Admitted / tickets" },
  tickets: { ja: "チケットを見る", en: "Tickets" },
  reEntry: { ja: "再入場を認める", en: "Those who leave may come in again" },
  withReEntry: { ja: "再入場可", en: "with re-entry" },
  rotateKey: { ja: "名簿の鍵を換える", en: "New key for the list" },
  closeEvent: { ja: "終了する", en: "Close" },
  reopen: { ja: "再開する", en: "Open again" },
  isClosed: { ja: "終了", en: "closed" },
  importTickets: { ja: "CSVを取り込む", en: "Import CSV" },
  importHint: {
    ja: "CSVの1行目は見出しです。「チケット」（または「番号」「ticket」）がチケットの番号、「識別子」（または「subject」）が「受付状況」のCSVにある来訪者の識別子です。そのCSVをそのまま取り込むと、受付番号がチケットの番号になります。ほかの列は無視します。Excelで番号の列を「文字列」にしておくと、007が7に変わりません。同じファイルをもう一度取り込んでも、重複しません。",
    en: "The first line of the CSV is the header: “ticket” (or “number”) for the ticket, and “subject” for the visitor's identifier from the CSV of the board. That CSV will do as it is: the number of a visit is then the ticket. Other columns are ignored. Format the column of numbers as text in Excel, so that 007 does not become 7. The same file can be imported again without doubling anything.",
  },
  noHeader: {
    ja: "このファイルには、見出し「ticket,subject」（チケット、識別子）がありません。CSVか確認してください。",
    en: "This file has no header “ticket,subject”. Check that it is a CSV.",
  },
  importing: { ja: "取り込んでいます", en: "Importing" },
  refusedLines: { ja: "取り込めなかった行", en: "Lines that were not imported" },
  line: { ja: "行", en: "Line" },
  why: { ja: "理由", en: "Why" },

  workstations: { ja: "受付の端末", en: "Workstations" },
  workstationsHint: {
    ja: "カードリーダー用のソフトウェアの鍵を登録した端末です。鍵は、カードが一枚であることを保証します。",
    en: "Those whose card reader software has its key enrolled here: it vouches that one card was used.",
  },
  noWorkstations: { ja: "登録した端末はありません。", en: "No workstation is enrolled." },
  workstation: { ja: "端末", en: "Workstation" },
  withdraw: { ja: "取り消す", en: "Withdraw" },
  withdrawMeans: {
    ja: "この端末では、目視確認での受付とカードの登録ができなくなります。暗証番号での受付と、登録済みのカードでの受付は続けられます。元には戻せません。また使うには、端末で新しい鍵を作って登録します。",
    en: "At this workstation nobody is received by eye any more, and no card is remembered. Visitors with the PIN or a remembered card still are. This is for good: to use it again, make and enrol a new key there.",
  },
  withdrawThen: {
    ja: "盗難や紛失のときは、この端末で使っていたアカウントのパスワードも変更してください。すぐにサインアウトされます。",
    en: "If it was stolen or lost, also change the passwords of the accounts that were used at it: they are signed out at once.",
  },

  audit: { ja: "操作の記録", en: "Record of what was done" },
  auditHint: {
    ja: "誰がいつ何をしたかを残します。来訪者が誰かは記録しません。",
    en: "Who did what, and when. Which visitor it was about is not recorded.",
  },
  showAudit: { ja: "この日の記録を表示", en: "Show the record of this day" },
  exportAudit: { ja: "CSVで保存", en: "Save as CSV" },
  auditSaved: { ja: "記録をCSVで保存しました。", en: "The record was saved as CSV." },
  moreAudit: { ja: "続きを表示", en: "Show more" },
  allActions: { ja: "すべて", en: "All" },
  auditLine: { ja: "番号", en: "No." },
  auditIsRecorded: {
    ja: "表示したことも記録に残ります。",
    en: "That you looked at it is recorded, too.",
  },
  noAudit: { ja: "この条件の記録はありません。", en: "There is nothing of this kind on this day." },
  at: { ja: "時刻", en: "Time" },
  account: { ja: "アカウント", en: "Account" },
  action: { ja: "したこと", en: "What" },
  subject: { ja: "対象", en: "To what" },
} satisfies Record<string, Text>;

/** The shortest password that the server takes. */
export const SHORTEST_PASSWORD = 8;

export const ROLES: Record<Role, Text> = {
  board: { ja: "受付状況のみ", en: "Board only" },
  desk: { ja: "受付窓口のみ", en: "Desk only" },
  gate: { ja: "入場確認のみ", en: "Gate only" },
  staff: { ja: "職員", en: "Staff" },
  administrator: { ja: "管理者", en: "Administrator" },
};

/** What is written down, by the server's names. */
export const ACTIONS: Readonly<Record<string, Text>> = {
  "sign-in": { ja: "サインイン", en: "Signed in" },
  "sign-in-failed": { ja: "サインインに失敗", en: "Failed to sign in" },
  "too-many-tries": {
    ja: "パスワードや確認番号の誤りが続き、入力を一時停止",
    en: "Had to wait after too many tries at a password or code",
  },
  "sign-out": { ja: "サインアウト", en: "Signed out" },
  "account-added": { ja: "アカウントを追加", en: "Added an account" },
  "account-removed": { ja: "アカウントを削除", en: "Removed an account" },
  "password-changed": { ja: "パスワードを変更", en: "Changed a password" },
  "card-looked-up": { ja: "カードを照会", en: "Looked up a card" },
  "birth-date-looked-up": {
    ja: "登録済みカードを照会（生年月日）",
    en: "Looked up a known card, with its birth date",
  },
  "card-refused": { ja: "カードを拒否", en: "A card was refused" },
  "check-match": { ja: "目視確認: 本人と一致", en: "Check by eye: match" },
  "check-no-match": { ja: "目視確認: 一致しない", en: "Check by eye: no match" },
  "institution-signed": { ja: "施設の鍵で署名", en: "The institution's key signed" },
  "institution-refused": {
    ja: "施設の鍵での署名を拒否",
    en: "The institution's key did not sign",
  },
  "visitor-forgotten": {
    ja: "来訪者の求めにより記録を削除",
    en: "Deleted a visitor's data at their wish",
  },
  "event-added": { ja: "催しを追加", en: "Added an event" },
  "tickets-imported": { ja: "チケットを取り込み", en: "Imported tickets" },
  "event-closed": { ja: "催しを終了", en: "Closed an event" },
  "event-reopened": { ja: "催しを再開", en: "Opened an event again" },
  "gate-key-rotated": { ja: "入場口の名簿の鍵を交換", en: "Gave a gate's list a new key" },
  "tickets-searched": { ja: "チケットを表示", en: "Looked at tickets" },
  "ticket-moved": { ja: "チケットを移動", en: "Moved a ticket" },
  "ticket-deleted": { ja: "チケットを削除", en: "Deleted a ticket" },
  "entry-given-back": { ja: "入場を取り消し", en: "Undid an entry" },
  "provisional-refused": {
    ja: "仮の入場が、あとの確認で認められなかった",
    en: "A provisional entry was refused afterwards",
  },
  "found-revoked": {
    ja: "登録のある方の電子証明書の失効を確認",
    en: "Found the certificate of somebody who is registered to be revoked",
  },
  "tickets-listed": { ja: "チケットの一覧を取得", en: "Took the list of tickets" },
  "board-viewed": { ja: "受付状況を表示", en: "Looked at the board" },
  "board-searched": { ja: "受付状況を氏名で検索", en: "Searched the board by name" },
  "board-watched": { ja: "受付状況の自動更新を開始", en: "Began to watch the board" },
  "visits-exported": { ja: "来訪の一覧をCSVで保存", en: "Saved the visits as CSV" },
  "visits-expired": {
    ja: "保存期間を過ぎた来訪を削除",
    en: "Deleted visits that were kept long enough",
  },
  "turned-to-visitors": { ja: "画面を来られた方に向けた", en: "Turned a screen to visitors" },
  "turned-to-staff": { ja: "画面を職員用に戻した", en: "Turned a screen back to the staff" },
  "code-changed": { ja: "確認番号を決めた", en: "Set their code" },
  "code-refused": { ja: "確認番号の誤り", en: "Typed a wrong code" },
  "visit-late": { ja: "受付を遅れて記録", en: "Recorded a visit late" },
  "audit-read": { ja: "操作の記録を表示", en: "Looked at this record" },
  "people-searched": { ja: "来訪者を検索", en: "Searched for people" },
  "person-suspended": { ja: "来訪者のカードを停止", en: "Suspended a visitor's card" },
  "suspension-lifted": { ja: "カードの停止を解除", en: "Lifted the suspension of a card" },
  "person-erased": {
    ja: "職員が来訪者の記録を削除",
    en: "Deleted what was kept of a visitor, by the staff",
  },
  "workstation-withdrawn": { ja: "端末の鍵を取り消し", en: "Withdrew a workstation's key" },
  "enrolments-expired": {
    ja: "有効期限を過ぎたカードの登録を削除",
    en: "Forgot remembered cards that had expired",
  },
  "event-expired": {
    ja: "保存期間を過ぎた催しを削除",
    en: "Deleted an event that was kept long enough",
  },
  "audit-exported": { ja: "操作の記録をCSVで保存", en: "Saved this record as CSV" },
};

/** An action in words; one that this page does not know as the server names it. */
export function sayAction(action: string): Text {
  return ACTIONS[action] ?? { ja: action, en: action };
}

/** Why a line was refused, by the server's names. */
const REFUSALS: Record<string, Text> = {
  "not-utf-8": {
    ja: "読めない文字があります。「CSV UTF-8」で保存し直してください。",
    en: "It has characters that cannot be read. Save it as “CSV UTF-8”.",
  },
  "changed-by-spreadsheet": {
    ja: "Excelが番号を書き換えています（1.23E+15、1月2日など）。列を「文字列」にして、元の番号を入れ直してください。",
    en: "The spreadsheet program has changed the number (1.23E+15, 2-Jan). Format the column as text, and enter it again.",
  },
  formula: {
    ja: "番号が式（=）か、アポストロフィで始まっています。番号だけにしてください。",
    en: "It begins with an equals sign or an apostrophe. Leave the number alone.",
  },
  "leading-zero-lost": {
    ja: "先頭の0が消えているようです（007が7に）。列を「文字列」にして、元の番号を入れ直してください。",
    en: "It seems to have lost its zeros (007 became 7). Format the column as text, and enter it again.",
  },
  "invisible-character": {
    ja: "目に見えない文字が入っています。入力し直してください。",
    en: "It has a character that nobody sees. Type it again.",
  },
  "not-an-identifier": {
    ja: "来訪者の識別子ではありません。「受付状況」のCSVのものを使ってください。",
    en: "It is no visitor's identifier. Take the one from the CSV of the board.",
  },
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

export function workstationWithdrawn(name: string): Text {
  return { ja: `「${name}」を取り消しました。`, en: `“${name}” is withdrawn.` };
}

export function withdrawnSince(day: string): Text {
  return { ja: `${day}に取り消し`, en: `Withdrawn on ${day}` };
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

export function eventClosed(name: string): Text {
  return {
    ja: `「${name}」を終了しました。入口では、もうどなたも入場できません。`,
    en: `“${name}” was closed. Its gates let nobody in any more.`,
  };
}

export function eventReopened(name: string): Text {
  return { ja: `「${name}」を再開しました。`, en: `“${name}” was opened again.` };
}

export function gateKeyRotated(name: string): Text {
  return {
    ja: `「${name}」の名簿の鍵を換えました。開いている入場口には、1分ほどで届きます。`,
    en: `The list of “${name}” has a new key. Gates that are open get it within a minute.`,
  };
}
