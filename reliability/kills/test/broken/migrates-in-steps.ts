/** Broken: what a migration callback writes is committed after the new schema, in transactions of its own. */
import Realm from "@holdfast/realm";

export default class MigratesInSteps extends Realm {
  constructor(config: Realm.Configuration = {}) {
    const { onMigration, ...rest } = config;
    super({ ...rest, onMigration: () => undefined });
    if (onMigration === undefined) return;
    for (const step of [0, 1]) {
      this.beginTransaction();
      if (step === 1) onMigration(this, this);
      this.commitTransaction();
    }
  }
}
