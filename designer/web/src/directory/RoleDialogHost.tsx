// Stands in a screen that may ask for the people of a role; the dialog itself comes when it is needed.

import { Suspense } from "react";
import { lazy } from "../ui/lazy";
import { useRoleDialog } from "./roleDialog";

const RolePeople = lazy(async () => ({ default: (await import("./RolePeople")).RolePeople }));

export function RoleDialogHost() {
  const role = useRoleDialog((state) => state.role);
  const { ask, tell } = useRoleDialog.getState();
  if (role === null) return null;
  return (
    <Suspense fallback={null}>
      <RolePeople key={role} role={role} onClose={() => ask(null)} onSaved={tell} />
    </Suspense>
  );
}
