import { expect, test } from "vitest";
import { archivesOfVersion, companionOf } from "../../../docker/managed/docker-archives.ts";

test.each([
  ["x64", "x86_64"],
  ["arm64", "aarch64"],
])("Docker's archives for %s are those for %s", (arch, directory) => {
  expect(archivesOfVersion("28.5.2", { from: null, arch })).toEqual([
    `https://download.docker.com/linux/static/stable/${directory}/docker-28.5.2.tgz`,
    `https://download.docker.com/linux/static/stable/${directory}/docker-rootless-extras-28.5.2.tgz`,
  ]);
});

test.each(["http://mirror.example/docker/", "http://mirror.example/docker", "/srv/docker"])(
  "from %s they are taken as they lie there",
  (from) => {
    const place = from.replace(/\/$/, "");
    expect(archivesOfVersion("29.4.2-2", { from, arch: "x64" })).toEqual([
      `${place}/docker-29.4.2-2.tgz`,
      `${place}/docker-rootless-extras-29.4.2-2.tgz`,
    ]);
  },
);

test("a machine that Docker has nothing for is told what to say", () => {
  expect(() => archivesOfVersion("28.5.2", { from: null, arch: "riscv64" })).toThrow(
    expect.objectContaining({
      code: "usage",
      message: expect.stringContaining("--from") as string,
    }),
  );
  expect(archivesOfVersion("28.5.2", { from: "/srv", arch: "riscv64" })).toHaveLength(2);
});

test.each([
  ["./docker-28.5.2.tgz", "./docker-rootless-extras-28.5.2.tgz"],
  ["docker-28.5.2.tgz", "./docker-rootless-extras-28.5.2.tgz"],
  ["http://m.example/a/docker-28.5.2.tgz", "http://m.example/a/docker-rootless-extras-28.5.2.tgz"],
  ["./docker-rootless-extras-28.5.2.tgz", null],
  ["./engine.tgz", null],
])("beside %s belongs %s", (from, companion) => {
  expect(companionOf(from)).toBe(companion);
});
