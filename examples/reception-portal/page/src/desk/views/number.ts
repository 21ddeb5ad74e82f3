import type { Calendar } from "kazashi";
import { html, nothing, type TemplateResult } from "lit-html";
import { say } from "../../language.ts";
import { desk } from "../../words/desk.ts";
import { trouble as words } from "../../words/trouble.ts";
import { birthDateFields, mark, readBirthDate, typed, type Written } from "../birth-date-fields.ts";
import type { NoPin } from "../by-eye.ts";
import { cardFront } from "../drawings.ts";
import type { View } from "../stage.ts";
import type { Trouble } from "../trouble.ts";

/** The three parts of the verification number B (照合番号B). */
export interface VerificationNumber {
  /** With the calendar that is printed. */
  readonly birthDate: { readonly date: string; readonly calendar: Calendar };
  readonly expiryYear: string;
  readonly securityCode: string;
}

/** What was typed, with what it means. */
export interface TypedNumber {
  readonly number: VerificationNumber;
  readonly written: Written;
}

/** Asks for what is printed on the card's front, and shows where. */
export function askNumber(
  before: { noPin: NoPin | undefined; trouble: Trouble | undefined; written: Written },
  answer: (answer: TypedNumber | "back") => void,
): View {
  const { noPin, trouble, written } = before;
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const date = readBirthDate(form);
    const [expiryYear, securityCode] = [digits(form, "expiryYear"), digits(form, "securityCode")];
    if (!date || !expiryYear || !securityCode) return;
    const calendar = typed(form, "era") as Calendar;
    const number = { birthDate: { date, calendar }, expiryYear, securityCode };
    const fields = ["era", "year", "month", "day", "expiryYear", "securityCode"];
    answer({
      number,
      written: Object.fromEntries(fields.map((name) => [name, typed(form, name)])),
    });
  }
  return () => html`
    <form class="stack number" novalidate autocomplete="off" @submit=${submit}>
      <h1 tabindex="-1">${say(desk.numberTitle)}</h1>
      ${
        noPin && !trouble
          ? html`
              <p class="notice">
                <strong>${say(noPin === "unset" ? desk.noPinSet : desk.pinIsBlocked)}</strong>
                ${noPin === "blocked" ? html`<br>${say(desk.pinIsBlockedRemedy)}` : nothing}
              </p>
            `
          : nothing
      }
      <div role="alert">
        ${trouble ? html`<p class="notice" data-kind="problem" data-code=${trouble.code}>${say(trouble.what)}</p>` : nothing}
      </div>
      <div class="columns">
        <div class="stack">
          ${birthDateFields(written, sign(1))}
          <div class="number-parts">
            ${four("expiryYear", written, sign(2), say(desk.expiryYear), say(desk.expiryYearHint))}
            ${four("securityCode", written, sign(3), say(desk.securityCode), say(desk.securityCodeHint))}
          </div>
        </div>
        <figure class="stack">
          ${cardFront(say(desk.cardDrawing))}
          <figcaption class="note">${say(desk.numberLead)}<br>${say(desk.drawingIsSketch)}</figcaption>
        </figure>
      </div>
      <div class="actions">
        <button class="button" type="button" @click=${() => answer("back")}>
          ${say(noPin ? words.stop : desk.back)}
        </button>
        <button class="button primary">${say(desk.readFace)}</button>
      </div>
    </form>
  `;
}

/** The number that the drawing has for it. */
function sign(number: number): TemplateResult {
  return html`<span class="mark" aria-hidden="true">${number}</span>`;
}

function four(
  name: string,
  written: Written,
  sign: TemplateResult,
  label: string,
  hint: string,
): TemplateResult {
  return html`
    <label class="field four-digits">
      <span class="label">${sign} ${label}</span>
      <span class="hint">${hint}</span>
      <input name=${name} value=${written[name] ?? ""} inputmode="numeric" maxlength="4" required>
      <span class="field-problem" role="alert" id=${`${name}-problem`} hidden>${say(desk.fourDigits)}</span>
    </label>
  `;
}

/** Four digits; otherwise `undefined`, and the form says so. */
function digits(form: HTMLFormElement, name: string): string | undefined {
  const value = typed(form, name);
  const isFine = /^[0-9]{4}$/.test(value);
  mark(form, [name], `${name}-problem`, !isFine);
  return isFine ? value : undefined;
}
