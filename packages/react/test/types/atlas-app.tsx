/**
 * A task list as it would stand on realm-js 12 and @realm/react with Atlas Device Sync: only these two imports are other ones.
 */
import Realm, { BSON } from "@holdfast/sync-client/realm";
import { AppProvider, OperationState, RealmProvider, useApp, useAuth, useEmailPasswordAuth, useObject, useProgress, UserProvider, useQuery, useRealm, useUser } from "@holdfast/react/sync";
import { useEffect, useState } from "react";

export class Task extends Realm.Object<Task, "title" | "owner_id"> {
  declare _id: BSON.ObjectId;
  declare title: string;
  declare isDone: boolean;
  declare owner_id: string;
  declare notes: Realm.List<string>;

  static schema: Realm.ObjectSchema = {
    name: "Task",
    primaryKey: "_id",
    properties: {
      _id: { type: "objectId", default: () => new BSON.ObjectId() },
      title: "string",
      isDone: { type: "bool", default: false },
      owner_id: { type: "string", indexed: true },
      notes: "string[]",
    },
  };
}

/** What the application shows of its errors. */
export interface Journal {
  readonly errors: string[];
  readonly states: string[];
}

interface CustomData extends Record<string, unknown> {
  readonly team?: string;
}

type Functions = Realm.DefaultFunctionsFactory & { countOf(list: unknown[]): Promise<number> };

export type TaskUser = Realm.User<Functions, CustomData>;

/** The part without React: logging in, opening, errors, resets. */
export async function openTasks(app: Realm.App<Functions, CustomData>, credentials: Realm.Credentials, journal: Journal): Promise<Realm> {
  const user: TaskUser = app.currentUser ?? (await app.logIn(credentials));
  const onError: Realm.ErrorCallback = (session, error) => {
    if (error instanceof Realm.CompensatingWriteError) {
      for (const { objectName, primaryKey, reason } of error.writes) journal.errors.push(`${objectName} ${String(primaryKey)}: ${reason}`);
      return;
    }
    journal.errors.push(`${session.user.id} ${error.name}: ${error.message}${error.isFatal ? " (fatal)" : ""}`);
  };
  const clientReset: Realm.ClientResetConfig = {
    mode: Realm.ClientResetMode.RecoverOrDiscardUnsyncedChanges,
    onBefore: (local) => void journal.states.push(`before ${local.objects(Task).length}`),
    onAfter: (before, after) => void journal.states.push(`after ${before.objects(Task).length} ${after.objects(Task).length}`),
    onFallback: (session, path) => {
      journal.states.push(`fallback ${path} ${session.state}`);
      Realm.App.Sync.initiateClientReset(app, path);
    },
  };
  const behavior: Realm.OpenRealmBehaviorConfiguration = {
    type: Realm.OpenRealmBehaviorType.DownloadBeforeOpen,
    timeOut: 20_000,
    timeOutBehavior: Realm.OpenRealmTimeOutBehavior.OpenLocalRealm,
  };
  const sync: Realm.SyncConfiguration = {
    user,
    flexible: true,
    initialSubscriptions: {
      update: (subs, realm) => {
        subs.add(realm.objects(Task).filtered("owner_id == $0", user.id), { name: "mine" });
      },
      rerunOnOpen: true,
    },
    newRealmFileBehavior: behavior,
    existingRealmFileBehavior: { type: Realm.OpenRealmBehaviorType.OpenImmediately },
    clientReset,
    onError,
  };
  const configuration: Realm.Configuration = { schema: [Task], sync };
  const opening = Realm.open(configuration);
  opening.progress((estimate) => journal.states.push(`progress ${estimate <= 1}`));
  const realm = await opening;
  realm.syncSession?.addConnectionNotification((newState, oldState) => {
    if (newState === Realm.ConnectionState.Disconnected) journal.states.push(`${oldState} to ${newState}`);
  });
  return realm;
}

/** What happens on the device until the server has it. */
export async function work(realm: Realm, user: TaskUser): Promise<number> {
  realm.write(() => {
    realm.create(Task, { title: "port the application", owner_id: user.id });
    realm.create("Task", { _id: new BSON.ObjectId(), title: "somebody else's", owner_id: "nobody" });
  });
  await realm.syncSession?.uploadAllLocalChanges();
  await realm.syncSession?.downloadAllServerChanges(20_000);
  const open = await realm.objects(Task).filtered("isDone == false").subscribe({ name: "open", behavior: Realm.WaitForSync.Always, timeout: 20_000 });
  const { state, version } = realm.subscriptions;
  if (state === Realm.SubscriptionSetState.Error) throw new Error(`refused: ${String(realm.subscriptions.error)} (${version})`);
  await realm.subscriptions.update((subs) => {
    subs.removeByName("open");
    for (const { name, objectType, queryString } of subs) if (name === null) throw new Error(`${objectType}: ${queryString}`);
  });
  return user.functions.countOf([...open]);
}

function Login(): React.ReactNode {
  const { logInWithFunction, result } = useAuth();
  const { register } = useEmailPasswordAuth();
  return (
    <>
      <button onClick={() => logInWithFunction({ name: "ada" })}>log in</button>
      <button onClick={() => register({ email: "ada@example.org", password: "secret word" })}>register</button>
      {result.pending && <p>wait</p>}
      {result.state === OperationState.Error && <p>{result.error?.message}</p>}
    </>
  );
}

function TaskItem({ id }: { readonly id: BSON.ObjectId }): React.ReactNode {
  const task = useObject(Task, id);
  return task === null ? null : <li>{`${task.title}${task.isDone ? " (done)" : ""}`}</li>;
}

function Tasks(): React.ReactNode {
  const realm = useRealm();
  const user = useUser<Functions, CustomData>();
  const app = useApp<Functions, CustomData>();
  const tasks = useQuery(Task, (all) => all.sorted("title"));
  const progress = useProgress({ direction: Realm.ProgressDirection.Upload, mode: Realm.ProgressMode.ReportIndefinitely });
  const [isSubscribed, setSubscribed] = useState(false);
  useEffect(() => {
    void realm.subscriptions.update((subs, inner) => void subs.add(inner.objects(Task), { name: "all" })).then(() => setSubscribed(true));
  }, [realm]);
  return (
    <>
      <ul>{tasks.map((task) => <TaskItem key={task._id.toHexString()} id={task._id} />)}</ul>
      <button onClick={() => realm.write(() => realm.create(Task, { title: "from the view", owner_id: user.id }))}>add</button>
      <p>{`${app.id} ${user.state} ${String(isSubscribed)} ${progress === 1 ? "up" : "waiting"}`}</p>
    </>
  );
}

/** The part with React. */
export function TaskApp({ app }: { readonly app: Realm.App }): React.ReactNode {
  return (
    <AppProvider app={app}>
      <UserProvider fallback={Login}>
        <RealmProvider
          schema={[Task]}
          sync={{
            flexible: true,
            initialSubscriptions: { update: (subs, realm) => void subs.add(realm.objects(Task)) },
            clientReset: { mode: Realm.ClientResetMode.DiscardUnsyncedChanges, onBefore: () => undefined },
            onError: (_session, error) => console.error(error.message),
          }}
          fallback={({ progress }) => <p>{`loading ${Math.round(progress * 100)} %`}</p>}
        >
          <Tasks />
        </RealmProvider>
      </UserProvider>
    </AppProvider>
  );
}
