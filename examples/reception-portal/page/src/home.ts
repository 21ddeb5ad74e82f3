import { html } from "lit-html";
import { say } from "./language.ts";
import { keepDrawn, type Screen } from "./screen.ts";
import { placesFor } from "./screens.ts";
import { shell } from "./words/shell.ts";

/** Where the staff choose what this workstation is for. */
export const screen: Screen = (root, { session, signal }) => {
  keepDrawn(
    root,
    signal,
    () => html`
      <div class="page">
        <h1 tabindex="-1">${say(shell.home)}</h1>
        <p class="lead">${say(shell.homePurpose)}</p>
        <ul class="choices">
          ${placesFor(session.account.role).map(
            ({ path, title, purpose }) => html`
              <li>
                <a class="choice" href=${path}>
                  <span class="choice-title">${say(title)}</span>
                  <span>${say(purpose)}</span>
                </a>
              </li>
            `,
          )}
        </ul>
      </div>
    `,
  );
};
