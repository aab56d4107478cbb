/**
 * What a process wrote, and where, as the kernel saw it.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";

/** All bytes that went to one path, in the order of the calls; each call's bytes stand together. */
export interface Written {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** True if strace is there and may be used. */
export function hasStrace(): boolean {
  return spawnSync("strace", ["-e", "trace=none", "true"]).status === 0;
}

/** Runs a program to its end and gives everything that it and its threads wrote to files, also to those that were removed. */
export function recordWrites(command: readonly string[], scratch: string): Written[] {
  const log = `${scratch}.strace`;
  const calls = "trace=write,pwrite64,writev,pwritev,pwritev2,rename,renameat,renameat2,link,linkat";
  const run = spawnSync("strace", ["-f", "-y", "-xx", "-s", "80000000", "-o", log, "-e", calls, ...command], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  if (run.status !== 0) throw new Error(`the recorded program ended with ${run.status}: ${run.stderr}`);
  const written = parse(readFileSync(log, "latin1"));
  rmSync(log);
  return written;
}

function parse(log: string): Written[] {
  const byPath = new Map<string, Uint8Array[]>();
  for (const line of log.split("\n")) {
    const call = /^(?:\d+ +)?(?:p?write(?:64|v|v2)?)\(\d+<([^>]*)>, (.*)$/u.exec(line);
    if (call === null) continue;
    const path = decodePath(call[1] ?? "");
    const parts = byPath.get(path) ?? [];
    byPath.set(path, parts);
    for (const [, hex = ""] of (call[2] ?? "").matchAll(/"((?:\\x[0-9a-f]{2})*)"/gu)) parts.push(Uint8Array.from(Buffer.from(hex.replaceAll("\\x", ""), "hex")));
  }
  return [...byPath].map(([path, parts]) => ({ path, bytes: new Uint8Array(Buffer.concat(parts)) }));
}

/** With `-xx`, strace also writes paths in hex. */
function decodePath(path: string): string {
  return path.replaceAll(/\\x([0-9a-f]{2})/gu, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
