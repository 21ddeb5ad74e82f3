import type { Screen } from "../screen.ts";
import "../styles/gate.css";
import { chooseEvent } from "./choose-event.ts";
import { openGate } from "./open-gate.ts";

/** The entrance of an event: which one, and then its gate. */
export const screen: Screen = (root, context) => {
  /** Takes keyboard and screen reader to what has taken the place of the button that was pressed. */
  const arrive = () => root.querySelector<HTMLElement>("h1")?.focus();
  const choose = () =>
    chooseEvent(root, context, (event) => {
      openGate(root, context, event, () => {
        choose();
        arrive();
      });
      arrive();
    });
  choose();
};
