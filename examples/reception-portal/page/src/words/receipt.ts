import type { Text } from "../language.ts";

/** What is read from cards and what is kept of it, by the names in the server's receipts. */
export const receiptWords: Readonly<Record<string, Text>> = {
  "user-certificate": { ja: "利用者証明用電子証明書", en: "the user authentication certificate" },
  name: { ja: "氏名", en: "name" },
  address: { ja: "住所", en: "address" },
  "birth-date": { ja: "生年月日", en: "date of birth" },
  sex: { ja: "性別", en: "sex" },
  "age-record": { ja: "生年月日の記録", en: "the record of the date of birth" },
  "card-face": { ja: "券面（顔写真など。表示しただけ）", en: "the card's face, only to be shown" },
  signature: { ja: "この受付だけの署名", en: "a signature for this visit only" },
  "pairwise-identifier": { ja: "この施設だけの識別子", en: "an identifier that only we use" },
  "card-key-hash": {
    ja: "この施設だけのカードの目印",
    en: "a mark by which only we know the card",
  },
  visit: { ja: "受付の番号、日時、方法", en: "number, time and way of this visit" },
  check: { ja: "目視確認の担当者と判断", en: "who compared the photo, and the decision" },
};
