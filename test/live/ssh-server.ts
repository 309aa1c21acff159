/**
 * A real sshd on loopback and a client for it: Debian's packages, unpacked and not installed, with keys and
 * configuration of the test's own.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { extractPackages, ownRelease } from "../../docker/managed/debian-packages.ts";
import { runProgram } from "../../docker/managed/program.ts";

export interface SshServer {
  /** A directory with `ssh` in it. */
  readonly programs: string;
  /** Options for `ssh -o` with which its key is known, and ours is let in. */
  readonly options: readonly string[];
  readonly stop: () => Promise<void>;
}

/** Where sshd keeps the half of it that talks to strangers; compiled in. */
const EMPTY_DIRECTORY = "/run/sshd";

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
};

/** Scripts that run programs of the unpacked packages with the libraries that are there too. */
const wrappers = (root: string, programs: string) => {
  const libraries = ["usr/lib", "lib"].flatMap((directory) =>
    existsSync(join(root, directory))
      ? readdirSync(join(root, directory))
          .filter((name) => /-linux-gnu\w*$/.test(name))
          .map((name) => join(root, directory, name))
      : [],
  );
  const loader = ["lib64", "lib", ...libraries.map((path) => path.slice(root.length + 1))]
    .map((name) => join(root, name))
    .filter((path) => existsSync(path))
    .flatMap((path) => readdirSync(path).map((name) => join(path, name)))
    .find((path) => /\/ld-linux[^/]*\.so/.test(path));
  if (loader === undefined) throw new Error(`no dynamic loader in ${root}`);
  return (path: string): string => {
    const name = path.split("/").at(-1) ?? "";
    const script = join(programs, name);
    // sshd runs itself again by the name it was called with.
    const words = [
      loader,
      "--library-path",
      libraries.join(":"),
      "--argv0",
      script,
      join(root, path),
    ];
    writeFileSync(script, `#!/bin/sh\nexec ${words.join(" ")} "$@"\n`);
    chmodSync(script, 0o755);
    return script;
  };
};

/**
 * Needs root: sshd changes to the user who logs in, and Debian's wants an account of its own, which only it sees.
 *
 * @param directory - empty, of the caller's
 * @throws Error on a machine that is no Debian
 */
export const startSshServer = async (
  directory: string,
  signal: AbortSignal,
): Promise<SshServer> => {
  const release = ownRelease();
  if (release === null) throw new Error("the packages are Debian's");
  const [scratch, root, programs] = ["scratch", "root", "programs"].map((name) => {
    const path = join(directory, name);
    mkdirSync(path);
    return path;
  });
  if (scratch === undefined || root === undefined || programs === undefined) throw new Error();
  const tar = join(directory, "packages.tar");
  await extractPackages({
    release,
    packages: ["openssh-server", "openssh-client"],
    target: tar,
    exclude: ["/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*"],
    overlay: null,
    scratch,
    narrate: () => undefined,
    signal,
  });
  await runProgram("tar", ["-xf", tar, "-C", root, "--exclude=./dev/*"], { signal });
  const wrap = wrappers(root, programs);
  const [sshd, keygen] = [wrap("usr/sbin/sshd"), wrap("usr/bin/ssh-keygen")];
  wrap("usr/bin/ssh");
  const key = (name: string): string => join(directory, name);
  for (const name of ["host_key", "user_key"]) {
    await runProgram(keygen, ["-q", "-t", "ed25519", "-N", "", "-f", key(name)], { signal });
  }
  const port = await freePort();
  const hostKey = readFileSync(key("host_key.pub"), "utf8");
  writeFileSync(key("known_hosts"), `[127.0.0.1]:${String(port)} ${hostKey}`);
  writeFileSync(key("authorized_keys"), readFileSync(key("user_key.pub")), { mode: 0o600 });
  const account = (file: string, line: string): string => {
    const own = readFileSync(`/etc/${file}`, "utf8");
    writeFileSync(key(file), `${own.replace(/^sshd:.*\n/m, "")}${line}\n`, { mode: 0o600 });
    return key(file);
  };
  const passwd = account("passwd", "sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin");
  chmodSync(passwd, 0o644);
  writeFileSync(
    key("sshd_config"),
    [
      "ListenAddress 127.0.0.1",
      `Port ${String(port)}`,
      `HostKey ${key("host_key")}`,
      `AuthorizedKeysFile ${key("authorized_keys")}`,
      "AuthenticationMethods publickey",
      "PermitRootLogin prohibit-password",
      // The directory of a test is where everybody may write.
      "StrictModes no",
      "UsePAM no",
      "PidFile none",
      // Only sshd is to see the account that was made for it: sessions are where the test is.
      `ForceCommand nsenter --mount=/proc/${String(process.pid)}/ns/mnt -- /bin/sh -c "$SSH_ORIGINAL_COMMAND"`,
      ...(existsSync(join(root, "usr/lib/openssh/sshd-session"))
        ? [
            `SshdSessionPath ${wrap("usr/lib/openssh/sshd-session")}`,
            `SshdAuthPath ${wrap("usr/lib/openssh/sshd-auth")}`,
          ]
        : []),
      "",
    ].join("\n"),
  );
  const madeEmpty = !existsSync(EMPTY_DIRECTORY);
  if (madeEmpty) mkdirSync(EMPTY_DIRECTORY, { mode: 0o755 });
  const script = `mount --bind ${passwd} /etc/passwd && exec ${sshd} -D -e -f ${key("sshd_config")}`;
  const server = spawn("unshare", ["--mount", "--propagation", "private", "sh", "-c", script], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  const said: string[] = [];
  const listening = new Promise<void>((resolve, reject) => {
    createInterface({ input: server.stderr }).on("line", (line) => {
      said.push(line);
      if (line.includes("Server listening on")) resolve();
    });
    server.once("exit", () => {
      reject(new Error(`sshd did not start: ${said.join("\n")}`));
    });
  });
  const stop = async (): Promise<void> => {
    if (server.exitCode === null && server.signalCode === null) {
      server.kill();
      await once(server, "exit");
    }
    if (madeEmpty) rmdirSync(EMPTY_DIRECTORY);
  };
  await listening.catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    programs,
    options: [
      `Port=${String(port)}`,
      `IdentityFile=${key("user_key")}`,
      "IdentitiesOnly=yes",
      `UserKnownHostsFile=${key("known_hosts")}`,
      "GlobalKnownHostsFile=none",
    ],
    stop,
  };
};
