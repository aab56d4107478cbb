/**
 * SQLite in W9, whichever binding: joins where an application would join.
 *
 * @module
 */
import type { GraphSession, OpenOptions } from "../contender.ts";
import { FILTER_LIMIT, FILTER_POINTS, makeMember, TEAM_SIZE } from "../graph.ts";
import type { SqlDatabase, SqlStatement } from "./sqlite.ts";

const TABLES = `CREATE TABLE IF NOT EXISTS member(id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT NOT NULL, points INTEGER NOT NULL, boss INTEGER);
CREATE TABLE IF NOT EXISTS team(id INTEGER, position INTEGER, member INTEGER, PRIMARY KEY (id, position)) WITHOUT ROWID;`;

/** Opens the graph of a SQLite database. The session closes it. */
export function openSqliteGraph(db: SqlDatabase, options: OpenOptions): GraphSession {
  db.exec("PRAGMA busy_timeout=20000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;");
  db.exec(TABLES);
  if (options.isIndexed) db.exec("CREATE INDEX IF NOT EXISTS member_city ON member(city)");
  const statements = new Map<string, SqlStatement>();
  const prepare = (sql: string): SqlStatement => {
    const made = statements.get(sql) ?? db.prepare(sql);
    statements.set(sql, made);
    return made;
  };
  const within = <T>(work: () => T): T => {
    prepare("BEGIN").run();
    const result = work();
    prepare("COMMIT").run();
    return result;
  };
  const sumOf = (rows: Iterable<unknown>): number => {
    let sum = 0;
    for (const row of rows) sum += (row as { points: number }).points;
    return sum;
  };
  return {
    build(count) {
      const insert = prepare("INSERT INTO member VALUES (?,?,?,?,?)");
      const join = prepare("INSERT INTO team VALUES (?,?,?)");
      within(() => {
        for (let id = 0; id < count; id++) {
          const { name, city, points, bossId } = makeMember(id);
          insert.run(id, name, city, points, bossId ?? null);
          const team = Math.floor(id / TEAM_SIZE);
          if ((team + 1) * TEAM_SIZE <= count) join.run(team, id % TEAM_SIZE, id);
        }
      });
    },
    hold: (ids) => () => {
      const find = prepare("SELECT points FROM member WHERE id=?");
      return within(() => {
        let sum = 0;
        for (const id of ids) sum += (find.get(id) as { points: number }).points;
        return sum;
      });
    },
    sumTeams(ids) {
      const members = prepare("SELECT points FROM team JOIN member ON member.id=team.member WHERE team.id=? ORDER BY team.position");
      return within(() => {
        let sum = 0;
        for (const id of ids) sum += sumOf(members.iterate(id));
        return sum;
      });
    },
    walk(ids) {
      const up = prepare("SELECT d.name AS name FROM member a JOIN member b ON b.id=a.boss JOIN member c ON c.id=b.boss JOIN member d ON d.id=c.boss WHERE a.id=?");
      return within(() => {
        let sum = 0;
        for (const id of ids) sum += (up.get(id) as { name: string } | undefined)?.name.length ?? 0;
        return sum;
      });
    },
    best: (city) => sumOf(prepare("SELECT points FROM member WHERE city=? AND points>? ORDER BY points DESC LIMIT ?").iterate(city, FILTER_POINTS, FILTER_LIMIT)),
    close() {
      db.close();
      return Promise.resolve();
    },
  };
}
