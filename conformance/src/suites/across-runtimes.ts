/**
 * Across runtimes: each opens what every other has left, and processes of all of them share a file.
 *
 * @module
 */
import { claim, claimEqual } from "../claims.ts";
import { claimContent, claimClean, configurationOf, folderOf, makeRealm, withRealm } from "../opening.ts";
import { need } from "../platform.ts";
import { amountFor, type Suite, type SuiteContext } from "../suite.ts";

const ITEM_COUNT = 300;
const LEFT = ["closed", "killed"] as const;

/** The suite. */
export const acrossRuntimes: Suite = {
  name: "across-runtimes",
  title: "Across runtimes",
  forms: ["plain", "encrypted"],
  needs: ["files", "runtimes", "verify"],
  async run(context) {
    await checkFilesOfOthers(context);
    await checkTurns(context);
    await checkKilledHolders(context);
  },
};

function keyValues({ key }: SuiteContext): Record<string, unknown> {
  return key === undefined ? {} : { key: [...key] };
}

/** What each reader said of each writer's two files, by "reader, writer, left". */
type Verdicts = ReadonlyMap<string, string>;

/** One check per pair; the processes have all run before the first of them. */
async function checkFilesOfOthers(context: SuiteContext): Promise<void> {
  const { names } = need(context.platform, "runtimes");
  const folder = context.platform.temporaryFolder();
  const verdicts = await leaveAndOpen(context, folder);
  for (const reader of names) {
    for (const writer of names) {
      for (const left of LEFT) {
        await context.check(`${reader} opens what ${writer} left, ${left}, and adds to it`, () => {
          claimEqual(verdicts.get(`${reader}, ${writer}, ${left}`), "same", "the content");
        });
      }
    }
  }
}

async function leaveAndOpen(context: SuiteContext, folder: string): Promise<Verdicts> {
  const { platform } = context;
  const { names, start } = need(platform, "runtimes");
  const files = need(platform, "files");
  const pathOf = (writer: number, left: string, reader = "original"): string => platform.join(folder, `${writer}-${left}-${reader}.realm`);
  const writers = names.map((name, index) =>
    start(name, "leave-files", { closed: pathOf(index, "closed"), killed: pathOf(index, "killed"), count: ITEM_COUNT, ...keyValues(context) }),
  );
  for (const writer of writers) await writer.waitForLine("left");
  for (const writer of writers) await writer.kill();
  const verdicts = new Map<string, string>();
  const pairs = names.flatMap((writer, index) => LEFT.map((left) => ({ writer, index, left })));
  for (const [readerIndex, reader] of names.entries()) {
    const paths = pairs.map(({ index, left }) => pathOf(index, left, String(readerIndex)));
    for (const [place, { index, left }] of pairs.entries()) files.writeBytes(paths[place] ?? "", files.readBytes(pathOf(index, left)));
    const child = start(reader, "open-files", { paths, count: ITEM_COUNT, ...keyValues(context) });
    await child.waitForLine("done");
    await child.exited;
    for (const [place, { writer, left }] of pairs.entries()) {
      const said = child.lines.find((line) => line.startsWith(`file ${place} `))?.slice(`file ${place} `.length) ?? "nothing was said";
      verdicts.set(`${reader}, ${writer}, ${left}`, said === "same" ? differenceIn(context, paths[place] ?? "") : said);
    }
  }
  return verdicts;
}

/** What the reader has added is there, and the engine finds the file clean. */
function differenceIn(context: SuiteContext, path: string): string {
  try {
    claimContent(context.platform, path, context.key, ITEM_COUNT + 1);
    return "same";
  } catch (error) {
    return `after the reader: ${String(error)}`;
  }
}

async function checkTurns(context: SuiteContext): Promise<void> {
  const { platform } = context;
  const { namesThatLock: names, start } = need(platform, "runtimes");
  const count = amountFor(context, { brief: 20, short: 40, long: 400 });
  await context.check(`a process of each runtime writes ${count} times in turn with the others: no update is lost`, async (path) => {
    makeRealm(platform, path, context.key, 0);
    withRealm(platform, configurationOf(path, context.key), (realm) => {
      realm.write(() => realm.create("Counter", { _id: "shared", value: 0 }));
    });
    const writers = names.map((name, index) => start(name, "increment", { path, count, counter: "shared", firstId: (index + 1) * 1_000_000, ...keyValues(context) }));
    for (const writer of writers) await writer.waitForLine("ready");
    for (const writer of writers) writer.send("go");
    for (const writer of writers) await writer.waitForLine("done");
    await Promise.all(writers.map((writer) => writer.exited));
    withRealm(platform, configurationOf(path, context.key), (realm) => {
      claimEqual(realm.objectForPrimaryKey("Counter", "shared")?.["value"], names.length * count, "the shared counter");
      claimEqual(realm.objects("Item").length, names.length * count, "items of all writers");
    });
    claimClean(platform, path, context.key);
  });
}

/** In a ring: each runtime holds the writer's lock once, and waits for it once. */
async function checkKilledHolders(context: SuiteContext): Promise<void> {
  const { platform } = context;
  const { namesThatLock: names, start } = need(platform, "runtimes");
  for (const [index, holderName] of names.entries()) {
    const waiterName = names[(index + 1) % names.length] ?? holderName;
    await context.check(`${waiterName} waits while ${holderName} holds the writer's lock, and no longer than until it is killed`, async (path) => {
      makeRealm(platform, platform.join(folderOf(path), "test.realm"), context.key, 10);
      const holder = start(holderName, "hold-lock", { path, ...keyValues(context) });
      await holder.waitForLine("holding");
      const waiter = start(waiterName, "wait-for-lock", { path, ...keyValues(context) });
      await waiter.waitForLine("waiting");
      await platform.sleep(100);
      claim(!waiter.lines.includes("written"), "it wrote while the other held the writer's lock");
      await holder.kill();
      await waiter.waitForLine("written");
      await waiter.exited;
      withRealm(platform, configurationOf(path, context.key), (realm) => claimEqual(realm.objects("Item").length, 10, "items after the kill"));
      claimClean(platform, path, context.key);
    });
  }
}
