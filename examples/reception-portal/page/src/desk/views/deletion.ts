import { html, nothing } from "lit-html";
import type { Deleted } from "../../api.ts";
import { say, type Text } from "../../language.ts";
import { deletedWhat, desk } from "../../words/desk.ts";
import { sayErasure } from "../../words/erasure.ts";
import type { NoPin } from "../by-eye.ts";
import { tick } from "../drawings.ts";
import type { View } from "../stage.ts";

/** How the holder shows that they are; or that nothing is to be deleted. */
export type DeletionRoad = "pin" | "visual" | "stop";

/** Says what will be deleted, and asks once more. */
export function askDeletion(
  { noPin, canByEye }: { noPin: NoPin | undefined; canByEye: boolean },
  answer: (road: DeletionRoad) => void,
): View {
  return () => html`
    <section class="stack narrow-form">
      <h1 tabindex="-1">${say(desk.deleteTitle)}</h1>
      <p class="lead">${say(desk.deleteWhat)}</p>
      <p class="notice">
        ${say(noPin ? WITHOUT_PIN[noPin] : desk.deleteWithPin)}
        ${canByEye && !noPin ? say(desk.deleteOrByEye) : nothing}
      </p>
      <div class="row">
        <button class="button" @click=${() => answer("stop")}>${say(desk.cancel)}</button>
        ${
          canByEye
            ? html`<button class="button" @click=${() => answer("visual")}>${say(desk.deleteByEye)}</button>`
            : nothing
        }
        ${
          noPin
            ? nothing
            : html`<button class="button danger" @click=${() => answer("pin")}>${say(desk.delete)}</button>`
        }
      </div>
    </section>
  `;
}

const WITHOUT_PIN: Readonly<Record<NoPin, Text>> = {
  unset: desk.deleteWithoutPin,
  blocked: desk.deletePinIsBlocked,
};

/** Neither the PIN nor the photo serves: the staff deletes, by the name or the visit. */
export function onlyByStaff(noPin: NoPin, done: () => void): View {
  return () => html`
    <section class="centred stack">
      <h1 tabindex="-1">${say(desk.deleteByStaff)}</h1>
      <p class="lead">${say(WITHOUT_PIN[noPin])}</p>
      <p>${say(desk.deleteByStaffHow)}</p>
      <button class="button primary" @click=${done}>${say(desk.understood)}</button>
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

/** What was deleted; `told` changes when that is gone from the files, too. */
export function deleted(told: Deleted, done: () => void): View {
  return () => html`
    <section class="centred stack">
      ${tick()}
      <h1 tabindex="-1">${say(desk.deleted)}</h1>
      <p class="lead">${say(deletedWhat(told.visits, told.enrolment))}</p>
      <p role="status">${say(sayErasure(told.erasure))}</p>
      <button class="button primary" @click=${done}>${say(desk.nextVisitor)}</button>
    </section>
  `;
}
