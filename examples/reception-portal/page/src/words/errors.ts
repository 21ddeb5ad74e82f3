import { message } from "kazashi/messages";
import type { Text } from "../language.ts";

/** What the portal's own codes mean to the staff. */
const PORTAL: Record<string, Text> = {
  unreachable: {
    ja: "サーバーに接続できません。ネットワークを確認してください。",
    en: "The server cannot be reached. Check the network.",
  },
  unavailable: {
    ja: "サーバーが一時的に応答できません。しばらくしてからもう一度お試しください。",
    en: "The server cannot answer at the moment. Try again in a little while.",
  },
  "signed-out": {
    ja: "サインインの有効時間が切れました。もう一度サインインしてください。",
    en: "Your session has ended. Sign in again.",
  },
  forbidden: {
    ja: "この操作は許可されていません。",
    en: "You are not permitted to do this.",
  },
  suspended: {
    ja: "このカードは、いまお使いになれません。職員にお声がけください。",
    en: "This card cannot be used at the moment. Please speak to the staff.",
  },
  "wrong-password": {
    ja: "アカウント名またはパスワードが違います。",
    en: "The account name or the password is wrong.",
  },
  "provider-unavailable": {
    ja: "組織の認証サーバーに接続できません。しばらくしてからもう一度お試しください。",
    en: "Your organization's sign-in service cannot be reached. Try again in a little while.",
  },
  "provider-refused": {
    ja: "組織のアカウントでのサインインを完了できませんでした。もう一度お試しください。",
    en: "Signing in with your organization's account did not succeed. Try again.",
  },
  "no-role": {
    ja: "このアカウントには受付ポータルの権限がありません。管理者にお問い合わせください。",
    en: "This account has no role in this portal. Ask your administrator.",
  },
  "account-has-password": {
    ja: "同じ名前のアカウントがあり、パスワードでサインインする設定です。管理者にお問い合わせください。",
    en: "There is an account of this name that signs in with a password. Ask your administrator.",
  },
  "sign-in-again": {
    ja: "確認のため、いったんサインアウトし、サインインし直してから5分以内に設定してください。",
    en: "To show that it is you, sign out, sign in again, and do this within five minutes.",
  },
  "wrong-code": {
    ja: "確認番号（決めていない方はパスワード）が違います。",
    en: "The code, or the password where there is none, is wrong.",
  },
  "facing-visitors": {
    ja: "来られた方に向けた画面では、この操作はできません。",
    en: "This cannot be done on a screen that faces visitors.",
  },
  "common-password": {
    ja: "このパスワードは、ほかの人に推測されやすいため使えません。よく使われる言葉、アカウント名、施設名は避けてください。",
    en: "This password is among the first that others would try. Avoid common words, the account's name and the institution's.",
  },
  "not-found": {
    ja: "見つかりませんでした。すでに削除されたのかもしれません。",
    en: "It was not found. It may have been removed.",
  },
  conflict: {
    ja: "同じものがすでに登録されています。",
    en: "There is one already.",
  },
  "revocation-not-checked": {
    ja: "電子証明書が失効していないかを、確認できませんでした。しばらくしてからもう一度お試しください。",
    en: "Whether the certificate was revoked could not be found out. Try again in a little while.",
  },
  "event-closed": {
    ja: "この催しは終了しています。管理者が「設定」で再開できます。",
    en: "This event is closed. An administrator can open it again in the settings.",
  },
  "ticket-used": {
    ja: "このチケットは使用済みです。先に入場を取り消してください。",
    en: "This ticket has been used. Undo the entry first.",
  },
  "too-large": {
    ja: "ファイルが大きすぎます。4MBまでです。行を分けて、いくつかのファイルにしてください。",
    en: "The file is too large: at most 4 MB. Split it into several.",
  },
  "list-is-a-workbook": {
    ja: "これはCSVではありません。Excelの「名前を付けて保存」で「CSV UTF-8（コンマ区切り）」を選んで保存し直してください。",
    en: "This is not CSV. In Excel, use “Save As” and choose “CSV UTF-8 (Comma delimited)”.",
  },
  invalid: {
    ja: "入力内容を確認してください。",
    en: "Check what you entered.",
  },
};

/**
 * Says what went wrong, be it a `PortalError` or a `KazashiError`. Throws again what is neither: it
 * is a fault of the page.
 */
export function wordsFor(error: unknown): Text {
  const { code, retryAfter, retriesLeft } = error as {
    code?: unknown;
    retryAfter?: number;
    retriesLeft?: number;
  };
  // The codes of DOMExceptions are numbers.
  if (typeof code !== "string") throw error;
  if (code === "too-many-requests") return tooManyRequests(retryAfter ?? 60);
  return (
    PORTAL[code] ?? {
      ja: message({ code, retriesLeft }, "ja"),
      en: message({ code, retriesLeft }, "en"),
    }
  );
}

function tooManyRequests(seconds: number): Text {
  const wait = sayWait(seconds);
  return {
    ja: `試行回数が多すぎます。${wait.ja}後にもう一度お試しください。`,
    en: `Too many attempts. Try again in ${wait.en}.`,
  };
}

/** A wait in the unit in which people count it, and never told too short. */
export function sayWait(seconds: number): Text {
  const [count, ja, en] =
    seconds < 100
      ? [seconds, "秒", "second"]
      : seconds < 100 * 60
        ? [Math.ceil(seconds / 60), "分", "minute"]
        : [Math.ceil(seconds / 3600), "時間", "hour"];
  return { ja: `${count}${ja}`, en: `${count} ${en}${count === 1 ? "" : "s"}` };
}
