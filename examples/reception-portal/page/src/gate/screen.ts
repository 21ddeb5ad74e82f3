import { connect, type Kazashi } from "kazashi";
import { html, nothing } from "lit-html";
import type { GateEvent } from "../api.ts";
import { today } from "../day.ts";
import { say, sayDay, sayTime, type Text } from "../language.ts";
import { keepDrawn, type Screen, type ScreenContext } from "../screen.ts";
import "../styles/gate.css";
import { wordsFor } from "../words/errors.ts";
import { REASONS, gateWords as words } from "../words/gate.ts";
import { shell } from "../words/shell.ts";
import { Gate } from "./gate.ts";
import { runLane, type Sight } from "./lane.ts";
import { ProvisionalEntries } from "./provisional-entries.ts";
import { gateServer } from "./server.ts";
import { cardOnReader, inBoth, resultOf, resultTemplate } from "./view.ts";

/** The entrance of an event: which one, and then its gate. */
export const screen: Screen = (root, context) => chooseEvent(root, context);

/** Where the event that was chosen last is remembered, for as long as the tab is open. */
const LAST_EVENT = "gate-event";

/** Asks for the event. That a button is pressed lets the browser ask whether the page may reach the bridge. */
function chooseEvent(root: HTMLElement, context: ScreenContext): void {
  const { api, signal } = context;
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
    openGate(root, context, chosen);
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

/** What is said of the connection to the server. */
const SERVER = { unknown: words.connecting, up: words.serverUp, down: words.serverDown };

/** Opens the gate of an event, until the staff close it or leave the screen. */
function openGate(root: HTMLElement, context: ScreenContext, event: GateEvent): void {
  const closed = new AbortController();
  const signal = AbortSignal.any([context.signal, closed.signal]);
  let sight: Sight = { is: "waiting" };
  let kazashi: Kazashi | undefined;
  let hasBridge = true;
  let problem: Text | undefined;

  const gate = new Gate(event.id, gateServer(context.api, event.id), localStorage, () => draw());

  const met = gate.connection.meet().then(() => void gate.connection.keep(signal));

  const start = async () => {
    problem = undefined;
    draw();
    const attempt = new AbortController();
    const until = AbortSignal.any([signal, attempt.signal]);
    try {
      const [connected] = await Promise.all([connect({ signal: until }), met]);
      kazashi = connected;
      hasBridge = true;
      for (const type of ["reader-added", "reader-removed", "connected", "disconnected"] as const) {
        const happen = () => {
          if (type === "connected" || type === "disconnected") hasBridge = type === "connected";
          draw();
        };
        kazashi.addEventListener(type, happen, { signal: until });
      }
      draw();
      await runLane(kazashi, gate, show, until);
    } catch (error) {
      attempt.abort();
      if (signal.aborted) return;
      kazashi = undefined;
      problem = wordsFor(error);
      draw();
    }
  };

  const show = (next: Sight) => {
    sight = next;
    draw();
  };

  const close = () => {
    closed.abort();
    chooseEvent(root, context);
    root.querySelector<HTMLElement>("h1")?.focus();
  };

  const stage = () => {
    if (problem) {
      return html`
        <div class="notice stack" data-kind="problem" role="alert">
          <p>${say(problem)}</p>
          <button class="button primary" @click=${start}>${say(shell.retry)}</button>
        </div>
      `;
    }
    if (!kazashi) {
      return html`<div class="busy"></div><p class="lead" role="status">${say(words.connecting)}</p>`;
    }
    if (sight.is === "checking") {
      return html`
        <div class="busy"></div>
        ${inBoth(words.checking, "gate-call")}
        ${inBoth(words.checkingHow, "gate-how")}
      `;
    }
    const trouble = !hasBridge
      ? words.noBridge
      : kazashi.readers.length === 0
        ? words.noReader
        : undefined;
    return html`
      ${cardOnReader}
      ${inBoth(words.hold, "gate-call")}
      ${
        trouble
          ? html`<p class="notice" data-kind="problem" role="alert">${say(trouble)}</p>`
          : inBoth(words.holdHow, "gate-how")
      }
    `;
  };

  const serverState = () => {
    if (gate.connection.isUp) return "up";
    return kazashi ? "down" : "unknown";
  };

  const counts = () => {
    const { admitted, refused } = gate.counts;
    const count = (name: Text, number: number, kind: string) => html`
      <div class="gate-count" data-kind=${kind}>
        <dt>${say(name)}</dt>
        <dd>${number}</dd>
      </div>
    `;
    return html`
      <dl class="gate-counts" aria-label=${say(words.countsAre)}>
        ${count(words.countAdmitted, admitted, "admitted")}
        ${count(words.countWaiting, gate.entries.waiting.length, "waiting")}
        ${count(words.countRefused, refused, "refused")}
      </dl>
    `;
  };

  const conflicts = () => {
    const { refused } = gate.entries;
    if (refused.length === 0) return nothing;
    const note = (id: string) => {
      gate.entries.drop(id);
      draw();
    };
    return html`
      <section class="notice stack gate-conflicts" data-kind="warning" role="alert">
        <h2>${say(words.conflicts)}</h2>
        <ul class="stack">
          ${refused.map(
            ({ id, ticket, at, refusal }) => html`
              <li class="row">
                <span>
                  <strong>${say(words.ticket)} ${ticket}</strong> ${sayTime(at)}:
                  ${say(refusal === "already-admitted" ? words.usedElsewhere : words.ticketGone)}
                </span>
                <button class="button" @click=${() => note(id)}>${say(words.seen)}</button>
              </li>
            `,
          )}
        </ul>
      </section>
    `;
  };

  const draw = keepDrawn(root, signal, () => {
    const result = resultOf(sight);
    return html`
      <div class="gate">
        <div class="gate-bar">
          <h1 tabindex="-1">${event.name}</h1>
          <p class="gate-server" data-state=${serverState()} role="status">${say(SERVER[serverState()])}</p>
          <div class="row">
            <button class="button quiet" @click=${() => void root.requestFullscreen().catch(() => {})}>
              ${say(words.fullScreen)}
            </button>
            <button class="button quiet" @click=${close}>${say(words.close)}</button>
          </div>
        </div>
        ${
          gate.connection.problem
            ? html`<p class="notice" data-kind="problem" role="alert">${say(wordsFor(gate.connection.problem))}</p>`
            : nothing
        }
        ${conflicts()}
        <div class="gate-stage">${stage()}</div>
        ${counts()}
        <div aria-live="assertive" aria-atomic="true">
          ${result ? resultTemplate(result) : nothing}
        </div>
      </div>
    `;
  });

  void start();
  void loadFont();
}

/** Loads what the gate's words are written with: the server that has it may be out of reach later. */
async function loadFont(): Promise<void> {
  const letters = [...Object.values(words), ...Object.values(REASONS)].map(({ ja }) => ja).join("");
  const fonts = ["400", "700"].map((weight) => `${weight} 1em "BIZ UDPGothic"`);
  // Without it the browser takes another font.
  await Promise.allSettled(fonts.map((font) => document.fonts.load(font, letters)));
}
