/**
 * Command lines and settings without the secrets in them: whoever runs the tool may read them, but a journal and a
 * report travel further.
 */

/** What stands where a secret was. */
export const HIDDEN = "***";

/** Names of what is secret, as parts of a flag's, a variable's or a key's name. */
const SECRET =
  "pass(?:word|wd|phrase)?|pwd|secret|token|credential|authorization|api[-_]?key|access[-_]?key|private[-_]?key";

/** `--password`, `-requirepass`, `--api-key`; not `--password-file`, which names a place. */
const FLAG = new RegExp(`^--?[\\w-]*(?:${SECRET})s?$`, "i");

/** `TOKEN=…`, `--password=…`, `"password": "…"`, `Authorization: …`, to the end of the value. */
const ASSIGNED = new RegExp(
  `([\\w-]*(?:${SECRET})s?["']?\\s*[=:]\\s*)("[^"]*"|'[^']*'|(?:(?:basic|bearer)\\s+)?[^\\s"',;&]+)`,
  "gi",
);

/** `user:pass@host`, in an address or alone. */
const WITH_USER = /([^\s/:@"'=]*:)[^\s/@"']+(?=@[^\s@])/g;

/** What issuers of tokens let them begin with, so that they are found when they leak. */
const KNOWN_TOKEN = /\b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|sk-|AKIA|eyJ)[\w.-]{12,}/g;

/** Of MySQL's programs and `sshpass`, perhaps behind `docker exec`: `-pSECRET`. */
const PROGRAMS_WITH_P = /(?:^|\/)(?:mysql|mariadb|sshpass)[\w-]*$/;

/** Of `curl` and `redis-cli`, with the value in the next word. */
const USER_FLAG = /^(?:-u|-U|--user|--proxy-user)$/;
const PROGRAMS_WITH_A = /(?:^|\/)redis-cli$/;

const hiddenIn = (word: string): string =>
  word
    .replace(WITH_USER, `$1${HIDDEN}`)
    .replace(ASSIGNED, `$1${HIDDEN}`)
    .replace(KNOWN_TOKEN, HIDDEN);

/** The same words, with what looks like a password or a token hidden. */
export const withoutSecrets = (words: readonly string[]): readonly string[] =>
  words.map((word, at) => {
    const before = words[at - 1] ?? "";
    if (FLAG.test(before) && !word.startsWith("-")) return HIDDEN;
    if (before === "-a" && PROGRAMS_WITH_A.test(words[0] ?? "")) return HIDDEN;
    if (USER_FLAG.test(before)) return word.replace(/:.*$/s, `:${HIDDEN}`);
    if (/^-p./.test(word) && words.slice(0, at).some((each) => PROGRAMS_WITH_P.test(each))) {
      return `-p${HIDDEN}`;
    }
    return hiddenIn(word);
  });

const SECRET_KEY = new RegExp(`(?:${SECRET})s?$`, "i");

/**
 * The same value, with what looks like a password or a token hidden: by the name of its key, or by its shape, as in
 * `http://user:password@proxy:3128`.
 */
const jsonWithoutSecrets = (value: unknown): unknown => {
  if (typeof value === "string") return hiddenIn(value);
  if (Array.isArray(value)) return value.map(jsonWithoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  return settingsWithoutSecrets(Object.fromEntries(Object.entries(value)));
};

/** As `jsonWithoutSecrets`, of an object such as daemon.json. */
export const settingsWithoutSecrets = (
  settings: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [
      key,
      typeof value === "string" && SECRET_KEY.test(key) ? HIDDEN : jsonWithoutSecrets(value),
    ]),
  );
