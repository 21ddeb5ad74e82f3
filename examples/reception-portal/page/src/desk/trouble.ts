import { html, nothing, type TemplateResult } from "lit-html";
import { say, type Text } from "../language.ts";
import { wordsFor } from "../words/errors.ts";
import {
  NAMING_ORIGIN,
  staffRemedies,
  visitorRemedies,
  trouble as words,
} from "../words/trouble.ts";
import { addressBar, exclamation } from "./drawings.ts";

/** Something that stands in the way, in words. */
export interface Trouble {
  readonly code: string;
  readonly what: Text;
}

/** What an error means to the people at the desk. A fault of the page itself goes to its console too. */
export function troubleOf(error: unknown): Trouble {
  const { code } = error as { code?: unknown };
  if (typeof code === "string") return { code, what: wordsFor(error) };
  reportError(error);
  return { code: "unknown", what: words.unknown };
}

/** Says what is the matter and what to do about it. */
export function explain(
  { code, what }: Trouble,
  also: TemplateResult | typeof nothing = nothing,
): TemplateResult {
  return html`
    <section class="trouble panel" data-code=${code}>
      ${exclamation()}
      <div class="stack">
        <h1 tabindex="-1">${say(what)}</h1>
        ${advice(words.visitorToDo, visitorRemedies[code])}
        ${advice(words.staffToDo, staffRemedies[code])}
        ${code === "lna-denied" ? permission() : nothing}
        ${NAMING_ORIGIN.includes(code) ? html`<p><code>${location.origin}</code></p>` : nothing}
        ${also}
      </div>
    </section>
  `;
}

/** What one of those at the desk can do: what is for the staff is no use to the visitor. */
function advice(to: Text, steps: readonly Text[] = []): TemplateResult | typeof nothing {
  if (steps.length === 0) return nothing;
  return html`
    <h2>${say(to)}</h2>
    <ol class="steps">${steps.map((step) => html`<li>${say(step)}</li>`)}</ol>
  `;
}

function permission(): TemplateResult {
  return addressBar({
    label: say(words.permissionDrawing),
    name: say(words.permissionName),
    allow: say(words.permissionAllow),
  });
}
