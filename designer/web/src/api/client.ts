// Every call to the server goes through here: `api.get<Flow[]>("/api/flows")`.
// Paths are written as in the API description. A failed call throws ApiError, never anything else
// (but AbortError when the caller aborted). Who cares about the session listens with `onSignedOut`.

export interface Problem {
  path: string;
  code: string;
  message: string;
  params?: Record<string, unknown>;
  node?: string;
  edge?: string;
  severity?: "error" | "warning";
}

export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;
  readonly code: string;
  readonly params: Record<string, unknown>;
  readonly problems: Problem[];

  constructor(
    status: number,
    code: string,
    message: string,
    params: Record<string, unknown> = {},
    problems: Problem[] = [],
  ) {
    super(message);
    this.status = status;
    this.code = code;
    this.params = params;
    this.problems = problems;
  }
}

export interface CallOptions {
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Nobody asked for this call: who is signed out hears of it by the next one they make, and keeps the keyboard until then. */
  quiet?: boolean;
}

export const api = {
  get: <T>(path: string, options?: CallOptions) => call<T>("GET", path, undefined, options),
  post: <T>(path: string, body?: unknown, options?: CallOptions) =>
    call<T>("POST", path, body ?? {}, options),
  put: <T>(path: string, body?: unknown, options?: CallOptions) =>
    call<T>("PUT", path, body, options),
  patch: <T>(path: string, body?: unknown, options?: CallOptions) =>
    call<T>("PATCH", path, body, options),
  delete: <T>(path: string, body?: unknown, options?: CallOptions) =>
    call<T>("DELETE", path, body, options),
};

/** The address of a path of the API, also when the product is served below a sub-path. */
export function addressOf(path: string): string {
  const base = document.querySelector("base")?.getAttribute("href") ?? "/";
  return base.replace(/\/$/, "") + path;
}

/** `query({box: "todo", cursor: null})` → `?box=todo`; empty values are left out. */
export function query(
  values: Record<string, string | number | boolean | null | undefined>,
): string {
  const filled = Object.entries(values).filter(
    ([, value]) => value !== null && value !== undefined && value !== "",
  );
  if (filled.length === 0) return "";
  return `?${new URLSearchParams(filled.map(([name, value]) => [name, String(value)]))}`;
}

let csrfToken = "";

export function setCsrfToken(token: string): void {
  csrfToken = token;
}

let signedOut: () => void = () => undefined;

export function onSignedOut(listener: () => void): void {
  signedOut = listener;
}

/** A key that makes a repeated POST harmless. `randomUUID` is missing on plain http in a local network. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function call<T>(
  method: string,
  path: string,
  body: unknown,
  options: CallOptions = {},
): Promise<T> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (method !== "GET" && csrfToken) headers["X-CSRF-Token"] = csrfToken;
  if (method === "POST") headers["Idempotency-Key"] = newKey();
  const init: RequestInit = { method, credentials: "same-origin" };
  if (body instanceof FormData) init.body = body;
  else if (body !== undefined && method !== "GET") {
    headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(body);
  }
  if (options.signal) init.signal = options.signal;
  init.headers = { ...headers, ...options.headers };

  const response = await send(addressOf(path), init);
  const answer = await read(response);
  if (response.ok) return answer as T;
  const error = errorFrom(response, answer);
  if (error.status === 401 && !options.quiet && !path.startsWith("/api/session")) signedOut();
  throw error;
}

export interface UploadOptions {
  onProgress?: (share: number) => void;
  signal?: AbortSignal;
}

/** Send a file as it is. By XMLHttpRequest, because `fetch` does not tell how far it has come. */
export function upload<T>(path: string, file: Blob, options: UploadOptions = {}): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", addressOf(path));
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("Content-Type", file.type || "application/octet-stream");
    if (csrfToken) request.setRequestHeader("X-CSRF-Token", csrfToken);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) options.onProgress?.(event.loaded / event.total);
    };
    request.onload = () => {
      const response = new Response(request.status === 204 ? null : request.responseText, {
        status: request.status || 500,
      });
      void read(response.clone()).then((answer) => {
        if (response.ok) return resolve(answer as T);
        if (response.status === 401) signedOut();
        reject(errorFrom(response, answer));
      });
    };
    request.onerror = () =>
      reject(
        new ApiError(0, "offline", "Expected an answer of the server, but it cannot be reached."),
      );
    request.onabort = () => reject(new DOMException("The upload was stopped.", "AbortError"));
    options.signal?.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}

/** A file that the server makes of what is told. */
export async function fileOf(path: string, body: unknown): Promise<Blob> {
  const headers: Record<string, string> = { "Content-Type": "application/json" };
  if (csrfToken) headers["X-CSRF-Token"] = csrfToken;
  const init: RequestInit = { method: "POST", credentials: "same-origin", headers };
  const response = await send(addressOf(path), { ...init, body: JSON.stringify(body) });
  if (response.ok) return response.blob();
  throw errorFrom(response, await read(response));
}

async function send(address: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(address, init);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "offline", "Expected an answer of the server, but it cannot be reached.");
  }
}

async function read(response: Response): Promise<unknown> {
  const text = await response.text();
  if (!text) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function errorFrom(response: Response, answer: unknown): ApiError {
  const error = (answer as { error?: Partial<ApiError> } | undefined)?.error;
  const params = { ...(error?.params ?? {}) };
  const retryAfter = response.headers.get("Retry-After");
  if (retryAfter) params["retry_after"] = retryAfter;
  return new ApiError(
    response.status,
    error?.code ?? (response.status >= 500 ? "server_error" : "unexpected_answer"),
    error?.message ?? `Expected an answer, but found status ${response.status}.`,
    params,
    error?.problems ?? [],
  );
}
