import type { Item, Road, Sex } from "../api.ts";
import type { Text } from "../language.ts";

export const desk = {
  title: { ja: "受付窓口", en: "Reception desk" },
  purpose: {
    ja: "来られた方を、マイナンバーカードで受付します。",
    en: "Receive visitors by their My Number Card.",
  },

  connecting: {
    ja: "カードリーダーに接続しています",
    en: "Connecting to the card reader",
  },
  connectingHint: {
    ja: "ブラウザーが確認を求めたら「許可」を押してください。",
    en: "If the browser asks, press “Allow”.",
  },
  reconnecting: {
    ja: "カードリーダー用のソフトウェアとの接続が切れました。自動で接続し直しています。",
    en: "The connection to the card reader software was lost. It is being made again.",
  },

  putCard: {
    ja: "マイナンバーカードを\nカードリーダーに置いてください",
    en: "Please put your My Number Card on the card reader",
  },
  putCardHint: {
    ja: "終わりの案内が出るまで、置いたままにしてください。",
    en: "Leave it there until we tell you that you are done.",
  },
  takeCard: {
    ja: "カードをお取りください",
    en: "Please take your card",
  },
  takeCardHint: {
    ja: "カードをお取りになると、次の方の受付を始められます。",
    en: "Once it is taken, the next visitor can be received.",
  },
  unreadable: {
    ja: "カードを読み取れません",
    en: "The card cannot be read",
  },
  removedTooEarly: {
    ja: "カードが途中で離れたため、受付を取り消しました。何も記録していません。もう一度置いてください。",
    en: "The card was removed too early, so the visit was cancelled. Nothing was recorded. Please put it on the card reader again.",
  },
  recognising: { ja: "カードを確認しています", en: "Looking at the card" },
  leaveCard: { ja: "カードを動かさないでください。", en: "Please do not move the card." },

  unsent: {
    ja: "サーバーの応答を待っています。この画面を閉じたり読み込み直したりしないでください。閉じると、その方にもう一度カードを置いてもらうことになります。",
    en: "They wait for the server's answer. Do not close or reload this page: those visitors would have to come back with their cards.",
  },
  understood: { ja: "確認しました", en: "Understood" },

  chooseTitle: { ja: "受付の方法を選んでください", en: "How would you like to check in?" },
  firstVisit: {
    ja: "このカードは登録されていません。",
    en: "This card is not remembered here.",
  },
  withPin: { ja: "暗証番号で受付", en: "With the PIN" },
  withPinPurpose: {
    ja: "4桁の暗証番号を入力します。ご希望の方は、次からはカードを置くだけで受付できます。",
    en: "Enter the four-digit PIN. If you wish, next time the card alone will do.",
  },
  byEye: { ja: "顔写真を見て受付（目視確認）", en: "By the photo on the card" },
  byEyePurpose: {
    ja: "職員がカードの顔写真とご本人を見比べます。暗証番号は使いません。",
    en: "Our staff compare you with the photo on the card. No PIN is needed.",
  },
  byEyeAtStaff: {
    ja: "顔写真での受付は、職員の窓口で行います。職員にお声がけください。",
    en: "Our staff receive visitors by the photo at their own desk. Please ask them.",
  },
  byEyeAbsent: {
    ja: "このサーバーには、暗証番号なしの受付に使う施設の鍵が設定されていません。",
    en: "This server has no key of the institution, which receiving without a PIN needs.",
  },
  noPinSet: {
    ja: "このカードには暗証番号が設定されていません。顔写真を見て受付します。",
    en: "This card has no PIN. The visitor is received by the photo.",
  },
  pinIsBlocked: {
    ja: "暗証番号がロックされています。顔写真を見て受付します。",
    en: "The PIN is blocked. The visitor is received by the photo.",
  },
  pinIsBlockedRemedy: {
    ja: "再設定は、お住まいの市区町村の窓口でできます。スマートフォンのアプリで手続きすると、コンビニエンスストアの端末でもできます。",
    en: "It can be set anew at the municipal office or, after an application with the smartphone app, at a convenience store's terminal.",
  },
  receivedByStaff: {
    ja: "職員の窓口で受付します",
    en: "Our staff will receive you at their desk",
  },
  noRoad: {
    ja: "この方は、ここではカードで受付できません",
    en: "This visitor cannot be received by card here",
  },

  consentTitle: { ja: "お伝えいただく内容", en: "What you share with us" },
  consentLead: {
    ja: "選んだものだけを受け取ります。何も選ばなくても受付できます。",
    en: "We get only what you choose. You can check in without choosing anything.",
  },
  consentItems: {
    ja: "項目（いくつでも選べます）",
    en: "What may we have?",
  },
  readTogether: {
    ja: "1つでも選ぶと、この端末は4つをまとめてカードから読み取ります。選ばなかったものはサーバーに送らず、すぐに消去します。",
    en: "If you choose any, this workstation reads all four from the card together. What you did not choose is not sent, and is thrown away at once.",
  },
  consentRemember: { ja: "次回の受付", en: "Next time" },
  remember: {
    ja: "このカードを覚えて、次からは暗証番号なしで受付する",
    en: "Remember this card: next time without the PIN",
  },
  rememberMeans: {
    ja: "生年月日と、この施設だけで使う識別子を保存します。いつでも、ご本人の確認のうえ削除できます。",
    en: "We keep your date of birth and an identifier that only we use. You can have them deleted at any time, once we know that it is you.",
  },
  dialogsTitle: { ja: "このあとの流れ", en: "What comes next" },
  dialogOne: {
    ja: "別のウィンドウが1回開きます。",
    en: "Another window will open once.",
  },
  dialogTwo: {
    ja: "別のウィンドウが2回開きます。入力する暗証番号は、それぞれ違うことがあります。",
    en: "Another window will open twice. The two PINs may differ.",
  },
  pageNeverSees: {
    ja: "暗証番号は、カードリーダー用のソフトウェアのウィンドウに入力します。この画面とサーバーには送られません。",
    en: "The PIN is typed into a window of the card reader software. Neither this page nor the server learns it.",
  },
  next: { ja: "進む", en: "Continue" },
  back: { ja: "戻る", en: "Back" },

  birthDateTitle: { ja: "生年月日を入力してください", en: "Please enter your date of birth" },
  birthDateLead: {
    ja: "カードを覚えるために、カードの中の生年月日と照合します。",
    en: "To remember the card, it is compared with the date in the card.",
  },

  dialogTitle: {
    ja: "別のウィンドウで暗証番号を入力してください",
    en: "Please enter the PIN in the other window",
  },
  dialogHidden: {
    ja: "見えないときは、この画面の後ろに隠れていないか確かめてください。",
    en: "If you do not see it, look behind this window.",
  },
  pinAgain: { ja: "もう一度入力する", en: "Enter it again" },
  pinWithout: { ja: "読み取らずに進む", en: "Continue without reading" },
  notGenuine: {
    ja: "カードから読み取った内容が、本物と確認できませんでした",
    en: "What was read from the card could not be verified as genuine",
  },
  notGenuineLead: {
    ja: "読み取った内容は使いません。",
    en: "What was read is not used.",
  },

  numberTitle: {
    ja: "カードの表面の3つの項目を入力してください",
    en: "Enter three things from the front of the card",
  },
  numberLead: {
    ja: "照合番号Bといいます。暗証番号ではありません。職員の方が入力してもかまいません。",
    en: "They make up the verification number B. It is no PIN; the staff may type it.",
  },
  birthDate: { ja: "生年月日", en: "Date of birth" },
  era: { ja: "元号", en: "Era" },
  year: { ja: "年", en: "Year" },
  month: { ja: "月", en: "Month" },
  day: { ja: "日", en: "Day" },
  expiryYear: { ja: "有効期限の年", en: "Year of expiry" },
  expiryYearHint: {
    ja: "「…まで有効」の西暦4桁",
    en: "4 digits, before 年",
  },
  securityCode: { ja: "セキュリティコード", en: "Security code" },
  securityCodeHint: {
    ja: "数字4桁（顔写真の下）",
    en: "4 digits, below the photo",
  },
  cardDrawing: {
    ja: "カード表面の略図：①生年月日 ②有効期限 ③顔写真の下のセキュリティコード",
    en: "Sketch of the card's front: 1 date of birth, 2 expiry, 3 security code below the photo",
  },
  drawingIsSketch: {
    ja: "図は略図です。実物の配置とは異なることがあります。",
    en: "The drawing is a sketch. Real cards may be laid out differently.",
  },
  fourDigits: { ja: "数字4桁を入力してください。", en: "Enter four digits." },
  notADay: {
    ja: "この日付はありません。元号と数字を確かめてください。",
    en: "There is no such day. Check the era and the numbers.",
  },
  readFace: { ja: "券面を読み取る", en: "Read the card's face" },
  readingFace: { ja: "券面を読み取っています", en: "Reading the card's face" },

  compareTitle: { ja: "ご本人と見比べてください", en: "Compare the visitor with the photo" },
  genuine: {
    ja: "カードの記録は本物で、書き換えられていません。カードは今ここにあります。",
    en: "The record on the card is genuine and unaltered, and the card is here.",
  },
  faceNotGenuine: {
    ja: "カードの記録を本物と確認できません",
    en: "The record on the card is not verified as genuine",
  },
  faceServesNobody: {
    ja: "このカードでは受付できません。",
    en: "The visitor cannot be received with this card.",
  },
  photo: { ja: "顔写真", en: "Photo" },
  name: { ja: "氏名", en: "Name" },
  address: { ja: "住所", en: "Address" },
  sex: { ja: "性別", en: "Sex" },
  expiry: { ja: "有効期限", en: "Expiry" },
  outsideSignature: {
    ja: "署名の対象外（カードに書かれていますが、本物とは保証されません）",
    en: "Outside the signature (shown on the card, but not vouched for)",
  },
  matches: { ja: "本人と一致する", en: "The person matches" },
  matchesNot: { ja: "一致しない", en: "Does not match" },
  refuse: { ja: "受付しない", en: "Do not check in" },
  decisionIsKept: {
    ja: "判断は、あなたのアカウントの名前とともに記録されます。",
    en: "Your decision is recorded with the name of your account.",
  },
  recordingCheck: { ja: "判断を記録しています", en: "Recording the decision" },
  unlocking: {
    ja: "カードが施設を確認しています",
    en: "The card is verifying this institution",
  },
  notReceived: { ja: "受付しませんでした", en: "The visitor was not received" },
  notReceivedLead: {
    ja: "「一致しない」という判断を記録しました。カードをお返しください。",
    en: "The decision “does not match” was recorded. Please return the card.",
  },
  notReceivedNotGenuine: {
    ja: "カードの記録を本物と確認できないため、受付していません。この受付は記録されていません。責任者に伝えてください。",
    en: "The record on the card is not verified as genuine, so the visitor was not received, and nothing was recorded. Tell whoever is responsible.",
  },

  sending: { ja: "受付を記録しています", en: "Recording the visit" },
  kept: { ja: "サーバーの応答を待っています", en: "Waiting for the server" },
  keptCard: {
    ja: "サーバーにつながりしだい、続きを行います。カードは置いたままにしてください。",
    en: "We go on as soon as the server can be reached. Please leave the card in place.",
  },
  keptWarning: {
    ja: "記録が終わる前にこの画面を閉じたり読み込み直したりすると、もう一度カードを置いてもらうことになります。",
    en: "If this page is closed or reloaded before, the visitor has to come back with the card.",
  },
  nextVisitor: { ja: "次の方へ", en: "Next visitor" },

  received: { ja: "受付しました", en: "You are checked in" },
  yourNumber: { ja: "受付番号", en: "Your number" },
  welcomeBack: { ja: "いつもありがとうございます。", en: "Welcome back." },
  nextTimeNoPin: {
    ja: "次からは、カードを置くだけで受付できます。",
    en: "Next time, the card alone will do.",
  },
  waitForCall: {
    ja: "カードをお取りになり、番号でお呼びするまでお待ちください。",
    en: "Please take your card and wait until your number is called.",
  },
  revocationNotChecked: {
    ja: "電子証明書の失効は、このサーバーでは確認していません。",
    en: "This server does not check whether certificates have been revoked.",
  },
  receiptTitle: {
    ja: "読み取ったもの・保存しているもの",
    en: "What was read, and what is kept",
  },
  receiptRead: { ja: "カードから読み取ったもの", en: "Read from the card" },
  receiptKept: { ja: "この施設が保存しているもの", en: "Kept by us" },
  receiptNever: {
    ja: "電子証明書の番号と、個人番号（マイナンバー）は保存していません。",
    en: "The certificate's serial number and the individual number (My Number) are not kept.",
  },
  receiptThrownAway: {
    ja: "氏名、住所、生年月日、性別のうち選ばなかったものは、この端末で一緒に読み取られましたが、送らずに消去しました。",
    en: "Of name, address, date of birth and sex, what you did not choose was read by this workstation along with the rest, and thrown away without being sent.",
  },
  nothingKept: { ja: "なし", en: "Nothing" },
  print: { ja: "印刷する", en: "Print" },
  qr: {
    ja: "スマートフォンに写す",
    en: "Take it on your phone",
  },
  close: { ja: "閉じる", en: "Close" },
  qrScan: {
    ja: "カメラで読み取ってください",
    en: "Scan it with the camera",
  },
  qrLabel: { ja: "控えの内容の二次元コード", en: "This receipt as a QR code" },
  qrImpersonal: {
    ja: "控えの内容が表示されます。お名前などは含まれません。",
    en: "It shows this receipt, which holds no name or the like.",
  },

  deleteMine: { ja: "登録した情報を削除する", en: "Delete what is kept of me" },
  deletePut: {
    ja: "削除する方のカードを\nカードリーダーに置いてください",
    en: "Put the card of the person whose data is to be deleted on the card reader",
  },
  deleteNothing: {
    ja: "このカードについて保存している情報はありません",
    en: "Nothing is kept about this card",
  },
  deleteTitle: { ja: "この施設に保存した情報を削除します", en: "Delete what we keep about you" },
  deleteWhat: {
    ja: "カードの登録、生年月日、お伝えいただいた内容、識別子を削除します。受付があったという人数の記録だけが、誰のものか分からない形で残ります。",
    en: "The remembered card, the date of birth, what you shared and your identifier are deleted. Only the count of visits remains, of nobody in particular.",
  },
  deleteWithPin: {
    ja: "ご本人の確認のため、暗証番号（利用者証明用、数字4桁）を入力していただきます。",
    en: "To make sure that it is you, you will be asked for the PIN for user authentication (4 digits).",
  },
  deleteOrByEye: {
    ja: "暗証番号を使わないときは、職員が顔写真で確認します。",
    en: "Without it, our staff compare you with the photo on the card.",
  },
  deleteWithoutPin: {
    ja: "このカードには暗証番号が設定されていません。ご本人の確認は、職員が行います。",
    en: "This card has no PIN. Our staff make sure that it is you.",
  },
  deletePinIsBlocked: {
    ja: "暗証番号がロックされています。ご本人の確認は、職員が行います。",
    en: "The PIN is blocked. Our staff make sure that it is you.",
  },
  deleteByEye: { ja: "顔写真で確認する", en: "By the photo" },
  deleteByStaff: {
    ja: "職員がお手続きします",
    en: "Our staff delete it for you",
  },
  deleteByStaffHow: {
    ja: "職員の方へ：ご本人を確認のうえ、「来訪者を探す」の画面で削除してください。",
    en: "To the staff: make sure who it is, then delete their data on the screen “People”.",
  },
  delete: { ja: "削除する", en: "Delete" },
  deleting: { ja: "削除しています", en: "Deleting" },
  deleted: { ja: "削除しました", en: "It is deleted" },
  cancel: { ja: "やめる", en: "Cancel" },
} satisfies Record<string, Text>;

