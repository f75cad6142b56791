// A control with its name above it; what follows the control is help.

import { Children, cloneElement, isValidElement, type ReactNode, useId } from "react";

export function Labelled({ title, children }: { title: string; children: ReactNode }) {
  const id = useId();
  const [control, ...help] = Children.toArray(children);
  return (
    <div className="hr-tables-field">
      <label htmlFor={id}>{title}</label>
      {isValidElement<{ id?: string }>(control) ? cloneElement(control, { id }) : control}
      {help}
    </div>
  );
}
