// @vitest-environment happy-dom
/**
 * The application of test/types/atlas-app.tsx, which is written as for Atlas Device Sync, against a server with rules.
 */
import { Credentials } from "@holdfast/sync-client";
import Realm from "@holdfast/sync-client/realm";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { createElement } from "react";
import { afterEach, expect, it } from "vitest";
import { openTasks, Task, TaskApp, work } from "../types/atlas-app.tsx";
import type { TaskUser } from "../types/atlas-app.tsx";
import { shows, world } from "./support.ts";

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
afterEach(cleanup);

const OWN = "owner_id == %%user.id";

it("[S-15.1][S-15.2] an application of Atlas Device Sync runs with other imports: login, subscriptions, refused writes, functions, React", async () => {
  const { app: make } = await world({ classes: {}, others: [{ name: "owner", read: OWN, insert: OWN, update: OWN, delete: OWN }] });
  const app = make();
  await app.ready();
  const journal = { errors: [] as string[], states: [] as string[] };
  const realm = await openTasks(app as never, Credentials.function({ name: "ada" }), journal);
  const user = app.currentUser as unknown as TaskUser;
  expect(realm.objects(Task).length).toBe(0);
  expect(await work(realm, user)).toBe(0);
  // One transaction, one of its objects refused: all of it is.
  expect(journal.errors.filter((error) => error.startsWith("Task "))).toHaveLength(2);
  realm.write(() => realm.create(Task, { title: "alone", owner_id: user.id } as never));
  await realm.syncSession?.uploadAllLocalChanges(20_000);
  expect(realm.objects(Task).map(({ title, isDone, notes }) => [title, isDone, notes.length])).toEqual([["alone", false, 0]]);
  realm.syncSession?.pause();
  expect(journal.states).toContain("connected to disconnected");
  realm.close();
  await user.logOut();

  const { container } = render(createElement(TaskApp, { app }));
  await shows(() => container.querySelectorAll("button").length, 2);
  fireEvent.click(screen.getByText("log in"));
  await shows(() => [...container.querySelectorAll("li")].map((item) => item.textContent), ["alone"]);
  fireEvent.click(screen.getByText("add"));
  await shows(() => [...container.querySelectorAll("li")].map((item) => item.textContent), ["alone", "from the view"]);
  await shows(() => container.querySelector("p")?.textContent, "tasks LoggedIn true up");
  expect(Realm.App.get("tasks")).toBe(app);
});
