/**
 * Android's Keystore and preference files as the libraries see them, simulated.
 *
 * A "ciphertext" here names the key that it was made with and holds its plaintext: what opens with which key is what matters, and how the libraries answer.
 *
 * @module
 */

/** One key of the Keystore. */
export interface AndroidKey {
  readonly id: number;
  readonly requiresAuth: boolean;
  readonly isHardwareBacked: boolean;
  isInvalidated: boolean;
}

/** What a key made of a text. */
export interface AndroidCiphertext {
  readonly keyId: number;
  readonly text: string;
}

/** An exception of Java or Kotlin, by its class. */
export class AndroidException extends Error {
  readonly javaClass: string;
  constructor(javaClass: string, message: string) {
    super(message);
    this.javaClass = javaClass;
  }
}

let keyCount = 0;

/** The Keystore of one application on one simulated device. Removed with the application; never in a backup. */
export class AndroidKeystore {
  readonly aliases: Map<string, AndroidKey> = new Map();
  /** Whether the device has hardware for its keys. */
  isHardwareBacked = true;
  isLocked = false;
  cancelsNextPrompt = false;
  promptCount = 0;

  generate(alias: string, requiresAuth: boolean): AndroidKey {
    const key: AndroidKey = { id: (keyCount += 1), requiresAuth, isHardwareBacked: this.isHardwareBacked, isInvalidated: false };
    this.aliases.set(alias, key);
    return key;
  }

  encrypt(key: AndroidKey, text: string): AndroidCiphertext {
    this.assertUsable(key);
    return { keyId: key.id, text };
  }

  decrypt(key: AndroidKey, ciphertext: AndroidCiphertext): string {
    this.assertUsable(key);
    // javax.crypto.AEADBadTagException is a BadPaddingException; the Keystore gives it no text of its own (assumed).
    if (ciphertext.keyId !== key.id) throw new AndroidException("AEADBadTagException", "Signature/MAC verification failed");
    return ciphertext.text;
  }

  /** Documentation of KeyPermanentlyInvalidatedException and of setUnlockedDeviceRequired. */
  assertUsable(key: AndroidKey): void {
    if (key.isInvalidated) throw new AndroidException("KeyPermanentlyInvalidatedException", "Key permanently invalidated");
    if (this.isLocked) throw new AndroidException("UserNotAuthenticatedException", "User not authenticated");
  }

  /** A finger was added, or the screen lock removed: keys that need authentication are invalid from now on. */
  changeBiometrics(): void {
    for (const key of this.aliases.values()) if (key.requiresAuth) key.isInvalidated = true;
  }
}

/** A file of preferences: what is in memory, and what is on the disk. */
export class PreferenceFile<Value> {
  memory: Map<string, Value> = new Map();
  disk: Map<string, Value> = new Map();
  /** Answers writes with success, and forgets them. */
  losesWrites = false;

  /** `Editor.commit`, and DataStore's `edit`: memory and disk. */
  commit(change: (values: Map<string, Value>) => void): void {
    if (this.losesWrites) return;
    change(this.memory);
    this.flush();
  }

  /** `Editor.apply`: memory now, the disk later. */
  apply(change: (values: Map<string, Value>) => void): void {
    if (!this.losesWrites) change(this.memory);
  }

  /** What the system does when an activity is paused. */
  flush(): void {
    this.disk = new Map([...this.memory].map(([name, value]) => [name, structuredClone(value)]));
  }

  /** The application was killed and starts again. */
  reload(): void {
    this.memory = new Map([...this.disk].map(([name, value]) => [name, structuredClone(value)]));
  }
}
