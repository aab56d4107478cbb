/**
 * The main process: owns the realm, serves the page under a scheme of its own, answers windows.
 *
 * @module
 */
import { join, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { app, BrowserWindow, ipcMain, net, protocol } from "electron";
import { addTask, listTasks, openTasksRealm, setTaskDone } from "./tasks-realm.ts";

const here = import.meta.dirname;
const pageFolder = join(here, "page");

// Before `ready`. A page under `file:` has no origin, and so no storage; a standard, secure scheme has both.
protocol.registerSchemesAsPrivileged([{ scheme: "app", privileges: { standard: true, secure: true, supportFetchAPI: true } }]);

// No `await` at the top of this module: `ready` comes only after the module has been evaluated.
app.whenReady().then(start).catch((error: unknown) => {
  console.error(error);
  app.exit(1);
});

async function start(): Promise<void> {
  const realm = await openTasksRealm();
  protocol.handle("app", ({ url }) => {
    const path = join(pageFolder, decodeURIComponent(new URL(url).pathname));
    return path.startsWith(pageFolder + sep) ? net.fetch(pathToFileURL(path).href) : new Response("", { status: 404 });
  });
  ipcMain.handle("tasks:list", () => listTasks(realm));
  ipcMain.handle("tasks:add", (_event, title: unknown) => addTask(realm, textOf(title)));
  ipcMain.handle("tasks:set-done", (_event, id: unknown, done: unknown) => setTaskDone(realm, textOf(id), done === true));
  // Whatever process commits: windows hear of it.
  realm.objects("Task").addListener(() => {
    for (const window of BrowserWindow.getAllWindows()) window.webContents.send("tasks:changed", listTasks(realm));
  });
  app.on("will-quit", () => realm.close());
  const window = new BrowserWindow({ webPreferences: { preload: join(here, "preload.cjs") } });
  await window.loadURL("app://tasks/index.html");
}

/** A window may send anything. */
function textOf(value: unknown): string {
  if (typeof value !== "string") throw new TypeError("expected a text");
  return value;
}
