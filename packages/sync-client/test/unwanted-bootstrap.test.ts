/**
 * Bootstraps of a set of subscriptions that was replaced while they were on their way: what the server tells behind them is about a view that the
 * device does not have, and nothing of it may be shown, or taken for what the device has.
 */
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, expect, it } from "vitest";
import Realm from "@holdfast/realm";
import type { SyncServer } from "@holdfast/sync-server";
import { settle } from "./support/clients.ts";
import type { Task } from "./support/clients.ts";
import { forEachMode } from "./support/modes.ts";
import { checkDevice, Scene } from "./support/role-scene.ts";

const servers: SyncServer[] = [];
/** What the device can ask, and the server cannot. */
const REFUSED = "title.@size > 3";

afterEach(async () => {
  Realm.shutdown();
  for (const server of servers.splice(0)) await server.stop();
});

/** Replaces the subscriptions, without waiting. */
function subscribe(device: Realm, query: string): void {
  device.subscriptions.updateNoWait((set) => {
    set.removeAll();
    set.add(device.objects("Task").filtered(query));
    set.add(device.objects("Person"));
  });
}

async function begin(world: Parameters<Parameters<typeof forEachMode>[0]>[0]): Promise<{ scene: Scene; device: Realm }> {
  const scene = await Scene.begin(world, servers, undefined);
  scene.setRole("admin");
  const device = scene.device("a");
  await settle(device);
  return { scene, device };
}

function writeMore(scene: Scene): Promise<void> {
  scene.writer.write(() => {
    (scene.writer.objectForPrimaryKey<Task>("Task", "t1") as unknown as Task).owner = "later";
    scene.writer.create("Task", { _id: "new", done: false, votes: 0 } as never);
  });
  return settle(scene.writer);
}

forEachMode((world) => {
  it("what comes behind it is not shown, and the device is not said to have everything, until the newest one is there", async () => {
    const { scene, device } = await begin(world);
    subscribe(device, "done == true");
    await device.subscriptions.waitForSynchronization(10_000);
    const page = scene.holdFrame("first page");
    subscribe(device, "TRUEPREDICATE");
    await page.reached;
    await writeMore(scene);
    let isDownloaded = false;
    const downloaded = device.syncSession?.downloadAllServerChanges(10_000).then(() => (isDownloaded = true));
    const subscriptions = scene.holdFrame("subscriptions");
    subscribe(device, "done == true OR done == false");
    await subscriptions.reached;
    page.open();
    await pause(200);
    expect([isDownloaded, device.objects("Task").length, device.objectForPrimaryKey("Task", "new")]).toEqual([false, 4, null]);
    subscriptions.open();
    await downloaded;
    expect(device.objects("Task").length).toBe(9);
    await checkDevice(scene, device, "admin");
  });

  it("a role that changes while the server refuses the newest set is a change of the one before", async () => {
    const { scene, device } = await begin(world);
    subscribe(device, REFUSED);
    await expect(device.subscriptions.waitForSynchronization(10_000)).rejects.toMatchObject({ code: "SUBSCRIPTION_INVALID" });
    expect(world.errors.splice(0).map(({ code }) => code)).toEqual(["QUERY_UNSUPPORTED"]);
    for (const role of ["member", "admin"] as const) {
      scene.setRole(role);
      await checkDevice(scene, device, role);
    }
  });

  it("a role that changes, and changes back, while a set is on its way that the server refuses", async () => {
    const { scene, device } = await begin(world);
    for (const roles of [["member"], ["admin", "member"], ["admin"]] as const) {
      const subscriptions = scene.holdFrame("subscriptions");
      subscribe(device, REFUSED);
      await subscriptions.reached;
      for (const role of roles) {
        scene.setRole(role);
        await pause(50);
      }
      scene.writer.write(() => void (scene.writer.objectForPrimaryKey<Task>("Task", "t1") as unknown as Task).votes.increment(1));
      await settle(scene.writer);
      await pause(50);
      subscriptions.open();
      await expect(device.subscriptions.waitForSynchronization(10_000)).rejects.toMatchObject({ code: "SUBSCRIPTION_INVALID" });
      expect(world.errors.splice(0).map(({ code }) => code)).toEqual(["QUERY_UNSUPPORTED"]);
      await checkDevice(scene, device, roles.at(-1) as "member" | "admin");
    }
  });
});
