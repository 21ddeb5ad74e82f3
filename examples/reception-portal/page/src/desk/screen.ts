import "../styles/desk.css";
import type { Card, Kazashi, Reader } from "kazashi";
import { connect } from "kazashi";
import { html } from "lit-html";
import { HOUSE, language, say } from "../language.ts";
import type { Screen, ScreenContext } from "../screen.ts";
import { sleep } from "../until-answered.ts";
import { desk as words } from "../words/desk.ts";
import { trouble as troubleWords } from "../words/trouble.ts";
import { deleteOwnData } from "./deletion.ts";
import { Outbox } from "./outbox.ts";
import { receive } from "./receive.ts";
import { served } from "./served.ts";
import { Stage, type View } from "./stage.ts";
import { explain, type Trouble, troubleOf } from "./trouble.ts";
import { connecting, recognising } from "./views/busy.ts";
import { type Waiting, waiting } from "./views/waiting.ts";
import type { Visitor } from "./visitor.ts";

/** How long a card may take from the reader's event to being leased, in milliseconds. */
const READABLE_WITHIN = 3_000;

/** How long what somebody chose for the next card holds, while none comes, in milliseconds. */
const CHOICE = 60_000;

/** How long the bridge may be away until somebody has to see to it, in milliseconds. */
const PATIENCE = 20_000;

/** How long the waiting screen says why the last visit came to nothing, in milliseconds. */
const NOTICE = 30_000;

/** It outlives the screen: visits that wait for the server are not lost by leaving the desk. */
let outbox: Outbox | undefined;

/** Where visitors are received, one after another. */
export const screen: Screen = (root, context) => {
  outbox ??= new Outbox(context.api);
  void new Desk(root, context, outbox).open();
};

class Desk {
  readonly #context: ScreenContext;
  readonly #outbox: Outbox;
  readonly #stage: Stage;
  /** The waiting screen of this connection: one and the same, so that nothing on it is read out twice. */
  #waiting: View = connecting;
  #purpose: Waiting["purpose"] = "receive";
  #notice: Trouble | undefined;
  #isConnected = true;
  /** What there is of a card while no visitor is served. */
  #idle: "empty" | "seen" | "served" | "unreadable" | undefined;
  #unreadable: ReturnType<typeof setTimeout> | undefined;
  #choice: ReturnType<typeof setTimeout> | undefined;
  #away: ReturnType<typeof setTimeout> | undefined;
  /** Whether the bridge was away and no card has moved since: it may call a stay by another name. */
  #isBack = false;
  /** What was read of the last card that was received. */
  #certificate: Uint8Array | undefined;
  /** As they were while the last card lay there, if it was taken: that is known before they say so. */
  #left: readonly Reader[] = [];

