/** Build, development server and unit tests of the designer. */
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { groups } from "./chunks.ts";

const server = `http://127.0.0.1:${process.env["HEADRACE_PORT"] ?? "8000"}`;

interface Part {
  inside: string;
  part: string;
  instead: string;
}

/** What libraries carry along although nothing here uses it. */
const NOBODY_ASKED_FOR: Part[] = [
  {
    // One tooltip that moves from place to place, with all that positions tooltips.
    inside: "antd/es/config-provider/",
    part: "../tooltip/UniqueProvider",
    instead: "export default ({ children }) => children;",
  },
  {
    // Colours that change by and by; the canvas has d3 glide from one view to the other, no more.
    inside: "/d3-",
    part: "d3-color",
    instead:
      "export const color = () => null; export const rgb = (given) => given;" +
      " export { rgb as hsl, rgb as lab, rgb as hcl, rgb as cubehelix };",
  },
];

const without = (parts: Part[]): Plugin => ({
  name: "without",
  enforce: "pre",
  resolveId(id, importer) {
    const found = parts.findIndex(({ inside, part }) => id === part && importer?.includes(inside));
    return found < 0 ? undefined : `\0without-${found}`;
  },
  load: (id) =>
    id.startsWith("\0without") ? parts[Number(id.slice("\0without-".length))]?.instead : undefined,
});

export default defineConfig({
  plugins: [react(), without(NOBODY_ASKED_FOR)],
  // The server mounts the designer at its root; deep links load /assets from anywhere below it.
  base: "/",
  build: {
    // tools/ui.py builds into a temporary folder and renames it, so that nobody sees half a build.
    outDir: process.env["HEADRACE_UI_OUT"] ?? "../static",
    emptyOutDir: true,
    target: "es2022",
    chunkSizeWarningLimit: 1500,
    rolldownOptions: { output: { codeSplitting: { groups } } },
  },
  server: {
    host: "127.0.0.1",
    port: 5173,
    proxy: { "/api": server, "/hooks": server },
  },
  test: {
    restoreMocks: true,
    // Making a page takes longer than most tests: components have one, and a `.test.ts` that says
    // `@vitest-environment jsdom` in its first line.
    projects: [
      {
        extends: true,
        test: { name: "pure", environment: "node", include: ["src/**/*.test.ts"] },
      },
      {
        extends: true,
        test: { name: "components", environment: "jsdom", include: ["src/**/*.test.tsx"] },
      },
    ],
  },
});
