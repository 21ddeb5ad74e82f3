import { html, type TemplateResult } from "lit-html";
import { say, type Text } from "../../language.ts";
import { desk, outOf } from "../../words/desk.ts";
import type { View } from "../stage.ts";

/** The card is being worked with. */
function busy(title: Text, detail: Text = desk.leaveCard): TemplateResult {
  return html`
    <section class="centred stack">
      <div class="busy"></div>
      <h1 tabindex="-1">${say(title)}</h1>
      <p class="lead">${say(detail)}</p>
    </section>
  `;
}

export const connecting: View = () => busy(desk.connecting, desk.connectingHint);
export const recognising: View = () => busy(desk.recognising);
export const recordingCheck: View = () => busy(desk.recordingCheck);
export const unlocking: View = () => busy(desk.unlocking);
export const sending: View = () => busy(desk.sending);
export const deleting: View = () => busy(desk.deleting);
export const waitingForServer: View = () => busy(desk.kept, desk.keptCard);

/** The face takes longest: one sees how far it is. */
export function readingFace(progress: { read: number; total: number }): View {
  return () => html`
    <section class="centred stack">
      <div class="busy"></div>
      <h1 tabindex="-1">${say(desk.readingFace)}</h1>
      <p class="lead">${say(desk.leaveCard)}</p>
      <progress max=${progress.total} value=${progress.read} aria-label=${say(desk.readingFace)}>
        ${say(outOf(progress.read, progress.total))}
      </progress>
    </section>
  `;
}
