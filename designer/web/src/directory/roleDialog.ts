// One dialog for the people of a role, asked for from wherever a role is found wanting.

import { create } from "zustand";

interface RoleDialogState {
  role: string | null;
  /** Counts what was saved: who depends on it asks again. */
  saved: number;
  ask: (role: string | null) => void;
  tell: () => void;
}

export const useRoleDialog = create<RoleDialogState>((set) => ({
  role: null,
  saved: 0,
  ask: (role) => set({ role }),
  tell: () => set(({ saved }) => ({ saved: saved + 1 })),
}));
