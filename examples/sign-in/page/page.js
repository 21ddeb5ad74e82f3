// #region page
import { connect, KazashiError } from "kazashi";
import { message } from "kazashi/messages";

const button = document.querySelector("button");
const language = navigator.language.startsWith("ja") ? "ja" : "en";
let kazashi;

button.addEventListener("click", async () => {
  button.disabled = true;
  try {
    kazashi ??= await connect(); // in a click: the browser may ask the person first
    const card = await kazashi.card({ signal: AbortSignal.timeout(60_000) });
    try {
      const { nonce } = await post("/nonce");
      const token = await card.authenticate({ nonce }); // the bridge asks for the PIN
      const { person } = await post("/sign-in", { token });
      show(person);
    } finally {
      await card.release();
    }
  } catch (error) {
    if (!(error instanceof KazashiError)) throw error;
    show(message(error, language)); // The PIN is wrong. Tries left: 2.
  } finally {
    button.disabled = false;
  }
});
// #endregion page

async function post(path, body = {}) {
  const headers = { "content-type": "application/json" };
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new KazashiError(answer.code);
  return answer;
}

function show(text) {
  document.querySelector("[role=status]").textContent = text;
}
