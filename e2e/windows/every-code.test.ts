import { everyCodeIsCausedOn } from "../errors/codes.ts";
import { WINDOWS } from "../workstation/wine.ts";

everyCodeIsCausedOn(WINDOWS);
