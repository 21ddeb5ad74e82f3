import { html, nothing, svg, type TemplateResult } from "lit-html";
import { type Language, language, say, sayTime, type Text } from "../language.ts";
import { wordsFor } from "../words/errors.ts";
import { ADVICE, askToGiveBack, REASONS, sayConflict, gateWords as words } from "../words/gate.ts";
import { shell } from "../words/shell.ts";
import type { Admission, Gate, Verdict } from "./gate.ts";
import type { Sight } from "./lane.ts";
import type { KeptEntry } from "./provisional-entries.ts";

/** How a result looks. Each has a colour, a shape and words of its own: none rests on colour alone. */
type Tone = "admitted" | "provisional" | "refused" | "care";

interface Result {
  readonly tone: Tone;
  /** What kind of result it is, where that is not plain. */
  readonly label?: Text;
  readonly word: Text;
  readonly why?: Text;
  readonly ticket?: string | undefined;
  /** What the staff can do, apart from the words for the visitor. */
  readonly advice?: Text | undefined;
}

/** What the sight means to the visitor; nothing while there is no result. */
export function resultOf(sight: Sight): Result | undefined {
  if (sight.is === "verdict") return resultOfVerdict(sight.verdict);
  if (sight.is !== "trouble") return undefined;
  const word = sight.isWorthAnotherTry ? words.again : words.staff;
  return { tone: "care", word, why: sight.because };
}

function resultOfVerdict(verdict: Verdict): Result {
  switch (verdict.outcome) {
    case "admitted": {
      const { ticket, by, isAgain } = verdict;
      const again = isAgain ? words.reAdmitted : undefined;
      const admitted = { word: words.admitted, ticket };
      if (by === "server") return { tone: "admitted", ...admitted, ...(again && { why: again }) };
      const advice = words.provisionalWhy;
      const why = again ? join(again, words.provisionalShort) : words.provisionalShort;
      return { tone: "provisional", label: words.provisional, ...admitted, why, advice };
    }
    case "refused": {
      const { ticket, because, by } = verdict;
      const reason = REASONS[because as keyof typeof REASONS] ?? wordsFor({ code: because });
      const why = by === "list" ? join(reason, words.byList) : reason;
      return { tone: "refused", word: words.refused, why, ticket, advice: ADVICE[because] };
    }
    case "undecided":
      return {
        tone: "care",
        word: words.staff,
        why: words.undecidedShort,
        advice: words.undecided,
      };
  }
}

/** A result over the whole screen, to be read from two metres, in both languages. */
export function resultTemplate({ tone, label, word, why, ticket, advice }: Result): TemplateResult {
  return html`
    <div class="gate-result" data-tone=${tone}>
      ${SHAPES[tone]}
      ${label ? inBoth(label, "gate-label") : nothing}
      ${inBoth(word, "gate-word")}
      ${why ? inBoth(why, "gate-why") : nothing}
      <p class="gate-ticket">${ticket === undefined ? nothing : `${say(words.ticket)} ${ticket}`}</p>
      ${
        advice
          ? html`<p class="gate-advice"><strong>${say(words.toStaff)}</strong> ${say(advice)}</p>`
          : nothing
      }
    </div>
  `;
}

/** The current language first, and the other beside it: visitors choose none at a gate. */
function inBoth(text: Text, name: string): TemplateResult {
  const other: Language = language.current === "ja" ? "en" : "ja";
  return html`
    <div class=${name}>
      <p>${say(text)}</p>
      <p class="other" lang=${other}>${text[other]}</p>
    </div>
  `;
}

function join(one: Text, other: Text): Text {
  return { ja: one.ja + other.ja, en: one.en + other.en };
}

function shape(content: TemplateResult): TemplateResult {
  return html`<svg class="gate-shape" viewBox="0 0 100 100" aria-hidden="true">${content}</svg>`;
}

/** A ring for yes, a dashed one for provisionally yes, a cross for no, a triangle for neither. */
const SHAPES: Record<Tone, TemplateResult> = {
  admitted: shape(svg`<circle cx="50" cy="50" r="41" />`),
  provisional: shape(svg`<circle cx="50" cy="50" r="41" stroke-dasharray="15.5 10.26" />`),
  refused: shape(svg`<path d="M14 14 86 86M86 14 14 86" />`),
  care: shape(
    svg`<path class="sign" d="M50 14 92 86H8Z" /><path class="mark" d="M50 40V60M50 73V74" />`,
  ),
};

/** A card over a reader. */
const cardOnReader: TemplateResult = html`
  <svg class="gate-drawing" viewBox="0 0 240 170" aria-hidden="true">
    ${svg`
      <rect class="reader" x="30" y="112" width="180" height="46" rx="12" />
      <path class="waves" d="M98 100q22-14 44 0M86 88q34-22 68 0" />
      <rect class="card" x="64" y="10" width="112" height="68" rx="8" />
      <rect class="chip" x="76" y="34" width="20" height="16" rx="3" />
      <path class="lines" d="M108 36h54M108 48h38" />
    `}
  </svg>
`;

