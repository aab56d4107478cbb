/** Opens a realm in a file and says how it went. */
import Realm from "@holdfast/realm";

try {
  new Realm({ path: process.argv[2] ?? "", schema: [{ name: "Item", properties: { name: "string" } }] }).close();
  console.log("opened");
} catch (error) {
  const { code, message } = error as Error & { code?: string };
  console.log(`${code} ${/Deno needs --allow-ffi/.exec(message)?.[0]}`);
}
