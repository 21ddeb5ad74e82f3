import { html, nothing } from "lit-html";
import type { GateEvent } from "../api.ts";
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
  /** Where the institution is: the clock of this workstation may be wrong. */
  let today = "";
  /** Whether events of other days are offered, too. */
  let isAnyDay = false;
  let chosen: GateEvent | undefined;
  let problem: Text | undefined;

  const load = async () => {
    problem = undefined;
    try {
      const known = await api.eventsAndDay({ signal: until });
      today = known.today;
      events = known.events.filter(({ closed }) => !closed);
      const last = sessionStorage.getItem(LAST_EVENT);
      chosen = offered().find(({ id }) => id === last) ?? offered()[0];
    } catch (error) {
      if (until.aborted) return;
      problem = wordsFor(error);
    }
    draw();
  };

  const offered = () => events?.filter(({ day }) => isAnyDay || day === today) ?? [];

  const offerAnyDay = (event: Event) => {
    isAnyDay = (event.target as HTMLInputElement).checked;
    if (!chosen || !offered().includes(chosen)) chosen = offered()[0];
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
          ${sayDay(event.day)}${event.day === today ? html` <strong>${say(words.today)}</strong>` : nothing}
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
                  <div class="stack gate-events">${offered().map(choice)}</div>
                  ${events && offered().length === 0 ? html`<p class="notice">${say(words.noneToday)}</p>` : nothing}
                </fieldset>
                <label class="option">
                  <input type="checkbox" .checked=${isAnyDay} @change=${offerAnyDay}>
                  <span>${say(words.anyDay)}</span>
                </label>
                <button class="button primary" ?disabled=${!chosen}>${say(words.open)}</button>
              </form>
            `
        }
      </div>
    `,
  );
  void load();
}
