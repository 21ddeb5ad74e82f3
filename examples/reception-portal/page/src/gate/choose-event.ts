import { html, nothing } from "lit-html";
import type { GateEvent } from "../api.ts";
import { today } from "../day.ts";
import { say, sayDay, type Text } from "../language.ts";
import { keepDrawn, type ScreenContext } from "../screen.ts";
import { wordsFor } from "../words/errors.ts";
import { gateWords as words } from "../words/gate.ts";
import { shell } from "../words/shell.ts";
import { ProvisionalEntries } from "./provisional-entries.ts";

/** Where the event that was chosen last is remembered, for as long as the tab is open. */
const LAST_EVENT = "gate-event";

/** Asks for the event. That a button is pressed lets the browser ask whether the page may reach the bridge. */
export function chooseEvent(
  root: HTMLElement,
  { api, signal }: ScreenContext,
  done: (event: GateEvent) => void,
): void {
  const left = new AbortController();
  const until = AbortSignal.any([signal, left.signal]);
  const hasUnsent = new ProvisionalEntries(localStorage).waiting.length > 0;
  let events: readonly GateEvent[] | undefined;
  let chosen: GateEvent | undefined;
  let problem: Text | undefined;

  const load = async () => {
    problem = undefined;
    try {
      events = await api.events({ signal: until });
      const last = sessionStorage.getItem(LAST_EVENT);
      chosen =
        events.find(({ id }) => id === last) ??
        events.find(({ day }) => day === today()) ??
        events[0];
    } catch (error) {
      if (until.aborted) return;
      problem = wordsFor(error);
    }
    draw();
  };

  const open = (event: Event) => {
    event.preventDefault();
    if (!chosen) return;
    sessionStorage.setItem(LAST_EVENT, chosen.id);
    left.abort();
    done(chosen);
  };

  const choice = (event: GateEvent) => html`
    <label class="option">
      <input
        type="radio"
        name="event"
        .checked=${event === chosen}
        @change=${() => {
          chosen = event;
          draw();
        }}
      >
      <span class="gate-event">
        <span class="label">${event.name}</span>
        <span class="note">
          ${sayDay(event.day)}${event.day === today() ? html` <strong>${say(words.today)}</strong>` : nothing}
        </span>
      </span>
    </label>
  `;

  const draw = keepDrawn(
    root,
    until,
    () => html`
      <div class="page narrow">
        <h1 tabindex="-1">${say(words.title)}</h1>
        <p class="lead">${say(words.purpose)}</p>
        ${hasUnsent ? html`<p class="notice" data-kind="warning">${say(words.unsent)}</p>` : nothing}
        <div role="alert">
          ${
            problem
              ? html`
                <div class="notice stack" data-kind="problem">
                  <p>${say(problem)}</p>
                  <button class="button" @click=${load}>${say(shell.retry)}</button>
                </div>
              `
              : nothing
          }
        </div>
        ${
          events?.length === 0
            ? html`<p class="notice">${say(words.noEvents)}</p>`
            : html`
              <form class="panel stack" @submit=${open} aria-busy=${events ? "false" : "true"}>
                <fieldset class="stack">
                  <legend>${say(words.choose)}</legend>
                  ${events?.map(choice)}
                </fieldset>
                <button class="button primary" ?disabled=${!chosen}>${say(words.open)}</button>
              </form>
            `
        }
      </div>
    `,
  );
  void load();
}
