import type { Text } from "../language.ts";

export const shell = {
  skip: { ja: "本文へ移動", en: "Skip to the content" },
  portal: { ja: "受付ポータル", en: "Reception portal" },
  home: { ja: "この端末で何をしますか", en: "What is this workstation for?" },
  homePurpose: {
    ja: "使う画面を選んでください。いつでもここに戻れます。",
    en: "Choose a screen. You can come back here at any time.",
  },
  backHome: { ja: "画面の選択に戻る", en: "Back to the choice of screens" },
  signIn: { ja: "サインイン", en: "Sign in" },
  signInByOpenId: {
    ja: "組織のアカウントでサインイン",
    en: "Sign in with your organization's account",
  },
  signInPurpose: {
    ja: "受付を始める職員の方は、ご自分のアカウントでサインインしてください。",
    en: "To open the reception, sign in with your own staff account.",
  },
  sessionEnded: {
    ja: "サインインが終了しました。最後の操作から1時間、またはサインインから8時間がたったか、別の場所で終了されています。送信を待っている受付がある場合は、この画面を閉じずにサインインしてください。",
    en: "Your session has ended: nobody did anything for an hour, or you signed in eight hours ago, or it was ended elsewhere. If visits are waiting to be sent, sign in without closing this page.",
  },
  signOut: { ja: "サインアウト", en: "Sign out" },
  accountName: { ja: "アカウント名", en: "Account name" },
  password: { ja: "パスワード", en: "Password" },
  turn: { ja: "この端末の画面の向き", en: "Who is before this screen?" },
  turnPurpose: {
    ja: "来られた方に向けると、この端末でできるのは、ご自分のカードでの受付と削除だけになります。職員用に戻すには、確認番号かパスワードが要ります。",
    en: "Turned to visitors, this workstation lets them check in, and have their data deleted, with their own card, and nothing else. Turning it back takes your code or password.",
  },
  turnToVisitors: { ja: "来られた方に向ける", en: "Turn it to visitors" },
  facesVisitors: {
    ja: "この端末は、サインインすると、来られた方に向けた画面になります。",
    en: "Once you have signed in, this workstation faces visitors.",
  },
  staffOnly: { ja: "職員用", en: "Staff only" },
  turnToStaff: { ja: "職員用に戻す", en: "Turn it back to the staff" },
  codeOrPassword: {
    ja: "確認番号（決めていない方はパスワード）",
    en: "Your code, or your password if you have none",
  },
  cancel: { ja: "やめる", en: "Cancel" },
  loading: { ja: "読み込んでいます", en: "Loading" },
  retry: { ja: "もう一度試す", en: "Try again" },
  notHere: {
    ja: "この画面はありません。または、このアカウントでは開けません。",
    en: "There is no such screen, or this account may not open it.",
  },
  screenMissing: {
    ja: "画面を読み込めませんでした。ネットワークを確認して、もう一度お試しください。",
    en: "The screen could not be loaded. Check the network and try again.",
  },
} satisfies Record<string, Text>;
