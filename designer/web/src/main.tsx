/** Where the browser starts: puts the application into the page. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./theme/theme.css";
import { useSession } from "./api/session";
import { App } from "./app";
import { i18n, startI18n } from "./i18n";

const root = document.getElementById("root");
if (root === null) throw new Error("Expected an element #root in index.html.");

// Errors are told in words that come after the first screen: they must be here when the network has gone.
const LATER_MS = 4_000;
window.setTimeout(() => void i18n.loadNamespaces("errors"), LATER_MS);

await Promise.all([startI18n(), useSession.getState().load()]);
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
