/** Broken: a file that is needed while a realm is open stays behind if the process dies. */
import { rmSync, writeFileSync } from "node:fs";
import Realm from "@holdfast/realm";

export default class LeavesScraps extends Realm {
  constructor(config?: Realm.Configuration | string) {
    super(config);
    writeFileSync(`${this.path}.scrap`, "");
  }

  override close(): void {
    const { path, isClosed } = this;
    super.close();
    if (!isClosed) rmSync(`${path}.scrap`, { force: true });
  }
}
