import { readFileSync } from "node:fs";

/** Name and version of this package. */
export const toolVersion = (): string => {
  for (const up of ["../../package.json", "../../../package.json"]) {
    try {
      const content: unknown = JSON.parse(readFileSync(new URL(up, import.meta.url), "utf8"));
      if (typeof content === "object" && content !== null && "version" in content) {
        return String(content.version);
      }
    } catch {
      // Sources are two levels below package.json, compiled files three.
    }
  }
  return "unknown";
};
