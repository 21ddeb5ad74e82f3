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
  "wrong-password": {
    ja: "アカウント名またはパスワードが違います。",
    en: "The account name or the password is wrong.",
  },
  "not-found": {
    ja: "見つかりませんでした。すでに削除されたのかもしれません。",
    en: "It was not found. It may have been removed.",
  },
  conflict: {
    ja: "同じものがすでに登録されています。",
    en: "There is one already.",
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
  return {
    ja: `試行回数が多すぎます。${seconds}秒後にもう一度お試しください。`,
    en: `Too many attempts. Try again in ${seconds} seconds.`,
  };
}