  constructor(root: HTMLElement, context: ScreenContext, outbox: Outbox) {
    this.#context = context;
    this.#outbox = outbox;
    const frame = document.createElement("div");
    frame.className = "page desk";
    root.append(frame);
    this.#stage = new Stage(frame, context.signal, connecting);
    outbox.addEventListener("change", () => this.#stage.redraw(), { signal: context.signal });
    language.addEventListener("change", () => this.#choose(), { signal: context.signal });
  }

  /** Connects to the readers of this workstation, and receives visitors until the desk is left. */
  async open(): Promise<void> {
    const { signal } = this.#context;
    while (!signal.aborted) {
      const attempt = new AbortController();
      this.#stage.show(connecting);
      try {
        const connected = await connect({ signal: AbortSignal.any([signal, attempt.signal]) });
        await this.#work(connected);
      } catch (error) {
        attempt.abort();
        if (signal.aborted) return;
        await this.#stage.tell(signal, (retry) => troubled(troubleOf(error), { retry }));
      }
    }
    for (const timer of [this.#unreadable, this.#choice, this.#away]) clearTimeout(timer);
  }

  /** Ends when the desk is left, or the bridge stays away. */
  async #work(kazashi: Kazashi): Promise<void> {
    const { signal } = this.#context;
    this.#isConnected = true;
    this.#waiting = waiting(
      () => this.#state(kazashi),
      this.#outbox,
      (purpose) => {
        this.#purpose = purpose;
        this.#choose();
        this.#stage.show(this.#waiting);
      },
    );
    this.#listen(kazashi);
    while (kazashi.state !== "closed") {
      this.#wait(kazashi, "empty");
      try {
        for await (const card of kazashi.cards({ signal })) {
          clearTimeout(this.#unreadable);
          const { readers } = kazashi;
          const isServed = await this.#isServed(card);
          // The bridge can be away again before that is known: then its next stay is looked at.
          if (!isServed && !card.signal.aborted) await this.#serve(kazashi, card);
          if (card.signal.reason?.code === "removed-card") this.#left = readers;
          this.#wait(kazashi, card.signal.aborted ? "empty" : "served");
        }
      } catch (error) {
        if (signal.aborted) return;
        if (troubleOf(error).code === "not-permitted") throw error;
        await this.#stage.tell(signal, (retry) => troubled(troubleOf(error), { retry }));
      }
    }
  }

  #listen(kazashi: Kazashi): void {
    const { signal } = this.#context;
    kazashi.addEventListener("card-inserted", () => this.#insert(kazashi), { signal });
    const types = ["card-removed", "reader-added", "reader-removed", "connected", "disconnected"];
    for (const type of types) {
      kazashi.addEventListener(type, () => this.#change(kazashi, type), { signal });
    }
  }

  /** A card was put on the reader: the visitor sees at once that it was noticed. */
  #insert(kazashi: Kazashi): void {
    this.#isBack = false;
    if (!this.#idle) return;
    performance.clearMarks("card-inserted");
    performance.clearMarks("card-shown");
    performance.mark("card-inserted");
    this.#see(kazashi);
    performance.mark("card-shown");
  }

  /** There is a card to be served, unless it cannot be read or somebody else has it. */
  #see(kazashi: Kazashi): void {
    this.#idle = "seen";
    this.#stage.show(recognising);
    clearTimeout(this.#unreadable);
    this.#unreadable = setTimeout(() => this.#wait(kazashi, "unreadable"), READABLE_WITHIN);
  }

  /** Readers came or went, or a card went. */
  #change(kazashi: Kazashi, type: string): void {
    clearTimeout(this.#unreadable);
    if (type === "connected" || type === "disconnected") this.#connect(kazashi, type);
    if (type === "card-removed") this.#isBack = false;
    if (this.#idle) this.#wait(kazashi, this.#idle === "served" ? "served" : "empty");
  }

  /** A bridge that stays away is not waited for blindly: connecting anew says what stands in the way. */
  #connect(kazashi: Kazashi, type: "connected" | "disconnected"): void {
    this.#isConnected = type === "connected";
    this.#isBack = this.#isConnected;
    clearTimeout(this.#away);
    if (!this.#isConnected) this.#away = setTimeout(() => kazashi.close(), PATIENCE);
  }

  /** Somebody chose for the next card, and may go away without one. */
  #choose(): void {
    clearTimeout(this.#choice);
    this.#choice = setTimeout(() => this.#idle && this.#forgetChoice(), CHOICE);
  }

  /** The next visitor finds nothing that this one chose. */
  #forgetChoice(): void {
    clearTimeout(this.#choice);
    this.#purpose = "receive";
    if (language.current !== HOUSE) language.current = HOUSE;
    clearTimeout(this.#choice);
    this.#stage.redraw();
  }

  /** Whether a card was received already in its stay: before a reload, in another tab, by another name. */
  async #isServed(card: Card): Promise<boolean> {
    const { insertion } = card.reader;
    if (served.has(insertion)) return true;
    if (!this.#isBack || !this.#certificate) return false;
    const der = await card.readCertificate("user-authentication").then(
      ({ der }) => der,
      // Whoever serves it will be told why.
      () => undefined,
    );
    const isSame = der?.join() === this.#certificate.join();
    if (isSame && insertion) served.add([insertion]);
    return isSame;
  }

  #wait(kazashi: Kazashi, idle: "empty" | "served" | "unreadable"): void {
    if (idle === "empty" && this.#hasCard(kazashi)) {
      this.#see(kazashi);
      return;
    }
    this.#idle = idle;
    this.#stage.show(this.#waiting);
  }

  #hasCard({ readers }: Kazashi): boolean {
    return readers.some((reader) => reader.cardPresent && !this.#left.includes(reader));
  }

  #state(kazashi: Kazashi): Waiting {
    return { state: this.#stateOf(kazashi), purpose: this.#purpose, notice: this.#notice };
  }

  #stateOf(kazashi: Kazashi): Waiting["state"] {
    if (!this.#isConnected) return "disconnected";
    if (kazashi.readers.length === 0) return "no-reader";
    if (this.#idle === "unreadable") return "unreadable";
    return this.#idle === "served" && this.#hasCard(kazashi) ? "served" : "empty";
  }

  /** One visitor, from their card to the end. */
  async #serve(kazashi: Kazashi, card: Card): Promise<void> {
    const { api, session, signal: closing } = this.#context;
    const signal = AbortSignal.any([card.signal, closing]);
    const [stage, outbox] = [this.#stage, this.#outbox];
    let certificate: Uint8Array | undefined;
    const seen = (read: Uint8Array) => {
      certificate = read;
    };
    const visitor: Visitor = { kazashi, card, stage, api, session, outbox, signal, seen };
    const work = this.#purpose === "delete" ? deleteOwnData : receive;
    this.#purpose = "receive";
    this.#notice = undefined;
    this.#idle = undefined;
    await this.#attend(visitor, work);
    if (served.has(card.reader.insertion)) this.#certificate = certificate;
    if (!closing.aborted) this.#forgetChoice();
  }

  /** Has it done; again, if something went wrong and they want to. */
  async #attend(visitor: Visitor, work: (visitor: Visitor) => Promise<void>): Promise<void> {
    const { signal: closing } = this.#context;
    const { signal } = visitor;
    for (;;) {
      try {
        return await work(visitor);
      } catch (error) {
        if (closing.aborted) return;
        const trouble = troubleOf(error);
        const isAgain = await this.#askAgain(trouble, signal);
        if (isAgain) continue;
        if (signal.aborted) this.#notify(trouble);
        return;
      }
    }
  }

  /** Says what went wrong. Whoever takes the card away wants no more. */
  async #askAgain(trouble: Trouble, signal: AbortSignal): Promise<boolean> {
    try {
      return await this.#stage.ask<boolean>(signal, (answer) =>
        troubled(trouble, { retry: () => answer(true), stop: () => answer(false) }),
      );
    } catch (error) {
      if (!signal.aborted) throw error;
      return false;
    }
  }

  /** The waiting screen says for a while what went wrong. */
  #notify(trouble: Trouble): void {
    const what = trouble.code === "removed-card" ? words.removedTooEarly : trouble.what;
    const notice = { ...trouble, what };
    this.#notice = notice;
    sleep(NOTICE, this.#context.signal).then(
      () => {
        if (this.#notice !== notice) return;
        this.#notice = undefined;
        this.#stage.redraw();
      },
      () => {},
    );
  }
}

function troubled(trouble: Trouble, can: { retry: () => void; stop?: () => void }): View {
  return () =>
    explain(
      trouble,
      html`
        ${can.stop ? html`<p>${say(troubleWords.nothingRecorded)}</p>` : ""}
        <div class="row">
          ${can.stop ? html`<button class="button" @click=${can.stop}>${say(troubleWords.stop)}</button>` : ""}
          <button class="button primary" @click=${can.retry}>
            ${say(trouble.code.startsWith("lna-") ? troubleWords.connect : troubleWords.again)}
          </button>
        </div>
      `,
    );
}
