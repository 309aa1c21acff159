import { findEngine, type EngineAddress } from "../../../docker/client/find-engine.ts";
import { readFacts } from "../../../docker/doctor/read-facts.ts";
import { doctorFixes, doctorJson, doctorText } from "../../../reports/doctor.ts";
import { diagnose, type Diagnosis } from "../../core/doctor/diagnosis.ts";
import type { Asked } from "../../core/doctor/facts.ts";
import { EXIT, StressError } from "../../core/errors.ts";
import { seconds } from "../../core/units.ts";
import { isOwnerGone } from "../owner.ts";
import type { Shell } from "../shell.ts";
import { toolVersion } from "../version.ts";

export interface DoctorOptions {
  /** Null: a preflight. */
  readonly asked: Asked | null;
  readonly n: number;
  readonly host: string | undefined;
  readonly context: string | undefined;
  /** Print the commands that mend what was found, and nothing else. */
  readonly fix: boolean;
  readonly json: boolean;
}

/** For a daemon with hundreds of containers that is busy beside. */
const PATIENCE = seconds(10);

const EXIT_OF: Readonly<Record<Diagnosis["verdict"], number>> = {
  healthy: EXIT.holds,
  problem: EXIT.violated,
  unread: EXIT.unknown,
  "no-engine": EXIT.environment,
};

interface Place {
  readonly address: EngineAddress | null;
  /** Why there is none. */
  readonly missing: string | null;
}

/** Where the engine is, or why none was found: most of what is checked needs none. */
const placeOf = ({ host, context }: DoctorOptions, { environment }: Shell): Place => {
  try {
    const named = {
      ...(host === undefined ? {} : { host }),
      ...(context === undefined ? {} : { context }),
    };
    return { address: findEngine({ ...named, environment }), missing: null };
  } catch (error) {
    if (!(error instanceof StressError) || error.code !== "environment") throw error;
    return { address: null, missing: error.message };
  }
};

const render = (diagnosis: Diagnosis, { fix, json }: DoctorOptions, { paint }: Shell): string => {
  if (json) return doctorJson(diagnosis);
  return fix ? doctorFixes(diagnosis) : doctorText(diagnosis, paint);
};

/** `stress doctor [PORT]`: looks, says what it saw, and changes nothing. */
export const doctorCommand = async (options: DoctorOptions, shell: Shell): Promise<number> => {
  const { asked, n } = options;
  const { signal } = shell;
  const place = placeOf(options, shell);
  const facts = await readFacts({ ...place, asked, n, patience: PATIENCE, isOwnerGone, signal });
  const diagnosis = diagnose(facts, toolVersion());
  shell.print(render(diagnosis, options, shell));
  return EXIT_OF[diagnosis.verdict];
};
