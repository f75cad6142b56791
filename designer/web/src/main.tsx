/** Where the browser starts: puts the application into the page. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app";

const root = document.getElementById("root");
if (root === null) throw new Error("Expected an element #root in index.html.");
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
