import { html, type TemplateResult } from "lit-html";
import { today } from "../day.ts";
import { say } from "../language.ts";
import { desk } from "../words/desk.ts";
import { dayOf, ERAS, numberOf, WESTERN } from "./era.ts";

/** The eras that people choose from, the usual ones first. */
const CHOICES = [...ERAS.filter(({ id }) => id !== "meiji"), WESTERN, ...ERAS.slice(-1)];

/** What was written into a form's fields before, by their names. */
export type Written = Readonly<Record<string, string>>;

/** Fields for a birth date as the card's front has it: by era. `sign` is the number in the drawing. */
export function birthDateFields(written: Written, sign?: TemplateResult): TemplateResult {
  return html`
    <fieldset class="birth-date">
      <legend>${sign} ${say(desk.birthDate)}</legend>
      <div class="birth-date-parts">
        <label class="field era">
          <span class="hint">${say(desk.era)}</span>
          <select name="era" required>
            <option value=""></option>
            ${CHOICES.map(({ id, name }) => html`<option value=${id} ?selected=${id === written.era}>${say(name)}</option>`)}
          </select>
        </label>
        ${number("year", say(desk.year), written)}
        ${number("month", say(desk.month), written)}
        ${number("day", say(desk.day), written)}
      </div>
      <p class="field-problem" role="alert" id="birth-date-problem" hidden>${say(desk.notADay)}</p>
    </fieldset>
  `;
}

function number(name: string, label: string, written: Written): TemplateResult {
  return html`
    <label class="field">
      <span class="hint">${label}</span>
      <input
        name=${name}
        value=${written[name] ?? ""}
        inputmode="numeric"
        autocomplete="off"
        maxlength="6"
        required
      >
    </label>
  `;
}

/** The day that was typed (`YYYY-MM-DD`); `undefined` if it is none, which the form then says. */
export function readBirthDate(form: HTMLFormElement): string | undefined {
  const era = CHOICES.find(({ id }) => id === typed(form, "era"));
  const part = (name: string) => numberOf(typed(form, name));
  const birthDate = era && dayOf(era, part("year"), part("month"), part("day"), today());
  const names = ["era", "year", "month", "day"];
  mark(form, names, "birth-date-problem", !birthDate);
  if (!birthDate) form.querySelector<HTMLElement>("[name=year]")?.focus();
  return birthDate;
}

/** Marks fields as wrong, or as right again. What is wrong with them stands where `problem` is the id. */
export function mark(
  form: HTMLFormElement,
  names: readonly string[],
  problem: string,
  isWrong: boolean,
): void {
  form.querySelector(`#${problem}`)?.toggleAttribute("hidden", !isWrong);
  for (const name of names) {
    const field = form.querySelector(`[name=${name}]`);
    field?.setAttribute("aria-invalid", String(isWrong));
    field?.setAttribute("aria-describedby", isWrong ? problem : "");
  }
}

/** What was typed into a field, with the digits of a Japanese keyboard made ordinary ones. */
export function typed(form: HTMLFormElement, name: string): string {
  return String(new FormData(form).get(name) ?? "")
    .normalize("NFKC")
    .trim();
}
