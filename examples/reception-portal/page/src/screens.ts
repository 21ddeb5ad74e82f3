import type { Role } from "./api.ts";
import type { Text } from "./language.ts";
import type { Screen } from "./screen.ts";
import { boardWords } from "./words/board.ts";
import { desk } from "./words/desk.ts";
import { gateWords } from "./words/gate.ts";
import { settingsWords } from "./words/settings.ts";
import { shell } from "./words/shell.ts";

/** A screen that people choose, and where it is. */
export interface Place {
  readonly path: string;
  readonly title: Text;
  /** What it is for, where people choose. */
  readonly purpose: Text;
  /** Who may open it. */
  readonly roles: readonly Role[];
  readonly load: () => Promise<{ readonly screen: Screen }>;
}

/** In the order in which they are offered. */
export const PLACES: readonly Place[] = [
  {
    path: "/desk",
    title: desk.title,
    purpose: desk.purpose,
    roles: ["staff", "administrator"],
    load: () => import("./desk/screen.ts"),
  },
  {
    path: "/gate",
    title: gateWords.title,
    purpose: gateWords.purpose,
    roles: ["staff", "administrator"],
    load: () => import("./gate/screen.ts"),
  },
  {
    path: "/board",
    title: boardWords.title,
    purpose: boardWords.purpose,
    roles: ["staff", "administrator"],
    load: () => import("./board/screen.ts"),
  },
  {
    path: "/settings",
    title: settingsWords.title,
    purpose: settingsWords.purpose,
    roles: ["administrator"],
    load: () => import("./settings/screen.ts"),
  },
];

/** Where people choose among the others. */
export const HOME: Place = {
  path: "/",
  title: shell.home,
  purpose: shell.homePurpose,
  roles: ["staff", "administrator"],
  load: () => import("./home.ts"),
};

/** The places that somebody in this role may go to. */
export function placesFor(role: Role): readonly Place[] {
  return PLACES.filter(({ roles }) => roles.includes(role));
}
