import Realm from "@holdfast/realm";

const version1: Realm.ObjectSchema = { name: "Person", properties: { firstName: "string", lastName: "string", age: "int" } };
const version2: Realm.ObjectSchema = { name: "Person", properties: { fullName: "string", age: "int", city: "string?" } };
const version3: Realm.ObjectSchema = { name: "Person", properties: { fullName: { type: "string", indexed: true }, age: "double", city: "string?" } };

export function runMigration(path: string, print: (line: string) => void): void {
  const encryptionKey = Realm.generateEncryptionKey();

  let realm = new Realm({ path, encryptionKey, schema: [version1], schemaVersion: 1 });
  realm.write(() => {
    realm.create("Person", { firstName: "Alan", lastName: "Turing", age: 41 });
    realm.create("Person", { firstName: "Edsger", lastName: "Dijkstra", age: 72 });
  });
  realm.close();

  realm = new Realm({
    path,
    encryptionKey,
    schema: [version2],
    schemaVersion: 2,
    onMigration: (oldRealm, newRealm) => {
      const before = oldRealm.objects<{ firstName: string; lastName: string }>("Person");
      const after = newRealm.objects<{ fullName: string }>("Person");
      for (const [index, person] of before.entries()) {
        const target = after[index];
        if (target !== undefined) target.fullName = `${person.firstName} ${person.lastName}`;
      }
    },
  });
  print(`version ${realm.schemaVersion}: ${realm.objects<{ fullName: string }>("Person").map((person) => person.fullName).join(", ")}`);
  realm.close();

  try {
    realm = new Realm({ path, encryptionKey, schema: [version3], schemaVersion: 2 });
  } catch (error) {
    print((error as Error).message.split("\n")[0] as string);
  }

  realm = new Realm({
    path,
    encryptionKey,
    schema: [version3],
    schemaVersion: 3,
    onMigration: (oldRealm, newRealm) => {
      const ages = oldRealm.objects<{ age: number }>("Person").map((person) => person.age);
      newRealm.objects<{ age: number }>("Person").forEach((person, index) => {
        person.age = (ages[index] ?? 0) + 0.5;
      });
    },
  });
  print(`version ${Realm.schemaVersion(path, encryptionKey)}: ${realm.objects<{ fullName: string; age: number }>("Person").map((person) => `${person.fullName} ${person.age}`).join(", ")}`);
  realm.close();
}
