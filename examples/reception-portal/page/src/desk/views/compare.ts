import type { CardFace } from "kazashi/card-face";
import { html, nothing, type TemplateResult } from "lit-html";
import { say, sayDay, sayWesternDay } from "../../language.ts";
import { desk, sexes, whyNotGenuine } from "../../words/desk.ts";
import { shell } from "../../words/shell.ts";
import { exclamation, tick } from "../drawings.ts";
import type { FacePictures } from "../face-pictures.ts";
import type { View } from "../stage.ts";
import { explain, type Trouble, troubleOf } from "../trouble.ts";

export type Decision =
  | { readonly decision: "no-match" }
  /** With what the visitor does not know: the staff's code. */
  | { readonly decision: "match"; readonly code: string };

/** Shows the card's face to the staff, who compare it with the visitor. */
export function compare(
  face: CardFace,
  pictures: FacePictures,
  trouble: Trouble | undefined,
  decide: (decision: Decision) => void,
): View {
  const { authenticity } = face;
  function match(event: SubmitEvent): void {
    event.preventDefault();
    const code = String(new FormData(event.currentTarget as HTMLFormElement).get("code"));
    decide({ decision: "match", code });
  }
  return () => html`
    <form class="stack compare" autocomplete="off" @submit=${match}>
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
      <div class="actions decision">
        <button class="button danger" type="button" @click=${() => decide({ decision: "no-match" })}>
          ${say(authenticity.genuine ? desk.matchesNot : desk.refuse)}
        </button>
        ${authenticity.genuine ? codeToMatch(trouble) : nothing}
      </div>
    </form>
  `;
}

/** Whoever stands before the desk does not know it, and so cannot decide. */
function codeToMatch(trouble: Trouble | undefined): TemplateResult {
  return html`
    <div class="code-to-match">
      <p class="field-problem" role="alert" ?hidden=${!trouble}>${trouble ? say(trouble.what) : nothing}</p>
      <label class="field">
        <span class="hint">${say(shell.codeOrPassword)}</span>
        <input name="code" type="password" autocomplete="off" aria-describedby="decision-is-kept" required>
      </label>
      <button class="button primary">${say(desk.matches)}</button>
    </div>
    <p class="note" id="decision-is-kept">${say(desk.decisionIsKept)}</p>
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
