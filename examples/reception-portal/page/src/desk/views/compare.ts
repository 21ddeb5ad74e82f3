import type { CardFace } from "kazashi/card-face";
import { html, nothing, type TemplateResult } from "lit-html";
import { say, sayDay, sayWesternDay } from "../../language.ts";
import { desk, sexes, whyNotGenuine } from "../../words/desk.ts";
import { exclamation, tick } from "../drawings.ts";
import type { FacePictures } from "../face-pictures.ts";
import type { View } from "../stage.ts";
import { explain, troubleOf } from "../trouble.ts";

export type Decision = "match" | "no-match";

/** Shows the card's face to the staff, who compare it with the visitor. */
export function compare(
  face: CardFace,
  pictures: FacePictures,
  decide: (decision: Decision) => void,
): View {
  const { authenticity } = face;
  return () => html`
    <section class="stack compare">
      <h1 tabindex="-1">${say(authenticity.genuine ? desk.compareTitle : desk.faceNotGenuine)}</h1>
      <div class="face">
        <figure class="face-photo">
          <div role="img" aria-label=${say(desk.photo)}>${pictures.photo}</div>
        </figure>
        <div class="stack">
          ${authenticity.genuine ? genuine() : notGenuine(authenticity.code)}
          <dl class="face-data">
            ${row(say(desk.name), text(pictures.name, say(desk.name)))}
            ${row(say(desk.address), text(pictures.address, say(desk.address)))}
            ${row(say(desk.birthDate), sayDay(face.birthDate))}
            ${row(say(desk.sex), say(sexes[face.sex]))}
          </dl>
          <div class="outside-signature">
            <p class="note">${say(desk.outsideSignature)}</p>
            <dl class="face-data">
              ${row(say(desk.expiry), sayWesternDay(face.unsigned.expiry))}
              ${row(say(desk.securityCode), text(pictures.securityCode, say(desk.securityCode)))}
            </dl>
          </div>
        </div>
      </div>
      ${authenticity.genuine ? html`<p class="note">${say(desk.decisionIsKept)}</p>` : nothing}
      <div class="actions decision">
        <button class="button danger" @click=${() => decide("no-match")}>
          ${say(authenticity.genuine ? desk.matchesNot : desk.refuse)}
        </button>
        ${
          authenticity.genuine
            ? html`<button class="button primary" @click=${() => decide("match")}>${say(desk.matches)}</button>`
            : nothing
        }
      </div>
    </section>
  `;
}

/** The staff said that it is somebody else, or the card's record is not genuine. */
export function notReceived(code: "no-match" | "not-genuine", done: () => void): View {
  return () =>
    explain(
      { code, what: desk.notReceived },
      html`
        <p>${say(code === "no-match" ? desk.notReceivedLead : desk.notReceivedNotGenuine)}</p>
        <div class="row">
          <button class="button primary" @click=${done}>${say(desk.nextVisitor)}</button>
        </div>
      `,
    );
}

function genuine(): TemplateResult {
  return html`
    <p class="notice verdict" data-kind="success">${tick()}<strong>${say(desk.genuine)}</strong></p>
  `;
}

function notGenuine(code: string): TemplateResult {
  return html`
    <p class="notice verdict" data-kind="problem" data-code=${code}>
      ${exclamation()}
      <span>
        <strong>${say(desk.faceServesNobody)}</strong><br>
        ${say(whyNotGenuine[code] ?? troubleOf({ code }).what)}
      </span>
    </p>
  `;
}

function row(term: string, value: string | TemplateResult): TemplateResult {
  return html`<dt>${term}</dt><dd>${value}</dd>`;
}

/** Words that the card holds as a picture. */
function text(picture: HTMLCanvasElement, label: string): TemplateResult {
  return html`<div class="face-text" role="img" aria-label=${label}>${picture}</div>`;
}
