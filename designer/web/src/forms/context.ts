// What the controls inside a form may ask for: the form itself, and the task it belongs to.

import { createContext, useContext } from "react";
import type { ShownForm } from "./form";

export interface FormContextValue {
  form: ShownForm;
  taskId: string | null;
  preview: boolean;
  readOnly: boolean;
}

export const FormContext = createContext<FormContextValue>({
  form: { schema: {} },
  taskId: null,
  preview: false,
  readOnly: false,
});

export function useFormContext(): FormContextValue {
  return useContext(FormContext);
}
