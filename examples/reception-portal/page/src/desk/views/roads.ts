import { html, nothing } from "lit-html";
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
  canByEye: boolean,
  choose: (road: Road) => void,
): View {
  return () => html`
    <section class="stack">
      <h1 tabindex="-1">${say(desk.chooseTitle)}</h1>
      ${trouble ? html`<p class="notice" data-kind="warning" data-code=${trouble.code}>${say(trouble.what)}</p>` : nothing}
      <p class="lead">
        ${arrival.lastVisit ? say(lastVisit(arrival.visits, sayDayOf(arrival.lastVisit))) : say(desk.firstVisit)}
      </p>
      <div class="choices">
        <button class="choice" @click=${() => choose("pin")}>
          <span class="choice-title">${say(desk.withPin)}</span>
          <span>${say(desk.withPinPurpose)}</span>
        </button>
        <button class="choice" ?disabled=${!canByEye} @click=${() => choose("visual")}>
          <span class="choice-title">${say(desk.byEye)}</span>
          <span>${say(canByEye ? desk.byEyePurpose : desk.byEyeAbsent)}</span>
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
export function noRoad(noPin: NoPin, because: Text, done: () => void): View {
  return () =>
    explain(
      {
        code: noPin === "blocked" ? "pin-blocked" : "terminal-absent",
        what: desk.noRoad,
      },
      html`
        <p>${say(because)}</p>
        <div class="row">
          <button class="button primary" @click=${done}>${say(desk.understood)}</button>
        </div>
      `,
    );
}

/** The day, by this workstation's clock, in words. */
function sayDayOf(at: string): string {
  return sayDay(new Intl.DateTimeFormat("sv-SE").format(new Date(at)));
}
