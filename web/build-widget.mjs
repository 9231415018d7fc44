// Builds Desk's widget into dist/widget: `w.js`, which sites load, and the files of its frame.
// Their names are fixed, because the API has the files in its function and answers with an ETag.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { build, transform } from "esbuild";

const LOADER_BUDGET_KB = 3;
const FRAME_BUDGET_KB = 17;

/**
 * Properties of objects that only the frame's own scripts see. They are shortened there, so neither the browser, the
 * wire nor the storage may have one of these names.
 */
const OWN_PROPERTIES = [
  "addressForm",
  "askForPerson",
  "askToEnd",
  "cancelAll",
  "delayedAfter",
  "dropConfirmed",
  "env",
  "flushNow",
  "handlers",
  "hasFiles",
  "isBehind",
  "isConnected",
  "isDelayed",
  "isEnded",
  "isEnding",
  "isFatal",
  "isKnown",
  "isLoadingOlder",
  "isMenuOpen",
  "isNamed",
  "isOver",
  "isRunning",
  "isSoundOn",
  "isStopped",
  "isTalking",
  "keepLatest",
  "lifetime",
  "loadOlder",
  "markRead",
  "notifyTyping",
  "olderProblem",
  "pingInterval",
  "playSound",
  "pongTimeout",
  "prechatForm",
  "reconnectAt",
  "refusal",
  "renewBefore",
  "resetAttempts",
  "retryAt",
  "saidHello",
  "sayHello",
  "scheduler",
  "sendFiles",
  "stableAfter",
  "startAgain",
  "startOver",
  "takeRange",
  "toEnd",
  "wakePongTimeout",
  "wasConnected",
  "watchDelay",
  "welcomeTimeout",
];

/** Stylesheets become texts, which the scripts adopt: the policies of sites allow no other styles. */
const stylesheets = {
  name: "stylesheets",
  setup({ initialOptions, onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { target } = initialOptions;
      const source = await readFile(path, "utf8");
      const { code } = await transform(source, { loader: "css", minify: true, target });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

const sizeOf = (bytes) => gzipSync(bytes, { level: 9 }).length;
const kb = (bytes) => Number((bytes / 1000).toFixed(2));

/** Returns the sizes of what a page loads, and of the frame's other files. */
export async function buildWidget(root, dist, target) {
  const languages = await readdir(join(root, "widget/frame/languages"));
  const common = {
    absWorkingDir: root,
    bundle: true,
    minify: true,
    metafile: true,
    outdir: join(dist, "widget"),
    // The notices of licences are files beside the scripts.
    legalComments: "external",
    plugins: [stylesheets],
    target,
    logLevel: "warning",
  };
  await build({
    ...common,
    entryPoints: [{ in: "widget/loader/main.ts", out: "w" }],
    format: "iife",
  });
  await build({
    ...common,
    entryPoints: [
      { in: "widget/frame/main.ts", out: "frame" },
      ...languages.map((name) => ({
        in: `widget/frame/languages/${name}`,
        out: name.replace(".ts", ""),
      })),
    ],
    chunkNames: "[name]",
    mangleProps: new RegExp(`^(${OWN_PROPERTIES.join("|")})$`),
    charset: "utf8",
    format: "esm",
    splitting: true,
  });

  const size = async (name) => sizeOf(await readFile(join(dist, "widget", name)));
  const document = sizeOf(await readFile(join(root, "widget/frame/index.html")));
  const sizes = await Promise.all(languages.map((name) => size(name.replace(".ts", ".js"))));
  return {
    report: [
      { page: "w.js", files: 1, gz_kb: kb(await size("w.js")), budget_kb: LOADER_BUDGET_KB },
      {
        page: "frame",
        files: 2,
        gz_kb: kb(document + (await size("frame.js"))),
        budget_kb: FRAME_BUDGET_KB,
      },
    ],
    others: `a language ${kb(Math.min(...sizes))} to ${kb(Math.max(...sizes))} kB, extras ${kb(await size("extras.js"))} kB when needed`,
  };
}
