import { HERE } from "../workstation/system.ts";
import { everyCodeIsCausedOn } from "./codes.ts";

everyCodeIsCausedOn(HERE);
