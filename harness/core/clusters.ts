/**
 * The shape of a message: what stays when everything that differs from job to job is masked. Messages that
 * no signature names are counted by it.
 */
import { causeOf } from "./classify.ts";

/** In this order: an address is masked before its digits would be. */
const MASKS: readonly (readonly [pattern: RegExp, mask: string])[] = [
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, "<id>"],
  // 12 hexadecimal digits are a short container id, 64 a full one; `sha256:` and `0x` belong to what follows.
  [/\b(?:sha256:)?[0-9a-f]{12,128}(?![0-9a-z])/gi, "<id>"],
  [/\b0x[0-9a-f]{1,16}\b/gi, "<id>"],
  // What the engine calls an interface: the letters stay, they tell the kind.
  [/\b(br-|veth|eth|tap|docker)[0-9a-f]{1,15}\b/gi, "$1<id>"],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?:\/\d{1,3})?/g, "<address>"],
  [/\[[0-9a-f:.]{2,45}\](?::\d{1,5})?/gi, "<address>"],
  // Without brackets: shortened by `::`, or all eight groups; a clock is neither.
  [/(?<![\w:])[0-9a-f:]{0,35}::[0-9a-f:.]{0,35}(?:\/\d{1,3})?(?![\w:])/gi, "<address>"],
  [/(?<![\w:])(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}(?![\w:])/gi, "<address>"],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?/g, "<time>"],
  // Go writes 1h2m3.5s, and one unit after the other.
  [/\b(?:\d{1,18}(?:\.\d{1,9})?(?:ns|µs|us|ms|h|m|s)){1,5}\b/g, "<duration>"],
  [/\b\d{1,18}(?:\.\d{1,9})? (?:ns|µs|us|ms|s|seconds?|minutes?|hours?)\b/g, "<duration>"],
  [/\d+/g, "<n>"],
];

/**
 * @param message - raw
 * @param run - the run's id, which is part of every name the tool gives
 */
export const template = (message: string, run: string): string => {
  // A whole name at once: it holds the run, the job and the role.
  const nameless = causeOf(message).replace(/[\w.-]+/g, (word) =>
    run !== "" && word.includes(run) ? "<name>" : word,
  );
  return MASKS.reduce((text, [pattern, mask]) => text.replace(pattern, mask), nameless);
};
