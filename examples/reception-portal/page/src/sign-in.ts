import { html, nothing } from "lit-html";
import type { Api, Session } from "./api.ts";
import { say, type Text } from "./language.ts";
import { keepDrawn } from "./screen.ts";
import { wordsFor } from "./words/errors.ts";
import { shell } from "./words/shell.ts";

/** Asks the staff for name and password until the server knows them. */
export function signIn(
  root: HTMLElement,
  { api, signal }: { api: Api; signal: AbortSignal },
  done: (session: Session) => void,
): void {
  let problem: Text | undefined;
  let isBusy = false;

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    if (isBusy) return;
    const form = event.currentTarget as HTMLFormElement;
    const typed = new FormData(form);
    isBusy = true;
    draw();
    try {
      done(await api.signIn(String(typed.get("name")), String(typed.get("password"))));
    } catch (error) {
      problem = wordsFor(error);
      form.querySelector<HTMLInputElement>("[name=password]")?.select();
    }
    isBusy = false;
    draw();
  }

  const draw = keepDrawn(
    root,
    signal,
    () => html`
      <div class="page narrow">
        <h1 tabindex="-1">${say(shell.signIn)}</h1>
        <p class="lead">${say(shell.signInPurpose)}</p>
        <form class="panel stack" @submit=${submit}>
          <label class="field">
            <span class="label">${say(shell.accountName)}</span>
            <input name="name" autocomplete="username" autocapitalize="none" spellcheck="false" required>
          </label>
          <label class="field">
            <span class="label">${say(shell.password)}</span>
            <input name="password" type="password" autocomplete="current-password" required>
          </label>
          <div role="alert">
            ${problem ? html`<p class="notice" data-kind="problem">${say(problem)}</p>` : nothing}
          </div>
          <button class="button primary" ?disabled=${isBusy}>${say(shell.signIn)}</button>
        </form>
      </div>
    `,
  );
}
