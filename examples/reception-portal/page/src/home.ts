import { html, nothing } from "lit-html";
import { say, type Text } from "./language.ts";
import { keepDrawn, type Screen } from "./screen.ts";
import { PLACES, placesFor } from "./screens.ts";
import { wordsFor } from "./words/errors.ts";
import { shell } from "./words/shell.ts";

/** Where the staff choose what this workstation is for. */
export const screen: Screen = (root, { api, session, signal }) => {
  let problem: Text | undefined;

  async function turn(): Promise<void> {
    try {
      await api.turnToVisitors();
      api.dispatchEvent(new Event("turned"));
    } catch (error) {
      problem = wordsFor(error);
      draw();
    }
  }

  const draw = keepDrawn(
    root,
    signal,
    () => html`
      <div class="page">
        <h1 tabindex="-1">${say(shell.home)}</h1>
        <p class="lead">${say(shell.homePurpose)}</p>
        <ul class="choices">
          ${placesFor(session.account.role, session.facing)
            .filter((place) => PLACES.includes(place))
            .map(
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
        <section class="panel stack" aria-labelledby="facing">
          <h2 id="facing">${say(shell.turn)}</h2>
          <p>${say(shell.turnPurpose)}</p>
          <div role="alert">
            ${problem ? html`<p class="notice" data-kind="problem">${say(problem)}</p>` : nothing}
          </div>
          <div class="row">
            <button class="button" @click=${turn}>${say(shell.turnToVisitors)}</button>
          </div>
        </section>
      </div>
    `,
  );
};
