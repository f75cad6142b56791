// The settings of a node: a form drawn from the schema, or one of their own for those with very many.

import { type ComponentType, lazy, Suspense } from "react";
import { Loading } from "../../ui/page";
import type { SettingsFormProps } from "./context";
import { SettingsForm } from "./SettingsForm";

const OWN: Record<string, ComponentType<SettingsFormProps>> = {
  approval: lazy(() => import("../approval/ApprovalForm")),
};

export function NodeSettings({ type, ...form }: SettingsFormProps & { type: string }) {
  const Own = OWN[type];
  if (Own === undefined) return <SettingsForm {...form} />;
  return (
    <Suspense fallback={<Loading rows={3} />}>
      <Own {...form} />
    </Suspense>
  );
}
