/**
 * Turns a process into one of a newer release, which knows features that this one does not: `--import` this file.
 *
 * The header's checks are loosened while the sources are loaded; everything else is the engine as it is.
 *
 * @module
 */
import { registerHooks } from "node:module";

const KNOWN = "if (incompatible !== 0 || flags > ENCRYPTED_FLAG)";
const READ_ONLY = "return readU32(bytes, 28) !== 0;";

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (!url.endsWith("/storage-engine/src/header.ts")) return loaded;
    const source = typeof loaded.source === "string" ? loaded.source : new TextDecoder().decode(loaded.source as Uint8Array);
    for (const text of [KNOWN, READ_ONLY]) if (!source.includes(text)) throw new Error(`header.ts has changed: it does not hold "${text}"`);
    // Of a width that does not move the lines.
    return { ...loaded, source: source.replace(KNOWN, "if (incompatible > 1 || flags > ENCRYPTED_FLAG)").replace(READ_ONLY, "return readU32(bytes, 28) > 1;") };
  },
});