/** What a visitor may let the institution have of their basic attributes. */
export const items: Readonly<Record<Item, Text>> = {
  name: { ja: "氏名", en: "Name" },
  address: { ja: "住所", en: "Address" },
  birthDate: { ja: "生年月日", en: "Date of birth" },
  sex: { ja: "性別", en: "Sex" },
};

export const sexes: Readonly<Record<Sex, Text>> = {
  male: { ja: "男", en: "male" },
  female: { ja: "女", en: "female" },
  unknown: { ja: "不明", en: "unknown" },
  "not-applicable": { ja: "適用不能", en: "not applicable" },
};

/** Why a card's face is not verified as genuine, more closely than the codes are worded for all purposes. */
export const whyNotGenuine: Readonly<Record<string, Text>> = {
  "card-record-forged": {
    ja: "記録が、発行されたときのものと一致しません。書き換えられたか、壊れています。",
    en: "The record is not as it was issued: it was altered, or is damaged.",
  },
  "cv-certificate-untrusted": {
    ja: "このサーバーが知っている発行者のカードではありません。",
    en: "It was not issued by anybody whom this server knows.",
  },
};

/** How a visitor was received. */
export const roads: Readonly<Record<Road, Text>> = {
  pin: { ja: "暗証番号", en: "PIN" },
  presence: { ja: "登録済みのカード", en: "remembered card" },
  visual: { ja: "目視確認", en: "by the photo" },
};

