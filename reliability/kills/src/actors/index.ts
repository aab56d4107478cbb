/**
 * The programs by name.
 *
 * @module
 */
import type { Actor, ActorName } from "../job.ts";
import { compacter } from "./compacter.ts";
import { copier } from "./copier.ts";
import { cycler } from "./cycler.ts";
import { migrator } from "./migrator.ts";
import { reader } from "./reader.ts";
import { rekeyer } from "./rekeyer.ts";
import { creator, writer } from "./writer.ts";

/** Every program that a process may be. */
export const ACTORS: Readonly<Record<ActorName, Actor>> = { writer, creator, reader, copier, rekeyer, compacter, cycler, migrator };
