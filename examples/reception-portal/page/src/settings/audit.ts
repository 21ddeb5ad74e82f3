import { html, nothing } from "lit-html";
import type { AuditEntry } from "../api.ts";
import { today } from "../day.ts";
import { say, sayTime } from "../language.ts";
import { sayAction, settingsWords as words } from "../words/settings.ts";
import { type MakeSection, Outcome } from "./section.ts";

/** What was done on a day, and by whom. */
export const auditSection: MakeSection = (context, draw) => {
  const { api, signal } = context;
  const outcome = new Outcome(context, draw);
  let day = today();
  let entries: readonly AuditEntry[] | undefined;
  /** The names of events, which the record knows by their ids. */
  let names = new Map<string, string>();

  const show = async (event: SubmitEvent) => {
    event.preventDefault();
    await outcome.of(async () => {
      const events = await api.events({ signal });
      names = new Map(events.map(({ id, name }) => [id, name]));
      entries = await api.audit(day, { signal });
      return undefined;
    });
  };

  const choose = (event: Event) => {
    day = (event.target as HTMLInputElement).value;
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
                <th scope="col">${say(words.at)}</th>
                <th scope="col">${say(words.account)}</th>
                <th scope="col">${say(words.action)}</th>
                <th scope="col">${say(words.subject)}</th>
              </tr>
            </thead>
            <tbody>${shown.map(row)}</tbody>
          </table>
        </div>
      `;

  const row = ({ at, account, action, subject }: AuditEntry) => html`
    <tr>
      <td>${sayTime(at)}</td>
      <td>${account}</td>
      <td>${say(sayAction(action))}</td>
      <td>${names.get(subject ?? "") ?? subject}</td>
    </tr>
  `;

  const template = () => html`
    <section class="panel stack" aria-labelledby="audit">
      <h2 id="audit">${say(words.audit)}</h2>
      <p class="note">${say(words.auditHint)}</p>
      <form class="row settings-day" @submit=${show}>
        <label class="field">
          <span class="label">${say(words.day)}</span>
          <input type="date" required .value=${day} @change=${choose}>
        </label>
        <button class="button" ?disabled=${outcome.isBusy}>${say(words.showAudit)}</button>
        <span class="note">${say(words.auditIsRecorded)}</span>
      </form>
      ${outcome.template()}
      ${entries ? table(entries) : nothing}
    </section>
  `;

  return { template };
};
