// With a bundler these two are "kazashi" and "kazashi/messages".
import { connect, KazashiError } from "/kazashi/index.js";
import { message } from "/kazashi/messages.js";

const language = navigator.language.startsWith("ja") ? "ja" : "en";
const find = (id) => document.getElementById(id);
let kazashi;

async function open() {
  kazashi ??= await connect();
  find("pin-field").hidden = !kazashi.scopes.includes("page-pin");
}

async function signIn() {
  await open();
  if (!kazashi.readers.some((reader) => reader.cardPresent)) tell(new KazashiError("no-smartcard"));
  const card = await kazashi.card({ signal: AbortSignal.timeout(60_000) });
  find("problem").hidden = true;
  try {
    const { nonce } = await post("/nonce", {});
    // Without a PIN from this page, the bridge asks for it in a window of its own.
    const pin = find("pin").value || undefined;
    const token = await card.authenticate({ nonce, pin });
    welcome(await post("/sign-in", { token }));
  } finally {
    find("pin").value = "";
    await card.release();
  }
}

async function post(path, body) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new KazashiError(answer.code);
  return answer;
}

const revocationWords = {
  good: { ja: "失効していません", en: "not revoked" },
  "not-checked": { ja: "未確認", en: "not checked" },
};

function welcome({ subject, revocation: { status, because } }) {
  const words = revocationWords[status][language];
  find("subject").textContent = subject;
  find("revocation").textContent = because ? `${words} (${because})` : words;
  find("sign-in").hidden = true;
  find("welcome").hidden = false;
}

function tell(error) {
  find("problem").textContent = message(error, language);
  find("problem").dataset.code = error.code;
  find("problem").hidden = false;
}

/** Does what takes a while, shows that, and says what went wrong. */
async function attempt(work) {
  find("problem").hidden = true;
  find("waiting").hidden = false;
  find("button").disabled = true;
  try {
    await work();
  } catch (error) {
    if (!(error instanceof KazashiError)) throw error;
    tell(error);
  } finally {
    find("waiting").hidden = true;
    find("button").disabled = false;
  }
}

document.documentElement.lang = language;
find("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(signIn);
});
attempt(open);
