import { html, nothing } from "lit-html";
import type { AuditEntry, AuditQuery } from "../api.ts";
import { today } from "../day.ts";
import { say, sayTime } from "../language.ts";
import { save } from "../save.ts";
import { wordsFor } from "../words/errors.ts";
import { ACTIONS, sayAction, settingsWords as words } from "../words/settings.ts";
import { type MakeSection, Outcome } from "./section.ts";

/** What was done on a day, and by whom. */
export const auditSection: MakeSection = (context, draw) => {
  const { api, signal } = context;
  const outcome = new Outcome(context, draw);
  /** What is asked for, as the form has it. */
  let query: AuditQuery = { day: today() };
  /** What is shown, as far as it was asked for. */
  let entries: readonly AuditEntry[] | undefined;
  let isMore = false;
  /** The names of events, which the record knows by their ids. */
  let names = new Map<string, string>();

  const show = async (event: SubmitEvent) => {
    event.preventDefault();
    await outcome.of(async () => {
      const events = await api.events({ signal });
      names = new Map(events.map(({ id, name }) => [id, name]));
      ({ entries, more: isMore } = await api.audit(query, { signal }));
      return undefined;
    });
  };

  const showMore = () =>
    outcome.of(async () => {
      const next = await api.audit({ ...query, after: entries?.at(-1)?.line ?? 0 }, { signal });
      entries = [...(entries ?? []), ...next.entries];
      isMore = next.more;
      return undefined;
    });

  const saveAll = () =>
    outcome.of(async () => {
      save(await api.auditFile(query, { signal }), `record-${query.day}.csv`);
      return words.auditSaved;
    });

  const choose = (event: Event) => {
    const { name, value } = event.target as HTMLInputElement | HTMLSelectElement;
    query = { ...query, [name]: value.trim() };
    entries = undefined;
    draw();
  };

  const table = (shown: readonly AuditEntry[]) =>
    shown.length === 0
      ? html`<p class="note">${say(words.noAudit)}</p>`
      : html`
        <div class="table-frame settings-audit" role="group" aria-labelledby="audit" tabindex="0">
          <table>
            <thead>
              <tr>
                <th scope="col">${say(words.auditLine)}</th>
                <th scope="col">${say(words.at)}</th>
                <th scope="col">${say(words.account)}</th>
                <th scope="col">${say(words.action)}</th>
                <th scope="col">${say(words.subject)}</th>
              </tr>
            </thead>
            <tbody>${shown.map(row)}</tbody>
          </table>
        </div>
        <div class="row">
          ${
            isMore
              ? html`<button class="button" ?disabled=${outcome.isBusy} @click=${showMore}>${say(words.moreAudit)}</button>`
              : nothing
          }
          <button class="button" ?disabled=${outcome.isBusy} @click=${saveAll}>${say(words.exportAudit)}</button>
        </div>
      `;

  const row = ({ line, at, account, action, subject }: AuditEntry) => html`
    <tr>
      <td>${line}</td>
      <td>${sayTime(at)}</td>
      <td>${account}</td>
      <td>${say(sayAction(action))}</td>
      <td>${subject === undefined ? nothing : saySubject(action, subject)}</td>
    </tr>
  `;

  const saySubject = (action: string, subject: string) =>
    action === "card-refused" ? say(wordsFor({ code: subject })) : (names.get(subject) ?? subject);

  const template = () => html`
    <section class="panel stack" aria-labelledby="audit">
      <h2 id="audit" tabindex="-1">${say(words.audit)}</h2>
      <p class="note">${say(words.auditHint)}</p>
      <form class="stack" @submit=${show}>
        <div class="settings-fields">
          <label class="field">
            <span class="label">${say(words.day)}</span>
            <input name="day" type="date" required .value=${query.day} @change=${choose}>
          </label>
          <label class="field">
            <span class="label">${say(words.account)}</span>
            <input name="account" maxlength="64" autocomplete="off" autocapitalize="none" spellcheck="false" @input=${choose}>
          </label>
          <label class="field">
            <span class="label">${say(words.action)}</span>
            <select name="action" @change=${choose}>
              <option value="">${say(words.allActions)}</option>
              ${Object.entries(ACTIONS).map(
                ([action, text]) => html`<option value=${action}>${say(text)}</option>`,
              )}
            </select>
          </label>
        </div>
        <div class="row">
          <button class="button" ?disabled=${outcome.isBusy}>${say(words.showAudit)}</button>
          <span class="note">${say(words.auditIsRecorded)}</span>
        </div>
      </form>
      ${outcome.template()}
      ${entries ? table(entries) : nothing}
    </section>
  `;

  return { template };
};
