import { html, nothing } from "lit-html";
import { repeat } from "lit-html/directives/repeat.js";
import type { BoardVisit, Entry } from "../api.ts";
import { dayAfter, today } from "../day.ts";
import { say, sayDay, sayTime, type Text } from "../language.ts";
import { save } from "../save.ts";
import { keepDrawn, type Screen } from "../screen.ts";
import "../styles/board.css";
import { found, more, newVisit, REVOCATION, ROADS, boardWords as words } from "../words/board.ts";
import { recordedLate } from "../words/desk.ts";
import { wordsFor } from "../words/errors.ts";
import { type BoardEvent, listen } from "./stream.ts";
import { type Query, Visits } from "./visits.ts";

/** How long after the last key a search begins, and how long events are gathered, in milliseconds. */
const SEARCH_AFTER = 300;
const GATHER = 200;

/** The visits of a day, as they come. */
export const screen: Screen = (root, { api, signal }) => {
  const visits = new Visits(api);
  let query: Query = { day: today(), search: "" };
  /** A board that shows today goes on with tomorrow when that begins. */
  let followsToday = true;
  let isLive = false;
  /** What the rows are an answer to. */
  let answered: Query | undefined;
  let entries = 0;
  let problem: Text | undefined;
  let announcement = "";
  let loading: ReturnType<typeof setTimeout> | undefined;

  signal.addEventListener("abort", () => clearTimeout(loading));

  const load = async (work: () => Promise<boolean>, announce?: () => string) => {
    const asked = query;
    try {
      if (!(await work())) return;
      problem = undefined;
      answered = asked;
      announcement = announce?.() ?? announcement;
    } catch (error) {
      problem = wordsFor(error);
    }
    draw();
  };

  /** Asks again for what is shown, a little later: more may have happened by then. */
  const refresh = (wait: number) => {
    clearTimeout(loading);
    loading = setTimeout(
      () => void load(() => visits.load(query, signal, visits.rows.length)),
      wait,
    );
  };

  const ask = (next: Query, wait = 0) => {
    query = next;
    followsToday = query.day === today();
    clearTimeout(loading);
    const sayTotal = () => say(found(visits.total));
    loading = setTimeout(() => void load(() => visits.load(query, signal), sayTotal), wait);
    draw();
  };

  const happened = (event: BoardEvent, data: unknown) => {
    if (event === "entry") {
      if ((data as Entry).outcome === "admitted") entries += 1;
      return draw();
    }
    if (followsToday && query.day !== today()) query = { ...query, day: today() };
    if (event === "visit" && followsToday) {
      const { number, at } = data as BoardVisit;
      announcement = say(newVisit(number, sayTime(at)));
    }
    refresh(GATHER);
  };

  listen(
    {
      connected: () => {
        isLive = true;
        refresh(0);
        draw();
      },
      disconnected: () => {
        isLive = false;
        draw();
        // The server may be away, or may have nobody signed in any more. It is asked to tell which.
        void api.checkSession({ signal }).catch(() => {});
      },
      happened,
    },
    signal,
  );

  const exportDay = async () => {
    const { day } = query;
    try {
      save(await api.visitsFile(day, { signal }), `visits-${day}.csv`);
      problem = undefined;
    } catch (error) {
      if (signal.aborted) return;
      problem = wordsFor(error);
    }
    draw();
  };

  const filters = () => html`
    <form class="board-filters" role="search" @submit=${(event: Event) => event.preventDefault()}>
      <div class="field">
        <label class="label" for="board-day">${say(words.day)}</label>
        <div class="board-day">
          <button
            type="button"
            class="button step"
            aria-label=${say(words.dayBefore)}
            @click=${() => ask({ ...query, day: dayAfter(query.day, -1) })}
          >
            <span aria-hidden="true">‹</span>
          </button>
          <input
            id="board-day"
            type="date"
            required
            .value=${query.day}
            @change=${(event: Event) => {
              const day = (event.target as HTMLInputElement).value;
              if (day) ask({ ...query, day });
            }}
          >
          <button
            type="button"
            class="button step"
            aria-label=${say(words.dayAfter)}
            @click=${() => ask({ ...query, day: dayAfter(query.day, 1) })}
          >
            <span aria-hidden="true">›</span>
          </button>
        </div>
      </div>
      <div class="field board-search">
        <label class="label" for="board-search">${say(words.search)}</label>
        <input
          id="board-search"
          type="search"
          autocomplete="off"
          aria-describedby="board-search-hint"
          .value=${query.search}
          @input=${(event: Event) => {
            ask(
              { ...query, search: (event.target as HTMLInputElement).value.trim() },
              SEARCH_AFTER,
            );
          }}
        >
        <span class="hint" id="board-search-hint">${say(words.searchHint)}</span>
      </div>
    </form>
  `;

  /** The rows of one query stay till those of the next are there, but not where those do not come. */
  const isLoaded = () => answered !== undefined && (answered === query || !problem);

  const table = () => html`
    <div class="table-frame board-frame" role="region" aria-label=${say(words.visits)} tabindex="0">
      <table class="board-table">
        <caption class="only-read">${say(words.visits)}</caption>
        <thead>
          <tr>
            ${[words.number, words.at, words.visitor, words.road, words.check, words.account].map(
              (head) => html`<th scope="col">${say(head)}</th>`,
            )}
          </tr>
        </thead>
        <tbody>
          ${repeat(isLoaded() ? visits.rows : [], ({ id }) => id, row)}
        </tbody>
      </table>
      ${
        isLoaded() && visits.rows.length === 0
          ? html`<p class="board-none">${say(query.search ? words.noneFound : words.none)}</p>`
          : nothing
      }
    </div>
  `;

  const row = (visit: BoardVisit) => html`
    <tr>
      <th scope="row">${visit.number}</th>
      <td>${sayTime(visit.at)}</td>
      <td>
        ${visit.attributes?.name ? html`<span class="board-name">${visit.attributes.name}</span>` : nothing}
        <span class="board-kind" data-returning=${visit.returning}>
          ${say(visit.returning ? words.returning : words.first)}
        </span>
      </td>
      <td>
        ${say(ROADS[visit.road])}
        <span class="note">${say(REVOCATION[visit.revocation])}</span>
        ${visit.recordedAt ? html`<span class="note">${say(recordedLate(sayTime(visit.recordedAt)))}</span>` : nothing}
      </td>
      <td>
        ${
          visit.decision
            ? html`${say(visit.decision === "match" ? words.match : words.noMatch)}
              <span class="note">${visit.checkedBy}</span>`
            : nothing
        }
      </td>
      <td>${visit.account}</td>
    </tr>
  `;

  const draw = keepDrawn(root, signal, () => {
    const left = isLoaded() ? visits.total - visits.rows.length : 0;
    return html`
      <div class="page board">
        <div class="board-head">
          <h1 tabindex="-1">${say(words.title)}</h1>
          <p class="board-state" data-live=${isLive} role="status">
            ${say(isLive ? words.live : words.disconnected)}
          </p>
        </div>
        ${filters()}
        <div role="alert">
          ${problem ? html`<p class="notice" data-kind="problem">${say(problem)}</p>` : nothing}
        </div>
        <div class="board-above">
          <dl class="board-counts">
            <div>
              <dt>${sayDay(query.day)} ${say(words.total)}</dt>
              <dd>${isLoaded() ? visits.total : "–"}</dd>
            </div>
            ${
              entries > 0
                ? html`<div><dt>${say(words.entries)}</dt><dd>${entries}</dd></div>`
                : nothing
            }
          </dl>
          <button class="button" @click=${exportDay}>${say(words.exported)}</button>
        </div>
        ${table()}
        <div class="row board-more">
          ${
            left > 0
              ? html`
                <button class="button" @click=${() => load(() => visits.more(query, signal))}>
                  ${say(more(left))}
                </button>
              `
              : nothing
          }
        </div>
        <p class="only-read" aria-live="polite">${announcement}</p>
      </div>
    `;
  });
};
