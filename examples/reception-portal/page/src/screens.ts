import type { Facing, Role } from "./api.ts";
import type { Text } from "./language.ts";
import type { Screen } from "./screen.ts";
import { boardWords } from "./words/board.ts";
import { desk } from "./words/desk.ts";
import { gateWords } from "./words/gate.ts";
import { keptWords } from "./words/kept.ts";
import { ownAccount } from "./words/own-account.ts";
import { peopleWords } from "./words/people.ts";
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

const EVERYBODY: readonly Role[] = ["board", "desk", "gate", "staff", "administrator"];

/** In the order in which they are offered. */
export const PLACES: readonly Place[] = [
  {
    path: "/desk",
    title: desk.title,
    purpose: desk.purpose,
    roles: ["desk", "staff", "administrator"],
    load: () => import("./desk/screen.ts"),
  },
  {
    path: "/gate",
    title: gateWords.title,
    purpose: gateWords.purpose,
    roles: ["gate", "staff", "administrator"],
    load: () => import("./gate/screen.ts"),
  },
  {
    path: "/board",
    title: boardWords.title,
    purpose: boardWords.purpose,
    roles: ["board", "staff", "administrator"],
    load: () => import("./board/screen.ts"),
  },
  {
    path: "/people",
    title: peopleWords.title,
    purpose: peopleWords.purpose,
    roles: ["staff", "administrator"],
    load: () => import("./people/screen.ts"),
  },
  {
    path: "/kept",
    title: keptWords.title,
    purpose: keptWords.purpose,
    roles: ["staff", "administrator"],
    load: () => import("./kept/screen.ts"),
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
  roles: EVERYBODY,
  load: () => import("./home.ts"),
};

/** Where people see to their own account. */
export const OWN_ACCOUNT: Place = {
  path: "/account",
  title: ownAccount.title,
  purpose: ownAccount.purpose,
  roles: EVERYBODY,
  load: () => import("./own-account.ts"),
};

/** Where visitors are, who have the screen to themselves. */
const VISITORS = "/desk";

/** The places that somebody in this role may go to, or a visitor to whom they turned the screen. */
export function placesFor(role: Role, facing: Facing): readonly Place[] {
  if (facing === "visitors") return PLACES.filter(({ path }) => path === VISITORS);
  return [HOME, OWN_ACCOUNT, ...PLACES.filter(({ roles }) => roles.includes(role))];
}
