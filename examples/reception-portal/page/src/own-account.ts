import { html, nothing } from "lit-html";
import { say } from "./language.ts";
import { keepDrawn, type Screen } from "./screen.ts";
import { Outcome } from "./settings/section.ts";
import { ownAccount as words } from "./words/own-account.ts";
import { SHORTEST_PASSWORD, settingsWords } from "./words/settings.ts";
import { shell } from "./words/shell.ts";

/** Where whoever is signed in changes their own password, and the code by which the staff decide. */
export const screen: Screen = (root, context) => {
  const { api, session, signal } = context;
  const ofPassword = new Outcome(context, () => draw());
  const ofCode = new Outcome(context, () => draw());

  const changePassword = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const typed = new FormData(form);
    const isDone = await ofPassword.of(
      async () => {
        await api.changeOwnPassword(String(typed.get("current")), String(typed.get("new")));
        return words.changed;
      },
      { "wrong-password": words.currentWrong },
    );
    if (isDone) form.reset();
  };

  const changeCode = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const typed = new FormData(form);
    const code = String(typed.get("code")).normalize("NFKC");
    const isDone = await ofCode.of(
      async () => {
        const password = typed.get("password");
        await api.changeCode(password === null ? undefined : String(password), code);
        return words.codeChanged;
      },
      { invalid: words.codeRule },
    );
    if (isDone) form.reset();
  };

  const passwordForm = () => html`
    <form class="panel stack" @submit=${changePassword}>
      <input name="name" autocomplete="username" .value=${session.account.name} hidden>
      <label class="field">
        <span class="label">${say(words.current)}</span>
        <input name="current" type="password" autocomplete="current-password" required>
      </label>
      <label class="field">
        <span class="label">${say(settingsWords.newPassword)}</span>
        <span class="hint">${say(settingsWords.passwordHint)}</span>
        <input
          name="new"
          type="password"
          autocomplete="new-password"
          minlength=${SHORTEST_PASSWORD}
          required
        >
      </label>
      ${ofPassword.template()}
      <button class="button primary" ?disabled=${ofPassword.isBusy}>${say(words.change)}</button>
    </form>
  `;

  const draw = keepDrawn(
    root,
    signal,
    () => html`
      <div class="page narrow">
        <h1 tabindex="-1">${say(words.title)}</h1>
        <p class="lead">${session.account.name}</p>
        ${session.account.hasPassword ? passwordForm() : html`<p class="notice">${say(words.elsewhere)}</p>`}
        <form class="panel stack" aria-labelledby="code" @submit=${changeCode}>
          <h2 id="code">${say(words.code)}</h2>
          <p>${say(words.codePurpose)}</p>
          ${
            session.account.hasPassword
              ? html`
                  <label class="field">
                    <span class="label">${say(shell.password)}</span>
                    <input name="password" type="password" autocomplete="current-password" required>
                  </label>
                `
              : nothing
          }
          <label class="field">
            <span class="label">${say(words.newCode)}</span>
            <span class="hint">${say(words.codeRule)}</span>
            <input name="code" type="password" inputmode="numeric" autocomplete="off" maxlength="8" required>
          </label>
          ${ofCode.template()}
          <button class="button" ?disabled=${ofCode.isBusy}>${say(words.setCode)}</button>
        </form>
      </div>
    `,
  );
};