/** The PINs that dialogs ask for, by the names that the municipal office gives them. */
export const pins = {
  "card-information": {
    ja: "券面事項入力補助用の暗証番号（数字4桁）",
    en: "PIN for card information input support (4 digits)",
  },
  "user-authentication": {
    ja: "利用者証明用電子証明書の暗証番号（数字4桁）",
    en: "PIN for the user authentication certificate (4 digits)",
  },
} satisfies Record<string, Text>;

/** What each of them is for. */
export const pinPurposes: Readonly<Record<keyof typeof pins, Text>> = {
  "card-information": {
    ja: "選んだ内容を読み取るため",
    en: "to read what you chose",
  },
  "user-authentication": {
    ja: "ご本人であることを確かめるため",
    en: "to make sure that it is you",
  },
};

/** The line of the receipt that says it. */
export function receivedBy(road: Road): Text {
  return { ja: `受付方法：${roads[road].ja}`, en: `How: ${roads[road].en}` };
}

export function lastVisit(visits: number, day: string): Text {
  return {
    ja: `これまでの受付：${visits}回（前回 ${day}）`,
    en: `Visits so far: ${visits} (the last on ${day})`,
  };
}

export function outOf(read: number, total: number): Text {
  const percent = Math.round((100 * read) / total);
  return { ja: `${percent}％`, en: `${percent} %` };
}

