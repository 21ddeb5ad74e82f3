import { html, nothing } from "lit-html";
import { say } from "../../language.ts";
import { desk, pinPurposes, pins } from "../../words/desk.ts";
import type { View } from "../stage.ts";
import { explain, type Trouble } from "../trouble.ts";
import type { Answer } from "./consent.ts";

type Pin = keyof typeof pins;

/** The bridge asks for a PIN, in a window of its own. */
export function enterPin(pin: Pin): View {
  return () => html`
    <section class="centred stack">
      <div class="busy"></div>
      <h1 tabindex="-1">${say(desk.dialogTitle)}</h1>
      <div class="panel pin-name">
        <strong>${say(pins[pin])}</strong>
        <span>${say(pinPurposes[pin])}</span>
      </div>
      <p class="lead">${say(desk.leaveCard)}</p>
      <p class="note">${say(desk.pageNeverSees)} ${say(desk.dialogHidden)}</p>
    </section>
  `;
}

/** The PIN was wrong or not entered: what now? */
export function pinTrouble(
  pin: Pin,
  trouble: Trouble,
  can: { canTryAgain: boolean; canDoWithout: boolean },
  answer: (answer: Answer<"again" | "without">) => void,
): View {
  return () =>
    explain(
      trouble,
      html`
        <p>${say(pins[pin])}</p>
        <div class="row">
          <button class="button" @click=${() => answer("back")}>${say(desk.back)}</button>
          ${
            can.canDoWithout
              ? html`<button class="button" @click=${() => answer("without")}>${say(desk.pinWithout)}</button>`
              : nothing
          }
          ${
            can.canTryAgain
              ? html`<button class="button primary" @click=${() => answer("again")}>${say(desk.pinAgain)}</button>`
              : nothing
          }
        </div>
      `,
    );
}

/** What was read is not used unless it is genuine. */
export function notGenuine(trouble: Trouble, answer: (answer: Answer<"without">) => void): View {
  return () =>
    explain(
      { code: trouble.code, what: desk.notGenuine },
      html`
        <p>${say(trouble.what)} ${say(desk.notGenuineLead)}</p>
        <div class="row">
          <button class="button" @click=${() => answer("back")}>${say(desk.back)}</button>
          <button class="button primary" @click=${() => answer("without")}>${say(desk.pinWithout)}</button>
        </div>
      `,
    );
}
