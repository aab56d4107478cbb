/**
 * What Holdfast's sync ends say to each other: messages, their bytes, stamps and the merge rules. Knows neither end.
 *
 * @module
 */
export { canonicalDecimal, isDecimalText } from "./decimal.ts";
export { decodeClientMessage, decodeOperation, decodeSchema, decodeServerMessage, decodeState, encodeMessage, negotiate } from "./decoder.ts";
export { HybridClock } from "./hybrid-clock.ts";
export type { HybridClockOptions } from "./hybrid-clock.ts";
export { LIMITS } from "./limits.ts";
export type { Limits } from "./limits.ts";
export { isAhead } from "./merge/ahead.ts";
export { applyInOrder, applyWithoutWaiting, type InOrder } from "./merge/in-order.ts";
export { applyOperation, applyOperations } from "./merge/apply.ts";
export { canonicalise, restamped } from "./merge/canonical.ts";
export type { CanonicalOptions } from "./merge/canonical.ts";
export { compactState, withSeen } from "./merge/compact.ts";
export { operationsBetween } from "./merge/diff.ts";
export type { DiffOptions, Intent } from "./merge/diff.ts";
export { newestStamp } from "./merge/newest.ts";
export { bringsBack, withoutReplaced } from "./merge/replaced.ts";
export { intOf, wireInt } from "./merge/ints.ts";
export { completed, materialise } from "./merge/materialise.ts";
export type { IsGone, MaterialiseOptions } from "./merge/materialise.ts";
export { PROTOCOL_VERSION, PROTOCOL_VERSION_MIN } from "./messages.ts";
export type {
  AckMessage,
  AuthMessage,
  BootMessage,
  ClientMessage,
  DownMessage,
  DownTransaction,
  ErrorAction,
  ErrorMessage,
  HelloMessage,
  MarkMessage,
  ObjectRow,
  PingMessage,
  PongMessage,
  ProgressMessage,
  Reject,
  SeenDelete,
  ServerMessage,
  SubMessage,
  UploadedTransaction,
  UpMessage,
  WelcomeMessage,
  WireSubscription,
} from "./messages.ts";
export type { Boxes, Fields, FieldsBox, ListBox, ObjectState, Position, SetBox, SetEntry, Slot } from "./object-state.ts";
export { idOf } from "./operation.ts";
export type {
  Action,
  AddAction,
  BoxKind,
  BoxStep,
  ClearAction,
  Content,
  CreateAction,
  DeleteAction,
  DropAction,
  IncAction,
  InsertAction,
  MoveAction,
  NewBox,
  Operation,
  PathStep,
  RemoveAction,
  SetAction,
  UnsetAction,
} from "./operation.ts";
export type { PlainDict, PlainEmbedded, PlainObject, PlainSet, PlainValue } from "./plain-object.ts";
export { objectText, plainText } from "./plain-object.ts";
export { ProtocolError } from "./protocol-error.ts";
export type { ProtocolErrorCode } from "./protocol-error.ts";
export { checkOperation, valueFits } from "./schema-check.ts";
export { isReplica, isStamp, lastStampBefore, laterOf, MAX_AHEAD_MS, NEVER, partsOf, REPLICA_LENGTH, STAMP_LENGTH, stampOf } from "./stamp.ts";
export type { Stamp, StampParts } from "./stamp.ts";
export { classOf, propertyOf } from "./sync-schema.ts";
export type { ObjectName, SyncClass, SyncProperty, SyncSchema, SyncType } from "./sync-schema.ts";
export { keyText, valueText } from "./wire-value.ts";
export type { WireData, WireDate, WireDecimal, WireDouble, WireInt, WireKey, WireLink, WireObjectId, WireUuid, WireValue } from "./wire-value.ts";
