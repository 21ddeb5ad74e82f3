// With a bundler these two are "kazashi" and "kazashi/messages".
import { connect, KazashiError } from "/kazashi/index.js";
import { message } from "/kazashi/messages.js";

const language = navigator.language.startsWith("ja") ? "ja" : "en";
const find = (id) => document.getElementById(id);
let kazashi;
/** The institution's, at a desk that is open. */
let certificates;

async function open() {
  kazashi ??= await connect();
  for (const field of document.querySelectorAll(".pin")) {
    field.hidden = !kazashi.scopes.includes("page-pin");
  }
}

/**
 * Signs in with the PIN; without one from this page, the bridge asks for it in its own window. At a
 * desk, a card that has no PIN does without.
 */
async function signIn(card) {
  const pin = take("pin");
  let nonce;
  const { method, token } = await card.signIn({
    async nonce(method) {
      if (method === "terminal" && !confirm(words.compare[language])) {
        throw new KazashiError("aborted");
      }
      nonce = await newNonce(method);
      return nonce;
    },
    terminal: certificates && { certificates, sign: (word) => sign(nonce, word) },
    pin,
  });
  return await post("/sign-in", { method, nonce, token });
}

/** Signs in with the PIN, and leaves at the server what it needs to know the card again without. */
async function enrol(card) {
  const pin = take("enrolment-pin");
  const birthDate = find("birth-date").value;
  const nonces = { pin: await newNonce("pin"), presence: await newNonce("presence") };
  const { token, proof, word } = await card.enrol({ nonces, birthDate, pin });
  return await post("/enrol", { nonces, token, proof, word });
}

/** Signs in without a PIN: this institution proves itself to the card. */
async function signInWithoutPin(card) {
  const nonce = await newNonce("terminal");
  const terminal = { certificates, sign: (word) => sign(nonce, word) };
  const token = await card.authenticatePinless({ nonce, terminal });
  return await post("/sign-in", { method: "terminal", nonce, token });
}

/** Has the server sign the card's challenge, which is in the bridge's word. */
async function sign(nonce, word) {
  return (await post("/terminal", { nonce, word })).signature;
}

/** Sees that an enrolled card is there. The beginning of its certificate tells the server whose. */
async function checkIn(card) {
  const nonce = await newNonce("presence");
  const proof = await card.provePresence({
    nonce,
    certificate: "head",
    birthDate: async (certificate) =>
      (await post("/birth-date", { certificate: base64(certificate) })).birthDate,
  });
  return await post("/presence", { nonce, proof });
}

/** What was typed into a field, which is empty then; `undefined` if it was before. */
function take(input) {
  const { value } = find(input);
  find(input).value = "";
  return value || undefined;
}

async function newNonce(method) {
  return (await post("/nonce", { method })).nonce;
}

async function post(path, body) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new KazashiError(answer.code);
  return answer;
}

function base64(bytes) {
  return btoa(String.fromCharCode(...bytes));
}

const words = {
  compare: {
    ja: "このカードには暗証番号がありません。顔写真で本人を確かめましたか。",
    en: "This card has no PIN. Is the visitor the person on its photo?",
  },
  pin: {
    ja: "暗証番号（入力されたと、この端末のブリッジが述べています）",
    en: "PIN (the bridge on this computer says that it was entered)",
  },
  terminal: {
    ja: "特定機関認証（この機関がカードに認証されました）",
    en: "Terminal authentication (the card accepted this institution)",
  },
  presence: {
    ja: "かざし利用（登録されたカードがここにあるだけで、本人とは限りません）",
    en: "Card presence (the enrolled card is here, perhaps in other hands)",
  },
  password: {
    ja: "パスワードが違うか、続けて試しすぎました。",
    en: "The password is wrong, or too many were tried.",
  },
  good: { ja: "失効していません", en: "not revoked" },
  "not-checked": { ja: "未確認", en: "not checked" },
};

function welcome({ subject, method, revocation: { status, because } }) {
  const revocation = words[status][language];
  find("subject").textContent = subject;
  find("method").textContent = words[method][language];
  find("revocation").textContent = because ? `${revocation} (${because})` : revocation;
  find("actions").hidden = true;
  find("enrol").reset();
  find("welcome").hidden = false;
}

function tell(error, text = message(error, language)) {
  find("problem").textContent = text;
  find("problem").dataset.code = error.code;
  find("problem").hidden = false;
}

/** Has the card do something, of which a visitor comes out. */
async function withCard(work) {
  await open();
  if (!kazashi.readers.some((reader) => reader.cardPresent)) tell(new KazashiError("no-smartcard"));
  const card = await kazashi.card({ signal: AbortSignal.timeout(60_000) });
  find("problem").hidden = true;
  try {
    welcome(await work(card));
  } finally {
    await card.release();
  }
}

/** Signs the staff in. */
async function openDesk() {
  try {
    await post("/desk", { password: take("password") });
  } catch (error) {
    if (!(error instanceof KazashiError)) throw error;
    return tell(error, words.password[language]);
  }
  ({ certificates } = await (await fetch("/terminal")).json());
  find("open-desk").hidden = true;
  find("without-pin").hidden = false;
  find("presence").hidden = false;
}

/** Does what takes a while, shows that, and says what went wrong. */
async function attempt(work) {
  find("problem").hidden = true;
  find("waiting").hidden = false;
  find("actions").disabled = true;
  try {
    await work();
  } catch (error) {
    if (!(error instanceof KazashiError)) throw error;
    tell(error);
  } finally {
    find("waiting").hidden = true;
    find("actions").disabled = false;
  }
}

function onSubmit(form, work) {
  find(form).addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(work);
  });
}

document.documentElement.lang = language;
onSubmit("with-pin", () => withCard(signIn));
onSubmit("enrol", () => withCard(enrol));
onSubmit("without-pin", () => withCard(signInWithoutPin));
onSubmit("presence", () => withCard(checkIn));
onSubmit("open-desk", openDesk);
find("next").addEventListener("click", () => {
  find("welcome").hidden = true;
  find("actions").hidden = false;
});
attempt(open);
