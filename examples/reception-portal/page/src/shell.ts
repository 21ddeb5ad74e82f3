import { html, nothing, render } from "lit-html";
import type { Api, Session } from "./api.ts";
import { facing } from "./facing.ts";
import { type Language, language, say, type Text } from "./language.ts";
import type { SignedInSession } from "./screen.ts";
import { HOME, OWN_ACCOUNT, placesFor } from "./screens.ts";
import { signIn } from "./sign-in.ts";
import { staffOnly } from "./staff-only.ts";
import { wordsFor } from "./words/errors.ts";
import { shell } from "./words/shell.ts";

/** What each language calls itself. */
const LANGUAGES: Record<Language, string> = { ja: "日本語", en: "English" };

/** The frame around the screens: who is signed in, which language, and which screen the address names. */
export class Shell {
  readonly #body: HTMLElement;
  readonly #api: Api;
  #session: Session | undefined;
  #title: Text = shell.portal;
  /** The screen, which draws into it by itself. */
  #root = document.createElement("div");
  /** Aborts when the screen is left. */
  #left = new AbortController();

  constructor(body: HTMLElement, api: Api) {
    this.#body = body;
    this.#api = api;
  }

  /** Shows the screen that the address names, or first asks the staff to sign in. */
  async open(): Promise<void> {
    language.addEventListener("change", () => this.#draw());
    window.addEventListener("popstate", () => void this.#show());
    document.addEventListener("click", (event) => this.#follow(event));
    this.#api.addEventListener("signed-out", () => {
      // What is sent again and again in the meantime must not disturb those who sign in.
      if (this.#session?.account) void this.#start(shell.sessionEnded);
    });
    this.#api.addEventListener("forbidden", () => void this.#seeWhoIsSignedIn());
    this.#api.addEventListener("turned", () => void this.#start());
    await this.#start();
  }

  /** Starts anew if it is somebody else, or nobody, or the screen was turned, and this page does not know. */
  async #seeWhoIsSignedIn(): Promise<void> {
    const before = this.#session;
    const session = await this.#api.session().catch(() => undefined);
    const isSame =
      session?.account?.name === before?.account?.name && session?.facing === before?.facing;
    if (!session || isSame) return;
    this.#session = session;
    await this.#show(shell.sessionEnded);
  }

  /** `because` is told to whoever has to sign in. */
  async #start(because?: Text): Promise<void> {
    try {
      this.#session = await this.#api.session();
    } catch (error) {
      return this.#tell(wordsFor(error), () => this.#start(because));
    }
    await this.#show(because);
  }

  /** Goes to another screen without loading the page anew, or to a part of this one. */
  #follow(event: MouseEvent): void {
    const link = (event.target as Element).closest("a");
    const isPlain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    if (!link || !isPlain || link.origin !== location.origin) return;
    if (link.target || link.hasAttribute("download")) return;
    event.preventDefault();
    if (link.hash) {
      // The address stays as it is: another one would have the screen begin anew.
      document.querySelector<HTMLElement>(link.hash)?.focus();
      return;
    }
    history.pushState(null, "", link.pathname);
    void this.#show();
  }

  async #show(because?: Text): Promise<void> {
    const session = this.#session;
    if (!session || !isSignedIn(session)) {
      const signal = this.#leave(shell.signIn);
      signIn(this.#root, { api: this.#api, session, signal, because }, (signedIn) => {
        this.#session = signedIn;
        void this.#show();
      });
      return this.#arrive("input");
    }
    facing.current = session.facing;
    const places = placesFor(session.account.role, session.facing);
    // A visitor has nowhere else to go.
    if (session.facing === "visitors") history.replaceState(null, "", places[0]?.path);
    const place = places.find(({ path }) => path === location.pathname);
    if (!place) return this.#tell(shell.notHere);
    const signal = this.#leave(place.title);
    try {
      const { screen } = await place.load();
      if (signal.aborted) return;
      screen(this.#root, { api: this.#api, session, signal });
    } catch {
      // The server is away, or has been updated since: its files have other names then.
      if (!signal.aborted) this.#tell(shell.screenMissing, () => location.reload());
      return;
    }
    this.#arrive("h1");
  }

  /** Ends the screen that is shown, and makes room for another. */
  #leave(title: Text): AbortSignal {
    this.#left.abort();
    this.#left = new AbortController();
    this.#root = document.createElement("div");
    this.#title = title;
    this.#draw();
    return this.#left.signal;
  }

  /** Takes keyboard and screen reader to where the screen begins. */
  #arrive(selector: string): void {
    this.#root.querySelector<HTMLElement>(selector)?.focus();
  }

  #tell(text: Text, retry?: () => void): void {
    const signal = this.#leave(shell.portal);
    const draw = () =>
      render(
        html`
          <div class="page narrow stack">
            <p class="notice" data-kind="problem" role="alert">${say(text)}</p>
            <div class="row">
              ${
                retry
                  ? html`<button class="button primary" @click=${retry}>${say(shell.retry)}</button>`
                  : html`<a class="button" href=${HOME.path}>${say(shell.backHome)}</a>`
              }
            </div>
          </div>
        `,
        this.#root,
      );
    language.addEventListener("change", draw, { signal });
    draw();
  }

  async #signOut(): Promise<void> {
    try {
      await this.#api.signOut();
    } catch (error) {
      return this.#tell(wordsFor(error), () => this.#signOut());
    }
    history.pushState(null, "", HOME.path);
    await this.#start();
  }

  #draw(): void {
    const institution = this.#session?.institution ?? shell.portal;
    document.documentElement.lang = language.current;
    document.title = `${say(this.#title)} | ${say(institution)}`;
    render(this.#frame(institution), this.#body);
  }

  #frame(institution: Text) {
    return html`
      <a class="skip" href="#content">${say(shell.skip)}</a>
      <header class="shell">
        ${
          this.#session?.facing === "visitors"
            ? html`<span class="institution">${say(institution)}</span>`
            : html`
                <a class="institution" href=${HOME.path} aria-label=${`${say(institution)}: ${say(shell.backHome)}`}>
                  ${say(institution)}
                </a>
              `
        }
        <div class="shell-tools">
          ${this.#accountTools()}
          <div class="languages">
            ${(Object.keys(LANGUAGES) as Language[]).map(
              (name) => html`
                <button
                  class="language"
                  lang=${name}
                  aria-pressed=${name === language.current}
                  @click=${() => {
                    language.current = name;
                  }}
                >
                  ${LANGUAGES[name]}
                </button>
              `,
            )}
          </div>
        </div>
      </header>
      <main id="content" tabindex="-1">${this.#root}</main>
    `;
  }

  #accountTools() {
    const { account, facing } = this.#session ?? {};
    if (!account) return nothing;
    if (facing === "visitors") return staffOnly(this.#api);
    return html`
      <a class="account" href=${OWN_ACCOUNT.path}>${account.name}</a>
      <button class="button quiet" @click=${() => this.#signOut()}>${say(shell.signOut)}</button>
    `;
  }
}

function isSignedIn(session: Session): session is SignedInSession {
  return session.account !== null;
}
