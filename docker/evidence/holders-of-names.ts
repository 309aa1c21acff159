/**
 * What the engine under test has of networks, and of containers and networks of a name.
 */
import type { Question, SightOf } from "../../harness/core/evidence.ts";
import { LABEL } from "../../harness/core/model.ts";
import {
  namedContainersAnswer,
  namedNetworksAnswer,
  subnetsAnswer,
} from "../client/daemon-schemas.ts";
import { told, type EngineQuestions } from "./engine-questions.ts";

type NameQuestion = Extract<Question, { readonly about: "name" }>;
type NameHolders = SightOf<"name">["holders"];

/** Every network with its subnets, those of IPv6 too; null when the engine does not tell in time. */
export const subnetsTaken = async (
  questions: EngineQuestions,
): Promise<SightOf<"subnets">["networks"]> => {
  const networks = await told(questions, "/networks", subnetsAnswer);
  if (networks === null) return null;
  return networks.map(({ Name, Labels, IPAM }) => ({
    name: Name,
    subnets: IPAM.Config.flatMap(({ Subnet }) => Subnet ?? []),
    run: Labels[LABEL.run] ?? null,
  }));
};

const named = (filter: string): string =>
  `filters=${encodeURIComponent(JSON.stringify({ name: [filter] }))}`;

const labelsOf = (labels: Readonly<Record<string, string>>) => ({
  run: labels[LABEL.run] ?? null,
  job: labels[LABEL.job] ?? null,
});

const containersNamed = async (questions: EngineQuestions, name: string): Promise<NameHolders> => {
  // The filter is a regular expression, of which names hold nothing but the full stop.
  const path = `/containers/json?all=true&${named(`^/${name.replaceAll(".", "\\.")}$`)}`;
  const found = await told(questions, path, namedContainersAnswer);
  if (found === null) return null;
  return found
    .filter(({ Names }) => Names.includes(`/${name}`))
    .map(({ Id, Labels, Created }) => ({
      id: Id,
      name,
      ...labelsOf(Labels),
      createdAt: new Date(Created * 1000).toISOString(),
    }));
};

const networksNamed = async (questions: EngineQuestions, name: string): Promise<NameHolders> => {
  const found = await told(questions, `/networks?${named(name)}`, namedNetworksAnswer);
  if (found === null) return null;
  return found
    .filter(({ Name }) => Name === name)
    .map(({ Id, Labels, Created }) => ({
      id: Id,
      name,
      ...labelsOf(Labels),
      createdAt: new Date(Created).toISOString(),
    }));
};

/** Who has a name; of networks it may be several. Null when the engine does not tell in time. */
export const holdersOfName = (
  questions: EngineQuestions,
  { kind, name }: Pick<NameQuestion, "kind" | "name">,
): Promise<NameHolders> =>
  kind === "container" ? containersNamed(questions, name) : networksNamed(questions, name);