/** `hours` is for how long the server takes it: with none, while the nonce is good. */
export function keptFor(hours: number): Text {
  const within =
    hours > 0 ? { ja: `${hours}時間`, en: `${hours} hours` } : { ja: "数分", en: "a few minutes" };
  return {
    ja: `内容はこの画面が持っていて、サーバーにつながりしだい送ります。${within.ja}以内につながれば記録されます。二重に記録されることはありません。カードはお返しください。`,
    en: `This page keeps it and sends it as soon as the server can be reached. It is recorded if that is within ${within.en}, and never twice. Please return the card.`,
  };
}

export function unsentCount(count: number): Text {
  return { ja: `未送信の受付：${count}件`, en: `Visits not sent yet: ${count}` };
}

export function unsentOf(account: string): Text {
  return {
    ja: `${account}さんがサインインすると送られるものがあります。`,
    en: `Some are sent once ${account} signs in.`,
  };
}

export function recordedLate(time: string): Text {
  return { ja: `${time}に遅れて記録`, en: `Recorded late, at ${time}` };
}

export function lateRecorded(time: string, number: number): Text {
  return {
    ja: `待っていた受付が記録されました：${time}の受付（受付番号 ${number}）`,
    en: `A visit that waited was recorded: that of ${time} (number ${number})`,
  };
}

export function lateDeleted(time: string): Text {
  return {
    ja: `待っていた削除が終わりました：${time}のお申し出`,
    en: `A deletion that waited is done: that of ${time}`,
  };
}

export function lateRefused(time: string, why: Text): Text {
  return {
    ja: `待っていた${time}の受付を、サーバーが受け付けませんでした。${why.ja}`,
    en: `The server refused what waited, that of ${time}. ${why.en}`,
  };
}

export function deletedWhat(visits: number, enrolment: boolean): Text {
  return {
    ja: `${enrolment ? "カードの登録を消し、" : ""}${visits}件の受付を、ご本人と結び付かないようにしました。`,
    en: `${enrolment ? "The remembered card is forgotten, and " : ""}${visits === 1 ? "1 visit is" : `${visits} visits are`} no longer connected with you.`,
  };
}
