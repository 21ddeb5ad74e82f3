import { html, nothing } from "lit-html";
import type { GateEvent, ImportedTickets } from "../api.ts";
import { today } from "../day.ts";
import { say, sayDay } from "../language.ts";
import {
  eventAdded,
  sayRefusal,
  ticketsImported,
  settingsWords as words,
} from "../words/settings.ts";
import { List, type MakeSection } from "./section.ts";

/** Events and their tickets: add, and import. */
export const eventsSection: MakeSection = (context, draw) => {
  const { api, signal } = context;
  const events = new List<GateEvent>(context, draw, () => api.events({ signal }));
  const { outcome } = events;
  let refused: ImportedTickets["refused"] = [];

  const add = (event: SubmitEvent) =>
    events.submit(event, async (typed) => {
      const name = String(typed.get("name"));
      await api.addEvent(name, String(typed.get("day")));
      return eventAdded(name);
    });

  const importFrom = async (input: HTMLInputElement, event: GateEvent) => {
    const [file] = input.files ?? [];
    if (!file) return;
    refused = [];
    await events.change(
      async () => {
        const imported = await api.importTickets(event.id, file);
        ({ refused } = imported);
        return ticketsImported(imported);
      },
      { invalid: words.noHeader },
    );
    // The same file can be chosen again when it was put right.
    input.value = "";
  };

  const row = (event: GateEvent) => html`
    <tr>
      <th scope="row">${event.name}</th>
      <td class="day">${sayDay(event.day)}</td>
      <td class="number">${event.admitted} / ${event.tickets}</td>
      <td>
        <label class="button file">
          ${say(outcome.isBusy ? words.importing : words.importTickets)}
          <input
            class="only-read"
            type="file"
            accept=".csv,text/csv"
            aria-label=${`${event.name}: ${say(words.importTickets)}`}
            ?disabled=${outcome.isBusy}
            @change=${(change: Event) => importFrom(change.target as HTMLInputElement, event)}
          >
        </label>
      </td>
    </tr>
  `;

  const refusedLines = () => html`
    <div class="table-frame settings-refused" role="group" aria-label=${say(words.refusedLines)} tabindex="0">
      <table>
        <caption>${say(words.refusedLines)}</caption>
        <thead>
          <tr>
            <th scope="col">${say(words.line)}</th>
            <th scope="col">${say(words.why)}</th>
          </tr>
        </thead>
        <tbody>
          ${refused.map(
            ({ line, why }) =>
              html`<tr><th scope="row">${line}</th><td>${say(sayRefusal(why))}</td></tr>`,
          )}
        </tbody>
      </table>
    </div>
  `;

  const template = () => html`
    <section class="panel stack" aria-labelledby="events">
      <h2 id="events">${say(words.events)}</h2>
      <p class="note">${say(words.importHint)}</p>
      ${outcome.template()}
      ${refused.length > 0 ? refusedLines() : nothing}
      ${
        events.rows.length === 0
          ? html`<p class="note">${say(words.noEvents)}</p>`
          : html`
            <div class="table-frame" role="group" aria-labelledby="events" tabindex="0">
              <table>
                <thead>
                  <tr>
                    <th scope="col">${say(words.eventName)}</th>
                    <th scope="col">${say(words.day)}</th>
                    <th scope="col" class="number">${say(words.admittedOf)}</th>
                    <th scope="col"><span class="only-read">${say(words.importTickets)}</span></th>
                  </tr>
                </thead>
                <tbody>${events.rows.map(row)}</tbody>
              </table>
            </div>
          `
      }
      <form class="stack" @submit=${add} aria-labelledby="add-event">
        <h3 id="add-event">${say(words.addEvent)}</h3>
        <div class="settings-fields">
          <label class="field">
            <span class="label">${say(words.eventName)}</span>
            <input name="name" autocomplete="off" required>
          </label>
          <label class="field">
            <span class="label">${say(words.day)}</span>
            <input name="day" type="date" value=${today()} required>
          </label>
          <button class="button primary" ?disabled=${outcome.isBusy}>${say(words.addEvent)}</button>
        </div>
      </form>
    </section>
  `;

  return { load: () => events.load(), template };
};
