/**
 * The page: the main process's tasks, and drafts of its own in a worker.
 *
 * @module
 */
import type { TaskData, TasksBridge } from "./tasks.ts";

const { tasks } = globalThis as unknown as { tasks: TasksBridge };
const list = document.querySelector("#tasks") as HTMLUListElement;
const input = document.querySelector("#title") as HTMLInputElement;
const status = document.querySelector("#drafts") as HTMLParagraphElement;
const drafts = new Worker(new URL("./drafts-worker.js", import.meta.url), { type: "module" });

function show(all: readonly TaskData[]): void {
  list.replaceChildren(
    ...all.map(({ id, title, done }) => {
      const item = document.createElement("li");
      item.textContent = `${done ? "done: " : ""}${title}`;
      item.addEventListener("click", () => void tasks.setDone(id, !done));
      return item;
    }),
  );
}

document.querySelector("form")?.addEventListener("submit", (event) => {
  event.preventDefault();
  void tasks.add(input.value);
});
input.addEventListener("input", () => drafts.postMessage(input.value));
drafts.addEventListener("message", ({ data }: MessageEvent<{ text: string; error?: string }>) => {
  status.textContent = data.error ?? `draft: ${data.text}`;
});
tasks.onChange(show);
void tasks.list().then(show);
