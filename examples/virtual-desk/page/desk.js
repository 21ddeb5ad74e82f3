// What lies on the virtual desk, asked for twice a second: it changes by what the bridge does too.

const CARDS = {
  normal: {
    ja: ["花子さんのカード", "ふつうのカード。昭和55年2月17日生まれ"],
    en: ["Hanako's card", "An ordinary card. Born on 17 February 1980 (Shōwa 55)"],
  },
  "another-person": {
    ja: ["別の人のカード", "ふつうのカード。平成7年2月17日生まれ"],
    en: ["Another person's card", "An ordinary card. Born on 17 February 1995 (Heisei 7)"],
  },
  "without-pins": {
    ja: ["暗証番号のないカード", "顔認証マイナンバーカード。目視で受け付けます"],
    en: ["A card without PINs", "顔認証マイナンバーカード: received by eye"],
  },
  blocked: {
    ja: ["ロックされたカード", "暗証番号をどれも使い切っています"],
    en: ["A blocked card", "No tries are left for any of its PINs"],
  },
  expired: {
    ja: ["期限切れのカード", "電子証明書の有効期間が過ぎています"],
    en: ["An expired card", "Its certificates are no longer valid"],
  },
  "foreign-root": {
    ja: ["よその発行元のカード", "この施設が信頼しない発行元のカード"],
    en: ["A card of a foreign issuer", "Issued by somebody whom this institution does not trust"],
  },
};

const WORDS = {
  ja: {
    onReader: "カードリーダーの上",
    pin: "利用者証明用",
    cardInformationPin: "入力補助用",
    numberB: "照合番号B",
    notSet: "なし",
    tries: (left) => `残り${left}回`,
    away: "仮想の机のサーバーが応答しません。デモを起動し直してください。",
  },
  en: {
    onReader: "On the reader",
    pin: "PIN to sign in",
    cardInformationPin: "PIN to be read",
    numberB: "Number B",
    notSet: "none",
    tries: (left) => `${left} tries left`,
    away: "The server of this desk does not answer. Please start the demo again.",
  },
};

const element = (id) => document.getElementById(id);
const dialog = element("dialog");
let language = navigator.languages.some((tag) => tag.startsWith("ja")) ? "ja" : "en";
let shown = "";
let asked;

async function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  await look();
}

async function look() {
  try {
    const state = await (await fetch("/state")).json();
    element("said").textContent = "";
    show(state);
  } catch {
    element("said").textContent = WORDS[language].away;
  }
}

function show({ page, cards, dialog: open }) {
  element("page").href = page;
  const looks = JSON.stringify([language, cards]);
  if (looks !== shown) {
    shown = looks;
    showCards(cards);
  }
  if (open?.number === asked?.number) return;
  asked = open ?? undefined;
  if (!asked) {
    dialog.close();
    return;
  }
  element("text").textContent = asked.text;
  element("mistake").textContent = asked.mistake ?? "";
  element("field").hidden = asked.prompt === null;
  element("prompt").textContent = asked.prompt ?? "";
  element("pin").value = "";
  if (!dialog.open) dialog.showModal();
  if (asked.prompt !== null) element("pin").focus();
}

function showCards(cards) {
  const focused = document.activeElement?.dataset.card;
  element("cards").replaceChildren(...cards.map(card));
  if (focused) document.querySelector(`[data-card="${focused}"]`)?.focus();
}

function card({ name, isOnReader, pin, cardInformationPin, verificationNumberB }) {
  const words = WORDS[language];
  const [title, what] = CARDS[name][language];
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.card = name;
  button.ariaPressed = String(isOnReader);
  button.append(
    block("span", "state", isOnReader ? words.onReader : ""),
    block("strong", "", title),
    block("span", "", what),
    facts([
      [words.pin, said(pin)],
      [words.cardInformationPin, said(cardInformationPin)],
      [words.numberB, grouped(verificationNumberB)],
    ]),
  );
  button.onclick = () => post("/reader", { card: name });
  const item = document.createElement("li");
  item.append(button);
  return item;
}

function said({ value, retriesLeft }) {
  const { notSet, tries } = WORDS[language];
  return value === null ? notSet : `${value} (${tries(retriesLeft)})`;
}

/** Birth date, year, security code. */
function grouped(digits) {
  return digits?.replace(/^(.{6})(.{4})(.{4})$/, "$1 $2 $3") ?? WORDS[language].notSet;
}

function facts(rows) {
  const list = block("span", "facts", "");
  for (const [label, value] of rows) list.append(block("span", "", label), block("b", "", value));
  return list;
}

function block(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function speak() {
  document.documentElement.lang = language;
  const other = language === "ja" ? ["English", "en"] : ["日本語", "ja"];
  [element("language").textContent, element("language").lang] = other;
  for (const each of document.querySelectorAll("[data-en]")) {
    each.dataset.ja ??= each.textContent;
    each.textContent = each.dataset[language];
  }
}

function answer(given) {
  if (!asked) return;
  const { number } = asked;
  element("pin").value = "";
  post("/dialog", { number, ...given });
}

element("language").onclick = () => {
  language = language === "ja" ? "en" : "ja";
  speak();
  look();
};
element("pull").onclick = () => post("/reader", { card: null });
element("cancel").onclick = () => answer({ answer: "cancelled" });
dialog.addEventListener("cancel", (event) => {
  event.preventDefault();
  answer({ answer: "cancelled" });
});
dialog.querySelector("form").onsubmit = (event) => {
  event.preventDefault();
  const text = element("pin").value;
  answer(asked?.prompt === null ? { answer: "confirmed" } : { answer: "typed", text });
};

speak();
look();
setInterval(look, 500);
