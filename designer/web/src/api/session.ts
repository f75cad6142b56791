// Who is signed in. The session is read once at the start; a 401 later opens the sign-in dialog
// over the screen, so that nothing typed is lost.

import { create } from "zustand";
import { changeLanguage, storedLanguage } from "../i18n";
import { ApiError, api, onSignedOut, setCsrfToken } from "./client";
import type { DemoUser, Language, Session, User, Workspace } from "./types";

interface SessionState {
  status: "loading" | "out" | "in" | "unreachable";
  user: User | null;
  workspace: Workspace | null;
  demoUsers: DemoUser[];
  /** The server no longer knows us, but a screen is open. */
  expired: boolean;
  load: () => Promise<void>;
  signIn: (login: string, password: string) => Promise<User>;
  signOut: () => Promise<void>;
  change: (changes: SessionChange) => Promise<void>;
}

export interface SessionChange {
  language?: Language;
  name?: string;
  password?: { old: string; new: string };
}

export const useSession = create<SessionState>((set, get) => ({
  status: "loading",
  user: null,
  workspace: null,
  demoUsers: [],
  expired: false,

  load: async () => {
    try {
      const session = await api.get<Session>("/api/session");
      setCsrfToken(session.csrf_token);
      await takeLanguage(session);
      set({ status: "in", user: session.user, workspace: session.workspace, expired: false });
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) set(signedOutState(error));
      else set({ status: "unreachable" });
    }
  },

  signIn: async (login, password) => {
    const session = await api.post<Session>("/api/session", { login, password });
    setCsrfToken(session.csrf_token);
    await get().load();
    return get().user ?? session.user;
  },

  signOut: async () => {
    await api.delete("/api/session").catch(() => undefined);
    setCsrfToken("");
    await get().load();
  },

  change: async (changes) => {
    await api.patch("/api/session", changes);
    const { user } = get();
    if (user === null) return;
    const { password: _password, ...shown } = changes;
    set({ user: { ...user, ...shown } });
  },
}));

onSignedOut(() => {
  if (useSession.getState().status === "in") useSession.setState({ expired: true });
});

/** `useMay()("flows.publish")`: has the signed-in person one of these permissions? */
export function useMay(): (permission: string | string[] | undefined) => boolean {
  const user = useSession((state) => state.user);
  return (permission) => may(user, permission);
}

export function may(user: User | null, permission: string | string[] | undefined): boolean {
  if (permission === undefined) return true;
  const owned = user?.permissions ?? [];
  const asked = Array.isArray(permission) ? permission : [permission];
  return asked.some((name) => owned.includes(name) || owned.includes("*"));
}

/** The person's language, unless this device has its own. The people of a demo have not chosen: the browser has. */
async function takeLanguage({ user, workspace }: Session): Promise<void> {
  if (workspace.demo || !user.language || storedLanguage() !== undefined) return;
  await changeLanguage(user.language, false);
}

function signedOutState(error: ApiError): Partial<SessionState> {
  const workspace = (error.params["workspace"] as Workspace | undefined) ?? null;
  const demoUsers = (error.params["demo_users"] as DemoUser[] | undefined) ?? [];
  return { status: "out", user: null, expired: false, workspace, demoUsers };
}
