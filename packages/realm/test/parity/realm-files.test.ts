import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect, it } from "vitest";
import Realm from "../../src/index.ts";
import { forEachMode, TEST_KEY } from "../support/modes.ts";

/** The first bytes of files that realm-js 20.2.0 wrote: top references, "T-DB", formats, flags, and the first array. */
const HEADERS = {
  empty: "38040000000000009803000000000000542d44421818000041414141 0d0000036d65746164617461",
  "all types": "d811080000000000b81b000000000000542d44421818000041414141 0d00000a6d65746164617461",
  // As writeCopyTo leaves a file: the true reference stands in its last 16 bytes.
  streaming: "ffffffffffffffff0000000000000000542d44421800000041414141 0d00000a6d65746164617461",
};
/** Of its encrypted files: counter and code of the first page. */
const ENCRYPTED_HEADERS = {
  empty: "07000000d67f0c836521811eb6ee215aa01aff479007c3fa",
  "all types": "0700000022c8a4679354850345bbb4d7c276edb530e5ba29",
  people: "01000000d542f07922127e7d48569a738f42bcf4a4df4edd",
};
const schema = [{ name: "A", primaryKey: "id", properties: { id: "int" } }] satisfies Realm.ObjectSchema[];

forEachMode((mode) => {
  for (const [name, header] of Object.entries(HEADERS)) it(`[R-12.3] a file of MongoDB Realm is named as such, and kept: ${name}`, () => {
    const bytes = fileOf(header, 4096);
    writeFileSync(mode.path(), bytes);
    for (const extra of [{}, { deleteRealmIfMigrationNeeded: true }, { readOnly: true }, { encryptionKey: TEST_KEY }]) {
      const error = refusal(() => new Realm(mode.config({ schema, ...extra })));
      expect(error).toMatchObject({ code: "FORMAT_FOREIGN", hint: expect.stringContaining("importJson") });
      expect(error.message).toBe(`Failed to open Realm file at path '${mode.path()}': it is a file of MongoDB Realm (file format 24), which Holdfast does not read. It was not changed.`);
    }
    expect(refusal(() => Realm.rekey(mode.config({}), TEST_KEY.toReversed())).code).toBe("FORMAT_FOREIGN");
    expect(readFileSync(mode.path())).toEqual(bytes);
    expect(readdirSync(dirname(mode.path())).filter((name) => name.includes("realm") && !/\.(lock|note|presence|readers)$/.test(name))).toEqual(["test.realm"]);
  });

  for (const [name, header] of Object.entries(ENCRYPTED_HEADERS)) it(`[R-12.3] an encrypted file of MongoDB Realm is no store, and kept: ${name}`, () => {
    const bytes = fileOf(header, 8192);
    writeFileSync(mode.path(), bytes);
    for (const extra of [{}, { deleteRealmIfMigrationNeeded: true }, { readOnly: true }, { encryptionKey: TEST_KEY }]) {
      expect(refusal(() => new Realm(mode.config({ schema, ...extra })))).toMatchObject({ code: "NOT_A_STORE", hint: expect.stringContaining("realm-js") });
    }
    expect(readFileSync(mode.path())).toEqual(bytes);
  });

  it("[R-12.4] realm-core, and with it Realm Studio, finds no mark of its own in our files: exportJson shows what is in one, verify checks it", async () => {
    const realm = new Realm(mode.config({ schema }));
    realm.write(() => realm.create("A", { id: 7 }));
    expect(JSON.parse(JSON.stringify(realm.exportJson()))).toMatchObject({ classes: [{ name: "A", objects: [{ id: 7 }] }] });
    realm.close();
    expect(readFileSync(mode.path()).subarray(16, 20).toString("latin1")).not.toBe("T-DB");
    const { encryptionKey } = mode.config({});
    expect((await Realm.verify({ path: mode.path(), ...(encryptionKey === undefined ? {} : { encryptionKey }) })).isClean).toBe(true);
  });
});

function fileOf(header: string, sizeBytes: number): Buffer {
  const bytes = Buffer.alloc(sizeBytes, 0x41);
  Buffer.from(header.replaceAll(" ", ""), "hex").copy(bytes);
  return bytes;
}

function refusal(action: () => unknown): Error & { code?: string } {
  try {
    action();
  } catch (error) {
    return error as Error;
  }
  throw new Error("it was accepted");
}
