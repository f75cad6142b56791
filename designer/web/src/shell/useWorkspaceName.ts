// The name people gave their workspace; nothing while it still bears the name of the product.

import { useSession } from "../api/session";

const UNNAMED = "Headrace";

export function useWorkspaceName(): string | undefined {
  const name = useSession((state) => state.workspace?.name);
  return name === UNNAMED ? undefined : name;
}
