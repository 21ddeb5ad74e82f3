import { html, nothing } from "lit-html";
import type { GateEvent, ImportedTickets } from "../api.ts";
import { today } from "../day.ts";
import { say, sayDay } from "../language.ts";
import {
  eventAdded,
  eventClosed,
  eventReopened,
  gateKeyRotated,
  sayRefusal,
  ticketsImported,
  settingsWords as words,
} from "../words/settings.ts";
import { List, type MakeSection } from "./section.ts";
import { Tickets } from "./tickets.ts";

/** Events and their tickets: add, import, close, and look after tickets. */
export const eventsSection: MakeSection = (context, draw) => {
  const { api, signal } = context;
  const events = new List<GateEvent>(context, draw, () => api.events({ signal }));
  const { outcome } = events;
  let refused: ImportedTickets["refused"] = [];
  let tickets: Tickets | undefined;

  const add = (event: SubmitEvent) =>
    events.submit(event, async (typed) => {
      const name = String(typed.get("name"));
      const day = String(typed.get("day"));
      await api.addEvent({ name, day, reEntry: typed.has("reEntry") });
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

  const close = ({ id, name, closed }: GateEvent) =>
    events.change(async () => {
      await api.closeEvent(id, !closed);
      return closed ? eventReopened(name) : eventClosed(name);
    });

  const rotateKey = ({ id, name }: GateEvent) =>
    events.change(async () => {
      await api.rotateGateKey(id);
      return gateKeyRotated(name);
    });

  const showTickets = async (event: GateEvent, clicked: Event) => {
    const section = (clicked.currentTarget as HTMLElement).closest("section");
    const others = () => events.rows.filter(({ id, closed }) => id !== event.id && !closed);
    const done = () => {
      tickets = undefined;
      draw();
    };
    tickets = new Tickets(context, draw, event, others, done);
    await tickets.load();
    section?.querySelector<HTMLElement>("#tickets")?.focus();
  };

  const importButton = (event: GateEvent) => html`
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
  `;

  const row = (event: GateEvent) => html`
    <tr>
      <th scope="row">
        ${event.name}
        ${event.reEntry ? html`<span class="note">${say(words.withReEntry)}</span>` : nothing}
        ${event.closed ? html`<span class="note">${say(words.isClosed)}</span>` : nothing}
      </th>
      <td class="day">${sayDay(event.day)}</td>
      <td class="number">${event.admitted} / ${event.tickets}</td>
      <td>
        <div class="row">
          ${event.closed ? nothing : importButton(event)}
          <button
            class="button quiet"
            aria-label=${`${event.name}: ${say(words.tickets)}`}
            @click=${(clicked: Event) => void showTickets(event, clicked)}
          >
            ${say(words.tickets)}
          </button>
          <button
            class="button quiet"
            aria-label=${`${event.name}: ${say(words.rotateKey)}`}
            ?disabled=${outcome.isBusy}
            @click=${() => void rotateKey(event)}
          >
            ${say(words.rotateKey)}
          </button>
          <button
            class="button quiet"
            aria-label=${`${event.name}: ${say(event.closed ? words.reopen : words.closeEvent)}`}
            ?disabled=${outcome.isBusy}
            @click=${() => void close(event)}
          >
            ${say(event.closed ? words.reopen : words.closeEvent)}
          </button>
        </div>
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
      <h2 id="events" tabindex="-1">${say(words.events)}</h2>
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
                    <th scope="col">${say(words.actions)}</th>
                  </tr>
                </thead>
                <tbody>${events.rows.map(row)}</tbody>
              </table>
            </div>
          `
      }
      ${tickets?.template() ?? nothing}
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
          <label class="option">
            <input name="reEntry" type="checkbox">
            <span>${say(words.reEntry)}</span>
          </label>
          <button class="button primary" ?disabled=${outcome.isBusy}>${say(words.addEvent)}</button>
        </div>
      </form>
    </section>
  `;

  return { load: () => events.load(), template };
};
