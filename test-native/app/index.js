/**
 * The entry of a React Native application as Metro sees it: the modules handed in, a realm opened, written, closed and read again.
 *
 * The modules come from globals, since nothing native is here: on a phone these are `expo-file-system` and `react-native-quick-crypto`.
 */
import { createReactNativePlatform, setPlatform } from "@holdfast/react-native";
import Realm from "@holdfast/realm";

const Task = { name: "Task", primaryKey: "id", properties: { id: "int", title: "string", tags: "string[]" } };

export function main({ fileSystem, crypto, randomBytes }) {
  setPlatform(createReactNativePlatform({ fileSystem, crypto, randomBytes, durability: "process-death" }));
  const configuration = { path: "tasks.realm", schema: [Task], encryptionKey: Realm.generateEncryptionKey() };
  let realm = new Realm(configuration);
  realm.write(() => {
    for (let id = 0; id < 20; id += 1) realm.create("Task", { id, title: `Aufgabe ${id} ✓`, tags: ["a", String(id)] });
  });
  realm.write(() => realm.delete(realm.objects("Task").filtered("id < 5")));
  realm.close();
  realm = new Realm(configuration);
  const titles = realm.objects("Task").filtered("title CONTAINS[c] 'AUFGABE' SORT(id DESC)").map((task) => task.title);
  realm.close();
  let code = "opened";
  try {
    realm = new Realm({ ...configuration, encryptionKey: Realm.generateEncryptionKey() });
  } catch (error) {
    code = error.code;
  }
  return `${titles.length} tasks, first: ${titles[0]}, wrong key: ${code}`;
}

if (globalThis.holdfastModules !== undefined) print(main(globalThis.holdfastModules));
