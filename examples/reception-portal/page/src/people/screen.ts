import { html, nothing } from "lit-html";
import type { Person, PersonSearch } from "../api.ts";
import { dayOf, today } from "../day.ts";
import { say, sayDay } from "../language.ts";
import { keepDrawn, type Screen } from "../screen.ts";
import { Outcome } from "../settings/section.ts";
import "../styles/settings.css";
import { sayErasure } from "../words/erasure.ts";
import { erased, suspendedSince, visitsAndLast, peopleWords as words } from "../words/people.ts";

/** What is done to somebody, after it was asked for once more. */
type Action = "suspend" | "lift" | "erase";

/** Where the staff find somebody whose card is lost, or whose data is to be deleted. */
export const screen: Screen = (root, context) => {
  const { api, signal } = context;
  let search: PersonSearch | undefined;
  let found: { people: readonly Person[]; isAll: boolean } | undefined;
  let suspended: readonly Person[] | undefined;
  /** Of whom the dialog asks, and what. */
  let chosen: { person: Person; action: Action } | undefined;

  const load = async () => {
    suspended = await api.suspendedPeople({ signal });
    if (search) found = await api.people(search, { signal });
  };

  const find = async (event: SubmitEvent, wanted: PersonSearch) => {
    event.preventDefault();
    await outcome.of(async () => {
      search = wanted;
      found = undefined;
      found = await api.people(wanted, { signal });
      return undefined;
    });
  };

  const byName = (event: SubmitEvent) => {
    const typed = new FormData(event.currentTarget as HTMLFormElement);
    return find(event, { name: String(typed.get("name")) });
  };

  const byVisit = (event: SubmitEvent) => {
    const typed = new FormData(event.currentTarget as HTMLFormElement);
    return find(event, { day: String(typed.get("day")), number: Number(typed.get("number")) });
  };

  const act = async ({ person, action }: { person: Person; action: Action }) => {
    switch (action) {
      case "suspend":
        await api.suspend(person.subject);
        return words.suspendedNow;
      case "lift":
        await api.liftSuspension(person.subject);
        return words.lifted;
      case "erase": {
        const { visits, erasure } = await api.erasePerson(crypto.randomUUID(), person.subject);
        const [done, files] = [erased(visits), sayErasure(erasure)];
        return { ja: `${done.ja}${files.ja}`, en: `${done.en} ${files.en}` };
      }
    }
  };

  const confirm = async (event: SubmitEvent) => {
    event.preventDefault();
    (event.currentTarget as HTMLElement).closest("dialog")?.close();
    const asked = chosen;
    if (!asked) return;
    await outcome.of(
      async () => {
        const text = await act(asked);
        await load();
        return text;
      },
      { "not-found": words.gone },
    );
  };

  const ask = (person: Person, action: Action) => {
    chosen = { person, action };
    draw();
    root.querySelector("dialog")?.showModal();
  };

  const nameOf = ({ name }: Person) => name ?? say(words.noName);

  const button = (person: Person, action: Action, isDanger = false) => html`
    <button
      class="button quiet ${isDanger ? "danger" : ""}"
      aria-label=${`${nameOf(person)}: ${say(words[action])}`}
      ?disabled=${outcome.isBusy}
      @click=${() => ask(person, action)}
    >
      ${say(words[action])}
    </button>
  `;

  const state = ({ suspended, remembered }: Person) =>
    suspended
      ? html`
        <strong>${say(words.isSuspended)}</strong>
        <span class="note">
          ${say(suspendedSince(sayDay(dayOf(new Date(suspended.at))), suspended.account))}
        </span>
      `
      : say(remembered ? words.remembered : words.notRemembered);

  const row = (person: Person) => html`
    <tr>
      <th scope="row">
        ${nameOf(person)}
        ${person.birthDate ? html`<span class="note">${sayDay(person.birthDate)}</span>` : nothing}
      </th>
      <td>
        ${say(visitsAndLast(person.visits, person.lastVisit, sayDay(person.lastVisit?.day ?? today())))}
      </td>
      <td>${state(person)}</td>
      <td>
        <div class="row">
          ${button(person, person.suspended ? "lift" : "suspend")} ${button(person, "erase", true)}
        </div>
      </td>
    </tr>
  `;

  const table = (people: readonly Person[], label: string) => html`
    <div class="table-frame" role="group" aria-labelledby=${label} tabindex="0">
      <table>
        <thead>
          <tr>
            ${[words.person, words.visits, words.card, words.actions].map(
              (head) => html`<th scope="col">${say(head)}</th>`,
            )}
          </tr>
        </thead>
        <tbody>${people.map(row)}</tbody>
      </table>
    </div>
  `;

  const forms = () => html`
    <form class="stack" @submit=${byName} aria-labelledby="people-by-name">
      <h2 id="people-by-name">${say(words.byName)}</h2>
      <label class="field">
        <span class="label">${say(words.name)}</span>
        <input
          name="name"
          type="search"
          maxlength="200"
          autocomplete="off"
          aria-describedby="people-name-hint"
          required
        >
        <span class="hint" id="people-name-hint">${say(words.nameHint)}</span>
      </label>
      <div class="row">
        <button class="button primary" ?disabled=${outcome.isBusy}>${say(words.search)}</button>
      </div>
    </form>
    <form class="stack" @submit=${byVisit} aria-labelledby="people-by-visit">
      <h2 id="people-by-visit">${say(words.byVisit)}</h2>
      <div class="people-visit">
        <label class="field">
          <span class="label">${say(words.day)}</span>
          <input name="day" type="date" value=${today()} required>
        </label>
        <label class="field">
          <span class="label">${say(words.number)}</span>
          <input name="number" type="number" min="1" step="1" autocomplete="off" required>
        </label>
      </div>
      <div class="row">
        <button class="button primary" ?disabled=${outcome.isBusy}>${say(words.search)}</button>
      </div>
    </form>
  `;

  const results = ({ people, isAll }: NonNullable<typeof found>) => html`
    <section class="panel stack" aria-labelledby="people-found">
      <h2 id="people-found">${say(words.found)}</h2>
      ${people.length > 0 ? table(people, "people-found") : html`<p class="note">${say(words.none)}</p>`}
      ${isAll ? nothing : html`<p class="note">${say(words.notAll)}</p>`}
    </section>
  `;

  const suspensions = (people: readonly Person[]) => html`
    <section class="panel stack" aria-labelledby="people-suspended">
      <h2 id="people-suspended">${say(words.suspended)}</h2>
      <p class="note">${say(words.suspendedHint)}</p>
      ${
        people.length > 0
          ? table(people, "people-suspended")
          : html`<p class="note">${say(words.noneSuspended)}</p>`
      }
    </section>
  `;

  const cancel = (event: Event) => (event.currentTarget as HTMLElement).closest("dialog")?.close();

  const dialog = () => html`
    <dialog aria-labelledby="people-ask">
      ${
        chosen
          ? html`
            <form class="stack" @submit=${confirm}>
              <h3 id="people-ask">${nameOf(chosen.person)}: ${say(words[chosen.action])}</h3>
              <p>${say(words[`${chosen.action}Means`])}</p>
              <div class="row">
                <button type="button" class="button" @click=${cancel}>${say(words.cancel)}</button>
                <button class="button danger">${say(words[chosen.action])}</button>
              </div>
            </form>
          `
          : nothing
      }
    </dialog>
  `;

  const outcome = new Outcome(context, () => draw());
  const draw = keepDrawn(
    root,
    signal,
    () => html`
      <div class="page settings">
        <h1 tabindex="-1">${say(words.title)}</h1>
        <p class="lead">${say(words.lead)}</p>
        <div class="panel people-forms">${forms()}</div>
        ${outcome.template()}
        ${found ? results(found) : nothing}
        ${suspended ? suspensions(suspended) : nothing}
        ${dialog()}
      </div>
    `,
  );
  void outcome.of(async () => {
    await load();
    return undefined;
  });
};
