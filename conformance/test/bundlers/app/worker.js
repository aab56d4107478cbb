// What an application's worker imports.
import Realm from "@holdfast/realm";

addEventListener("message", async ({ data: encryptionKey }) => {
  const realm = await Realm.open({ path: "app.realm", schema: [], encryptionKey });
  postMessage(realm.path);
});
