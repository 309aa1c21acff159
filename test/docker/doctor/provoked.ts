/**
 * Facts that were read while something was provoked, and what the doctor makes of them.
 */
import { readFacts, type DoctorQuestion } from "../../../docker/doctor/read-facts.ts";
import { namespaceSeen } from "../../../docker/doctor/namespace-seen.ts";
import { engineUnder } from "../../../docker/evidence/engine-under.ts";
import type { EngineNamespace } from "../../../docker/evidence/namespace.ts";
import { readProcesses } from "../../../docker/evidence/process-table.ts";
import { userNames } from "../../../docker/evidence/users.ts";
import { diagnose, type CheckResult } from "../../../harness/core/doctor/diagnosis.ts";
import { seconds } from "../../../harness/core/units.ts";
import type { Asked, DoctorFacts, NamespaceSeen } from "../../../harness/core/doctor/facts.ts";

export const tcp = (port: number, address: string | null = null): Asked => ({
  port,
  address,
  protocol: "tcp",
});

/** What is read of this machine, with no engine unless the question names one. */
export const factsOf = (question: Partial<DoctorQuestion>): Promise<DoctorFacts> =>
  readFacts({
    asked: null,
    n: 16,
    address: null,
    missing: "this test has no engine",
    patience: seconds(10),
    isOwnerGone: () => false,
    signal: AbortSignal.timeout(30_000),
    ...question,
  });

/** What is read of one namespace, seen beside no engine. */
export const lookInto = async (
  namespace: EngineNamespace,
  asked: Asked | null,
): Promise<NamespaceSeen> =>
  namespaceSeen(namespace, asked, {
    engine: await engineUnder(null),
    processes: (await readProcesses()) ?? new Map(),
    users: await userNames(),
  });

/** @throws when no such check applies */
export const checkIn = (facts: DoctorFacts, id: string): CheckResult => {
  const check = diagnose(facts, "test").checks.find((each) => each.id === id);
  if (check === undefined) throw new Error(`no check ${id}`);
  return check;
};
