// Files of forms that are still on their way to the server: a form that is sent meanwhile would be sent without them.

import { create } from "zustand";
import { type FormProblem, pointerPart } from "../ui/form/validate";

interface OnTheWay {
  /** The field of each file. */
  fields: readonly string[];
}

export const useOnTheWay = create<OnTheWay>(() => ({ fields: [] }));

/** `sent` is over when the file has arrived, failed or been stopped. */
export function onTheWay<T>(field: string, sent: Promise<T>): Promise<T> {
  useOnTheWay.setState(({ fields }) => ({ fields: [...fields, field] }));
  return sent.finally(() =>
    useOnTheWay.setState(({ fields }) => {
      const at = fields.indexOf(field);
      return { fields: fields.filter((_, index) => index !== at) };
    }),
  );
}

/** What is wrong with sending now. */
export function waitingProblems(): FormProblem[] {
  const { fields } = useOnTheWay.getState();
  return [...new Set(fields)].map((field) => ({
    path: `/${pointerPart(field)}`,
    code: "file_on_the_way",
  }));
}
