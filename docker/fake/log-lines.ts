/**
 * What the daemon of each version writes to its log, as far as the harness reads it.
 *
 * The lines of 20.10 and of 29.6.0 are as seen on real engines; those between follow moby's source.
 */
import { isAtLeast } from "../../harness/core/known-engines.ts";

/** As logrus quotes a value that is more than one word. */
const quoted = (words: string): string => JSON.stringify(words);

export class LogLines {
  readonly #version: string;
  readonly #apiVersion: string;

  constructor({ version, apiVersion }: { readonly version: string; readonly apiVersion: string }) {
    this.#version = version;
    this.#apiVersion = apiVersion;
  }

  /**
   * A dynamic port is tried again.
   *
   * @see moby/moby libnetwork/drivers/bridge/port_mapping.go (to 27), port_mapping_linux.go (28.3 to 28.5)
   */
  portRetried(words: string, attempt: number): string {
    return this.#since("28.0")
      ? `level=warning msg="Failed to allocate and map port" attempt=${String(attempt)} error=${quoted(words)}`
      : `level=warning msg=${quoted(`Failed to allocate and map port: ${words}, retry: ${String(attempt)}`)}`;
  }

  /** A port that was asked for by number is refused: two lines' worth of words to 27, none of its own later. */
  fixedPortRefused(port: number, words: string): readonly string[] {
    if (this.#since("28.0")) return [];
    const range = `${String(port)}-${String(port)}`;
    const message = `Failed to allocate and map port ${range}: ${words}`;
    return [`level=warning msg=${quoted(message)}`];
  }

  startRefused({ id, status, words }: { id: string; status: number; words: string }): string {
    const url = `/v${this.#apiVersion}/containers/${id}/start`;
    if (!this.#since("29.0")) {
      return `level=error msg=${quoted(`Handler for POST ${url} returned error: ${words}`)}`;
    }
    const message = "Handler for POST /containers/{name:.*}/start returned error";
    return `level=error msg=${quoted(message)} error-response=${quoted(words)} method=POST module=api request-url=${url} status=${String(status)} vars="map[name:${id} version:${this.#apiVersion}]"`;
  }

  /** Three warnings and an error at every start, where dockerd lives outside the namespace of its containers. */
  containerStarted(): readonly string[] {
    if (!this.#since("29.5")) return [];
    const error = `error="operation not permitted"`;
    const warning = `level=warning msg="failed to restore thread's network namespace" ${error}`;
    const failure = `level=error msg="libnetwork: restoring thread network namespace failed" ${error}`;
    return [warning, warning, warning, failure];
  }

  #since(first: string): boolean {
    return isAtLeast(this.#version, first);
  }
}
