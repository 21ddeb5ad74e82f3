import { html, type TemplateResult } from "lit-html";
import type { Api } from "./api.ts";
import { say } from "./language.ts";
import { wordsFor } from "./words/errors.ts";
import { shell } from "./words/shell.ts";

/** Where the staff turn a screen that faces visitors back to themselves, with what only they know. */
export function staffOnly(api: Api): TemplateResult {
  return html`
    <button class="button quiet" @click=${open}>${say(shell.staffOnly)}</button>
    <dialog class="staff-only" aria-labelledby="staff-only" @close=${forget}>
      <form class="stack" @submit=${(event: SubmitEvent) => turn(event, api)}>
        <h2 id="staff-only">${say(shell.turnToStaff)}</h2>
        <label class="field">
          <span class="label">${say(shell.codeOrPassword)}</span>
          <input name="code" type="password" autocomplete="off" required>
        </label>
        <p class="field-problem" role="alert" hidden></p>
        <div class="row">
          <button class="button" type="button" @click=${close}>${say(shell.cancel)}</button>
          <button class="button primary">${say(shell.turnToStaff)}</button>
        </div>
      </form>
    </dialog>
  `;
}

function open({ currentTarget }: Event): void {
  (currentTarget as HTMLElement).parentElement?.querySelector("dialog")?.showModal();
}

function close({ currentTarget }: Event): void {
  (currentTarget as HTMLElement).closest("dialog")?.close();
}

/** Nothing of what was typed stays for whoever opens it next. */
function forget({ currentTarget }: Event): void {
  const dialog = currentTarget as HTMLElement;
  dialog.querySelector("form")?.reset();
  dialog.querySelector(".field-problem")?.toggleAttribute("hidden", true);
}

async function turn(event: SubmitEvent, api: Api): Promise<void> {
  event.preventDefault();
  const form = event.currentTarget as HTMLFormElement;
  try {
    await api.turnToStaff(String(new FormData(form).get("code")));
    form.closest("dialog")?.close();
    api.dispatchEvent(new Event("turned"));
  } catch (error) {
    const problem = form.querySelector<HTMLElement>(".field-problem");
    if (!problem) return;
    problem.textContent = say(wordsFor(error));
    problem.hidden = false;
    form.querySelector<HTMLInputElement>("[name=code]")?.select();
  }
}
