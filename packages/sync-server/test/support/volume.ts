/**
 * A volume in an image file: ext4 over a loop device, with one folder that may be encrypted by the file system (fscrypt).
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, mkdirSync, openSync, readSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A mounted image. */
export interface Volume {
  readonly image: string;
  /** Where files are to be put. */
  readonly folder: string;
  unmount(): void;
}

const IMAGE_BYTES = 256 * 1024 * 1024;
const CHUNK_BYTES = 4 * 1024 * 1024;

/** Why there can be no such volume here; undefined if there can: then a failure is one. */
export function volumeMissing(): string | undefined {
  if (process.platform !== "linux") return "fscrypt is Linux's";
  if (process.getuid?.() !== 0) return "only root may mount";
  if (!existsSync("/sys/fs/ext4/features/encryption")) return "this kernel's ext4 has no encryption";
  if (!existsSync("/dev/loop-control") || spawnSync("losetup", ["-f"]).status !== 0) return "there are no loop devices";
  const absent = ["mkfs.ext4", "mount", "umount", "perl"].find((program) => spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0);
  return absent === undefined ? undefined : `${absent} is not installed`;
}

/** Makes and mounts one in `parent`. */
export function mountVolume(parent: string, { name, isEncrypted }: { readonly name: string; readonly isEncrypted: boolean }): Volume {
  const image = join(parent, `${name}.img`);
  const mount = join(parent, name);
  const folder = join(mount, "data");
  writeFileSync(image, "");
  truncateSync(image, IMAGE_BYTES);
  run("mkfs.ext4", ["-q", "-F", "-O", "encrypt", image]);
  mkdirSync(mount);
  run("mount", ["-o", "loop", image, mount]);
  mkdirSync(folder);
  if (isEncrypted) encryptFolder(mount, folder);
  return { image, folder, unmount: () => run("umount", [mount]) };
}

/** How often a text stands in an image. */
export function countInImage(image: string, text: string): number {
  const needle = Buffer.from(text);
  const file = openSync(image, "r");
  const buffer = Buffer.alloc(CHUNK_BYTES + needle.length - 1);
  let count = 0;
  let kept = 0;
  for (;;) {
    const length = readSync(file, buffer, kept, CHUNK_BYTES, null);
    if (length === 0) break;
    const filled = buffer.subarray(0, kept + length);
    for (let at = filled.indexOf(needle); at !== -1; at = filled.indexOf(needle, at + 1)) count++;
    kept = Math.min(needle.length - 1, filled.length);
    filled.copyWithin(0, filled.length - kept);
  }
  closeSync(file);
  return count;
}

/** What the program `fscrypt` does: gives the file system a key, and the empty folder a policy (version 2: AES-256-XTS, names AES-256-CTS). */
function encryptFolder(mount: string, folder: string): void {
  run("perl", ["-e", IOCTLS, mount, folder], randomBytes(64));
}

/** `struct fscrypt_add_key_arg` to FS_IOC_ADD_ENCRYPTION_KEY, `struct fscrypt_policy_v2` to FS_IOC_SET_ENCRYPTION_POLICY: linux/fscrypt.h. */
const IOCTLS = String.raw`
binmode STDIN; local $/; my $key = <STDIN>;
open(my $mount, '<', $ARGV[0]) or die $!;
my $arg = pack('L L a32 L L a32', 2, 0, '', length $key, 0, '') . $key;
ioctl($mount, 0xC0506617, $arg) or die "the key was refused: $!";
open(my $folder, '<', $ARGV[1]) or die $!;
my $policy = pack('C C C C C a3 a16', 2, 1, 4, 3, 0, '', substr($arg, 8, 16));
ioctl($folder, 0x800C6613, $policy) or die "the policy was refused: $!";
`;

function run(program: string, values: readonly string[], input?: Buffer): void {
  const { status, stderr, error } = spawnSync(program, values, { ...(input === undefined ? {} : { input }) });
  if (status !== 0) throw new Error(`${program} failed: ${String(stderr)}${error?.message ?? ""}`);
}
