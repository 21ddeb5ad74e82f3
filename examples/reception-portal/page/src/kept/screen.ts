import { html, nothing } from "lit-html";
import type { WhatIsKept } from "../api.ts";
import { say } from "../language.ts";
import { keepDrawn, type Screen } from "../screen.ts";
import { Outcome } from "../settings/section.ts";
import "../styles/settings.css";
import { KEPT, sayLimit, unfinished, keptWords as words } from "../words/kept.ts";

/** What is kept of visitors, as the server sweeps by it. */
export const screen: Screen = (root, context) => {
  let all: WhatIsKept | undefined;

  const table = ({ kept }: WhatIsKept) => html`
    <div class="table-frame" role="group" aria-label=${say(words.title)} tabindex="0">
      <table>
        <thead>
          <tr>
            ${[words.what, words.why, words.until].map((head) => html`<th scope="col">${say(head)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${kept.map(({ what, limit }) => {
            // A server that is newer than this page may keep what it cannot word.
            const worded = KEPT[what];
            return html`
              <tr>
                <th scope="row">${worded ? say(worded.what) : what}</th>
                <td>${worded ? say(worded.why) : nothing}</td>
                <td>${say(sayLimit(what, limit))}</td>
              </tr>
            `;
          })}
        </tbody>
      </table>
    </div>
  `;

  const erasures = ({ erasures: { pending, overdue } }: WhatIsKept) =>
    pending > 0
      ? html`<p class="notice" data-kind=${overdue > 0 ? "problem" : "warning"}>${say(unfinished(pending, overdue))}</p>`
      : html`<p class="note">${say(words.allErased)}</p>`;

  const outcome = new Outcome(context, () => draw());
  const draw = keepDrawn(
    root,
    context.signal,
    () => html`
      <div class="page settings">
        <h1 tabindex="-1">${say(words.title)}</h1>
        <p class="lead">${say(words.never)}</p>
        ${outcome.template()}
        ${all ? html`${erasures(all)} ${table(all)}` : nothing}
      </div>
    `,
  );
  void outcome.of(async () => {
    all = await context.api.whatIsKept({ signal: context.signal });
    return undefined;
  });
};
