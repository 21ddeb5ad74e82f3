import { html, nothing } from "lit-html";
import { dayOf } from "../../day.ts";
import { say, sayDay, type Text } from "../../language.ts";
import { desk, lastVisit } from "../../words/desk.ts";
import { trouble as words } from "../../words/trouble.ts";
import type { NoPin } from "../by-eye.ts";
import type { Newcomer } from "../receive.ts";
import type { View } from "../stage.ts";
import { explain, type Trouble } from "../trouble.ts";

export type Road = "pin" | "visual" | "stop";

/** Lets the visitor choose how to be received. */
export function chooseRoad(
  { arrival, trouble }: Newcomer,
  notByEye: Text | undefined,
  choose: (road: Road) => void,
): View {
  return () => html`
    <section class="stack">
      <h1 tabindex="-1">${say(desk.chooseTitle)}</h1>
      ${trouble ? html`<p class="notice" data-kind="warning" data-code=${trouble.code}>${say(trouble.what)}</p>` : nothing}
      <p class="lead">
        ${arrival.lastVisit ? say(lastVisit(arrival.visits ?? 0, sayDay(dayOf(new Date(arrival.lastVisit))))) : say(desk.firstVisit)}
      </p>
      <div class="choices">
        <button class="choice" @click=${() => choose("pin")}>
          <span class="choice-title">${say(desk.withPin)}</span>
          <span>${say(desk.withPinPurpose)}</span>
        </button>
        <button class="choice" ?disabled=${notByEye !== undefined} @click=${() => choose("visual")}>
          <span class="choice-title">${say(desk.byEye)}</span>
          <span>${say(notByEye ?? desk.byEyePurpose)}</span>
        </button>
      </div>
      <div class="row">
        <button class="button" @click=${() => choose("stop")}>${say(words.stop)}</button>
      </div>
    </section>
  `;
}

/** One way came to nothing, of which this says why; there is another. */
export function anotherWay(trouble: Trouble, answer: (isWanted: boolean) => void): View {
  return () =>
    explain(
      trouble,
      html`
        <p>${say(words.nothingRecorded)}</p>
        <div class="row">
          <button class="button" @click=${() => answer(false)}>${say(words.stop)}</button>
          <button class="button primary" @click=${() => answer(true)}>${say(words.anotherWay)}</button>
        </div>
      `,
    );
}

/** The card has no PIN that serves, and the visitor cannot be received by the photo because of this. */
export function noRoad(noPin: NoPin, what: Text, because: Text, done: () => void): View {
  return () =>
    explain(
      {
        code: noPin === "blocked" ? "pin-blocked" : "terminal-absent",
        what,
      },
      html`
        <p>${say(because)}</p>
        <div class="row">
          <button class="button primary" @click=${done}>${say(desk.understood)}</button>
        </div>
      `,
    );
}
