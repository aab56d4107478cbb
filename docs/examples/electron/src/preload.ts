/**
 * Between page and main process. Bundled into one CommonJS script, since a sandboxed window's preload script cannot import.
 *
 * @module
 */
import { contextBridge, ipcRenderer } from "electron";
import type { TaskData, TasksBridge } from "./tasks.ts";

const bridge: TasksBridge = {
  list: () => ipcRenderer.invoke("tasks:list") as Promise<readonly TaskData[]>,
  add: (title) => ipcRenderer.invoke("tasks:add", title) as Promise<void>,
  setDone: (id, done) => ipcRenderer.invoke("tasks:set-done", id, done) as Promise<void>,
  onChange: (listener) => void ipcRenderer.on("tasks:changed", (_event, tasks: readonly TaskData[]) => listener(tasks)),
};

contextBridge.exposeInMainWorld("tasks", bridge);