/** What stands where visitors look, while no result does. */
export function waitingTemplate(): TemplateResult {
  return html`
    ${cardOnReader}
    ${inBoth(words.hold, "gate-call")}
    ${inBoth(words.holdHow, "gate-how")}
  `;
}

/** No card is seen for now, so visitors are not asked for one; the staff are told why. */
export function closedTemplate(trouble: Text): TemplateResult {
  return html`
    ${inBoth(words.staff, "gate-call")}
    <p class="notice" data-kind="problem" role="alert">${say(trouble)}</p>
  `;
}

/** `isSlow`: the server is there, and takes longer than visitors are used to. */
export function checkingTemplate(isSlow: boolean): TemplateResult {
  return html`
    <div class="busy"></div>
    ${inBoth(words.checking, "gate-call")}
    ${inBoth(isSlow ? words.slow : words.checkingHow, "gate-how")}
    ${isSlow ? html`<p class="notice gate-slow" data-kind="warning">${say(words.slowStaff)}</p>` : nothing}
  `;
}

/** Nothing is done about this card: it was judged before. */
export function servedTemplate(): TemplateResult {
  return html`
    ${cardOnReader}
    ${inBoth(words.served, "gate-call")}
    ${inBoth(words.servedWhy, "gate-how")}
  `;
}

export function connectingTemplate(): TemplateResult {
  return html`<div class="busy"></div><p class="lead">${say(words.connecting)}</p>`;
}

export function problemTemplate(problem: Text, retry: () => void): TemplateResult {
  return html`
    <div class="notice stack" data-kind="problem" role="alert">
      <p>${say(problem)}</p>
      <button class="button primary" @click=${retry}>${say(shell.retry)}</button>
    </div>
  `;
}

/** What is said of the connection to the server. */
const SERVER = { unknown: words.connecting, up: words.serverUp, down: words.serverDown };

export function serverTemplate(state: keyof typeof SERVER): TemplateResult {
  return html`<p class="gate-server" data-state=${state} role="status">${say(SERVER[state])}</p>`;
}

/** How many came here, and how many of them the server does not know yet. */
export function countsTemplate({ counts, entries }: Gate): TemplateResult {
  const count = (name: Text, number: number, kind: string) => html`
    <div class="gate-count" data-kind=${kind}>
      <dt>${say(name)}</dt>
      <dd>${number}</dd>
    </div>
  `;
  return html`
    <dl class="gate-counts" aria-label=${say(words.countsAre)}>
      ${count(words.countAdmitted, counts.admitted, "admitted")}
      ${count(words.countWaiting, entries.waiting.length, "waiting")}
      ${count(words.countRefused, counts.refused, "refused")}
    </dl>
  `;
}

/** Whom the gate let in by its list, and the server would not have; until the staff press a button. */
export function conflictsTemplate(
  refused: readonly KeptEntry[],
  note: (id: string) => void,
): TemplateResult | typeof nothing {
  if (refused.length === 0) return nothing;
  return html`
    <section class="notice stack gate-conflicts" data-kind="warning" role="alert">
      <h2>${say(words.conflicts)}</h2>
      <ul class="stack">
        ${refused.map(
          ({ id, ticket, at, refusal }) => html`
            <li class="row">
              <span>
                <strong>${say(words.ticket)} ${ticket}</strong> ${sayTime(at)}:
                ${say(sayConflict(refusal ?? "no-ticket"))}
              </span>
              <button class="button" @click=${() => note(id)}>${say(words.seen)}</button>
            </li>
          `,
        )}
      </ul>
    </section>
  `;
}

/** Who was let in last, for the staff, who may see that it was a mistake. */
export function recentTemplate(
  recent: readonly Admission[],
  giveBack: (admission: Admission) => void,
): TemplateResult {
  const ask = (admission: Admission) => {
    if (confirm(say(askToGiveBack(admission.ticket)))) giveBack(admission);
  };
  return html`
    <details class="gate-recent">
      <summary>${say(words.forStaff)}</summary>
      ${
        recent.length === 0
          ? html`<p class="note">${say(words.noRecent)}</p>`
          : html`
            <ul class="stack">
              ${recent.map(
                (admission) => html`
                  <li class="row">
                    <span>${say(words.ticket)} ${admission.ticket} ${sayTime(admission.at)}</span>
                    <button class="button" @click=${() => ask(admission)}>${say(words.giveBack)}</button>
                  </li>
                `,
              )}
            </ul>
          `
      }
    </details>
  `;
}
