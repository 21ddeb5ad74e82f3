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
  signInPurpose: {
    ja: "受付を始める職員の方は、ご自分のアカウントでサインインしてください。",
    en: "To open the reception, sign in with your own staff account.",
  },
  signOut: { ja: "サインアウト", en: "Sign out" },
  accountName: { ja: "アカウント名", en: "Account name" },
  password: { ja: "パスワード", en: "Password" },
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
