// Another name for a node inside what names it: expressions (`pay.status`) and settings that point at nodes. Pure.

import type { NodeType, Settings } from "../document";

/** `refund.status` means the renamed `refund`, wherever it stands in the value. */
export function namesIn<Value>(value: Value, names: ReadonlyMap<string, string>): Value {
  if (names.size === 0) return value;
  const pattern = new RegExp(`(?<![\\w."'])(${[...names.keys()].join("|")})(?=\\.)`, "g");
  const rewrite = (each: unknown): unknown => {
    if (typeof each === "string") return each.replace(pattern, (name) => names.get(name) ?? name);
    if (Array.isArray(each)) return each.map(rewrite);
    if (typeof each !== "object" || each === null) return each;
    return Object.fromEntries(Object.entries(each).map(([key, item]) => [key, rewrite(item)]));
  };
  return rewrite(value) as Value;
}

/** Settings that name nodes mean the ones of the new names. */
export function settingsRenamed(
  settings: Settings,
  type: NodeType | undefined,
  ids: ReadonlyMap<string, string>,
): Settings {
  const renamed = (id: unknown) => ids.get(String(id)) ?? id;
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => {
      const widget = type?.settings.properties?.[name]?.["x-widget"];
      if (widget === "node") return [name, renamed(value)];
      if (widget === "nodes" && Array.isArray(value)) return [name, value.map(renamed)];
      return [name, value];
    }),
  );
}
