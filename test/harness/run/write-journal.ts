/**
 * Journals on disk as a run writes them.
 */
import type { Event } from "../../../harness/core/events.ts";
import { openJournal } from "../../../harness/run/journal.ts";

/** @returns the events as the run itself has them */
export const writeJournal = (path: string, events: Iterable<Event>): readonly Event[] => {
  const onFailure = (error: Error): never => {
    throw error;
  };
  const journal = openJournal({ path, onFailure, onEvent: () => undefined });
  for (const event of events) journal.append(event);
  journal.close();
  return journal.events;
};
