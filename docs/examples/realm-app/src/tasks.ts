import Realm from "@holdfast/realm";
import { Task } from "./models.ts";

export async function runTasks(path: string, print: (line: string) => void): Promise<void> {
  const realm = await Realm.open({ path, schema: [Task] });

  const tasks = realm.objects(Task);
  tasks.addListener((collection, changes) => {
    if (changes.insertions.length > 0) print(`inserted: ${changes.insertions.map((index) => collection[index]?.description).join(", ")}`);
    if (changes.newModifications.length > 0) print(`modified: ${changes.newModifications.map((index) => collection[index]?.description).join(", ")}`);
    if (changes.deletions.length > 0) print(`deleted: ${changes.deletions.length}`);
  });
  await notified();

  realm.write(() => {
    realm.create(Task, { description: "Wash the car", priority: 2, tags: ["home"] });
    realm.create(Task, { description: "Write the report", priority: 5, tags: ["work", "urgent"] });
    realm.create(Task, { description: "Walk the dog" });
  });
  await notified();

  const open = tasks.filtered("isComplete == false AND priority >= $0", 2).sorted("priority", true);
  print(`open, important first: ${open.map((task) => `${task.description} (${task.priority})`).join(", ")}`);
  print(`urgent: ${tasks.filtered("ANY tags == 'urgent'").length}`);

  const first = open[0];
  if (first === undefined) throw new Error("there is a task to do");
  first.addListener((task, changes) => {
    if (changes.changedProperties.length > 0) print(`"${task.description}": ${changes.changedProperties.join(", ")} changed`);
  });
  await notified();
  realm.write(() => {
    first.isComplete = true;
    first.tags.push("done");
  });
  await notified();
  print(`open now: ${open.map((task) => task.description).join(", ")}`);

  realm.write(() => realm.delete(tasks.filtered("isComplete == true")));
  await notified();
  print(`left: ${tasks.length}, first still valid: ${first.isValid()}`);

  try {
    realm.create(Task, { description: "outside of a transaction" });
  } catch (error) {
    print((error as Error).message);
  }
  realm.close();
}

/** Notifications come from the event loop. */
function notified(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}
