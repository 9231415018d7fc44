// Modules of the pages without their page: bundled, so that a test can import TypeScript.
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

export async function load(...paths) {
  const contents = paths.map((path) => `export * from "./${path}";`).join("\n");
  const resolveDir = fileURLToPath(new URL("..", import.meta.url));
  const { outputFiles } = await build({
    stdin: { contents, resolveDir, loader: "ts" },
    bundle: true,
    platform: "node",
    format: "esm",
    write: false,
  });
  return import(
    `data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString("base64")}`
  );
}
