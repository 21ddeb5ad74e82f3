import { html, nothing, svg, type TemplateResult } from "lit-html";
import { type Language, language, say, type Text } from "../language.ts";
import { wordsFor } from "../words/errors.ts";
import { REASONS, gateWords as words } from "../words/gate.ts";
import type { Reason, Verdict } from "./gate.ts";
import type { Sight } from "./lane.ts";

/** How a result looks. Each has a colour, a shape and words of its own: none rests on colour alone. */
type Tone = "admitted" | "provisional" | "refused" | "care";

interface Result {
  readonly tone: Tone;
  /** What kind of result it is, where that is not plain. */
  readonly label?: Text;
  readonly word: Text;
  readonly why?: Text;
  readonly ticket?: string | undefined;
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
      const { ticket, by } = verdict;
      if (by === "server") return { tone: "admitted", word: words.admitted, ticket };
      const why = words.provisionalWhy;
      return { tone: "provisional", label: words.provisional, word: words.admitted, why, ticket };
    }
    case "refused": {
      const { ticket, because, by } = verdict;
      const reason = REASONS[because as Reason] ?? wordsFor({ code: because });
      const why = by === "list" ? join(reason, words.byList) : reason;
      return { tone: "refused", word: words.refused, why, ticket };
    }
    case "undecided":
      return { tone: "care", word: words.staff, why: words.undecided };
  }
}

/** A result over the whole screen, to be read from two metres, in both languages. */
export function resultTemplate({ tone, label, word, why, ticket }: Result): TemplateResult {
  return html`
    <div class="gate-result" data-tone=${tone}>
      ${SHAPES[tone]}
      ${label ? inBoth(label, "gate-label") : nothing}
      ${inBoth(word, "gate-word")}
      ${why ? inBoth(why, "gate-why") : nothing}
      <p class="gate-ticket">${ticket === undefined ? nothing : `${say(words.ticket)} ${ticket}`}</p>
    </div>
  `;
}

/** The current language first, and the other beside it: visitors choose none at a gate. */
export function inBoth(text: Text, name: string): TemplateResult {
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
export const cardOnReader: TemplateResult = html`
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
