/** What a handler answers, before it becomes bytes. */
export type Reply =
  | { readonly kind: "json"; readonly status: number; readonly body: unknown }
  | { readonly kind: "text"; readonly status: number; readonly body: string }
  | { readonly kind: "empty"; readonly status: 204 | 304 }
  /** The connection ends in the middle of this answer. */
  | { readonly kind: "broken-off"; readonly whole: Reply }
  /** The connection ends without an answer. */
  | { readonly kind: "hung-up" }
  /** No answer ever comes. */
  | { readonly kind: "never" }
  /** The handler has taken over the response. */
  | { readonly kind: "streamed" };

export const json = (status: number, body: unknown): Reply => ({ kind: "json", status, body });
export const EMPTY: Reply = { kind: "empty", status: 204 };
export const NOT_MODIFIED: Reply = { kind: "empty", status: 304 };
