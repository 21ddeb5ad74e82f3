import { html, nothing } from "lit-html";
import type { Api, Session } from "./api.ts";
import { facing } from "./facing.ts";
import { say, type Text } from "./language.ts";
import { PortalError } from "./portal-error.ts";
import { keepDrawn } from "./screen.ts";
import { wordsFor } from "./words/errors.ts";
import { shell } from "./words/shell.ts";

/** Where the provider of OpenID Connect sends people back to. */
const RETURN_PATH = "/sign-in";

export interface SignInContext {
  readonly api: Api;
  readonly session: Session | undefined;
  readonly signal: AbortSignal;
  /** Why they are asked again, if not for the first time. */
  readonly because?: Text | undefined;
}

/** Asks the staff who they are, by name and password or elsewhere, until the server knows them. */
export function signIn(
  root: HTMLElement,
  { api, session, signal, because }: SignInContext,
  done: (session: Session) => void,
): void {
  let problem: Text | undefined;
  let isBusy = false;

  /** Does something that may sign in, while nothing else is pressed. */
  async function attempt(act: () => Promise<void>): Promise<void> {
    if (isBusy) return;
    isBusy = true;
    draw();
    try {
      await act();
    } catch (error) {
      problem = wordsFor(error);
    }
    isBusy = false;
    draw();
  }

  async function submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const typed = new FormData(form);
    await attempt(async () =>
      done(
        await api.signIn(String(typed.get("name")), String(typed.get("password")), facing.current),
      ),
    );
    form.querySelector<HTMLInputElement>("[name=password]")?.select();
  }

  async function ask(): Promise<void> {
    await attempt(async () => location.assign(await api.openIdAddress()));
  }

  /** Brings the server what the provider said, if this is how the browser came here. */
  async function bring(): Promise<void> {
    if (location.pathname !== RETURN_PATH) return;
    const said = new URLSearchParams(location.search);
    // It is good once, and nothing to be kept in the browser's history.
    history.replaceState(null, "", "/");
    const [state, code] = [said.get("state"), said.get("code")];
    await attempt(async () => {
      if (!state || !code) throw new PortalError("provider-refused");
      done(await api.signInByOpenId(state, code, facing.current));
    });
  }

  const draw = keepDrawn(
    root,
    signal,
    () => html`
      <div class="page narrow">
        <h1 tabindex="-1">${say(shell.signIn)}</h1>
        <p class="lead">${say(shell.signInPurpose)}</p>
        ${facing.current === "visitors" ? html`<p class="notice">${say(shell.facesVisitors)}</p>` : nothing}
        ${because ? html`<p class="notice" data-kind="warning" role="status">${say(because)}</p>` : nothing}
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
          ${
            session?.openId
              ? html`
                  <button class="button" type="button" ?disabled=${isBusy} @click=${ask}>
                    ${say(shell.signInByOpenId)}
                  </button>
                `
              : nothing
          }
        </form>
      </div>
    `,
  );
  void bring();
}
