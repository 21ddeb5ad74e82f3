import { pageMayCountOn } from "./contract.ts";
import { TestedBridge } from "./tested-bridge.ts";

pageMayCountOn("bridge with pcscd", new TestedBridge("reader"));
