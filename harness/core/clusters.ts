/**
 * The shape of a message: what stays when everything that differs from job to job is masked. Messages that
 * no signature names are counted by it.
 */
import { causeOf } from "./classify.ts";

/** In this order: an address is masked before its digits would be. */
const MASKS: readonly (readonly [pattern: RegExp, mask: string])[] = [
  [/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, "<id>"],
  // 12 hexadecimal digits are a short container id, 64 a full one.
  [/[0-9a-f]{12,}/gi, "<id>"],
  [/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?:\/\d{1,3})?/g, "<address>"],
  [/\[[0-9a-f:.]{2,45}\](?::\d{1,5})?/gi, "<address>"],
  [/\b\d{1,18}(?:\.\d{1,9})? ?(?:ns|µs|us|ms|s|m|h|seconds?|minutes?)\b/g, "<duration>"],
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
