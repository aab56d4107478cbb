/**
 * A role that changes while something else is under way: a bootstrap, an upload, a client reset. In the end a device shows what its user's
 * new role shows, and a role that changes is no reason for a reset.
 */
import { afterEach, describe, expect, it } from "vitest";
import Realm from "@holdfast/realm";
import { PostgresStore } from "@holdfast/sync-server";
import type { Store, SyncServer } from "@holdfast/sync-server";
import { postgresMissing, sharedCluster } from "@holdfast/sync-server/testing";
import { CompensatingWriteError } from "../src/index.ts";
import { settle } from "./support/clients.ts";
import type { Task } from "./support/clients.ts";
import { forEachMode } from "./support/modes.ts";
import { checkDevice, Scene } from "./support/role-scene.ts";

/** From one role to another: gains rows, loses rows, loses everything, loses a field, gets it. */
const CHANGES = [["member", "admin"], ["admin", "member"], ["admin", "none"], ["admin", "blind"], ["blind", "admin"]] as const;
const servers: SyncServer[] = [];

afterEach(async () => {
  Realm.shutdown();
  for (const server of servers.splice(0)) await server.stop();
});

const STORES: readonly { readonly name: string; readonly missing?: string | undefined; readonly make?: () => Promise<Store> }[] = [
  { name: "sqlite" },
  { name: "postgres", missing: postgresMissing(), make: async () => new PostgresStore({ connection: await (await sharedCluster()).createDatabase(), connections: 6 }) },
];

forEachMode((world) => {
  // The store of the server and the encryption of the file have nothing to do with each other.
  for (const { name, missing, make } of world.isEncrypted ? STORES.slice(0, 1) : STORES) {
    const isBrief = world.isEncrypted || make !== undefined;
    describe.skipIf(missing !== undefined)(name, () => {
      for (const point of isBrief ? (["between two pages"] as const) : (["while it is greeted", "before the first page", "between two pages", "behind the last page"] as const)) {
        it(`a role that changes during a bootstrap, ${point}: the device shows what the new one shows, and again after it has changed back`, async () => {
          const scene = await Scene.begin(world, servers, make);
          for (const [before, after] of isBrief ? CHANGES.slice(3) : CHANGES) {
            scene.setRole(before);
            // A member's rows are one page.
            const gate = scene.hold(point === "between two pages" && before === "member" ? "before the first page" : point);
            const device = scene.device(`${before} ${after}`);
            await gate.reached;
            scene.setRole(after);
            gate.open();
            await checkDevice(scene, device, after);
            scene.setRole(before);
            await checkDevice(scene, device, before);
            device.close();
          }
        });
      }

      it("a role that is lost while an upload is on its way there: it is undone and told, whatever it was", async () => {
        const scene = await Scene.begin(world, servers, make);
        scene.setRole("admin");
        const device = scene.device("a");
        await settle(device);
        for (const [role, later] of [["none", "admin"], ["member", "blind"], ["blind", "admin"]] as const) {
          world.errors.length = 0;
          const gate = scene.holdFrame("upload");
          device.write(() => {
            device.create("Task", { _id: `new ${role}`, done: false, votes: 0, owner: "mine" } as never);
            (device.objectForPrimaryKey<Task>("Task", "t1") as unknown as Task).owner = "mine";
          });
          await gate.reached;
          scene.setRole(role);
          gate.open();
          await checkDevice(scene, device, role);
          // An edit of what is out of sight now is undone like one of what is deleted: without a word, which would tell that it is there.
          expect(world.errors.flatMap((error) => (error instanceof CompensatingWriteError ? error.writes.map(({ primaryKey }) => primaryKey) : [])).sort()).toEqual([`new ${role}`, ...(role === "blind" ? ["t1"] : [])]);
          scene.setRole(later);
          await checkDevice(scene, device, later);
          expect(scene.writer.objectForPrimaryKey("Task", `new ${role}`)).toBeNull();
          scene.setRole("admin");
          await checkDevice(scene, device, "admin");
        }
      });

      it("a role that is lost while the answer to an upload is on its way back: what was done stays done, out of sight", async () => {
        const scene = await Scene.begin(world, servers, make);
        scene.setRole("admin");
        const device = scene.device("a");
        await settle(device);
        for (const role of ["none", "member", "blind"] as const) {
          const gate = scene.holdFrame("ack");
          device.write(() => {
            device.create("Task", { _id: `new ${role}`, done: false, votes: 0, owner: "mine" } as never);
            (device.objectForPrimaryKey<Task>("Task", "t1") as unknown as Task).owner = role;
          });
          await gate.reached;
          scene.setRole(role);
          gate.open();
          await checkDevice(scene, device, role);
          expect([scene.writer.objectForPrimaryKey<Task>("Task", `new ${role}`)?.owner, scene.writer.objectForPrimaryKey<Task>("Task", "t1")?.owner, world.errors]).toEqual(["mine", role, []]);
          scene.setRole("admin");
          await checkDevice(scene, device, "admin");
        }
      });

      it("a role that changes while a device that was reset fetches everything anew", async () => {
        const scene = await Scene.begin(world, servers, make);
        let resets = 0;
        scene.setRole("admin");
        const device = scene.device("a");
        await settle(device);
        const points = ["while it is greeted", "before the first page", "between two pages", "behind the last page"] as const;
        for (const point of isBrief ? points.slice(2, 3) : points) {
          for (const role of ["member", "none", "blind"] as const) {
            world.errors.length = 0;
            const key = `${point} ${role}`;
            device.syncSession?.pause();
            device.write(() => device.create("Task", { _id: key, done: false, votes: 0 } as never));
            scene.isDiverged = true;
            const [gate, frame] = [scene.hold(point), scene.holdFrame("upload")];
            device.syncSession?.resume();
            await gate.reached;
            scene.setRole(role);
            gate.open();
            frame.open();
            await checkDevice(scene, device, role, ++resets);
            // Written under a role that may not: undone and told, as without a reset.
            const isAllowed = role === "blind";
            expect([scene.writer.objectForPrimaryKey("Task", key) !== null, world.errors.length]).toEqual(isAllowed ? [true, 0] : [false, 1]);
            scene.setRole("admin");
            await checkDevice(scene, device, "admin", resets);
          }
        }
      });
    });
  }
});
