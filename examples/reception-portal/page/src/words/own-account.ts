import type { Text } from "../language.ts";

export const ownAccount = {
  title: { ja: "ご自分のアカウント", en: "Your account" },
  purpose: {
    ja: "ご自分のパスワードと確認番号を変更します。",
    en: "Change your own password and code.",
  },
  elsewhere: {
    ja: "組織のアカウントでサインインしています。パスワードは組織の認証サーバーで変更してください。",
    en: "You signed in with your organization's account: its password is changed there.",
  },
  change: { ja: "パスワードを変更", en: "Change password" },
  current: { ja: "今のパスワード", en: "Current password" },
  currentWrong: { ja: "今のパスワードが違います。", en: "The current password is wrong." },
  changed: {
    ja: "パスワードを変更しました。ほかの端末やブラウザーでサインイン中だった場合は、サインアウトされています。",
    en: "Your password was changed. Wherever else you were signed in, you are no longer.",
  },
  code: { ja: "確認番号", en: "Your code" },
  codePurpose: {
    ja: "目視で「本人と一致する」と判断するときと、画面を職員用に戻すときに入力します。決めていない間は、代わりにパスワードを入力します。",
    en: "You type it when you decide by eye that a person matches, and to turn a screen back to the staff. Until you have one, your password serves instead.",
  },
  newCode: { ja: "新しい確認番号", en: "New code" },
  codeRule: {
    ja: "数字6〜8桁。同じ数字だけの番号は使えません。",
    en: "6 to 8 digits, not all alike.",
  },
  setCode: { ja: "確認番号を決める", en: "Set the code" },
  codeChanged: { ja: "確認番号を決めました。", en: "Your code is set." },
} satisfies Record<string, Text>;
