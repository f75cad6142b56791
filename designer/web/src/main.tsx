/** Where the browser starts: puts the application into the page. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "./theme/theme.css";
import { useSession } from "./api/session";
import { App } from "./app";
import { startI18n } from "./i18n";

const root = document.getElementById("root");
if (root === null) throw new Error("Expected an element #root in index.html.");

await Promise.all([startI18n(), useSession.getState().load()]);
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
