// What is put on paper when one prints, in place of the page.

import { type ReactNode, useEffect } from "react";
import { createPortal } from "react-dom";
import "./paper.css";

/** Opens the browser's print dialog (which also writes PDF) as soon as it is drawn; `onDone` when that is closed. */
export function Print({ children, onDone }: { children: ReactNode; onDone: () => void }) {
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each time it is put on the page
  useEffect(() => {
    const timer = setTimeout(() => {
      window.print();
      onDone();
    }, 50);
    return () => clearTimeout(timer);
  }, []);
  return createPortal(<div className="hr-print">{children}</div>, document.body);
}
