/**
 * What all operations of one job have in common, whatever its scenario.
 */
import { StressError } from "./errors.ts";
import type { Arm, ContainerSpec, ImageSet, ImageUse, JobPlan, Operation } from "./model.ts";
import type { PlanRequest } from "./plan-request.ts";

/** The role of the container from which a job without published ports uses its services. */
export const JOB_ROLE = "job";

export interface JobContext {
  readonly request: PlanRequest;
  readonly arm: Arm;
  readonly id: string;
  /** 0 … N−1 within the wave. */
  readonly index: number;
  /** The network's name where the job has one, and the beginning of all names. */
  readonly network: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** What a job does and how it is taken down. */
export type JobSteps = Pick<JobPlan, "phases" | "teardown">;

export const containerName = ({ network }: Pick<JobContext, "network">, role: string): string =>
  `${network}-${role}`;

/** @throws StressError("usage") for a role that the set has no image for */
export const imageOf = (images: ImageSet, role: string): ImageUse => {
  const image = images.images[role];
  if (image !== undefined) return image;
  throw new StressError("usage", `--images: set ${images.name} names no image for "${role}"`);
};

/** What is written into a job's services and looked for in them. */
export const nonceOf = ({ request, id }: JobContext): string => `${request.run}-${id}`;

/** What makes one container of a job differ from its others. */
export interface ContainerWish {
  /** What it is called on its network, in names and in reports. */
  readonly role: string;
  /** The image's role in the set, where it is another. */
  readonly image?: string;
  /** After the image's own command. */
  readonly arguments?: readonly string[];
  /** The job's own network unless another is named. */
  readonly network?: string;
  readonly publish?: ContainerSpec["publish"];
  readonly health?: ContainerSpec["health"];
  readonly gatewayPriority?: number;
}

/** @throws StressError("usage") for a role that the set has no image for */
export const createOf = (
  job: JobContext,
  { role, image: imageRole = role, network = job.network, ...wish }: ContainerWish,
): Extract<Operation, { readonly kind: "container.create" }> => {
  const image = imageOf(job.request.images, imageRole);
  const { arguments: words = [], publish = [], health, gatewayPriority } = wish;
  return {
    kind: "container.create",
    service: role,
    container: containerName(job, role),
    spec: {
      image: image.reference,
      network,
      aliases: [role],
      // Without a command of the set's own, arguments go to the image's entrypoint, as with `docker run`.
      command:
        image.command === null && words.length === 0 ? null : [...(image.command ?? []), ...words],
      env: image.env,
      publish,
      labels: job.labels,
      ...(health === undefined ? {} : { health }),
      ...(gatewayPriority === undefined ? {} : { gatewayPriority }),
    },
  };
};

/** Of one container of a job, by its role: what most operations name. */
export const targetOf = (
  job: JobContext,
  role: string,
): { readonly service: string; readonly container: string } => ({
  service: role,
  container: containerName(job, role),
});

/** All containers at once, then the networks. */
export const removalOf = (
  job: JobContext,
  roles: readonly string[],
  networks: readonly Extract<Operation, { readonly kind: "network.remove" }>[],
): JobSteps["teardown"] => [
  roles.map((role): Operation => ({ kind: "container.remove", ...targetOf(job, role) })),
  [...networks],
];
