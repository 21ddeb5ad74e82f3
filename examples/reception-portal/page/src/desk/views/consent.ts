import { html, nothing, type TemplateResult } from "lit-html";
import type { Item } from "../../api.ts";
import { say } from "../../language.ts";
import { desk, items, pinPurposes, pins } from "../../words/desk.ts";
import { birthDateFields, readBirthDate } from "../birth-date-fields.ts";
import type { View } from "../stage.ts";
import type { Trouble } from "../trouble.ts";

/** What somebody answers, or that they want to choose another way. */
export type Answer<T> = T | "back";

/** What the visitor agrees to. */
export interface Consent {
  readonly items: readonly Item[];
  readonly remember: boolean;
}

/** Asks what may be read and kept, before anything is. Nothing is chosen in advance. */
export function consent(answer: (answer: Answer<Consent>) => void): View {
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const chosen = new FormData(event.currentTarget as HTMLFormElement);
    answer({
      items: chosen.getAll("item") as Item[],
      remember: chosen.has("remember"),
    });
  }
  return () => html`
    <form class="stack consent" @submit=${submit}>
      <h1 tabindex="-1">${say(desk.consentTitle)}</h1>
      <p class="lead">${say(desk.consentLead)}</p>
      <div class="columns">
        <div class="stack">
          <fieldset class="options">
            <legend>${say(desk.consentItems)}</legend>
            ${(Object.keys(items) as Item[]).map(
              (item) => html`
                <label class="option">
                  <input type="checkbox" name="item" value=${item}>
                  <span>${say(items[item])}</span>
                </label>
              `,
            )}
          </fieldset>
          <p class="note">${say(desk.readTogether)}</p>
          <fieldset class="options wide">
            <legend>${say(desk.consentRemember)}</legend>
            <label class="option">
              <input type="checkbox" name="remember" aria-describedby="remember-means">
              <span>${say(desk.remember)}</span>
            </label>
            <p class="note" id="remember-means">${say(desk.rememberMeans)}</p>
          </fieldset>
        </div>
        ${whatComes()}
      </div>
      <div class="actions">
        <button class="button" type="button" @click=${() => answer("back")}>${say(desk.back)}</button>
        <button class="button primary">${say(desk.next)}</button>
      </div>
    </form>
  `;
}

/** Which PINs will be asked for, which depends on what is chosen: the style sheet shows what applies. */
function whatComes(): TemplateResult {
  return html`
    <section class="panel what-comes stack" aria-live="polite">
      <h2>${say(desk.dialogsTitle)}</h2>
      <p class="one-dialog">${say(desk.dialogOne)}</p>
      <p class="two-dialogs">${say(desk.dialogTwo)}</p>
      <ol class="steps">
        ${(Object.keys(pins) as (keyof typeof pins)[]).map(
          (pin) => html`
            <li class=${pin}>
              <strong>${say(pins[pin])}</strong><br>${say(pinPurposes[pin])}
            </li>
          `,
        )}
      </ol>
      <p class="note">${say(desk.pageNeverSees)}</p>
    </section>
  `;
}

/** Asks for the birth date by which the card is to be known again. */
export function askBirthDate(
  trouble?: Trouble,
): (answer: (answer: Answer<string>) => void) => View {
  return (answer) => {
    function submit(event: SubmitEvent): void {
      event.preventDefault();
      const birthDate = readBirthDate(event.currentTarget as HTMLFormElement);
      if (birthDate) answer(birthDate);
    }
    return () => html`
      <form class="stack narrow-form" novalidate @submit=${submit}>
        <h1 tabindex="-1">${say(desk.birthDateTitle)}</h1>
        <p class="lead">${say(desk.birthDateLead)}</p>
        <div role="alert">
          ${trouble ? html`<p class="notice" data-kind="problem" data-code=${trouble.code}>${say(trouble.what)}</p>` : nothing}
        </div>
        ${birthDateFields({})}
        <div class="row">
          <button class="button" type="button" @click=${() => answer("back")}>${say(desk.back)}</button>
          <button class="button primary">${say(desk.next)}</button>
        </div>
      </form>
    `;
  };
}
