import { connect, type Kazashi } from "kazashi";
import { html, nothing } from "lit-html";
import type { GateEvent } from "../api.ts";
import { say, type Text } from "../language.ts";
import { keepDrawn, type ScreenContext } from "../screen.ts";
import { wordsFor } from "../words/errors.ts";
import { ADVICE, REASONS, gateWords as words } from "../words/gate.ts";
import { type Admission, Gate } from "./gate.ts";
import { runLane, type Sight } from "./lane.ts";
import { Served } from "./served.ts";
import { gateServer } from "./server.ts";
import {
  checkingTemplate,
  closedTemplate,
  conflictsTemplate,
  connectingTemplate,
  countsTemplate,
  problemTemplate,
  recentTemplate,
  resultOf,
  resultTemplate,
  servedTemplate,
  serverTemplate,
  waitingTemplate,
} from "./view.ts";

/** Opens the gate of an event, until the staff close it or leave the screen. */
export function openGate(
  root: HTMLElement,
  context: ScreenContext,
  event: GateEvent,
  done: () => void,
): void {
  const closed = new AbortController();
  const signal = AbortSignal.any([context.signal, closed.signal]);
  let sight: Sight = { is: "waiting" };
  let kazashi: Kazashi | undefined;
  let hasBridge = true;
  let problem: Text | undefined;
  /** What came of taking back an entry, where that failed. */
  let notGivenBack: Text | undefined;
  /** Whether the visitor waits for longer than usual. */
  let isSlow = false;

  const beSlow = () => {
    isSlow = true;
    draw();
  };
  const server = gateServer(context.api, event.id, beSlow);
  const gate = new Gate(event.id, server, localStorage, () => draw());

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
      await runLane(kazashi, gate, new Served(localStorage, event.id), show, until);
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
    isSlow = false;
    draw();
  };

  const close = () => {
    closed.abort();
    done();
  };

  const stage = () => {
    if (problem) return problemTemplate(problem, start);
    if (!kazashi) return connectingTemplate();
    if (sight.is === "checking") return checkingTemplate(isSlow);
    if (sight.is === "served") return servedTemplate();
    if (!hasBridge) return closedTemplate(words.noBridge);
    if (kazashi.readers.length === 0) return closedTemplate(words.noReader);
    return waitingTemplate();
  };

  const serverState = () => {
    if (gate.connection.isUp) return "up";
    return kazashi ? "down" : "unknown";
  };

  const note = (id: string) => {
    gate.entries.drop(id);
    draw();
  };

  const giveBack = async (admission: Admission) => {
    notGivenBack = undefined;
    try {
      await gate.giveBack(admission);
    } catch (error) {
      notGivenBack = wordsFor(error);
    }
    draw();
  };

  const draw = keepDrawn(root, signal, () => {
    const result = resultOf(sight);
    return html`
      <div class="gate">
        <div class="gate-bar">
          <h1 tabindex="-1">${event.name}</h1>
          ${serverTemplate(serverState())}
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
        ${gate.isClockWrong ? html`<p class="notice gate-clock" data-kind="warning">${say(words.clockWrong)}</p>` : nothing}
        ${notGivenBack ? html`<p class="notice" data-kind="problem" role="alert">${say(notGivenBack)}</p>` : nothing}
        ${conflictsTemplate(gate.entries.refused, note)}
        <div class="gate-stage" aria-live="polite">${result ? nothing : stage()}</div>
        ${countsTemplate(gate)}
        ${recentTemplate(gate.recent, giveBack)}
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
  const said = [words, REASONS, ADVICE].flatMap((texts) => Object.values<Text>(texts));
  const letters = said.map(({ ja }) => ja).join("");
  const fonts = ["400", "700"].map((weight) => `${weight} 1em "BIZ UDPGothic"`);
  // Without it the browser takes another font.
  await Promise.allSettled(fonts.map((font) => document.fonts.load(font, letters)));
}
