import type { Facing } from "./api.ts";

const KEY = "kazashi-facing";

/**
 * To whom the screen of this workstation was last turned, for the next time that somebody signs in here.
 * What is allowed is decided by the server, which keeps it with the session.
 */
export const facing = {
  get current(): Facing {
    return localStorage.getItem(KEY) === "visitors" ? "visitors" : "staff";
  },

  set current(facing: Facing) {
    localStorage.setItem(KEY, facing);
  },
};
