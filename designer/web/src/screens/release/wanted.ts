// Which tasks are meant, as it is filled in and as it is sent. Pure.

export interface Wanted {
  flow: string;
  node: string;
  role: string;
  older: string;
  unit: "minutes" | "hours" | "days";
  values: string;
}

export const EMPTY: Wanted = {
  flow: "",
  node: "",
  role: "",
  older: "",
  unit: "hours",
  values: "",
};

/** Only what is filled in; nothing at all means nothing, never everything. */
export function wantedOf(wanted: Wanted): Record<string, string> {
  const { flow, node, role, older, unit, values } = wanted;
  const length = Number(older);
  return Object.fromEntries(
    Object.entries({
      flow,
      node: flow === "" ? "" : node,
      role,
      older_than: length > 0 ? duration(length, unit) : "",
      filter: values.trim(),
    }).filter(([, value]) => value !== ""),
  );
}

function duration(length: number, unit: Wanted["unit"]): string {
  if (unit === "days") return `P${length}D`;
  return unit === "hours" ? `PT${length}H` : `PT${length}M`;
}
