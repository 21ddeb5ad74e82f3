import { html, nothing } from "lit-html";
import type { Deleted } from "../../api.ts";
import { say } from "../../language.ts";
import { deletedWhat, desk } from "../../words/desk.ts";
import { tick } from "../drawings.ts";
import type { View } from "../stage.ts";

/** Says what will be deleted, and asks once more. */
export function askDeletion(
  { needsPin }: { needsPin: boolean },
  answer: (isSure: boolean) => void,
): View {
  return () => html`
    <section class="stack narrow-form">
      <h1 tabindex="-1">${say(desk.deleteTitle)}</h1>
      <p class="lead">${say(desk.deleteWhat)}</p>
      ${needsPin ? html`<p class="notice">${say(desk.deleteWithPin)}</p>` : nothing}
      <div class="row">
        <button class="button" @click=${() => answer(false)}>${say(desk.cancel)}</button>
        <button class="button danger" @click=${() => answer(true)}>${say(desk.delete)}</button>
      </div>
    </section>
  `;
}

export function nothingToDelete(done: () => void): View {
  return () => html`
    <section class="centred stack">
      <h1 tabindex="-1">${say(desk.deleteNothing)}</h1>
      <button class="button primary" @click=${done}>${say(desk.understood)}</button>
    </section>
  `;
}

export function deleted({ visits, enrolment }: Deleted, done: () => void): View {
  return () => html`
    <section class="centred stack">
      ${tick()}
      <h1 tabindex="-1">${say(desk.deleted)}</h1>
      <p class="lead">${say(deletedWhat(visits, enrolment))}</p>
      <button class="button primary" @click=${done}>${say(desk.nextVisitor)}</button>
    </section>
  `;
}
