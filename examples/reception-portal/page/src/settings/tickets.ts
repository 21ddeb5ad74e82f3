import { html, nothing, type TemplateResult } from "lit-html";
import type { FoundTicket, GateEvent, TicketMove } from "../api.ts";
import { say, sayTime } from "../language.ts";
import type { ScreenContext } from "../screen.ts";
import {
  entryGivenBack,
  ticketDeleted,
  ticketMoved,
  ticketWords as words,
} from "../words/tickets.ts";
import { List } from "./section.ts";

/** What a dialog asks about a ticket. */
type Question = "give-back" | "move" | "delete";

/** The tickets of one event: find, move, delete, and give back the entry of somebody let in by mistake. */
export class Tickets {
  readonly event: GateEvent;
  readonly #context: ScreenContext;
  readonly #draw: () => void;
  readonly #others: () => readonly GateEvent[];
  readonly #done: () => void;
  readonly #list: List<FoundTicket>;
  #search = "";
  /** Of which a dialog asks. */
  #chosen: FoundTicket | undefined;

  /** `others` are the events to which a ticket may move; `done` closes the list. */
  constructor(
    context: ScreenContext,
    draw: () => void,
    event: GateEvent,
    others: () => readonly GateEvent[],
    done: () => void,
  ) {
    this.#context = context;
    this.#draw = draw;
    this.event = event;
    this.#others = others;
    this.#done = done;
    const { api, signal } = context;
    this.#list = new List(context, draw, () => api.tickets(event.id, this.#search, { signal }));
  }

  async load(): Promise<void> {
    await this.#list.load();
  }

  template(): TemplateResult {
    const { rows, outcome } = this.#list;
    const find = (event: SubmitEvent) => {
      event.preventDefault();
      const typed = new FormData(event.currentTarget as HTMLFormElement);
      this.#search = String(typed.get("search")).trim();
      void this.load();
    };
    return html`
      <section class="stack settings-tickets" aria-labelledby="tickets">
        <h3 id="tickets" tabindex="-1">${this.event.name}: ${say(words.tickets)}</h3>
        ${outcome.template()}
        <form class="settings-fields" role="search" @submit=${find}>
          <label class="field">
            <span class="label">${say(words.search)}</span>
            <input name="search" type="search" autocomplete="off">
          </label>
          <div class="row">
            <button class="button" ?disabled=${outcome.isBusy}>${say(words.find)}</button>
            <button type="button" class="button quiet" @click=${this.#done}>${say(words.close)}</button>
          </div>
        </form>
        ${
          rows.length === 0
            ? html`<p class="note">${say(words.none)}</p>`
            : html`
              <div class="table-frame" role="group" aria-labelledby="tickets" tabindex="0">
                <table>
                  <thead>
                    <tr>
                      <th scope="col">${say(words.ticket)}</th>
                      <th scope="col">${say(words.holder)}</th>
                      <th scope="col">${say(words.admittedAt)}</th>
                      <th scope="col">${say(words.actions)}</th>
                    </tr>
                  </thead>
                  <tbody>${rows.map((row) => this.#row(row))}</tbody>
                </table>
              </div>
            `
        }
        ${this.#dialogs()}
      </section>
    `;
  }

  #row(found: FoundTicket): TemplateResult {
    const { ticket, subject, name, admittedAt } = found;
    const action = (question: Question, text: { ja: string; en: string }, kind = "") => html`
      <button
        class="button quiet ${kind}"
        aria-label=${`${ticket}: ${say(text)}`}
        @click=${(event: Event) => this.#ask(event, found, question)}
      >
        ${say(text)}
      </button>
    `;
    return html`
      <tr>
        <th scope="row">${ticket}</th>
        <td>${name ?? (subject ? html`<span class="subject">${subject}</span>` : say(words.nobody))}</td>
        <td class="day">${admittedAt ? sayTime(admittedAt) : nothing}</td>
        <td>
          <div class="row">
            ${
              admittedAt
                ? action("give-back", words.giveBack)
                : [action("move", words.move), action("delete", words.remove, "danger")]
            }
          </div>
        </td>
      </tr>
    `;
  }

  #ask(event: Event, found: FoundTicket, question: Question): void {
    this.#chosen = found;
    this.#draw();
    const section = (event.currentTarget as HTMLElement).closest("section");
    section?.querySelector<HTMLDialogElement>(`dialog.${question}`)?.showModal();
  }

  #dialogs(): TemplateResult {
    const { api } = this.#context;
    const ticket = this.#chosen?.ticket ?? "";
    const give = async () => {
      await api.giveBack(this.event.id, this.#chosen?.entry ?? "");
      return entryGivenBack(ticket);
    };
    const remove = async () => {
      await api.deleteTicket(this.event.id, ticket);
      return ticketDeleted(ticket);
    };
    const move = async (typed: FormData) => {
      await api.moveTicket(this.event.id, ticket, moveIn(typed, this.event.id));
      return ticketMoved(ticket);
    };
    const fields = html`
      <p class="note">${say(words.moveHint)}</p>
      <label class="field">
        <span class="label">${say(words.toNumber)}</span>
        <input name="number" inputmode="numeric" pattern="[0-9]*" autocomplete="off">
      </label>
      <label class="field">
        <span class="label">${say(words.toSubject)}</span>
        <input name="subject" autocomplete="off">
      </label>
      <label class="field">
        <span class="label">${say(words.toEvent)}</span>
        <select name="event">
          ${[this.event, ...this.#others()].map(({ id, name }) => html`<option value=${id}>${name}</option>`)}
        </select>
      </label>
    `;
    return html`
      ${this.#dialog("give-back", words.askGiveBack, words.giveBack, give)}
      ${this.#dialog("delete", words.askDelete, words.remove, remove)}
      ${this.#dialog("move", words.move, words.move, move, fields)}
    `;
  }

  #dialog(
    question: Question,
    title: { ja: string; en: string },
    answer: { ja: string; en: string },
    work: (typed: FormData) => Promise<{ ja: string; en: string }>,
    fields: TemplateResult | typeof nothing = nothing,
  ): TemplateResult {
    const close = (form: HTMLFormElement) => {
      form.reset();
      form.closest("dialog")?.close();
    };
    const submit = (event: SubmitEvent) => {
      event.preventDefault();
      const form = event.currentTarget as HTMLFormElement;
      const typed = new FormData(form);
      close(form);
      const own = { conflict: words.taken, "not-found": words.notFound, invalid: words.whoFirst };
      void this.#list.change(() => work(typed), own);
    };
    const cancel = (event: Event) => {
      const form = (event.currentTarget as HTMLElement).closest("form");
      if (form) close(form);
    };
    return html`
      <dialog class=${question} aria-labelledby=${`ticket-${question}`}>
        <form class="stack" @submit=${submit}>
          <h3 id=${`ticket-${question}`}>${this.#chosen?.ticket}: ${say(title)}</h3>
          ${fields}
          <div class="row">
            <button type="button" class="button" @click=${cancel}>${say(words.cancel)}</button>
            <button class="button ${question === "move" ? "primary" : "danger"}">${say(answer)}</button>
          </div>
        </form>
      </dialog>
    `;
  }
}

/** Where a ticket is to go, as it was typed in; what was left empty stays as it is. */
function moveIn(typed: FormData, from: string): TicketMove {
  const [number, subject, event] = ["number", "subject", "event"].map((name) =>
    String(typed.get(name) ?? "").trim(),
  );
  const holder = number ? { number: Number(number) } : subject ? { subject } : undefined;
  return { ...(holder && { holder }), ...(event && event !== from && { event }) };
}
