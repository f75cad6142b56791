// People come as a name, or as a person with one.

export function nameOf(who: string | { id?: string; name?: string } | null | undefined): string {
  if (!who) return "";
  return typeof who === "string" ? who : (who.name ?? who.id ?? "");
}
