/**
 * The worker: it has the engine. Each tab starts one; one of them owns the file, and the others wait for their turn.
 *
 * @module
 */
import { serve } from "@holdfast/realm/worker";
import { NOTE } from "./schema.ts";

serve({ schema: [NOTE], schemaVersion: 1 });
