import { render, type TemplateResult } from "lit-html";
import type { Api, Session } from "./api.ts";
import { language } from "./language.ts";

/**
 * Fills `root`, which is empty, and keeps it up to date until `context.signal` aborts. Whatever it
 * opened, listens to or waits for ends by that signal; `root` itself is thrown away.
 */
export type Screen = (root: HTMLElement, context: ScreenContext) => void;

/** What a screen has to work with. */
export interface ScreenContext {
  readonly api: Api;
  /** Whose session it is, and what the server said of the institution. */
  readonly session: SignedInSession;
  /** Aborts when the screen is left. */
  readonly signal: AbortSignal;
}

/** The session of somebody who has signed in. */
export type SignedInSession = Session & { readonly account: NonNullable<Session["account"]> };

/**
 * Draws now, whenever the language changes, and whenever the function that it returns is called,
 * until the signal aborts.
 */
export function keepDrawn(
  root: HTMLElement,
  signal: AbortSignal,
  template: () => TemplateResult,
): () => void {
  const draw = () => {
    if (!signal.aborted) render(template(), root);
  };
  language.addEventListener("change", draw, { signal });
  draw();
  return draw;
}
