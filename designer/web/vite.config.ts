/** Build, development server and unit tests of the designer. */
import { readdirSync, readFileSync } from "node:fs";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const server = `http://127.0.0.1:${process.env["HEADRACE_PORT"] ?? "8000"}`;

/** Signs that the first page or the navigation shows: one file instead of fifty, for a phone's sake. */
const FIRST = /^(screens\/([^/]+\/index\.tsx?|tasks\/[^/]+\.tsx)|shell\/.+|ui\/.+)$/;
const signs = new Set(
  (readdirSync("src", { recursive: true }) as string[])
    .filter((file) => FIRST.test(file) && /\.tsx?$/.test(file))
    .flatMap((file) => readFileSync(`src/${file}`, "utf8").match(/\b[A-Z]\w+Outlined\b/g) ?? []),
);
const isSign = (id: string) =>
  id.includes("@ant-design/icons") && signs.has(/(\w+)\.js$/.exec(id)?.[1] ?? "");

export default defineConfig({
  plugins: [react()],
  // The server mounts the designer at its root; deep links load /assets from anywhere below it.
  base: "/",
  build: {
    // tools/ui.py builds into a temporary folder and renames it, so that nobody sees half a build.
    outDir: process.env["HEADRACE_UI_OUT"] ?? "../static",
    emptyOutDir: true,
    target: "es2022",
    chunkSizeWarningLimit: 1500,
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "signs", test: isSign }] } } },
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
