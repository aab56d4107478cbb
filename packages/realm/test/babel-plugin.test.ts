import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { transformSync } from "@babel/core";
import { afterAll, expect, it } from "vitest";

// Models as the plugin's documentation writes them. It compiles classes whose `Realm` is imported from "realm" (or "@realm/react"),
// and leaves any other alone: so the package is installed under that name, here by a link, in an application with
// "realm": "npm:@holdfast/realm@^0.1.0" in its package.json.
const MODELS = `
  import Realm, { index, mapTo } from "realm";
  export class Project extends Realm.Object<Project, "name"> {
    _id = new Realm.BSON.ObjectId();
    name!: string;
    tasks!: Realm.Types.LinkingObjects<Task, "project">;
    static primaryKey = "_id";
  }
  export class Task extends Realm.Object<Task, "title"> {
    title!: string;
    @index priority: Realm.Types.Int = 3;
    @index("full-text") text?: string;
    @mapTo("is_done") done = false;
    hours!: number;
    due?: Date;
    project?: Project;
    place?: Place;
    subtasks!: Realm.List<Task>;
    labels!: Realm.Set<string>;
    notes!: Realm.Dictionary<string>;
    static primaryKey = "title";
    constructor(realm: Realm, title: string) {
      super(realm, { title, hours: 1.5 });
    }
  }
  export class Place extends Realm.Object<Place> {
    street!: string;
    static embedded = true;
  }
`;

const APPLICATION = `
  import Realm from "realm";
  import { Place, Project, Task } from "./models.js";
  const config = { path: process.argv[2], schema: [Project, Task, Place], encryptionKey: new Uint8Array(64) };
  let realm = new Realm(config);
  realm.write(() => {
    const project = realm.create(Project, { name: "Moon" });
    const task = new Task(realm, "Launch");
    Object.assign(task, { project, place: { street: "Pad 39" }, text: "countdown to launch", due: new Date(0) });
    task.labels.add("urgent");
    task.notes.set("who", "Ada");
    task.subtasks.push(new Task(realm, "Fuel"));
    realm.objectForPrimaryKey(Task, "Fuel").done = true;
  });
  realm.close();
  realm = new Realm(config);
  const properties = realm.schema.find(({ name }) => name === "Task").properties;
  const task = realm.objectForPrimaryKey(Task, "Launch");
  const project = realm.objects(Project)[0];
  console.log(JSON.stringify({
    forms: Object.fromEntries(["title", "priority", "text", "done", "due", "subtasks"].map((name) => [name, [properties[name].type, properties[name].objectType, properties[name].indexed, properties[name].optional, properties[name].mapTo]])),
    task: [task instanceof Task, task.title, task.priority, task.done, task.hours, task.due.getTime(), task.place.street, task.project.name, [...task.labels], task.notes.who, task.subtasks.map((each) => [each.title, each.done])],
    project: [project._id instanceof Realm.BSON.ObjectId, project.tasks.map((each) => each.title)],
    found: realm.objects(Task).filtered("text TEXT 'launch' AND is_done == false").map((each) => each.title),
  }));
  realm.close();
`;

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "holdfast-babel-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("[R-12.2] models that @realm/babel-plugin compiled work, with the package installed as \"realm\"", () => {
  const compiled = transformSync(MODELS, { cwd: PACKAGE, filename: join(folder, "models.ts"), babelrc: false, configFile: false, presets: ["@babel/preset-typescript"], plugins: ["@realm/babel-plugin", ["@babel/plugin-syntax-decorators", { legacy: true }]] });
  expect(compiled?.code).toContain("Modified by @realm/babel-plugin");
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(PACKAGE, join(folder, "node_modules/realm"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "models.js"), compiled?.code ?? "");
  writeFileSync(join(folder, "application.js"), APPLICATION);
  const run = spawnSync(process.execPath, ["--conditions=@holdfast/source", "application.js", join(folder, "tasks.realm")], { cwd: folder, encoding: "utf8" });
  expect(run.stderr).toBe("");
  expect(JSON.parse(run.stdout)).toEqual({
    forms: { title: ["string", null, true, false, "title"], priority: ["int", null, true, false, "priority"], text: ["string", null, "full-text", true, "text"], done: ["bool", null, false, false, "is_done"], due: ["date", null, false, true, "due"], subtasks: ["list", "Task", false, false, "subtasks"] },
    task: [true, "Launch", 3, false, 1.5, 0, "Pad 39", "Moon", ["urgent"], "Ada", [["Fuel", true]]],
    project: [true, ["Launch"]],
    found: ["Launch"],
  });
});
