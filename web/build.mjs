// Bundles the pages into dist/ with hashed assets, and reports each page's first load in gzipped
// kB.
// `--check` fails when a page is over its budget.

import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { buildWidget } from "./build-widget.mjs";

const root = fileURLToPath(new URL(".", import.meta.url));
const dist = join(root, "dist");
const pages = [
  "carousel",
  "desk",
  "home",
  "ledger",
  "mailbox",
  "pay",
  "phone",
  "rooms",
  "telegram",
];
const budgetKb = 120;
const target = ["chrome123", "firefox120", "safari17.5"];

const common = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  metafile: true,
  outdir: join(dist, "assets"),
  entryNames: "[name]-[hash]",
  chunkNames: "shared-[hash]",
  target,
  logLevel: "warning",
};

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });

const modules = await build({
  ...common,
  entryPoints: pages.map((page) => ({ in: `${page}/main.ts`, out: page })),
  format: "esm",
  splitting: true,
});
// The theme is set before the first paint, so it is a classic script and not a part of the deferred modules.
const first = await build({
  ...common,
  entryPoints: [
    { in: "ui/theme-boot.ts", out: "theme" },
    { in: "ui/theme.css", out: "theme" },
  ],
  format: "iife",
});

const outputs = { ...modules.metafile.outputs, ...first.metafile.outputs };
const built = Object.fromEntries(
  Object.entries(outputs)
    .filter(([, output]) => output.entryPoint)
    .map(([path, output]) => [output.entryPoint, path]),
);

function withImports(path, seen = new Set()) {
  if (!seen.has(path)) {
    seen.add(path);
    for (const link of outputs[path].imports)
      if (link.kind === "import-statement") withImports(link.path, seen);
  }
  return seen;
}

const report = [];
for (const page of pages) {
  let html = await readFile(join(root, page, "index.html"), "utf8");
  const files = withImports(built[`${page}/main.ts`]);
  for (const source of [`${page}/main.ts`, "ui/theme-boot.ts", "ui/theme.css"]) {
    if (!html.includes(`"/${source}"`))
      throw new Error(`${page}/index.html does not load /${source}`);
    html = html.replace(`"/${source}"`, `"/assets/${basename(built[source])}"`);
    files.add(built[source]);
  }
  await writeFile(join(dist, `${page}.html`), html);

  let bytes = gzipSync(html, { level: 9 }).length;
  for (const file of files)
    bytes += gzipSync(await readFile(join(root, file)), { level: 9 }).length;
  report.push({
    page,
    files: files.size + 1,
    gz_kb: Number((bytes / 1000).toFixed(1)),
    budget_kb: budgetKb,
  });
}

const widget = await buildWidget(root, dist, target);
report.push(...widget.report);
// The demo shop is plain files: a site that embeds the widget.
await cp(join(root, "shop-demo"), join(dist, "shop-demo"), { recursive: true });

await writeFile(join(dist, "sizes.json"), `${JSON.stringify(report, null, 2)}\n`);
for (const line of report)
  console.log(
    `${line.page.padEnd(8)} ${String(line.gz_kb).padStart(6)} kB gz of ${line.budget_kb} in ${line.files} files`,
  );
console.log(`         ${widget.others}`);

const over = report.filter((line) => line.gz_kb > line.budget_kb);
if (process.argv.includes("--check") && over.length > 0) {
  console.error(`over budget: ${over.map((line) => line.page).join(", ")}`);
  process.exit(1);
}
