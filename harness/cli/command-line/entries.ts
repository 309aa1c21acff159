import { adviseEntry } from "./advise.ts";
import { calibrateEntry } from "./calibrate.ts";
import { classifyEntry } from "./classify.ts";
import { cleanEntry } from "./clean.ts";
import { compareEntry } from "./compare.ts";
import { doctorEntry } from "./doctor.ts";
import { engineEntry } from "./engine.ts";
import type { Entry } from "./entry.ts";
import { explainEntry } from "./explain.ts";
import { historyEntry } from "./history.ts";
import { imagesEntry } from "./images.ts";
import { nightlyEntry } from "./nightly.ts";
import { remoteEntry } from "./remote.ts";
import { mitigateEntry } from "./mitigate.ts";
import { planEntry } from "./plan.ts";
import { portsEntry } from "./ports.ts";
import { profilesEntry } from "./profiles.ts";
import { reportEntry } from "./report.ts";
import { reproEntry } from "./repro.ts";
import { runEntry } from "./run.ts";
import { sweepEntry } from "./sweep.ts";

/** Every command, in the order of `--help`. */
export const ENTRIES: readonly Entry[] = [
  runEntry,
  planEntry,
  sweepEntry,
  mitigateEntry,
  adviseEntry,
  reportEntry,
  compareEntry,
  explainEntry,
  reproEntry,
  nightlyEntry,
  historyEntry,
  remoteEntry,
  classifyEntry,
  calibrateEntry,
  doctorEntry,
  portsEntry,
  engineEntry,
  profilesEntry,
  imagesEntry,
  cleanEntry,
];
