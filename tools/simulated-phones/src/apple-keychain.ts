/**
 * Apple's keychain as the libraries see it, simulated: `SecItemAdd`, `SecItemCopyMatching`, `SecItemUpdate`, `SecItemDelete`.
 *
 * After Apple's documentation of `kSecAttrAccessible`, `kSecAttrSynchronizable` and `SecAccessControlCreateFlags`; "assumed" marks the rest.
 *
 * @module
 */

/** Status codes (SecBase.h). */
export const STATUS = {
  success: 0,
  parameter: -50,
  userCanceled: -128,
  authFailed: -25293,
  duplicate: -25299,
  notFound: -25300,
  interactionNotAllowed: -25308,
  missingEntitlement: -34018,
} as const;

/** Protection classes by their constants' names. */
export type AppleClass =
  | "kSecAttrAccessibleWhenUnlocked"
  | "kSecAttrAccessibleWhenUnlockedThisDeviceOnly"
  | "kSecAttrAccessibleAfterFirstUnlock"
  | "kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly"
  | "kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly"
  | "kSecAttrAccessibleAlways"
  | "kSecAttrAccessibleAlwaysThisDeviceOnly";

/** One generic password. */
export interface AppleItem {
  readonly service: string;
  readonly account: string;
  readonly accessGroup: string;
  readonly synchronizable: boolean;
  readonly accessible: AppleClass;
  /** Flags of its access control, by their constants' names; none if it is given without a prompt. */
  readonly accessControl: readonly string[];
  data: string;
}

/** What an item is looked for by. Without `synchronizable` only items match that are not synchronized. */
export interface AppleQuery {
  readonly service?: string;
  readonly account?: string;
  readonly accessGroup?: string;
  readonly synchronizable?: boolean | "any";
  /** `kSecUseAuthenticationUIFail`. */
  readonly failsInsteadOfPrompt?: boolean;
}

/** The group of an application that names none. */
const OWN_GROUP = "TEAM.org.example.app";

/** The keychain of one simulated device. Outlives the application. */
export class AppleKeychain {
  items: AppleItem[] = [];
  state: "unlocked" | "locked" | "not unlocked since its start" = "unlocked";
  /** Groups that the application is entitled to. */
  groups: readonly string[] = [OWN_GROUP, "TEAM.shared"];
  cancelsNextPrompt = false;
  promptCount = 0;
  /** Status that the next additions answer with, for faults that have no state here. */
  addStatus: number = STATUS.success;
  /** Answers additions and updates with success, and forgets them. */
  losesWrites = false;

  add(item: Omit<AppleItem, "accessGroup"> & { readonly accessGroup?: string | undefined }): number {
    if (this.addStatus !== STATUS.success) return this.addStatus;
    const accessGroup = item.accessGroup ?? OWN_GROUP;
    if (!this.groups.includes(accessGroup)) return STATUS.missingEntitlement;
    // TN3137 and kSecAttrSynchronizable: an item that synchronizes cannot be of this device alone, nor have access control.
    if (item.synchronizable && (item.accessible.endsWith("ThisDeviceOnly") || item.accessControl.length > 0)) return STATUS.parameter;
    if (!this.#isOpen(item.accessible)) return STATUS.interactionNotAllowed;
    if (this.items.some((other) => other.service === item.service && other.account === item.account && other.accessGroup === accessGroup && other.synchronizable === item.synchronizable)) return STATUS.duplicate;
    if (!this.losesWrites) this.items.push({ ...item, accessGroup });
    return STATUS.success;
  }

  /** The data of the first match. */
  copyData(query: AppleQuery): { readonly status: number; readonly item?: AppleItem } {
    const item = this.items.find((candidate) => matches(candidate, query));
    if (item === undefined) return { status: STATUS.notFound };
    if (!this.#isOpen(item.accessible)) return { status: STATUS.interactionNotAllowed };
    if (item.accessControl.length > 0) {
      if (query.failsInsteadOfPrompt === true) return { status: STATUS.interactionNotAllowed };
      this.promptCount += 1;
      if (this.cancelsNextPrompt) {
        this.cancelsNextPrompt = false;
        return { status: STATUS.userCanceled };
      }
    }
    return { status: STATUS.success, item };
  }

  /** Whether there is a match. Attributes are readable on a locked device (assumed). */
  contains(query: AppleQuery): number {
    const item = this.items.find((candidate) => matches(candidate, query));
    if (item === undefined) return STATUS.notFound;
    return item.accessControl.length > 0 && query.failsInsteadOfPrompt === true ? STATUS.interactionNotAllowed : STATUS.success;
  }

  update(query: AppleQuery, data: string): number {
    const { status, item } = this.copyData(query);
    if (item !== undefined && !this.losesWrites) item.data = data;
    return status;
  }

  /** Works on a locked device (assumed), and needs no prompt. */
  delete(query: AppleQuery): number {
    const before = this.items.length;
    this.items = this.items.filter((item) => !matches(item, query));
    return this.items.length === before ? STATUS.notFound : STATUS.success;
  }

  /** A finger was added: items bound to the present set are gone. That they are reported as missing is assumed. */
  changeBiometrics(): void {
    this.items = this.items.filter(({ accessControl }) => !accessControl.includes("biometryCurrentSet"));
  }

  removePasscode(): void {
    this.items = this.items.filter(({ accessible }) => accessible !== "kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly");
  }

  /** Another device from this one's encrypted backup. */
  restoreToOtherDevice(): void {
    this.items = this.items.filter(({ accessible }) => !accessible.endsWith("ThisDeviceOnly"));
  }

  #isOpen(accessible: AppleClass): boolean {
    if (this.state === "unlocked" || accessible.startsWith("kSecAttrAccessibleAlways")) return true;
    return this.state === "locked" && accessible.startsWith("kSecAttrAccessibleAfterFirstUnlock");
  }
}

function matches(item: AppleItem, { service, account, accessGroup, synchronizable = false }: AppleQuery): boolean {
  return (
    (service === undefined || item.service === service) &&
    (account === undefined || item.account === account) &&
    (accessGroup === undefined || item.accessGroup === accessGroup) &&
    (synchronizable === "any" || item.synchronizable === synchronizable)
  );
}
