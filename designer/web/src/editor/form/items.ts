// One setting among others.

import type { Settings } from "../document";

/** The settings with this one changed, in its old place; undefined takes it away. */
export function withItem(value: Settings, name: string, item: unknown): Settings {
  const { [name]: _, ...rest } = value;
  if (item === undefined) return rest;
  return name in value ? { ...value, [name]: item } : { ...rest, [name]: item };
}
