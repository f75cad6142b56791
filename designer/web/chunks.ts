// Which modules travel together: the server keeps one file a chunk, and a page of ninety small ones packs a fifth worse.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

const FILES = new Set(
  (readdirSync("src", { recursive: true }) as string[])
    .map((file) => join("src", file))
    .filter((file) => /\.tsx?$/.test(file)),
);

const source = (file: string) => readFileSync(file, "utf8");
const signsIn = (files: Iterable<string>) =>
  new Set(
    [...files].flatMap((file) => source(file).match(/\b[A-Z]\w+(?:Outlined|Filled)\b/g) ?? []),
  );

/** Own modules that come as soon as one of these does: by their imports, without what is imported later or as a type. */
function needed(roots: string[]): Set<string> {
  const found = new Set<string>();
  const visit = (file: string) => {
    if (found.has(file)) return;
    found.add(file);
    for (const [, kind, path = ""] of source(file).matchAll(
      /^(?:import|export) (type )?(?:[^;"]*? from )?"(\.[^"]+)";/gm,
    )) {
      const place = join(dirname(file), path);
      const next = [`${place}.ts`, `${place}.tsx`, `${place}/index.ts`].find((one) =>
        FILES.has(one),
      );
      if (kind === undefined && next !== undefined) visit(next);
    }
  };
  roots.forEach(visit);
  return found;
}

const within = (files: Set<string>) => (id: string) =>
  !id.includes("node_modules") && [...files].some((file) => id.endsWith(`/${file}`));
const signs = (names: Set<string>) => (id: string) =>
  id.includes("@ant-design/icons") && names.has(/(\w+)\.js$/.exec(id)?.[1] ?? "");
const less = (all: Set<string>, ...gone: Set<string>[]) =>
  new Set([...all].filter((each) => !gone.some((one) => one.has(each))));

const screens = [...FILES].filter((file) => /^src\/screens\/[^/]+\/index\.tsx?$/.test(file));
const page = needed(["src/main.tsx", ...screens]);
const FLOW_DRAWING = "src/editor/canvas/FlowDrawing.tsx";
const DESK = ["src/screens/editor/EditorScreen.tsx", "src/screens/editor/Desk.tsx"];

const inbox = less(needed(["src/screens/tasks/Tasks.tsx", "src/screens/tasks/TaskView.tsx"]), page);
const allDrawing = less(needed([FLOW_DRAWING]), page);
const allDesk = less(needed(DESK), page);
/** What pages without a drawing need of it, too: the values and the words. */
const elsewhere = new Set(
  [...FILES]
    .filter((file) => !/^src\/(screens\/)?editor\//.test(file) && !/\.test\.tsx?$/.test(file))
    .map((file) => needed([file]))
    .filter((files) => !files.has(FLOW_DRAWING))
    .flatMap((files) => [...files]),
);
const both = new Set([...inbox].filter((each) => allDesk.has(each)));
const shared = less(new Set([...elsewhere].filter((each) => allDesk.has(each))), both);
const drawing = less(allDrawing, both, shared);
const desk = less(allDesk, both, shared, drawing);

const pageSigns = signsIn(page);
const bothSigns = new Set(
  [...less(signsIn(inbox), pageSigns)].filter((each) => signsIn(allDesk).has(each)),
);
const inboxSigns = less(signsIn(inbox), pageSigns, bothSigns);
const sharedSigns = less(signsIn(shared), pageSigns, bothSigns);
const drawingSigns = less(signsIn(drawing), pageSigns, bothSigns, sharedSigns);
const deskSigns = less(signsIn(desk), pageSigns, bothSigns, sharedSigns, drawingSigns);

const LASTING =
  /node_modules\/(react|react-dom|scheduler|react-router|i18next|react-i18next|@tanstack|zustand|use-sync-external-store)\//;

/** The higher the priority, the earlier asked; each takes along what its modules need and no one before has. */
export const groups = [
  // Changes with a new version of a library only, and so stays in the browser from release to release.
  { name: "lasting", priority: 7, test: LASTING },
  {
    name: "page",
    priority: 6,
    test: (id: string) => within(page)(id) || signs(pageSigns)(id),
  },
  {
    name: "both",
    includeDependenciesRecursively: false,
    priority: 5,
    test: (id: string) => within(both)(id) || signs(bothSigns)(id),
  },
  {
    name: "shared",
    includeDependenciesRecursively: false,
    priority: 5,
    test: (id: string) => within(shared)(id) || signs(sharedSigns)(id),
  },
  {
    name: "drawing",
    includeDependenciesRecursively: false,
    priority: 4,
    test: (id: string) =>
      /node_modules\/(@xyflow|d3-[a-z]+|classcat)\//.test(id) ||
      id === "\0without-1" ||
      within(drawing)(id) ||
      signs(drawingSigns)(id),
  },
  {
    name: "desk",
    includeDependenciesRecursively: false,
    priority: 3,
    test: (id: string) => within(desk)(id) || signs(deskSigns)(id),
  },
  {
    name: "inbox",
    includeDependenciesRecursively: false,
    priority: 2,
    test: (id: string) => within(less(inbox, both))(id) || signs(inboxSigns)(id),
  },
];
