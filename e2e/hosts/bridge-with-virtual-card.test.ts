import { pageMayCountOn } from "./contract.ts";
import { TestedBridge } from "./tested-bridge.ts";

pageMayCountOn("bridge with a virtual card", new TestedBridge("bridge"));
