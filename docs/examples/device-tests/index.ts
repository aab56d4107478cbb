/**
 * An application that runs the key stores' cases on the phone that it is installed on, and saves what came of them.
 *
 * @module
 */
import { registerRootComponent } from "expo";
import { DeviceTests } from "./src/device-tests.tsx";
import { installRandomValues } from "./src/random-values.ts";

installRandomValues();
registerRootComponent(DeviceTests);
