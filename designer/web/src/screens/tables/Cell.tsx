// A value of a record in one line.

import { useText } from "../../ui/text";
import { type Field, type Row, shownValue } from "./table";

export function Cell({ field, row }: { field: Field; row: Row }) {
  const { language } = useText();
  const shown = shownValue(field, row, language);
  if (shown === "") return <span className="hr-muted">–</span>;
  if (field.kind === "enum") {
    const option = field.options?.find((one) => one.value === row.value[field.name]);
    return <span className={`hr-option hr-option-${option?.color ?? "grey"}`}>{shown}</span>;
  }
  return <>{shown}</>;
}
