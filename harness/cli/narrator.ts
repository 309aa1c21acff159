/**
 * What people read on stderr while they wait: log lines, and on a terminal one line that shows where we are.
 * Nothing is written inside a wave.
 */
import { pino, type Logger } from "pino";
import type { Event } from "../core/events.ts";
import { wavesInAll } from "../core/measured-waves.ts";
import { createLines, type TextSink } from "./streams.ts";
import { count, formatMillis, millis, type Millis } from "../core/units.ts";
import { everyTenSeconds } from "./heartbeat.ts";

/** Fields of a log record that people do not need to see. */
const isNarrated = (key: string): boolean => !["level", "time", "msg"].includes(key);

const asText = (record: Readonly<Record<string, unknown>>): string => {
  const fields = Object.entries(record)
    .filter(([key]) => isNarrated(key))
    .map(([key, value]) => ` ${key}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  return `stress: ${String(record["msg"])}${fields.join("")}`;
};

export interface Narrator {
  readonly log: Logger;
  /** One line for one step, before it is done. */
  readonly say: (line: string) => void;
  /** Follows the journal: speaks between waves, keeps silent inside them. */
  readonly follow: (event: Event) => void;
}

export interface NarratorOptions {
  readonly stderr: TextSink;
  readonly level: string;
  /** `json`: pino's own lines, for machines. */
  readonly format: "text" | "json";
}

export const createNarrator = ({ stderr, level, format }: NarratorOptions): Narrator => {
  const live = stderr.isTTY === true && format === "text";
  let shown = false;
  const lines = createLines(stderr);
  const clear = (): void => {
    if (shown) lines.clear();
    shown = false;
  };
  const log = pino(
    { level, base: null },
    {
      write: (line: string) => {
        clear();
        const record: unknown = JSON.parse(line);
        if (format === "json" || typeof record !== "object" || record === null) lines.json(record);
        else lines.line(asText(Object.fromEntries(Object.entries(record))));
      },
    },
  );
  const show = (text: string): void => {
    if (!live || !log.isLevelEnabled("info")) {
      log.info(text);
      return;
    }
    lines.show(`stress: ${text}`);
    shown = true;
  };
  let waves = 0;
  let releasedAt: Millis | null = null;
  let name = "";
  let faults = 0;
  let containers = 0;
  let unanswered = 0;
  let end = (): void => undefined;
  /** What goes on in a wave: said when it takes long. */
  const enter = (what: () => string): void => {
    end();
    end = everyTenSeconds((elapsed) => {
      show(`${name}, still ${what()}, ${elapsed}`);
    });
  };
  const follow = (event: Event): void => {
    switch (event.event) {
      case "run.started":
        waves = wavesInAll(event);
        break;
      case "wave.started":
        name =
          `wave ${String(event.wave)} of ${String(waves)}` +
          `${event.block === 0 ? ", a warm-up" : ""}: ${event.arm}`;
        faults = 0;
        containers = 0;
        unanswered = 0;
        show(`${name}, ${count(event.jobs.length, "job")} at once`);
        enter(() => "preparing it");
        break;
      case "gate.opened":
        releasedAt = event.at;
        enter(() => `waiting for ${count(unanswered, "answer")}`);
        break;
      case "invoked":
        unanswered += 1;
        break;
      case "answered":
        unanswered -= 1;
        // A create without an answer may have been done.
        if (event.operation === "container.create" && event.answer.kind !== "refused") {
          containers += 1;
        }
        if (event.operation === "container.remove" && event.answer.kind === "done") {
          containers -= 1;
        }
        break;
      case "burst.ended":
        if (releasedAt !== null) {
          const took = formatMillis(millis(event.at - releasedAt));
          const trouble = faults === 0 ? "" : ` with ${count(faults, "fault")} on purpose`;
          show(`${name}, burst over after ${took}${trouble}; tearing down`);
        }
        enter(() =>
          containers > 0 ? `removing ${count(containers, "container")}` : "tearing down",
        );
        break;
      case "fault.injected":
        // In the middle of a burst as well: told when it is over.
        faults += 1;
        break;
      case "wave.ended":
        end();
        break;
      case "run.ended":
        end();
        clear();
        break;
      case "interim.looked":
        show(event.words);
        break;
      case "engine.started":
      case "event.refused":
      case "looked":
      case "ports.seen":
      case "daemon.logged":
        break;
    }
  };
  return {
    log,
    say: (line) => {
      log.info(line);
    },
    follow,
  };
};
