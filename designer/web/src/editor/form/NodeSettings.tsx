// The settings of a node: a form drawn from the schema, or one of their own for those with very many.

import { type ComponentType, Suspense } from "react";
import { i18n } from "../../i18n";
import { lazy } from "../../ui/lazy";
import { Loading } from "../../ui/page";
import { OperationForm } from "../operation/OperationForm";
import type { SettingsFormProps } from "./context";
import { SettingsForm } from "./SettingsForm";

// Begun with the editor, not at the first use: who has lost the connection by then goes on drawing.
const load = () => import("../approval/ApprovalForm");
const begun = load();
begun.catch(() => undefined);
void i18n.loadNamespaces(["organisation", "own_connectors", "people"]);

const OWN: Record<string, ComponentType<SettingsFormProps>> = {
  operation: OperationForm,
  approval: lazy(() => begun.catch(load)),
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
