/**
 * What the database must hold: every commit of every process in a tree of possibilities, with the positions of the disk
 * between which each may, must or must not be what a power cut leaves.
 *
 * Knows nothing of pages, logs or slots: a commit is a number, a parent and a content.
 *
 * @module
 */
import type { Content } from "@holdfast/storage-engine/simulation";

/** The name of a key; `plain` is none. */
export type KeyName = "plain" | "key-1" | "key-2" | "key-3";

/** One state that the database had, has, or may have after a power cut. */
export interface CommitNode {
  /** Identity of the file: each compaction and re-keying makes another. Empty for "no file yet". */
  readonly file: string;
  readonly number: number;
  readonly parent: CommitNode | undefined;
  readonly content: Content;
  readonly key: KeyName;
  /** Position of the disk when the commit was asked for: images at or before it cannot hold it. */
  readonly startedAt: number;
  /** From this position on, no image may hold it or what builds on it. */
  goneAt: number;
}

/** From `position` on, every image holds this commit or one that builds on it. */
interface Assurance {
  readonly position: number;
  readonly node: CommitNode;
}

/** The commits since the beginning of a recording. */
export class CommitModel {
  readonly #nodes: CommitNode[] = [];
  readonly #promises: Assurance[] = [];

  /** Starts with what is on the disk. */
  constructor(root: Pick<CommitNode, "file" | "number" | "content" | "key">) {
    const node: CommitNode = { ...root, parent: undefined, startedAt: -1, goneAt: Infinity };
    this.#nodes.push(node);
    this.#promises.push({ position: -1, node });
  }

  /** The newest commit that must survive. */
  get newestSure(): CommitNode {
    return (this.#promises.at(-1) as Assurance).node;
  }

  /** The commit of that number in that file; `undefined` if there is none that could still be there. */
  find(file: string, number: number): CommitNode | undefined {
    return this.#nodes.findLast((node) => node.file === file && node.number === number && node.goneAt === Infinity && this.#isPossible(node, this.newestSure));
  }

  /** Any commit of that number in that file, also one that is older than what is sure. */
  findAny(file: string, number: number): CommitNode | undefined {
    return this.#nodes.findLast((node) => node.file === file && node.number === number && node.goneAt === Infinity);
  }

  /** A transaction builds on this commit: it is durable, and later ones that nobody acknowledged will never be seen. */
  buildOn(base: CommitNode, position: number): void {
    this.promise(base, position);
    for (const node of this.#nodes) if (node.goneAt === Infinity && node !== base && isBelow(node, base)) node.goneAt = position;
  }

  /** A commit was asked for. */
  propose(parent: CommitNode, content: Content, position: number): CommitNode {
    const node: CommitNode = { file: parent.file, number: parent.number + 1, parent, content, key: parent.key, startedAt: position, goneAt: Infinity };
    this.#nodes.push(node);
    return node;
  }

  /** Another file is about to take the place of the one that there is. */
  proposeFile(file: { readonly file: string; readonly number: number; readonly key: KeyName; readonly parent: CommitNode }, position: number): CommitNode {
    const node: CommitNode = { ...file, content: file.parent.content, startedAt: position, goneAt: Infinity };
    this.#nodes.push(node);
    return node;
  }

  /** It failed, and the engine said that nothing of it was written: no image may hold it, not even an earlier one. */
  refuse(node: CommitNode): void {
    node.goneAt = -1;
  }

  /** From now on every image must hold it. */
  promise(node: CommitNode, position: number): void {
    if (node === this.newestSure || isBelow(this.newestSure, node)) return;
    this.#promises.push({ position, node });
  }

  /** What a power cut may leave from now on. */
  allowedNow(): CommitNode[] {
    return this.allowedAt(Number.MAX_SAFE_INTEGER);
  }

  /** What a power cut at this position may leave, the sure one first. */
  allowedAt(position: number): CommitNode[] {
    const sure = (this.#promises.findLast((promise) => promise.position <= position) as Assurance).node;
    const others = this.#nodes.filter((node) => node.startedAt < position && node.goneAt > position && this.#isPossible(node, sure) && node !== sure);
    return [sure, ...others];
  }

  #isPossible(node: CommitNode, sure: CommitNode): boolean {
    return node === sure || isBelow(node, sure);
  }
}

/** True if `node` builds on `ancestor`. */
function isBelow(node: CommitNode, ancestor: CommitNode): boolean {
  for (let parent = node.parent; parent !== undefined; parent = parent.parent) if (parent === ancestor) return true;
  return false;
}
