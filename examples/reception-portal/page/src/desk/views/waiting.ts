import { html, nothing, type TemplateResult } from "lit-html";
import { keyed } from "lit-html/directives/keyed.js";
import { say, sayTime } from "../../language.ts";
import {
  desk,
  lateDeleted,
  lateRecorded,
  lateRefused,
  unsentCount,
  unsentOf,
} from "../../words/desk.ts";
import { readerAndCard, readerAndLeavingCard } from "../drawings.ts";
import type { Late, Outbox } from "../outbox.ts";
import type { View } from "../stage.ts";
import { explain, type Trouble, troubleOf } from "../trouble.ts";

/** How it stands at the desk while no visitor is served. */
export interface Waiting {
  readonly state: "no-reader" | "disconnected" | "served" | "empty" | "unreadable";
  /** What the next card is for. */
  readonly purpose: "receive" | "delete";
  /** Why the last visit came to nothing. */
  readonly notice: Trouble | undefined;
}

/** Waits for a card, and tells what the staff should know in the meantime. */
export function waiting(
  look: () => Waiting,
  outbox: Outbox,
  choose: (purpose: Waiting["purpose"]) => void,
): View {
  return () => {
    const now = look();
    // A panel that says the same is there already.
    const notice = now.notice?.code === now.state ? undefined : now.notice;
    return html`
      <section class="waiting">
        <div class="strips">
          <div role="status">
            ${unsent(outbox)} ${outbox.late.map(late)}
            ${
              outbox.late.length > 0
                ? html`<button class="button" @click=${() => outbox.forget()}>${say(desk.understood)}</button>`
                : nothing
            }
          </div>
          <div role="alert">
            ${notice ? html`<p class="notice" data-kind="problem" data-code=${notice.code}>${say(notice.what)}</p>` : nothing}
          </div>
        </div>
        ${keyed(`${now.state} ${now.purpose}`, invitation(now))}
        ${now.state === "empty" ? otherPurpose(now, choose) : nothing}
      </section>
    `;
  };
}

/** What the next card may be for instead. */
function otherPurpose(
  { purpose }: Waiting,
  choose: (purpose: Waiting["purpose"]) => void,
): TemplateResult {
  return purpose === "receive"
    ? html`<button class="button quiet" @click=${() => choose("delete")}>${say(desk.deleteMine)}</button>`
    : html`<button class="button" @click=${() => choose("receive")}>${say(desk.cancel)}</button>`;
}

function invitation({ state, purpose }: Waiting): TemplateResult {
  switch (state) {
    case "no-reader":
      return explain(troubleOf({ code: "no-reader" }));
    case "unreadable":
      return explain({ code: "unreadable", what: desk.unreadable });
    case "disconnected":
      return explain({ code: "disconnected", what: desk.reconnecting });
    case "served":
      return html`
        <div class="invitation">
          <h1 tabindex="-1">${say(desk.takeCard)}</h1>
          ${readerAndLeavingCard()}
          <p class="lead">${say(desk.takeCardHint)}</p>
        </div>
      `;
    case "empty":
      return html`
        <div class="invitation">
          <h1 tabindex="-1">${say(purpose === "delete" ? desk.deletePut : desk.putCard)}</h1>
          ${readerAndCard()}
          <p class="lead">${say(desk.putCardHint)}</p>
        </div>
      `;
  }
}

function unsent({ waiting, missing }: Outbox): TemplateResult | typeof nothing {
  if (waiting === 0) return nothing;
  return html`
    <p class="notice" data-kind="warning">
      <strong>${say(unsentCount(waiting))}</strong><br />${say(desk.unsent)}
      ${missing.map((account) => html`<br />${say(unsentOf(account))}`)}
    </p>
  `;
}

function late({ at, outcome }: Late): TemplateResult {
  const time = sayTime(at.toISOString());
  if ("answer" in outcome) {
    const { answer } = outcome;
    const words = "visit" in answer ? lateRecorded(time, answer.visit.number) : lateDeleted(time);
    return html`<p class="notice" data-kind="success">${say(words)}</p>`;
  }
  const words = say(lateRefused(time, troubleOf(outcome.refused).what));
  return html`<p class="notice" data-kind="problem">${words}</p>`;
}
