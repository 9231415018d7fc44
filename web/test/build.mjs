// Bundles each test into dist-test/, because Node 20 does not run TypeScript.
import { readdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const files = (await readdir(new URL(".", import.meta.url))).filter((name) => name.endsWith(".ts"));

await rm(new URL("../dist-test", import.meta.url), { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: files.map((name) => `test/${name}`),
  outdir: "dist-test",
  bundle: true,
  packages: "external",
  platform: "node",
  format: "esm",
  target: "node20",
  sourcemap: true,
  logLevel: "warning",
});
