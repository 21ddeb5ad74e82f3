import { html } from "lit-html";
import type { Workstation } from "../api.ts";
import { dayOf } from "../day.ts";
import { say, sayDay } from "../language.ts";
import * as settings from "../words/settings.ts";
import { List, type MakeSection } from "./section.ts";

const { settingsWords: words } = settings;

/** The workstations whose bridges are believed: a stolen one is withdrawn. */
export const workstationsSection: MakeSection = (context, draw) => {
  const { api, signal } = context;
  const ask = () => api.workstations({ signal });
  const workstations = new List<Workstation>(context, draw, ask);
  const { outcome } = workstations;
  /** Of which the dialog asks. */
  let chosen: Workstation | undefined;

  const withdraw = async (event: SubmitEvent) => {
    event.preventDefault();
    (event.currentTarget as HTMLElement).closest("dialog")?.close();
    const asked = chosen;
    if (!asked) return;
    await workstations.change(async () => {
      await api.withdrawWorkstation(asked.key);
      return settings.workstationWithdrawn(asked.name);
    });
  };

  const open = (event: Event, workstation: Workstation) => {
    chosen = workstation;
    draw();
    (event.currentTarget as HTMLElement).closest("section")?.querySelector("dialog")?.showModal();
  };

  const cancel = (event: Event) => (event.currentTarget as HTMLElement).closest("dialog")?.close();

  const row = (workstation: Workstation) => html`
    <tr>
      <th scope="row">${workstation.name}</th>
      <td class="day">${sayDay(dayOf(new Date(workstation.enrolledAt)))}</td>
      <td>
        ${
          workstation.withdrawnAt
            ? say(settings.withdrawnSince(sayDay(dayOf(new Date(workstation.withdrawnAt)))))
            : html`
              <button
                class="button quiet danger"
                aria-label=${`${workstation.name}: ${say(words.withdraw)}`}
                @click=${(event: Event) => open(event, workstation)}
              >
                ${say(words.withdraw)}
              </button>
            `
        }
      </td>
    </tr>
  `;

  const table = () => html`
    <div class="table-frame" role="group" aria-labelledby="workstations" tabindex="0">
      <table>
        <thead>
          <tr>
            ${[words.workstation, words.createdAt, words.actions].map(
              (head) => html`<th scope="col">${say(head)}</th>`,
            )}
          </tr>
        </thead>
        <tbody>${workstations.rows.map(row)}</tbody>
      </table>
    </div>
  `;

  const template = () => html`
    <section class="panel stack" aria-labelledby="workstations">
      <h2 id="workstations" tabindex="-1">${say(words.workstations)}</h2>
      <p class="note">${say(words.workstationsHint)}</p>
      ${outcome.template()}
      ${workstations.rows.length > 0 ? table() : html`<p class="note">${say(words.noWorkstations)}</p>`}
      <dialog aria-labelledby="withdraw-workstation">
        <form class="stack" @submit=${withdraw}>
          <h3 id="withdraw-workstation">${chosen?.name}: ${say(words.withdraw)}</h3>
          <p>${say(words.withdrawMeans)}</p>
          <p>${say(words.withdrawThen)}</p>
          <div class="row">
            <button type="button" class="button" @click=${cancel}>${say(words.cancel)}</button>
            <button class="button danger">${say(words.withdraw)}</button>
          </div>
        </form>
      </dialog>
    </section>
  `;

  return { load: () => workstations.load(), template };
};
