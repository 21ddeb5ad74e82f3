import { html } from "lit-html";
import type { Account, Role } from "../api.ts";
import { dayOf } from "../day.ts";
import { say, sayDay } from "../language.ts";
import * as settings from "../words/settings.ts";
import { List, type MakeSection } from "./section.ts";

const { ROLES, SHORTEST_PASSWORD, settingsWords: words } = settings;

/** The accounts of the staff: add, change the password, remove. */
export const accountsSection: MakeSection = (context, draw) => {
  const { api, session, signal } = context;
  const accounts = new List<Account>(context, draw, () => api.accounts({ signal }));
  const { outcome } = accounts;
  /** Of whom a dialog asks. */
  let chosen = "";

  const add = (event: SubmitEvent) =>
    accounts.submit(
      event,
      async (typed) => {
        const name = String(typed.get("name"));
        await api.addAccount(name, String(typed.get("password")), typed.get("role") as Role);
        return settings.accountAdded(name);
      },
      { conflict: words.nameTaken },
    );

  const changePassword = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = event.currentTarget as HTMLFormElement;
    const password = String(new FormData(form).get("password"));
    form.reset();
    form.closest("dialog")?.close();
    await outcome.of(async () => {
      await api.changePassword(chosen, password);
      return settings.passwordChanged(chosen);
    });
  };

  const remove = async (event: SubmitEvent) => {
    event.preventDefault();
    (event.currentTarget as HTMLFormElement).closest("dialog")?.close();
    await accounts.change(
      async () => {
        await api.removeAccount(chosen);
        return settings.accountRemoved(chosen);
      },
      { conflict: words.lastAdministrator },
    );
  };

  const ask = (event: Event, name: string, dialog: string) => {
    chosen = name;
    draw();
    const section = (event.currentTarget as HTMLElement).closest("section");
    section?.querySelector<HTMLDialogElement>(`dialog.${dialog}`)?.showModal();
  };

  const row = ({ name, role, createdAt }: Account) => html`
    <tr>
      <th scope="row">
        ${name} ${name === session.account.name ? html`<span class="note">${say(words.yourself)}</span>` : ""}
      </th>
      <td>${say(ROLES[role])}</td>
      <td class="day">${sayDay(dayOf(new Date(createdAt)))}</td>
      <td>
        <div class="row">
          <button
            class="button quiet"
            aria-label=${`${name}: ${say(words.changePassword)}`}
            @click=${(event: Event) => ask(event, name, "change-password")}
          >
            ${say(words.changePassword)}
          </button>
          <button
            class="button quiet danger"
            aria-label=${`${name}: ${say(words.remove)}`}
            @click=${(event: Event) => ask(event, name, "remove")}
          >
            ${say(words.remove)}
          </button>
        </div>
      </td>
    </tr>
  `;

  const cancel = (event: Event) => {
    const dialog = (event.currentTarget as HTMLElement).closest("dialog");
    dialog?.querySelector("form")?.reset();
    dialog?.close();
  };

  const dialogs = () => html`
    <dialog class="change-password" aria-labelledby="change-password-of">
      <form class="stack" @submit=${changePassword}>
        <h3 id="change-password-of">${chosen}: ${say(words.changePassword)}</h3>
        <input name="name" autocomplete="username" .value=${chosen} hidden>
        <label class="field">
          <span class="label">${say(words.newPassword)}</span>
          <span class="hint">${say(words.passwordHint)}</span>
          <input
            name="password"
            type="password"
            autocomplete="new-password"
            minlength=${SHORTEST_PASSWORD}
            required
          >
        </label>
        <div class="row">
          <button class="button primary">${say(words.changePassword)}</button>
          <button type="button" class="button" @click=${cancel}>${say(words.cancel)}</button>
        </div>
      </form>
    </dialog>
    <dialog class="remove" aria-labelledby="remove-account">
      <form class="stack" @submit=${remove}>
        <h3 id="remove-account">${say(settings.askToRemove(chosen))}</h3>
        <div class="row">
          <button type="button" class="button" @click=${cancel}>${say(words.cancel)}</button>
          <button class="button danger">${say(words.remove)}</button>
        </div>
      </form>
    </dialog>
  `;

  const template = () => html`
    <section class="panel stack" aria-labelledby="accounts">
      <h2 id="accounts" tabindex="-1">${say(words.accounts)}</h2>
      ${outcome.template()}
      <div class="table-frame" role="group" aria-labelledby="accounts" tabindex="0">
        <table>
          <thead>
            <tr>
              <th scope="col">${say(words.name)}</th>
              <th scope="col">${say(words.role)}</th>
              <th scope="col">${say(words.createdAt)}</th>
              <th scope="col">${say(words.actions)}</th>
            </tr>
          </thead>
          <tbody>${accounts.rows.map(row)}</tbody>
        </table>
      </div>
      <form class="stack" @submit=${add} aria-labelledby="add-account">
        <h3 id="add-account">${say(words.addAccount)}</h3>
        <p class="note">${say(words.rolesHint)}</p>
        <div class="settings-fields">
          <label class="field">
            <span class="label">${say(words.name)}</span>
            <input name="name" maxlength="64" autocomplete="off" autocapitalize="none" spellcheck="false" required>
          </label>
          <label class="field">
            <span class="label">${say(words.password)} <span class="hint">${say(words.passwordHint)}</span></span>
            <input
              name="password"
              type="password"
              autocomplete="new-password"
              minlength=${SHORTEST_PASSWORD}
              required
            >
          </label>
          <label class="field">
            <span class="label">${say(words.role)}</span>
            <select name="role">
              ${(Object.keys(ROLES) as Role[]).map(
                (role) => html`
                  <option value=${role} ?selected=${role === "staff"}>${say(ROLES[role])}</option>
                `,
              )}
            </select>
          </label>
          <button class="button primary" ?disabled=${outcome.isBusy}>${say(words.addAccount)}</button>
        </div>
      </form>
      ${dialogs()}
    </section>
  `;

  return { load: () => accounts.load(), template };
};
