// @vitest-environment jsdom
import { afterEach, expect, test, vi } from "vitest";
import { ApiError, api, onSignedOut, query, setCsrfToken } from "./client";

afterEach(() => vi.unstubAllGlobals());

test("a write proves where it comes from, and may be repeated without harm", async () => {
  const sent = answering(201, { id: "1" });
  setCsrfToken("token");

  await api.post("/api/flows", { name: "x" });
  await api.post("/api/flows", { name: "x" });

  const [first, second] = sent.mock.calls.map(
    ([, init]) => init?.headers as Record<string, string>,
  );
  expect(first?.["X-CSRF-Token"]).toBe("token");
  expect(first?.["Idempotency-Key"]).toMatch(/^[0-9a-f]{32}$/);
  expect(second?.["Idempotency-Key"]).not.toBe(first?.["Idempotency-Key"]);
});

test("reading sends no token", async () => {
  const sent = answering(200, {});
  setCsrfToken("token");

  await api.get("/api/flows");

  expect(sent.mock.calls[0]?.[1]?.headers).toEqual({ Accept: "application/json" });
});

test("an error carries what the server found, place by place", async () => {
  const problems = [{ path: "/amount", code: "required", message: "Expected a value." }];
  answering(422, {
    error: { code: "validation_failed", message: "No.", params: { count: 1 }, problems },
  });

  const error = await api.put("/api/flows/x/draft", {}).catch((reason: unknown) => reason);

  expect(error).toBeInstanceOf(ApiError);
  expect(error).toMatchObject({
    status: 422,
    code: "validation_failed",
    params: { count: 1 },
    problems,
  });
});

test("a server that is gone is an error like any other", async () => {
  vi.stubGlobal("fetch", vi.fn().mockRejectedValue(new TypeError("Failed to fetch")));

  await expect(api.get("/api/flows")).rejects.toMatchObject({ status: 0, code: "offline" });
});

test("an answer that is no JSON does not break the page", async () => {
  vi.stubGlobal("fetch", vi.fn().mockResolvedValue(new Response("<html>", { status: 502 })));

  await expect(api.get("/api/flows")).rejects.toMatchObject({ status: 502, code: "server_error" });
});

test("a lost session is told once to who cares, but not while signing in", async () => {
  const signedOut = vi.fn();
  onSignedOut(signedOut);
  answering(401, { error: { code: "not_signed_in", message: "" } });

  await api.post("/api/session", {}).catch(() => undefined);
  await api.get("/api/flows").catch(() => undefined);

  expect(signedOut).toHaveBeenCalledTimes(1);
});

test("a query leaves out what is not asked", () => {
  expect(query({ box: "todo", search: "", cursor: null, limit: 20 })).toBe("?box=todo&limit=20");
  expect(query({ search: undefined })).toBe("");
});

function answering(status: number, body: unknown) {
  const sent = vi.fn((_address: string, _init?: RequestInit) =>
    Promise.resolve(new Response(JSON.stringify(body), { status })),
  );
  vi.stubGlobal("fetch", sent);
  return sent;
}
